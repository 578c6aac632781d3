import { useState } from 'react';
import { announce } from './announce';
import { Button, IconButton } from './Button';
import { Field } from './form';
import { Icon } from './icons';
import { Suggest } from './Suggest';

type Props = {
  label: string;
  /** What one entry is, as in "Add provider". */
  noun: string;
  entries: readonly string[];
  suggestions?: readonly string[];
  onChange: (entries: string[]) => void;
  hint?: string;
  error?: string;
  placeholder?: string;
  /** The order means something: entries are numbered and can be moved. */
  ordered?: boolean;
};

const NONE: readonly string[] = [];

/** A list of texts: add with Enter or the button, remove one by one, move where the order counts. */
export function ListField({ label, noun, entries, suggestions = NONE, onChange, hint, error, placeholder, ordered = false }: Props) {
  const [text, setText] = useState('');
  const add = (typed: string) => {
    const entry = typed.trim();
    setText('');
    if (entry === '' || entries.includes(entry)) return;
    onChange([...entries, entry]);
    announce(`${entry} added`);
  };
  const move = (from: number, to: number) => {
    const next = entries.filter((_, index) => index !== from);
    next.splice(to, 0, entries[from] ?? '');
    onChange(next);
    announce(`${entries[from]} moved to position ${to + 1} of ${entries.length}`);
  };
  return (
    <div>
      <Field label={label} hint={hint} error={error}>
        {(control) => (
          <div className="flex gap-2">
            <div className="min-w-0 flex-1">
              <Suggest
                {...control}
                value={text}
                items={suggestions.filter((item) => !entries.includes(item))}
                placeholder={placeholder}
                onChange={setText}
                onCommit={add}
              />
            </div>
            <Button disabled={text.trim() === ''} aria-label={`Add ${noun}`} onClick={() => add(text)}>
              <Icon name="plus" />
              Add
            </Button>
          </div>
        )}
      </Field>
      {entries.length > 0 && (
        <ol aria-label={label} className={`mt-2 ${ordered ? 'divide-y divide-line rounded-ctl border border-line' : 'flex flex-wrap gap-1.5'}`}>
          {entries.map((entry, index) => (
            <li key={entry} className={ordered ? 'flex items-center gap-2 py-0.5 pr-1 pl-3' : 'inline-flex max-w-full items-center rounded-full border border-line pl-3'}>
              {ordered && <span className="w-5 text-muted tabular-nums">{index + 1}</span>}
              <span className={`ident min-w-0 ${ordered ? 'flex-1 break-all' : 'truncate'}`} title={entry}>
                {entry}
              </span>
              {ordered && (
                <>
                  <IconButton label={`Move ${entry} up`} disabled={index === 0} className="disabled:opacity-40" onClick={() => move(index, index - 1)}>
                    <Icon name="up" />
                  </IconButton>
                  <IconButton label={`Move ${entry} down`} disabled={index === entries.length - 1} className="disabled:opacity-40" onClick={() => move(index, index + 1)}>
                    <Icon name="down" />
                  </IconButton>
                </>
              )}
              <IconButton label={`Remove ${entry}`} className="rounded-full" onClick={() => onChange(entries.filter((other) => other !== entry))}>
                <Icon name="close" size={14} />
              </IconButton>
            </li>
          ))}
        </ol>
      )}
    </div>
  );
}
