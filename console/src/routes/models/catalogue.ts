import type { Model } from '../../api/types';
import { formatContext } from '../../format/figures';
import { toNumber, usd } from '../../format/money';
import type { Filters, Sort } from './filters';

/** A model with what searching and sorting need, computed once. */
export type Entry = {
  model: Model;
  author: string;
  /** Name, id and description in lower case. */
  words: string;
  /** US dollars per million prompt tokens; `null` where the price varies. */
  prompt: number | null;
  completion: number | null;
};

/** Prepares models for {@link select} and {@link facetsOf}. */
export function indexModels(models: readonly Model[]): Entry[] {
  return models.map((model) => ({
    model,
    author: model.id.slice(0, Math.max(0, model.id.indexOf('/'))),
    words: `${model.name}\n${model.id}\n${model.description ?? ''}`.toLowerCase(),
    prompt: perMillion(model.pricing.prompt),
    completion: perMillion(model.pricing.completion),
  }));
}

/** A part of the filters, with a test for one entry and the word for it on a chip. */
type Part = 'q' | 'inputs' | 'outputs' | 'context' | 'price' | 'params' | 'authors';

const PARTS: Record<Part, (entry: Entry, filters: Filters) => boolean> = {
  q: ({ words }, { q }) =>
    q
      .toLowerCase()
      .split(/\s+/)
      .every((word) => words.includes(word)),
  inputs: ({ model }, { inputs }) => inputs.every((kind) => model.architecture.input_modalities.includes(kind)),
  outputs: ({ model }, { outputs }) => outputs.every((kind) => model.architecture.output_modalities.includes(kind)),
  context: ({ model }, { context }) => context === null || (model.context_length ?? 0) >= context,
  price: ({ prompt, completion }, { price }) =>
    price === null || (prompt !== null && prompt <= price && (price > 0 || completion === 0)),
  params: ({ model }, { params }) => params.every((name) => model.supported_parameters.includes(name)),
  authors: ({ author }, { authors }) => authors.length === 0 || authors.includes(author),
};

const ALL_PARTS = Object.keys(PARTS) as Part[];

/** The entries that pass every filter, in the order asked for. */
export function select(entries: readonly Entry[], filters: Filters): Entry[] {
  return entries.filter((entry) => passes(entry, filters, ALL_PARTS)).toSorted(comparison(filters.sort));
}

function passes(entry: Entry, filters: Filters, parts: readonly Part[]): boolean {
  return parts.every((part) => PARTS[part](entry, filters));
}

/** A value of a facet and how many models choosing it would leave. */
export type FacetValue = { value: string; label: string; count: number };
/** The facets, each counted under all the other filters. */
export type Facets = Record<'inputs' | 'outputs' | 'context' | 'price' | 'params' | 'authors', FacetValue[]>;

const CONTEXT_STEPS = [32_000, 128_000, 200_000, 1_000_000];
const PRICE_STEPS = [0, 0.5, 2, 10];

/** Counts every facet's values. */
export function facetsOf(entries: readonly Entry[], filters: Filters): Facets {
  const under = (part: Part) => entries.filter((entry) => passes(entry, filters, ALL_PARTS.filter((other) => other !== part)));
  // Within facets whose values must all hold, a value is counted together with those already chosen.
  const narrowed = entries.filter((entry) => passes(entry, filters, ALL_PARTS));
  const contexts = under('context');
  const prices = under('price');
  return {
    inputs: tally(entries, narrowed, (entry) => entry.model.architecture.input_modalities, filters.inputs),
    outputs: tally(entries, narrowed, (entry) => entry.model.architecture.output_modalities, filters.outputs),
    params: tally(entries, narrowed, (entry) => entry.model.supported_parameters, filters.params),
    authors: tally(entries, under('authors'), (entry) => [entry.author], filters.authors),
    context: CONTEXT_STEPS.map((context) => ({
      value: String(context),
      label: `${formatContext(context)} or more`,
      count: contexts.filter((entry) => PARTS.context(entry, { ...filters, context })).length,
    })),
    price: PRICE_STEPS.map((price) => ({
      value: String(price),
      label: priceLabel(price),
      count: prices.filter((entry) => PARTS.price(entry, { ...filters, price })).length,
    })),
  };
}

