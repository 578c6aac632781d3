/** The query string of an address as flat text: every page's state is readable and can be typed by hand. */
export type Search = Record<string, string | undefined>;

/** Reads a query string; of repeated names the last one counts. */
export function parseSearch(text: string): Search {
  return Object.fromEntries(new URLSearchParams(text));
}

/** Writes a query string with its `?`, leaving out what is empty; commas and colons stay readable. */
export function stringifySearch(search: Record<string, unknown>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) {
    if (typeof value === 'string' && value !== '') params.set(name, value);
  }
  const text = params.toString().replaceAll('%2C', ',').replaceAll('%3A', ':').replaceAll('%2F', '/');
  return text === '' ? '' : `?${text}`;
}

/** Keeps the named fields of a query string, as text. */
export function pick<Name extends string>(search: Record<string, unknown>, ...names: Name[]): { [K in Name]?: string } {
  const kept: { [K in Name]?: string } = {};
  for (const name of names) {
    const value = search[name];
    if (typeof value === 'string' && value !== '') kept[name] = value;
  }
  return kept;
}
