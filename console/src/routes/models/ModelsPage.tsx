import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { modelsQuery } from '../../api/queries';
import type { Model } from '../../api/types';
import { useRowKeys } from '../../app/rows';
import { useShortcuts } from '../../app/shortcuts';
import { plural } from '../../format/figures';
import { announce } from '../../ui/announce';
import { Button } from '../../ui/Button';
import { Dialog } from '../../ui/Dialog';
import { Icon } from '../../ui/icons';
import { Page } from '../../ui/Page';
import { EmptyState, ErrorPanel, SkeletonRows } from '../../ui/states';
import { activeFilters, costliestFilter, type Entry, facetsOf, indexModels, select } from './catalogue';
import { FacetPanel } from './Facets';
import { type Filters, readFilters, writeFilters } from './filters';
import { ModelRows } from './ModelRows';

const ANNOUNCE_AFTER_MS = 600;

/** `/models`: the catalogue. What it shows is written in the address. */
export function ModelsPage() {
  const models = useQuery(modelsQuery);
  return (
    <Page title="Models" lead="Find a model for a purpose and take its id.">
      {models.isPending && <SkeletonRows rows={12} columns={5} label="Loading models" />}
      {models.isError && !models.data && <ErrorPanel error={models.error} onRetry={() => void models.refetch()} what="Models" />}
      {models.data?.length === 0 && (
        <EmptyState title="No models yet">
          Set a provider’s key, such as <code className="ident">OPENAI_API_KEY</code>, and start the server again, or switch on the demo
          models.
        </EmptyState>
      )}
      {models.data && models.data.length > 0 && <Catalogue models={models.data} />}
    </Page>
  );
}

function useFilters(): [Filters, (filters: Filters) => void] {
  const search = useSearch({ from: '/models' });
  const navigate = useNavigate({ from: '/models' });
  const filters = useMemo(() => readFilters(search), [search]);
  return [filters, (next) => void navigate({ search: writeFilters(next), replace: true, resetScroll: false })];
}

function Catalogue({ models }: { models: Model[] }) {
  const [filters, setFilters] = useFilters();
  const shown = useDeferredValue(filters);
  const entries = useMemo(() => indexModels(models), [models]);
  const found = useMemo(() => select(entries, shown), [entries, shown]);
  const facets = useMemo(() => facetsOf(entries, shown), [entries, shown]);
  useRowKeys('model id');
  useEffect(() => {
    const timer = setTimeout(() => announce(plural(found.length, 'model')), ANNOUNCE_AFTER_MS);
    return () => clearTimeout(timer);
  }, [found.length]);
  const panel = <FacetPanel facets={facets} filters={filters} onChange={setFilters} />;
  return (
    <div className="flex items-start gap-6">
      <aside aria-label="Filters" className="hidden w-52 shrink-0 lg:block">
        {panel}
      </aside>
      <div className="min-w-0 flex-1 space-y-3">
        <div className="flex gap-2">
          <SearchField value={filters.q} onChange={(q) => setFilters({ ...filters, q })} />
          <FilterSheet count={activeFilters({ ...filters, q: '' }).length} found={found.length}>
            {panel}
          </FilterSheet>
        </div>
        <Chips filters={filters} found={found.length} onChange={setFilters} />
        {found.length === 0 ? (
          <NothingFound entries={entries} filters={shown} onChange={setFilters} />
        ) : (
          <ModelRows entries={found} sort={filters.sort} onSort={(sort) => setFilters({ ...filters, sort })} />
        )}
      </div>
    </div>
  );
}

function SearchField({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const field = useRef<HTMLInputElement>(null);
  useShortcuts({ '/': () => field.current?.focus() });
  // Typing must not wait for the address to follow.
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  if (value !== seen) {
    setSeen(value);
    setText(value);
  }
  return (
    <div className="relative min-w-0 flex-1">
      <Icon name="search" className="pointer-events-none absolute top-1/2 left-3 -translate-y-1/2 text-faint" />
      <input
        ref={field}
        type="search"
        aria-label="Search models"
        aria-keyshortcuts="/"
        placeholder="Name, id or purpose"
        className="field !pl-9"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setSeen(event.target.value);
          onChange(event.target.value);
        }}
        onKeyDown={(event) => event.key === 'Escape' && (text === '' ? field.current?.blur() : onChange(''))}
      />
    </div>
  );
}

function FilterSheet({ count, found, children }: { count: number; found: number; children: React.ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <div className="lg:hidden">
      <Button onClick={() => setOpen(true)} className="min-h-9">
        <Icon name="filter" />
        Filters{count > 0 && ` (${count})`}
      </Button>
      <Dialog open={open} onClose={() => setOpen(false)} title="Filters">
        {children}
        <div className="sticky bottom-0 -mx-5 mt-5 -mb-5 border-t border-line bg-raised px-5 py-3">
          <Button kind="primary" className="w-full" onClick={() => setOpen(false)}>
            Show {plural(found, 'model')}
          </Button>
        </div>
      </Dialog>
    </div>
  );
}

type ChipsProps = { filters: Filters; found: number; onChange: (filters: Filters) => void };

function Chips({ filters, found, onChange }: ChipsProps) {
  const active = activeFilters(filters);
  return (
    <div className="flex min-h-7 flex-wrap items-center gap-2">
      <span className="mr-1 text-muted">{plural(found, 'model')}</span>
      {active.map(({ key, label, without }) => (
        <button
          key={key}
          type="button"
          className="inline-flex min-h-7 items-center gap-1.5 rounded-full bg-accent-bg px-2.5 text-accent pointer-coarse:min-h-9"
          onClick={() => onChange(without)}
        >
          <span className="sr-only">Remove filter </span>
          {label}
          <Icon name="close" size={12} />
        </button>
      ))}
      {active.length > 1 && (
        <Button kind="quiet" onClick={() => onChange({ ...readFilters({}), sort: filters.sort })}>
          Clear all
        </Button>
      )}
    </div>
  );
}

function NothingFound({ entries, filters, onChange }: { entries: Entry[]; filters: Filters; onChange: (filters: Filters) => void }) {
  const worst = costliestFilter(entries, filters);
  const count = activeFilters(filters).length;
  return (
    <EmptyState
      title={`No models match ${count === 1 ? 'this filter' : `these ${count} filters`}`}
      action={
        <>
          {worst && (
            <Button kind="primary" onClick={() => onChange(worst.without)}>
              Drop {worst.label}: {plural(worst.count, 'model')}
            </Button>
          )}
          <Button onClick={() => onChange({ ...readFilters({}), sort: filters.sort })}>Clear filters</Button>
        </>
      }
    >
      {worst ? `The filter ${worst.label} hides the most.` : 'Even without any one of them nothing is left.'}
    </EmptyState>
  );
}
