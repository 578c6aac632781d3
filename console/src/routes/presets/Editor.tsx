import { type ReactNode, useState } from 'react';
import type { ApiError } from '../../api/errors';
import { Field } from '../../ui/form';
import { Section } from '../../ui/Section';
import { type Config, type Draft, parseConfig } from './config';
import { EditorForm } from './EditorForm';
import { ConfigForm } from './fields';

type Props = {
  draft: Draft;
  onChange: (draft: Draft) => void;
  /** What is wrong with the text of the JSON view, or nothing. */
  onProblem: (problem: string | undefined) => void;
  refusal: ApiError | null;
  /** Another number when the draft was replaced and not typed. */
  round?: number;
  /** Blocks above the settings. */
  children?: ReactNode;
};

/** Edits what a preset holds: its prompt, and its settings as a form or as JSON. Both views show one thing. */
export function Editor({ draft, onChange, onProblem, refusal, round = 0, children }: Props) {
  const [view, setView] = useState<'form' | 'json'>('form');
  const [text, setText] = useState('');
  const [seen, setSeen] = useState(round);
  if (seen !== round) {
    setSeen(round);
    setText(JSON.stringify(draft.config, null, 2));
  }
  const parsed = parseConfig(text);
  const problem = view === 'json' ? parsed.problem : undefined;
  const show = (next: 'form' | 'json') => {
    if (next === 'json') setText(JSON.stringify(draft.config, null, 2));
    onProblem(undefined);
    setView(next);
  };
  const type = (next: string) => {
    setText(next);
    const { config, problem: wrong } = parseConfig(next);
    onProblem(wrong);
    // Also where it is no JSON yet: whatever is typed ends the refusal of what was there before.
    onChange(config ? { ...draft, config } : draft);
  };
  return (
    <div>
      {children}
      <Section title="System prompt" note="Comes first, unless a request brings a system prompt of its own.">
        <Field label="System prompt">
          {(control) => (
            <textarea {...control} className="field min-h-32" rows={6} value={draft.prompt} onChange={(event) => onChange({ ...draft, prompt: event.target.value })} />
          )}
        </Field>
      </Section>
      <div className="flex items-center justify-between gap-4 border-t border-line py-3">
        <span className="text-muted">The settings, as a form or as JSON: both show the same.</span>
        <ViewSwitch view={view} onChange={show} blocked={problem !== undefined} />
      </div>
      {view === 'form' ? (
        <ConfigForm config={draft.config} onChange={(config: Config) => onChange({ ...draft, config })} problem={problemOf(refusal)}>
          <EditorForm config={draft.config} />
        </ConfigForm>
      ) : (
        <Section title="Settings as JSON" note="Every field that a chat request can have, tools, plugins and schemas included; fields that belong to one request alone are not kept.">
          <JsonField text={text} onChange={type} problem={problem ?? problemOf(refusal)?.message} />
        </Section>
      )}
    </div>
  );
}

/** The field that a refusal is about, and the server's words without its name. */
function problemOf(refusal: ApiError | null): { param: string; message: string } | null {
  if (!refusal?.param) return null;
  const { param, message } = refusal;
  const words = message.startsWith(`${param}: `) ? message.slice(param.length + 2) : message;
  return { param, message: words.charAt(0).toUpperCase() + words.slice(1) };
}

function ViewSwitch({ view, onChange, blocked }: { view: 'form' | 'json'; onChange: (view: 'form' | 'json') => void; blocked: boolean }) {
  const options = [
    ['form', 'Form'],
    ['json', 'JSON'],
  ] as const;
  return (
    <div role="group" aria-label="Settings as" className="inline-flex gap-1 rounded-ctl border border-line p-1">
      {options.map(([value, label]) => (
        <button
          key={value}
          type="button"
          aria-pressed={view === value}
          disabled={blocked && value === 'form'}
          className="min-h-8 rounded-ctl px-3 text-muted not-disabled:hover:bg-sunken disabled:opacity-55 aria-pressed:bg-accent-bg aria-pressed:font-medium aria-pressed:text-accent pointer-coarse:min-h-11"
          onClick={() => onChange(value)}
        >
          {label}
        </button>
      ))}
    </div>
  );
}

/** JSON text with what is wrong with it underneath. */
export function JsonField({ text, onChange, problem, label = 'Settings as JSON', rows = 20 }: { text: string; onChange: (text: string) => void; problem?: string; label?: string; rows?: number }) {
  return (
    <Field label={label} error={problem}>
      {(control) => (
        <textarea
          {...control}
          className="field ident whitespace-pre"
          rows={Math.max(6, Math.min(rows, text.split('\n').length + 2))}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          value={text}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
