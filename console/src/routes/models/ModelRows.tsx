import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { Link } from '@tanstack/react-router';
import { type RefObject, useLayoutEffect, useRef, useState } from 'react';
import type { Model, Pricing } from '../../api/types';
import { TABLE_WIDTH, useMedia } from '../../app/media';
import { formatContext } from '../../format/figures';
import { formatPerMillion, usd } from '../../format/money';
import { formatUnixDate } from '../../format/time';
import { CopyIcon } from '../../ui/copy';
import { Icon } from '../../ui/icons';
import type { Entry } from './catalogue';
import { nextSort, type Sort, type SortField } from './filters';

type Props = { entries: Entry[]; sort: Sort; onSort: (sort: Sort) => void };

const ROW_HEIGHT = 52;
const CARD_HEIGHT = 84;
const OVERSCAN = 12;
/** From this width on there is room for all columns beside the filters. */
const WIDE = '(min-width: 84rem)';

/** The models as a table, as two-line rows on phones. Only rows near the window are in the document. */
export function ModelRows(props: Props) {
  return useMedia(TABLE_WIDTH) ? <Table {...props} /> : <Cards entries={props.entries} />;
}

function useRows(count: number, height: number, list: RefObject<HTMLElement | null>) {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    setTop((list.current?.getBoundingClientRect().top ?? 0) + globalThis.scrollY);
  }, [list]);
  const rows = useWindowVirtualizer({ count, estimateSize: () => height, overscan: OVERSCAN, scrollMargin: top });
  const items = rows.getVirtualItems();
  const first = items[0];
  const last = items.at(-1);
  return {
    items,
    before: first ? first.start - top : 0,
    after: last ? rows.getTotalSize() - (last.end - top) : 0,
  };
}

const COLUMNS: { field: SortField; label: string; num: boolean; className: string }[] = [
  { field: 'name', label: 'Model', num: false, className: '' },
  { field: 'context', label: 'Context', num: true, className: 'w-22' },
  { field: 'prompt', label: 'Prompt $/M', num: true, className: 'w-27' },
  { field: 'completion', label: 'Answer $/M', num: true, className: 'w-27' },
];

function Table({ entries, sort, onSort }: Props) {
  const body = useRef<HTMLTableSectionElement>(null);
  const isWide = useMedia(WIDE);
  const columns = COLUMNS.length + (isWide ? 3 : 1);
  const { items, before, after } = useRows(entries.length, ROW_HEIGHT, body);
  return (
    <table className="w-full table-fixed border-separate border-spacing-0 rounded-card border border-line" aria-rowcount={entries.length + 1}>
      <caption className="sr-only">Models</caption>
      <thead>
        <tr aria-rowindex={1}>
          {COLUMNS.map((column) => (
            <SortHead key={column.field} {...column} sort={sort} onSort={onSort} />
          ))}
          {isWide && (
            <th scope="col" className="th sticky top-13 z-10 w-36 border-b border-line">
              Modalities
            </th>
          )}
          {isWide && <SortHead field="added" label="Added" num={false} className="w-28" sort={sort} onSort={onSort} />}
          <th scope="col" className="th sticky top-13 z-10 w-21 rounded-tr-card border-b border-line">
            <span className="sr-only">Actions</span>
          </th>
        </tr>
      </thead>
      <tbody ref={body}>
        {before > 0 && <Spacer height={before} columns={columns} />}
        {items.map(({ index }) => {
          const entry = entries[index];
          return entry && <Row key={entry.model.id} model={entry.model} index={index} isWide={isWide} />;
        })}
        {after > 0 && <Spacer height={after} columns={columns} />}
      </tbody>
    </table>
  );
}

function Spacer({ height, columns }: { height: number; columns: number }) {
  return (
    <tr aria-hidden="true">
      {/* oxlint-disable-next-line jsx-a11y/control-has-associated-label -- empty space, hidden from assistive technology */}
      <td colSpan={columns} style={{ height }} />
    </tr>
  );
}

type HeadProps = { field: SortField; label: string; num: boolean; className: string; sort: Sort; onSort: (sort: Sort) => void };

