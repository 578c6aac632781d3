import { expect, it } from 'vitest';
import type { Pricing } from '../../api/types';
import { priceLines } from './prices';

it.each<[string, Pricing, [string, string][]]>([
  ['free', { prompt: '0', completion: '0', image: '0' }, [['Prompt', 'Free'], ['Answer', 'Free']]],
  ['prices that vary', { prompt: '-1', completion: '-1' }, [['Prompt', 'varies'], ['Answer', 'varies']]],
  [
    'tokens per million, things each',
    { prompt: '0.00000125', completion: '0.00001', input_cache_read: '0.000000125', web_search: '0.01', request: null },
    [['Prompt', '$1.25 / M'], ['Answer', '$10.00 / M'], ['Cache read', '$0.125 / M'], ['Web search', '$0.01 each']],
  ],
  [
    'other prices for long prompts',
    { prompt: '0.000001', completion: '0.000002', overrides: [{ min_prompt_tokens: 200_000, prompt: '0.000002' }] },
    [['Prompt', '$1.00 / M'], ['Answer', '$2.00 / M'], ['Prompt above 200K', '$2.00 / M']],
  ],
])('%s', (_, pricing, lines) => expect(priceLines(pricing)).toEqual(lines));
