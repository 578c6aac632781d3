import { useState } from 'react';
import { formatCount } from '../../format/figures';
import type { Facets, FacetValue } from './catalogue';
import type { Filters } from './filters';

type Props = { facets: Facets; filters: Filters; onChange: (filters: Filters) => void };

const SHOWN = 6;

/** What the list can be narrowed by, each value with the number of models it would leave. */
export function FacetPanel({ facets, filters, onChange }: Props) {
  const many = (field: 'inputs' | 'outputs' | 'params' | 'authors') => ({
    values: facets[field],
    chosen: filters[field],
    onChange: (chosen: string[]) => onChange({ ...filters, [field]: chosen }),
  });
  const one = (field: 'context' | 'price') => ({
    values: facets[field],
    chosen: filters[field],
    onChange: (chosen: number | null) => onChange({ ...filters, [field]: chosen }),
  });
  return (
    <div className="space-y-5">
      <CheckFacet legend="Input" {...many('inputs')} />
      <CheckFacet legend="Output" {...many('outputs')} />
      <BoundFacet legend="Context" {...one('context')} input="At least, in tokens" />
      <BoundFacet legend="Prompt price per million" {...one('price')} input="At most, in $ / M" />
      <CheckFacet legend="Supported parameters" {...many('params')} />
      <CheckFacet legend="Author" {...many('authors')} />
    </div>
  );
}

type CheckProps = { legend: string; values: FacetValue[]; chosen: string[]; onChange: (chosen: string[]) => void };

function CheckFacet({ legend, values, chosen, onChange }: CheckProps) {
  const [all, setAll] = useState(false);
  const shown = all ? values : values.filter(({ value }, index) => index < SHOWN || chosen.includes(value));
  if (values.length === 0) return null;
  return (
    <fieldset>
      <legend className="mb-1 font-medium">{legend}</legend>
      {shown.map(({ value, label, count }) => (
        <label key={value} className="flex min-h-7 items-center gap-2 pointer-coarse:min-h-11">
          <input
            type="checkbox"
            className="size-4 shrink-0 accent-accent"
            checked={chosen.includes(value)}
            onChange={(event) => onChange(event.target.checked ? [...chosen, value] : chosen.filter((other) => other !== value))}
          />
          <Label label={label} count={count} />
        </label>
      ))}
      {values.length > shown.length || all ? (
        <button type="button" className="mt-1 min-h-7 text-accent hover:underline" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${values.length}`}
          <span className="sr-only"> {legend}</span>
        </button>
      ) : null}
    </fieldset>
  );
}

type BoundProps = {
  legend: string;
  values: FacetValue[];
  chosen: number | null;
  onChange: (chosen: number | null) => void;
  input: string;
};

function BoundFacet({ legend, values, chosen, onChange, input }: BoundProps) {
  const isStep = chosen === null || values.some(({ value }) => Number(value) === chosen);
  return (
    <fieldset>
      <legend className="mb-1 font-medium">{legend}</legend>
      <Radio name={legend} label="Any" checked={chosen === null} onChoose={() => onChange(null)} />
      {values.map(({ value, label, count }) => (
        <Radio key={value} name={legend} label={label} count={count} checked={chosen === Number(value)} onChoose={() => onChange(Number(value))} />
      ))}
      <input
        type="number"
        min={0}
        step="any"
        aria-label={`${legend}: ${input}`}
        placeholder={input}
        className="field mt-1.5"
        value={isStep ? '' : chosen}
        onChange={(event) => onChange(event.target.value === '' ? null : Math.max(0, event.target.valueAsNumber))}
      />
    </fieldset>
  );
}

type RadioProps = { name: string; label: string; count?: number; checked: boolean; onChoose: () => void };

function Radio({ name, label, count, checked, onChoose }: RadioProps) {
  return (
    <label className="flex min-h-7 items-center gap-2 pointer-coarse:min-h-11">
      <input type="radio" name={name} className="size-4 shrink-0 accent-accent" checked={checked} onChange={onChoose} />
      <Label label={label} count={count} />
    </label>
  );
}

function Label({ label, count }: { label: string; count?: number }) {
  return (
    <>
      <span className="min-w-0 flex-1 truncate" title={label}>
        {label}
      </span>
      {count !== undefined && <span className="text-xs text-muted tabular-nums">{formatCount(count)}</span>}
    </>
  );
}
