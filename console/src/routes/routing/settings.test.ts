import { expect, it } from 'vitest';
import { exclusionWords, policyWords, privacyWords, rankWords } from './reasons';
import { changesOf, sentencesOf, type Settings } from './settings';

const FRESH: Settings = {
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

it('sends_only_what_changed_and_resets_what_is_back_to_nothing', () => {
  const before = { ...FRESH, ignored_providers: ['a'], enable_paid_model_training: false, default_text_model: 'a/b' };
  expect(changesOf(before, before)).toEqual({});
  expect(changesOf(before, { ...before, ignored_providers: [], enable_paid_model_training: true, enforce_zdr: true })).toEqual({
    ignored_providers: null,
    enable_paid_model_training: null,
    enforce_zdr: true,
  });
  expect(changesOf(FRESH, { ...FRESH, allowed_models: [] })).toEqual({ allowed_models: [] });
});

it.each<[Partial<Settings>, string[]]>([
  [{}, ['Nothing is restricted and nothing preferred: every provider may serve, requests name their model, and prices decide.']],
  [{ enable_paid_model_training: false }, ['Paid endpoints that train on prompts are left out.']],
  [{ enable_paid_model_training: false, enable_free_model_training: false }, ['Endpoints that train on prompts are left out.']],
  [{ enforce_zdr: true, enforce_zdr_openai: true }, ['Only endpoints with zero data retention may serve.']],
  [{ enforce_zdr_openai: true, enforce_zdr_other: true }, ['Models of OpenAI and everybody else need zero data retention.']],
  [{ allowed_models: [] }, ['No model is allowed: every request fails.']],
  [{ ignored_providers: ['a', 'b', 'c'] }, ['Never the providers a, b and c.']],
  [{ ignored_providers: ['a', 'b', 'c', 'd', 'e', 'f'] }, ['Never the providers a, b, c, d and 2 more.']],
  [{ default_text_model: 'a/b', default_provider_sort: 'price', rules: [{}] }, ['Requests without a model get a/b.', 'Providers are sorted cheapest first.', 'One further rule applies.']],
])('says_what_%j_means', (settings, sentences) => {
  expect(sentencesOf({ ...FRESH, ...settings })).toEqual(sentences);
});

it('puts_reasons_in_words_and_keeps_unknown_ones', () => {
  expect(exclusionWords('data_policy:zdr')).toBe('Keeps data, or does not say');
  expect(exclusionWords('some_new reason')).toBe('Some new reason');
  expect(rankWords('provider.order')).toBe('Named in the order');
  expect([policyWords('request'), policyWords('account'), policyWords(null)]).toEqual(['by the request', 'by the account’s settings', '']);
});

it.each([
  [{ training: null, retains_prompts: null, retention_days: null, zdr: null }, 'Nothing published'],
  [{ training: false, retains_prompts: false, retention_days: 0, zdr: true }, 'No training, zero retention'],
  [{ training: true, retains_prompts: true, retention_days: 30, zdr: false }, 'May train on prompts, keeps prompts 30 days'],
  [{ training: false, retains_prompts: null, retention_days: null, zdr: false }, 'No training, retention unknown'],
])('tells_a_data_policy', (policy, words) => {
  expect(privacyWords(policy)).toBe(words);
});
