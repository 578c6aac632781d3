import type { Pricing } from '../../api/types';
import { formatContext } from '../../format/figures';
import { formatExact, formatPerMillion, usd } from '../../format/money';

/** What each price of the catalogue is called, and whether it is for a token (shown per million) or a thing. */
const NAMES: readonly [keyof Pricing, string, 'token' | 'item'][] = [
  ['prompt', 'Prompt', 'token'],
  ['completion', 'Answer', 'token'],
  ['input_cache_read', 'Cache read', 'token'],
  ['input_cache_write', 'Cache write', 'token'],
  ['input_cache_write_1h', 'Cache write, 1 h', 'token'],
  ['internal_reasoning', 'Reasoning', 'token'],
  ['image', 'Image in', 'item'],
  ['image_token', 'Image token', 'token'],
  ['image_output', 'Image out', 'token'],
  ['audio', 'Audio in', 'token'],
  ['audio_output', 'Audio out', 'token'],
  ['input_audio_cache', 'Audio cache read', 'token'],
  ['request', 'Request', 'item'],
  ['web_search', 'Web search', 'item'],
];

/**
 * The prices of a model as term and value: prompt and answer always, the rest where it costs something, and at the
 * end what changes for long prompts.
 */
export function priceLines(pricing: Pricing): [string, string][] {
  return [...baseLines(pricing), ...(pricing.overrides ?? []).flatMap(overrideLines)];
}

function overrideLines(override: NonNullable<Pricing['overrides']>[number]): [string, string][] {
  const above = formatContext(override.min_prompt_tokens);
  return NAMES.flatMap(([field, name, unit]): [string, string][] => {
    const raw: unknown = Object.entries(override).find(([key]) => key === field)?.[1];
    const price = typeof raw === 'string' ? usd(raw) : null;
    return price === null || unit !== 'token' ? [] : [[`${name} above ${above}`, `${formatPerMillion(price)} / M`]];
  });
}

function baseLines(pricing: Pricing): [string, string][] {
  return NAMES.flatMap(([field, name, unit]): [string, string][] => {
    const raw = pricing[field];
    const price = typeof raw === 'string' ? usd(raw) : null;
    const isMain = field === 'prompt' || field === 'completion';
    if (!isMain && (price === null || price <= 0n)) return [];
    if (price === null || price < 0n) return [[name, 'varies']];
    if (price === 0n) return [[name, 'Free']];
    return [[name, unit === 'token' ? `${formatPerMillion(price)} / M` : `${formatExact(price)} each`]];
  });
}
