import { Autocomplete } from '@base-ui/react/autocomplete';
import { type InputHTMLAttributes, type KeyboardEvent, useRef } from 'react';

/** Suggestions that are shown at once; more are found by typing. */
const SHOWN_MAX = 60;

type Props = Pick<InputHTMLAttributes<HTMLInputElement>, 'id' | 'aria-describedby' | 'aria-invalid' | 'aria-label' | 'placeholder'> & {
  value: string;
  items: readonly string[];
  onChange: (value: string) => void;
  /** Called when a text is decided on: by Enter, or by taking a suggestion. */
  onCommit?: (value: string) => void;
};

/** A text field that suggests what is known and takes anything: patterns, suffixes, ids of tomorrow. */
export function Suggest({ value, items, onChange, onCommit, ...input }: Props) {
  const highlighted = useRef<string | undefined>(undefined);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || highlighted.current !== undefined || !onCommit) return;
    event.preventDefault();
    onCommit(value);
  };
  return (
    <Autocomplete.Root
      items={items}
      value={value}
      limit={SHOWN_MAX}
      onValueChange={(next, details) => {
        onChange(next);
        if (details.reason === 'item-press') onCommit?.(next);
      }}
      onItemHighlighted={(item) => {
        highlighted.current = item;
      }}
    >
      <Autocomplete.Input {...input} className="field ident" spellCheck={false} onKeyDown={onKeyDown} />
      <Autocomplete.Portal>
        <Autocomplete.Positioner align="start" sideOffset={4} className="z-30">
          <Autocomplete.Popup className="max-h-[min(20rem,var(--available-height))] w-[max(var(--anchor-width),16rem)] max-w-[var(--available-width)] overflow-y-auto overscroll-contain rounded-card border border-line bg-raised p-1 shadow-float outline-none data-empty:hidden">
            <Autocomplete.List>
              {(item: string) => (
                <Autocomplete.Item
                  key={item}
                  value={item}
                  className="ident flex min-h-8 cursor-pointer items-center rounded-ctl px-2.5 py-1 break-all outline-none select-none data-highlighted:bg-sunken pointer-coarse:min-h-11"
                >
                  {item}
                </Autocomplete.Item>
              )}
            </Autocomplete.List>
          </Autocomplete.Popup>
        </Autocomplete.Positioner>
      </Autocomplete.Portal>
    </Autocomplete.Root>
  );
}
