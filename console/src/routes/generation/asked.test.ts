import { expect, it } from 'vitest';
import type { Generation } from '../../api/types';
import { difference } from './asked';

type Facts = { asked: string; served?: string; router?: string; failed?: string; excluded?: string };

function record({ asked, served = 'a/b', router, failed, excluded }: Facts): Generation {
  const attempts = failed ? [{ model: failed, outcome: 'failed' }, { model: served, outcome: 'served' }] : [{ model: served, outcome: 'served' }];
  const out = excluded ? [{ model: excluded, endpoint_tag: 'x', reason: 'pin', policy: null }] : [];
  return { model: served, router: router ?? null, portolan: { model_asked: asked, attempts, excluded: out } } as unknown as Generation;
}

it.each<[Facts, RegExp | null]>([
  [{ asked: 'a/b' }, null],
  [{ asked: 'a/b:floor' }, null],
  [{ asked: 'a/b@preset/x' }, null],
  [{ asked: '@preset/x' }, null],
  [{ asked: 'openrouter/auto', router: 'openrouter/auto' }, /openrouter\/auto chose it/],
  [{ asked: 'c/d', failed: 'c/d' }, /an attempt at c\/d came to nothing/],
  [{ asked: 'c/d', excluded: 'c/d' }, /no endpoint of the model/],
  [{ asked: '~a/latest' }, /leads to it/],
  [{ asked: 'a/b:free' }, /leads to it/],
])('says_why_another_model_answered_%j', (facts, words) => {
  const said = difference(record(facts));
  if (words) expect(said).toMatch(words);
  else expect(said).toBeNull();
});
