/** What a preset holds besides its system prompt, as requests spell it. */
export type Config = Record<string, unknown>;

/** A preset as it is edited. */
export type Draft = { prompt: string; config: Config };

/** Reads a field, or a field inside an object: `temperature`, `provider.sort`. */
export function read(config: Config, path: string): unknown {
  const [head = '', ...rest] = path.split('.');
  const value = config[head];
  if (rest.length === 0) return value;
  return isObject(value) ? read(value, rest.join('.')) : undefined;
}

/** The configuration with one field set, or removed where `value` is `undefined`; an object that becomes empty goes too. */
export function write(config: Config, path: string, value: unknown): Config {
  const [head = '', ...rest] = path.split('.');
  const inner = isObject(config[head]) ? config[head] : {};
  const next = rest.length === 0 ? value : write(inner, rest.join('.'), value);
  const isGone = next === undefined || (rest.length > 0 && isObject(next) && Object.keys(next).length === 0);
  if (!isGone) return { ...config, [head]: next };
  return Object.fromEntries(Object.entries(config).filter(([name]) => name !== head));
}

/** Fields with a control of their own in the form; objects among them are listed by their parts. */
export const FORM_FIELDS = [
  'model',
  'models',
  'temperature',
  'top_p',
  'top_k',
  'max_tokens',
  'stop',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'reasoning.effort',
  'verbosity',
  'provider.sort',
  'provider.order',
  'provider.only',
  'provider.ignore',
  'provider.allow_fallbacks',
  'provider.require_parameters',
  'provider.quantizations',
  'provider.max_price.prompt',
  'provider.max_price.completion',
  'provider.data_collection',
  'provider.zdr',
  'provider.enforce_distillable_text',
  'validate.non_empty',
  'validate.not_truncated',
  'validate.not_refusal',
  'validate.tool_calls',
  'validate.regex',
  'validate.language',
  'max_cost',
  'pin.provider',
  'pin.model',
  'pin.region',
];

/** Names of the fields that are set and that only the JSON view shows, such as `tools` or `validate.json_schema`. */
export function besidesForm(config: Config, prefix = ''): string[] {
  return Object.entries(config).flatMap(([name, value]) => {
    const path = prefix + name;
    if (FORM_FIELDS.includes(path)) return [];
    const isParent = FORM_FIELDS.some((field) => field.startsWith(`${path}.`));
    return isParent && isObject(value) ? besidesForm(value, `${path}.`) : [path];
  });
}

/** The chat request that stores a draft: its fields, and the system prompt as a system message. */
export function bodyOf({ prompt, config }: Draft): Config {
  return prompt === '' ? config : { ...config, messages: [{ role: 'system', content: prompt }] };
}

/** The same with a question, and with a model where none is set, for asking the server what it makes of it. */
export function probeOf(draft: Draft): Config {
  const { prompt, config } = draft;
  const messages = [...(prompt === '' ? [] : [{ role: 'system', content: prompt }]), { role: 'user', content: 'Hello!' }];
  const model = 'model' in config || 'models' in config ? {} : { model: 'openrouter/auto' };
  return { ...model, ...config, messages };
}

/** Reads the text of the JSON view. */
export function parseConfig(text: string): { config: Config; problem?: undefined } | { config?: undefined; problem: string } {
  try {
    const value: unknown = JSON.parse(text.trim() === '' ? '{}' : text);
    if (!isObject(value)) return { problem: 'Must be one JSON object: { … }' };
    if ('messages' in value) return { problem: '“messages” belong to a request; the system prompt has its field above' };
    return { config: value };
  } catch (error) {
    return { problem: whereIn(text, error instanceof Error ? error.message : String(error)) };
  }
}

/** Engines name the place by line, by position, or not at all. */
function whereIn(text: string, message: string): string {
  if (/line \d+/.test(message)) return message;
  const position = /position (\d+)/.exec(message)?.[1];
  if (position === undefined) return message;
  return `Line ${text.slice(0, Number(position)).split('\n').length}: ${message}`;
}

/** Whether two drafts say the same. */
export function isSame(a: Draft, b: Draft): boolean {
  return a.prompt === b.prompt && JSON.stringify(a.config) === JSON.stringify(b.config);
}

/** A draft as text, for comparing: the prompt's lines, then the fields in the order of their names. */
export function linesOf({ prompt, config }: Draft): string[] {
  const ordered = Object.fromEntries(Object.entries(config).toSorted(([a], [b]) => a.localeCompare(b)));
  const head = prompt === '' ? [] : ['System prompt', ...prompt.split('\n').map((line) => `  ${line}`), ''];
  // Without the commas between fields: a field that comes or goes is no change of its neighbour.
  const fields = JSON.stringify(ordered, null, 2).split('\n').map((line) => `  ${line.replace(/,$/, '')}`);
  return [...head, 'Settings', ...fields];
}

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is Config {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const SLUG = /^[a-z0-9]+([-_.][a-z0-9]+)*$/;

/** What is wrong with a slug, if anything; the server's rule. */
export function slugProblem(slug: string): string | undefined {
  if (slug === '') return 'Requests need a name to call the preset by';
  if (slug.length > 64) return 'At most 64 characters';
  return SLUG.test(slug) ? undefined : 'Lower-case letters and digits, in parts joined by - _ or .';
}

/** A slug made of a display name. */
export function slugOf(name: string): string {
  const plain = name.normalize('NFKD').toLowerCase();
  return plain.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '').slice(0, 64).replace(/-$/, '');
}
