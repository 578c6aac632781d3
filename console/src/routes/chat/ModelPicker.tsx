import { Combobox } from '@base-ui/react/combobox';
import type { Model } from '../../api/types';
import { formatContext } from '../../format/figures';
import { formatPerMillion, usd } from '../../format/money';
import { Icon } from '../../ui/icons';

/** A list longer than this is narrowed by typing, not by scrolling. */
const SHOWN_MAX = 100;

type Props = { models: Model[]; value: string; onChange: (id: string) => void; open: boolean; onOpenChange: (open: boolean) => void };

/** Chooses the model for the next question, with a search over names and ids. */
export function ModelPicker({ models, value, onChange, open, onOpenChange }: Props) {
  const chosen = models.find((model) => model.id === value) ?? null;
  return (
    <Combobox.Root
      items={models}
      value={chosen}
      onValueChange={(model: Model | null) => model && onChange(model.id)}
      itemToStringLabel={(model: Model) => model.name}
      filter={matches}
      limit={SHOWN_MAX}
      open={open}
      onOpenChange={onOpenChange}
    >
      <Combobox.Trigger
        aria-label={`Model: ${chosen?.name ?? value}`}
        className="flex min-h-9 max-w-full min-w-0 items-center gap-2 rounded-ctl border border-ctl bg-raised px-3 font-medium hover:bg-sunken pointer-coarse:min-h-11"
      >
        <span className="truncate">{chosen?.name ?? (value || 'Choose a model')}</span>
        <Icon name="down" size={14} className="text-muted" />
      </Combobox.Trigger>
      <Combobox.Portal>
        <Combobox.Positioner align="start" sideOffset={4} className="z-30">
          <Combobox.Popup
            aria-label="Choose a model"
            className="flex max-h-[min(28rem,var(--available-height))] w-[min(30rem,var(--available-width))] flex-col rounded-card border border-line bg-raised shadow-float outline-none"
          >
            <div className="border-b border-line p-2">
              <Combobox.Input placeholder="Search models" aria-label="Search models" className="field" />
            </div>
            <Combobox.Empty className="px-3 py-4 text-muted empty:hidden">No model has these words in its name or id.</Combobox.Empty>
            <Combobox.List className="overflow-y-auto overscroll-contain p-1 empty:hidden">
              {(model: Model) => (
                <Combobox.Item
                  key={model.id}
                  value={model}
                  className="flex min-h-12 cursor-pointer items-center gap-3 rounded-ctl px-2.5 py-1 outline-none select-none data-highlighted:bg-sunken"
                >
                  <span className="min-w-0 flex-1">
                    <span className="block truncate">{model.name}</span>
                    <span className="ident block truncate text-xs text-muted">{model.id}</span>
                  </span>
                  <span className="text-right text-xs whitespace-nowrap text-muted tabular-nums">
                    <span className="block">{priceLine(model)}</span>
                    <span className="block">{formatContext(model.context_length)}</span>
                  </span>
                  <span className="w-4 text-accent">
                    <Combobox.ItemIndicator>
                      <Icon name="check" />
                    </Combobox.ItemIndicator>
                  </span>
                </Combobox.Item>
              )}
            </Combobox.List>
          </Combobox.Popup>
        </Combobox.Positioner>
      </Combobox.Portal>
    </Combobox.Root>
  );
}

function matches(model: Model, query: string): boolean {
  const words = `${model.name} ${model.id}`.toLowerCase();
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => words.includes(word));
}

function priceLine(model: Model): string {
  const [prompt, completion] = [usd(model.pricing.prompt), usd(model.pricing.completion)];
  if (prompt === null || completion === null || prompt < 0n) return '—';
  return prompt === 0n && completion === 0n ? 'Free' : `${formatPerMillion(prompt)} / ${formatPerMillion(completion)}`;
}
