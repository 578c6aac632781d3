import { type ReactNode, useId } from 'react';

type Described = { id: string; 'aria-describedby': string | undefined; 'aria-invalid': true | undefined };

/** A label, a control and, under it, a hint or what is wrong with its value. */
export function Field({ label, hint, error, children }: { label: string; hint?: string; error?: string; children: (control: Described) => ReactNode }) {
  const id = useId();
  const note = error ?? hint;
  return (
    <div>
      <label htmlFor={id} className="mb-1.5 block font-medium">
        {label}
      </label>
      {children({ id, 'aria-describedby': note ? `${id}-note` : undefined, 'aria-invalid': error ? true : undefined })}
      {note && (
        <p id={`${id}-note`} className={`mt-1.5 ${error ? 'text-bad' : 'text-muted'}`}>
          {note}
        </p>
      )}
    </div>
  );
}

type ChoiceProps<T extends string> = {
  legend: string;
  options: readonly { value: T; label: string }[];
  value: T | '';
  onChange: (value: T) => void;
  error?: string;
  hint?: string;
};

/** One of a few, as a row of radio buttons. */
export function Choice<T extends string>({ legend, options, value, onChange, error, hint }: ChoiceProps<T>) {
  const id = useId();
  const note = error ?? hint;
  return (
    <fieldset aria-describedby={note ? `${id}-note` : undefined} aria-invalid={error ? true : undefined}>
      <legend className="mb-1.5 font-medium">{legend}</legend>
      <div className="flex flex-wrap gap-2">
        {options.map((option) => (
          <label
            key={option.value}
            className="inline-flex min-h-9 items-center gap-2 rounded-ctl border border-ctl px-3 has-checked:border-accent has-checked:bg-accent-bg has-checked:text-accent has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent pointer-coarse:min-h-11"
          >
            <input
              type="radio"
              name={id}
              className="accent-accent focus-visible:outline-none"
              checked={value === option.value}
              onChange={() => onChange(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
      {note && (
        <p id={`${id}-note`} className={`mt-1.5 ${error ? 'text-bad' : 'text-muted'}`}>
          {note}
        </p>
      )}
    </fieldset>
  );
}

type ToggleProps = { label: string; hint?: string; checked: boolean; onChange: (checked: boolean) => void; disabled?: boolean };

/** One switch with what it means beside it. */
export function Toggle({ label, hint, checked, onChange, disabled }: ToggleProps) {
  const id = useId();
  return (
    <div className="flex min-h-6 gap-2.5 pointer-coarse:min-h-11">
      <input
        id={id}
        type="checkbox"
        className="mt-0.5 size-4 shrink-0 accent-accent pointer-coarse:size-5"
        checked={checked}
        disabled={disabled}
        aria-describedby={hint ? `${id}-note` : undefined}
        onChange={(event) => onChange(event.target.checked)}
      />
      <div className="min-w-0">
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {hint && (
          <p id={`${id}-note`} className="text-muted">
            {hint}
          </p>
        )}
      </div>
    </div>
  );
}

type SelectProps = { label: string; hint?: string; error?: string; value: string; options: readonly (readonly [value: string, label: string])[]; onChange: (value: string) => void };

/** One of several, in the browser's own list. */
export function Select({ label, hint, error, value, options, onChange }: SelectProps) {
  return (
    <Field label={label} hint={hint} error={error}>
      {(control) => (
        <select {...control} className="field" value={value} onChange={(event) => onChange(event.target.value)}>
          {options.map(([option, text]) => (
            <option key={option} value={option}>
              {text}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}