function SortHead({ field, label, num, className, sort, onSort }: HeadProps) {
  const active = sort === field ? 'ascending' : sort === `-${field}` ? 'descending' : undefined;
  return (
    <th
      scope="col"
      aria-sort={active}
      className={`th sticky top-13 z-10 border-b border-line p-0 first:rounded-tl-card ${num ? 'num' : ''} ${className}`}
    >
      <button
        type="button"
        className={`inline-flex min-h-8 items-center gap-1 px-3 hover:text-text ${num ? 'flex-row-reverse' : ''} ${active ? 'text-text' : ''}`}
        onClick={() => onSort(nextSort(sort, field))}
      >
        {label}
        {active && <Icon name={active === 'ascending' ? 'up' : 'down'} size={12} />}
      </button>
    </th>
  );
}

function Row({ model, index, isWide }: { model: Model; index: number; isWide: boolean }) {
  return (
    <tr className="group relative hover:bg-sunken" aria-rowindex={index + 2}>
      <td className="h-13 border-b border-line px-3">
        <ModelLink model={model} className="block truncate leading-6 font-medium after:absolute after:inset-0" />
        <span className="flex items-center gap-1 text-muted">
          <span className="ident truncate text-xs" title={model.id}>
            {model.id}
          </span>
          <CopyIcon text={model.id} what={`id ${model.id}`} className="relative z-1 -my-1 size-6 pointer-coarse:size-8" />
        </span>
      </td>
      <td className="num border-b border-line px-3">{formatContext(model.context_length)}</td>
      <td className="num ident border-b border-line px-3">{price(model.pricing.prompt)}</td>
      <td className="num ident border-b border-line px-3">{price(model.pricing.completion)}</td>
      {isWide && (
        <td className="truncate border-b border-line px-3 text-muted" title={modalities(model)}>
          {modalities(model)}
        </td>
      )}
      {isWide && (
        <td className="border-b border-line px-3 whitespace-nowrap text-muted">{formatUnixDate(model.created)}</td>
      )}
      <td className="border-b border-line px-3 text-right">
        <TryLink model={model} />
      </td>
    </tr>
  );
}

function Cards({ entries }: { entries: Entry[] }) {
  const list = useRef<HTMLUListElement>(null);
  const { items, before, after } = useRows(entries.length, CARD_HEIGHT, list);
  return (
    <ul ref={list} className="rounded-card border border-line" style={{ paddingTop: before, paddingBottom: after }}>
      {items.map(({ index }) => {
        const model = entries[index]?.model;
        return (
          model && (
            <li key={model.id} className="relative h-21 overflow-hidden border-b border-line px-3 py-2.5 last:border-b-0" aria-setsize={entries.length} aria-posinset={index + 1}>
              <ModelLink model={model} className="block truncate pr-12 leading-6 font-medium after:absolute after:inset-0" />
              <span className="ident block truncate pr-12 text-xs text-muted">{model.id}</span>
              <span className="block truncate text-muted tabular-nums">
                {formatContext(model.context_length)} · {price(model.pricing.prompt)} / {price(model.pricing.completion)}
              </span>
              <CopyIcon text={model.id} what={`id ${model.id}`} className="absolute top-2 right-1 z-1" />
            </li>
          )
        );
      })}
    </ul>
  );
}

function ModelLink({ model, className }: { model: Model; className: string }) {
  const slash = model.id.indexOf('/');
  return (
    <Link
      to="/models/$author/$slug"
      params={{ author: model.id.slice(0, slash), slug: model.id.slice(slash + 1) }}
      data-row-id={model.id}
      className={className}
      title={model.name}
    >
      {model.name}
    </Link>
  );
}

function TryLink({ model }: { model: Model }) {
  if (!model.architecture.output_modalities.includes('text')) return null;
  return (
    <Link to="/chat" search={{ model: model.id }} className="relative z-1 inline-flex min-h-7 items-center gap-1 rounded-ctl px-2 text-accent hover:bg-accent-bg">
      <Icon name="chat" />
      Try<span className="sr-only"> {model.name}</span>
    </Link>
  );
}

function price(perToken: Pricing['prompt'] | undefined): string {
  const amount = usd(perToken);
  if (amount === null || amount < 0n) return '—';
  return amount === 0n ? 'Free' : formatPerMillion(amount);
}

/** `text, image → text`. */
export function modalities(model: Pick<Model, 'architecture'>): string {
  const { input_modalities: inputs, output_modalities: outputs } = model.architecture;
  return `${inputs.join(', ')} → ${outputs.join(', ')}`;
}
