import { createContext, type ReactNode, use, useState } from 'react';
import { Field, Select, Toggle } from '../../ui/form';
import { ListField } from '../../ui/ListField';
import { Suggest } from '../../ui/Suggest';
import { type Config, read, write } from './config';

/** The configuration that the fields below it show and change. */
type Form = {
  config: Config;
  onChange: (config: Config) => void;
  /** What the server said, by the field it named. */
  problem: { param: string; message: string } | null;
};

const FormContext = createContext<Form | null>(null);

/** Makes a configuration available to fields. */
export function ConfigForm({ children, ...form }: Form & { children: ReactNode }) {
  return <FormContext value={form}>{children}</FormContext>;
}

function useField(path: string) {
  const form = use(FormContext);
  if (!form) throw new Error('fields need ConfigForm above them');
  const { config, onChange, problem } = form;
  const isMeant = problem !== null && (problem.param === path || problem.param.startsWith(`${path}.`) || problem.param.startsWith(`${path}[`));
  return {
    value: read(config, path),
    set: (value: unknown) => onChange(write(config, path, value)),
    error: isMeant ? problem.message : undefined,
  };
}

type Props = { path: string; label: string; hint?: string };

/** What a control says about a value that it cannot show. */
const ELSEWHERE = 'Set to something that only the JSON view can show';

/** A text, absent where it is empty. */
export function TextField({ path, label, hint, placeholder, suggestions }: Props & { placeholder?: string; suggestions?: readonly string[] }) {
  const { value, set, error } = useField(path);
  const isOdd = value !== undefined && typeof value !== 'string' && typeof value !== 'number';
  const text = isOdd ? '' : String(value ?? '');
  const change = (next: string) => set(next === '' ? undefined : next);
  return (
    <Field label={label} hint={isOdd ? ELSEWHERE : hint} error={error}>
      {(control) =>
        suggestions ? (
          <Suggest {...control} value={text} items={suggestions} placeholder={placeholder} onChange={change} />
        ) : (
          <input {...control} className="field ident" value={text} placeholder={placeholder} disabled={isOdd} autoComplete="off" spellCheck={false} onChange={(event) => change(event.target.value)} />
        )
      }
    </Field>
  );
}

/** What a typed number means: absent when empty, the text itself when it is none, so that nothing typed is lost. */
export function numberOf(text: string): number | string | undefined {
  const plain = text.trim().replace(',', '.');
  if (plain === '') return undefined;
  return /^[-+]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : text;
}

/** A number, absent where it is empty. */
export function NumberField({ path, label, hint, placeholder = 'not set' }: Props & { placeholder?: string }) {
  const { value, set, error } = useField(path);
  const [typed, setTyped] = useState('');
  // What is typed stays as it is while it means the value: “1.” on the way to “1.5”.
  const text = numberOf(typed) === value ? typed : String(value ?? '');
  const isOdd = value !== undefined && typeof value !== 'number';
  return (
    <Field label={label} hint={hint} error={error ?? (isOdd ? 'Must be a number' : undefined)}>
      {(control) => (
        <input
          {...control}
          className="field tabular-nums"
          inputMode="decimal"
          autoComplete="off"
          placeholder={placeholder}
          value={text}
          onChange={(event) => {
            setTyped(event.target.value);
            set(numberOf(event.target.value));
          }}
        />
      )}
    </Field>
  );
}

/** A list of texts, absent where it is empty. */
export function TextsField({ path, label, hint, noun, suggestions, placeholder, ordered }: Props & { noun: string; suggestions?: readonly string[]; placeholder?: string; ordered?: boolean }) {
  const { value, set, error } = useField(path);
  const listed = typeof value === 'string' ? [value] : value;
  const isOdd = listed !== undefined && !(Array.isArray(listed) && listed.every((entry) => typeof entry === 'string'));
  const entries: string[] = isOdd ? [] : ((listed as string[] | undefined) ?? []);
  return (
    <ListField
      label={label}
      noun={noun}
      hint={isOdd ? ELSEWHERE : hint}
      error={error}
      entries={entries}
      suggestions={suggestions}
      placeholder={placeholder}
      ordered={ordered}
      onChange={(next) => set(next.length === 0 ? undefined : next)}
    />
  );
}

/** One of several words, absent for the first of them. */
export function WordField({ path, label, hint, otherwise, options }: Props & { otherwise: string; options: readonly (readonly [string, string])[] }) {
  const { value, set, error } = useField(path);
  const isKnown = value === undefined || options.some(([word]) => word === value);
  const all: [string, string][] = [['', otherwise], ...options.map(([word, text]): [string, string] => [word, text])];
  if (!isKnown) all.push(['?', 'As in the JSON view']);
  return (
    <Select
      label={label}
      hint={hint}
      error={error}
      value={isKnown ? String(value ?? '') : '?'}
      options={all}
      onChange={(word) => word !== '?' && set(word === '' ? undefined : word)}
    />
  );
}

/** A switch whose one side is a value and whose other side is absence. */
export function SwitchField({ path, label, hint, on = true, inverted = false }: Props & { on?: unknown; inverted?: boolean }) {
  const { value, set, error } = useField(path);
  const isOn = value === on;
  return (
    <div>
      <Toggle label={label} hint={hint} checked={isOn !== inverted} onChange={(checked) => set(checked !== inverted ? on : undefined)} />
      {error && <p className="mt-1.5 text-bad">{error}</p>}
    </div>
  );
}
