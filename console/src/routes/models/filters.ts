import type { Search } from '../../app/search';

/** The columns a list of models sorts by; a leading `-` means descending. */
export type SortField = 'name' | 'context' | 'prompt' | 'completion' | 'added';
/** A sort order as the address writes it, such as `-added`. */
export type Sort = SortField | `-${SortField}`;

/** What the list of models is narrowed to. Empty lists and `null` narrow nothing. */
export type Filters = {
  q: string;
  inputs: string[];
  outputs: string[];
  /** Least context length in tokens. */
  context: number | null;
  /** Highest prompt price in US dollars per million tokens; 0 means free. */
  price: number | null;
  params: string[];
  authors: string[];
  sort: Sort;
};

/** The order nobody asked for: newest first. */
export const DEFAULT_SORT: Sort = '-added';

const FIELDS: readonly SortField[] = ['name', 'context', 'prompt', 'completion', 'added'];

/** Reads filters from an address; what cannot be read narrows nothing. */
export function readFilters(search: Search): Filters {
  return {
    q: search.q ?? '',
    inputs: list(search.in),
    outputs: list(search.out),
    context: amount(search.context),
    price: search.price === 'free' ? 0 : amount(search.price),
    params: list(search.params),
    authors: list(search.authors),
    sort: isSort(search.sort) ? search.sort : DEFAULT_SORT,
  };
}

/** Writes filters as an address; {@link readFilters} gives the same filters back. */
export function writeFilters(filters: Filters): Search {
  return {
    q: filters.q || undefined,
    in: filters.inputs.join(',') || undefined,
    out: filters.outputs.join(',') || undefined,
    context: filters.context === null ? undefined : String(filters.context),
    price: filters.price === null ? undefined : filters.price === 0 ? 'free' : String(filters.price),
    params: filters.params.join(',') || undefined,
    authors: filters.authors.join(',') || undefined,
    sort: filters.sort === DEFAULT_SORT ? undefined : filters.sort,
  };
}

/** The order after a click on a column's head: its natural direction first, then the other. */
export function nextSort(current: Sort, field: SortField): Sort {
  const natural: Sort = field === 'context' || field === 'added' ? `-${field}` : field;
  const other: Sort = natural.startsWith('-') ? field : `-${field}`;
  return current === natural ? other : natural;
}

function list(text: string | undefined): string[] {
  return [...new Set((text ?? '').split(',').filter(Boolean))];
}

function amount(text: string | undefined): number | null {
  if (text === undefined || text.trim() === '') return null;
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : null;
}

function isSort(text: string | undefined): text is Sort {
  return FIELDS.some((field) => text === field || text === `-${field}`);
}
