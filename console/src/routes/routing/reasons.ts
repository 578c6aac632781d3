/** Reasons of plans and records, in words. The server's own spelling stays beside them: errors and logs use it. */
const EXCLUDED: Record<string, string> = {
  'no upstream configured': 'No connection to this provider, or it is switched off',
  'provider format not supported': 'No adapter speaks the provider’s format',
  'service tier not asked for': 'Belongs to a service tier that was not asked for',
  'input modality not supported': 'Cannot take this kind of input',
  'tool use not supported': 'Cannot use tools',
  context_length: 'Prompt and answer do not fit its context',
  'not free': 'Has a price, and the model’s free variant was asked for',
  pin: 'Is not the pinned one',
  allowed_providers: 'Not on the list of allowed providers',
  'ignored provider': 'On a list of ignored providers',
  'allow_fallbacks is false': 'Fallbacks are switched off',
  allowed_models: 'Model is not on the list of allowed models',
  'ignored model': 'Model is on a list of ignored models',
  excluded_models: 'Model is excluded from the automatic choice',
  data_region: 'Outside the allowed regions, or in an unknown one',
  require_parameters: 'Does not know a parameter in use',
  quantization: 'Has another weight format',
  enforce_distillable_text: 'The model’s author does not allow training on answers',
  max_price: 'Above the price ceiling',
  max_cost: 'The request could cost more there than it may',
  'data_policy:training': 'May train on prompts, or does not say',
  'data_policy:zdr': 'Keeps data, or does not say',
  'data_policy:publication': 'May publish prompts, or does not say',
  cost_tier: 'Outside the price band of the automatic choice',
  'another model was chosen': 'Another model was chosen',
  'free variants are not chosen automatically': 'Free variants are not chosen automatically',
};

const PLANNED: Record<string, string> = {
  'price-weighted choice': 'Drawn at random, cheaper ones more often',
  'share-weighted choice': 'Drawn at random by price, speed and reliability',
  'provider.order': 'Named in the order',
  'sorted as asked': 'Sorted as asked',
  'served this conversation before': 'Served this conversation before',
};

/** Why an endpoint was left out. */
export function exclusionWords(reason: string): string {
  return EXCLUDED[reason] ?? sentence(reason);
}

/** Why an endpoint stands where it stands. */
export function rankWords(reason: string): string {
  return PLANNED[reason] ?? sentence(reason);
}

/** Who demanded it: `account`, `workspace`, `request`, … */
export function policyWords(policy: string | null | undefined): string {
  if (!policy) return '';
  return policy === 'request' ? 'by the request' : `by the ${policy}’s settings`;
}

/** What a provider does with prompts, in a few words. */
export function privacyWords(policy: { training: boolean | null; retains_prompts: boolean | null; retention_days: number | null; zdr: boolean | null }): string {
  if (policy.training === null && policy.retains_prompts === null && policy.zdr === null) return 'Nothing published';
  const training = policy.training === null ? 'training unknown' : policy.training ? 'may train on prompts' : 'no training';
  if (policy.zdr) return `${capital(training)}, zero retention`;
  if (policy.retains_prompts === null) return `${capital(training)}, retention unknown`;
  if (!policy.retains_prompts) return `${capital(training)}, keeps nothing`;
  const days = policy.retention_days;
  return `${capital(training)}, keeps prompts${days ? ` ${days} ${days === 1 ? 'day' : 'days'}` : ''}`;
}

function sentence(text: string): string {
  return capital(text.replaceAll('_', ' '));
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
