import type { QueryClient } from '@tanstack/react-query';
import { ApiError, asApiError } from '../../api/errors';
import { changePreset, explain, presetQuery, presetsQuery, savePreset } from '../../api/rules';
import type { FullPreset, Plan, PresetChange } from '../../api/types';
import { bodyOf, type Draft, probeOf } from './config';

/** Somebody stored another version while this one was edited. */
export class VersionConflict extends Error {
  readonly theirs: FullPreset;

  constructor(theirs: FullPreset) {
    super('Another version was saved meanwhile');
    this.name = 'VersionConflict';
    this.theirs = theirs;
  }
}

/** What saving led to: the preset, and what a request with it would meet now. */
export type Saved = { preset: FullPreset; plan: Plan | null };

type Saving = { slug: string; draft: Draft; details: PresetChange | null; base: FullPreset | null; overwrite?: boolean };

/**
 * Stores a draft as the next version. The server is asked first what a request with it would meet: a field that every
 * request would be refused for is not saved. With `base` it is an error when a version appeared that was not seen.
 */
export async function save(client: QueryClient, { slug, draft, details, base, overwrite }: Saving): Promise<Saved> {
  const plan = await probe(draft);
  if (!overwrite) await checkBase(client, slug, base);
  const stored = await savePreset(slug, bodyOf(draft));
  const wanted = details ? changesOf(stored, details) : {};
  let preset = stored;
  try {
    if (Object.keys(wanted).length > 0) preset = await changePreset(slug, wanted);
  } catch (error) {
    const { message, status, code, requestId } = asApiError(error);
    throw new ApiError(`Version ${stored.designated_version_number} is saved, its name and description are not: ${message}`, { status, code, requestId });
  } finally {
    await client.invalidateQueries({ queryKey: presetsQuery.queryKey });
  }
  return { preset, plan };
}

/** The plan, or the refusal of a field thrown. Other refusals say nothing about the draft. */
async function probe(draft: Draft): Promise<Plan | null> {
  try {
    return await explain(probeOf(draft));
  } catch (error) {
    const refusal = asApiError(error);
    if (refusal.status === 400 && refusal.param !== null && refusal.param !== 'model' && refusal.param !== 'models') throw refusal;
    return null;
  }
}

async function checkBase(client: QueryClient, slug: string, base: FullPreset | null): Promise<void> {
  let now: FullPreset;
  try {
    now = await client.fetchQuery({ ...presetQuery(slug), staleTime: 0 });
  } catch (error) {
    if (base === null && asApiError(error).status === 404) return;
    throw error;
  }
  if (base === null) throw new ApiError('slug: A preset of this name exists already; open it to add a version', { status: 409, param: 'slug' });
  if (now.versions !== base.versions || now.designated_version_id !== base.designated_version_id) throw new VersionConflict(now);
}

/** The details that differ from what is stored. */
function changesOf(stored: FullPreset, { name, description }: PresetChange): PresetChange {
  const changes: PresetChange = {};
  if (name && name !== stored.name) changes.name = name;
  if ((description ?? '') !== (stored.description ?? '')) changes.description = description === '' ? null : description;
  return changes;
}