/** The words of a price bound: `Free`, `up to $2.00`. */
export function priceLabel(price: number): string {
  return price === 0 ? 'Free' : `up to $${price.toFixed(2)}`;
}

function tally(all: readonly Entry[], counted: readonly Entry[], valuesOf: (entry: Entry) => string[], chosen: string[]): FacetValue[] {
  const totals = new Map<string, number>();
  for (const entry of all) for (const value of new Set(valuesOf(entry))) totals.set(value, (totals.get(value) ?? 0) + 1);
  for (const value of chosen) if (!totals.has(value)) totals.set(value, 0);
  const counts = new Map<string, number>();
  for (const entry of counted) for (const value of new Set(valuesOf(entry))) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...totals]
    .toSorted(([a, first], [b, second]) => second - first || a.localeCompare(b))
    .map(([value]) => ({ value, label: value.replaceAll('_', ' '), count: counts.get(value) ?? 0 }));
}

/** One active filter: its chip's text, the filters without it, and how many models show then. */
export type ActiveFilter = { key: string; label: string; without: Filters };

/** The active filters in the order of the facets. */
export function activeFilters(filters: Filters): ActiveFilter[] {
  const active: ActiveFilter[] = [];
  const add = (key: string, label: string, change: Partial<Filters>) => active.push({ key, label, without: { ...filters, ...change } });
  if (filters.q) add('q', `“${filters.q}”`, { q: '' });
  for (const kind of filters.inputs) add(`in ${kind}`, `${kind} in`, { inputs: filters.inputs.filter((other) => other !== kind) });
  for (const kind of filters.outputs) add(`out ${kind}`, `${kind} out`, { outputs: filters.outputs.filter((other) => other !== kind) });
  if (filters.context !== null) add('context', `${formatContext(filters.context)} context or more`, { context: null });
  if (filters.price !== null) add('price', filters.price === 0 ? 'Free' : `${priceLabel(filters.price)} / M`, { price: null });
  for (const name of filters.params) {
    add(`param ${name}`, name.replaceAll('_', ' '), { params: filters.params.filter((other) => other !== name) });
  }
  for (const author of filters.authors) add(`by ${author}`, author, { authors: filters.authors.filter((other) => other !== author) });
  return active;
}

/** The active filter whose removal shows the most models; `null` when removing any one still shows none. */
export function costliestFilter(entries: readonly Entry[], filters: Filters): (ActiveFilter & { count: number }) | null {
  const counted = activeFilters(filters).map((filter) => ({ ...filter, count: select(entries, filter.without).length }));
  const best = counted.toSorted((a, b) => b.count - a.count)[0];
  return best && best.count > 0 ? best : null;
}

function comparison(sort: Sort): (a: Entry, b: Entry) => number {
  const descending = sort.startsWith('-');
  const field = descending ? sort.slice(1) : sort;
  const byName = (a: Entry, b: Entry) => a.model.name.localeCompare(b.model.name);
  if (field === 'name') return descending ? (a, b) => byName(b, a) : byName;
  const value = (entry: Entry): number | null => {
    if (field === 'prompt') return entry.prompt;
    if (field === 'completion') return entry.completion;
    return field === 'context' ? (entry.model.context_length ?? null) : entry.model.created;
  };
  return (a, b) => {
    const [left, right] = [value(a), value(b)];
    // What is unknown goes last in either direction.
    if (left === null || right === null) return (left === null ? 1 : 0) - (right === null ? 1 : 0) || byName(a, b);
    return (descending ? right - left : left - right) || byName(a, b);
  };
}

function perMillion(price: string | undefined): number | null {
  const amount = usd(price);
  return amount === null || amount < 0n ? null : toNumber(amount * 1_000_000n);
}
