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
