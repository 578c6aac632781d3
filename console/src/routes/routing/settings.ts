import type { RoutingSettings } from '../../api/types';

/** Settings of one scope, with rules as what they are: JSON. */
export type Settings = Omit<RoutingSettings, 'rules'> & { rules: unknown[] };

/** What is set where nothing is: nothing is forbidden, nothing preferred. */
const DEFAULTS: Settings = {
  allowed_models: null,
  ignored_models: [],
  allowed_providers: null,
  ignored_providers: [],
  allowed_regions: null,
  enforce_zdr: false,
  enforce_zdr_anthropic: false,
  enforce_zdr_openai: false,
  enforce_zdr_google: false,
  enforce_zdr_xai: false,
  enforce_zdr_other: false,
  enable_paid_model_training: true,
  enable_free_model_training: true,
  enable_free_model_publication: true,
  default_provider_sort: null,
  default_text_model: null,
  rules: [],
};

/** The switches for zero retention of one author's models. */
export const AUTHORS = [
  ['enforce_zdr_anthropic', 'Anthropic'],
  ['enforce_zdr_openai', 'OpenAI'],
  ['enforce_zdr_google', 'Google'],
  ['enforce_zdr_xai', 'xAI'],
  ['enforce_zdr_other', 'Everybody else'],
] as const;

/** Settings to replace; `null` resets one. */
export type Changes = { [K in keyof Settings]?: Settings[K] | null };

/** The settings that differ, as the server takes them; `null` for those that are back to nothing. */
export function changesOf(before: Settings, after: Settings): Changes {
  const names = Object.keys(DEFAULTS) as (keyof Settings)[];
  const changed = names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
  return Object.fromEntries(changed.map((name) => [name, JSON.stringify(after[name]) === JSON.stringify(DEFAULTS[name]) ? null : after[name]]));
}

const SORTS: Record<string, string> = {
  price: 'cheapest first',
  throughput: 'fastest first',
  latency: 'quickest first token first',
  exacto: 'best at calling tools first',
};

/** What the settings mean, sentence by sentence; nothing set is a sentence too. */
export function sentencesOf(settings: Settings): string[] {
  const said = [...privacySentences(settings), ...listSentences(settings), ...defaultSentences(settings)];
  return said.length > 0 ? said : ['Nothing is restricted and nothing preferred: every provider may serve, requests name their model, and prices decide.'];
}

function privacySentences(settings: Settings): string[] {
  const training = [settings.enable_paid_model_training ? '' : 'paid', settings.enable_free_model_training ? '' : 'free'].filter(Boolean);
  const authors = AUTHORS.filter(([name]) => settings[name]).map(([, author]) => (author === 'Everybody else' ? 'everybody else' : author));
  return [
    training.length > 0 ? `${training.length === 2 ? 'Endpoints' : `${training[0] === 'paid' ? 'Paid' : 'Free'} endpoints`} that train on prompts are left out.` : '',
    settings.enable_free_model_publication ? '' : 'Free endpoints that publish prompts are left out.',
    settings.enforce_zdr ? 'Only endpoints with zero data retention may serve.' : '',
    !settings.enforce_zdr && authors.length > 0 ? `Models of ${listed(authors)} need zero data retention.` : '',
  ].filter(Boolean);
}

function listSentences(settings: Settings): string[] {
  const { allowed_models: models, allowed_providers: providers, allowed_regions: regions } = settings;
  return [
    models === null ? '' : models.length === 0 ? 'No model is allowed: every request fails.' : `Only the models ${listed(models)}.`,
    settings.ignored_models.length > 0 ? `Never the models ${listed(settings.ignored_models)}.` : '',
    providers === null ? '' : providers.length === 0 ? 'No provider is allowed: every request fails.' : `Only the providers ${listed(providers)}.`,
    settings.ignored_providers.length > 0 ? `Never the providers ${listed(settings.ignored_providers)}.` : '',
    regions === null ? '' : regions.length === 0 ? 'No region is allowed: every request fails.' : `Only endpoints in ${listed(regions)}.`,
  ].filter(Boolean);
}

function defaultSentences(settings: Settings): string[] {
  const { default_text_model: model, default_provider_sort: sort, rules } = settings;
  return [
    model ? `Requests without a model get ${model}.` : '',
    sort ? `Providers are sorted ${SORTS[sort] ?? sort}.` : '',
    rules.length > 0 ? `${rules.length === 1 ? 'One further rule applies' : `${rules.length} further rules apply`}.` : '',
  ].filter(Boolean);
}

function listed(names: readonly string[]): string {
  if (names.length > 5) return `${names.slice(0, 4).join(', ')} and ${names.length - 4} more`;
  return names.length < 2 ? (names[0] ?? '') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
