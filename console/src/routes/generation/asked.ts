import type { Generation } from '../../api/types';

/** What a model id is without the suffixes that only sort or tier: `author/name:floor` and `author/name` are one model. */
function plain(id: string): string {
  return id.replace(/@preset\/.*$/, '').replace(/(:(nitro|floor|exacto|beta))+$/, '');
}

/** Why another model id answered than the one that was asked for; nothing where it is the same. */
export function difference(generation: Generation): string | null {
  const { model_asked: asked, attempts, excluded } = generation.portolan;
  if (plain(asked) === generation.model || plain(asked) === '') return null;
  if (generation.router) return `${generation.router} chose it.`;
  const failed = attempts.filter((attempt) => attempt.outcome !== 'served' && attempt.model !== generation.model);
  if (failed.length > 0) return `It is a fallback: ${failed.length === 1 ? 'an attempt' : `${failed.length} attempts`} at ${failed[0]?.model ?? asked} came to nothing.`;
  const out = excluded.find((one) => one.model === plain(asked));
  if (out) return 'It is a fallback: no endpoint of the model that was asked for could be used; the reasons stand below.';
  return 'The id that was asked for leads to it.';
}
