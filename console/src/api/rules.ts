/** Presets, routing settings and plans: what decides where a request goes. */
import { queryOptions } from '@tanstack/react-query';
import { api, unwrap } from './client';
import type { Plan, Preset, PresetChange, PresetVersion, Routing, RoutingSettings } from './types';

const PAGE = 100;
const PRESET_PAGES_MAX = 10;
const VERSION_PAGES_MAX = 20;

/** Every preset of the workspace, newest first. */
export const presetsQuery = queryOptions({
  queryKey: ['presets'],
  queryFn: async ({ signal }) => {
    const presets: Preset[] = [];
    for (let page = 0; page < PRESET_PAGES_MAX; page += 1) {
      const query = { offset: presets.length, limit: PAGE };
      const { data, total_count: total } = await unwrap(api.GET('/console/api/v1/presets', { params: { query }, signal }));
      presets.push(...data);
      if (data.length === 0 || presets.length >= total) break;
    }
    return presets;
  },
});

/** One preset with the version that requests get. */
export const presetQuery = (slug: string) =>
  queryOptions({
    queryKey: ['presets', slug],
    queryFn: async () => (await unwrap(api.GET('/console/api/v1/presets/{slug}', { params: { path: { slug } } }))).data,
  });

/** Everything that a preset ever held, newest first. */
export const versionsQuery = (slug: string) =>
  queryOptions({
    queryKey: ['presets', slug, 'versions'],
    queryFn: async ({ signal }) => {
      const versions: PresetVersion[] = [];
      for (let page = 0; page < VERSION_PAGES_MAX; page += 1) {
        const params = { path: { slug }, query: { offset: versions.length, limit: PAGE } };
        const answer = await unwrap(api.GET('/console/api/v1/presets/{slug}/versions', { params, signal }));
        versions.push(...answer.data);
        if (answer.data.length === 0 || versions.length >= answer.total_count) break;
      }
      return versions.toReversed();
    },
  });

/** Stores what a chat request would send as the next version of a preset, which requests get from then on. */
export async function savePreset(slug: string, body: Record<string, unknown>) {
  // The document calls the body an object of anything, which the generator reads as an empty one.
  const answer = api.POST('/console/api/v1/presets/{slug}/chat/completions', { params: { path: { slug } }, body: body as Record<string, never> });
  return (await unwrap(answer)).data;
}

/** Changes name, description, status or the version in use. */
export async function changePreset(slug: string, body: PresetChange) {
  return (await unwrap(api.PATCH('/console/api/v1/presets/{slug}', { params: { path: { slug } }, body }))).data;
}

/** Removes a preset with all its versions. */
export async function deletePreset(slug: string) {
  return await unwrap(api.DELETE('/console/api/v1/presets/{slug}', { params: { path: { slug } } }));
}

/** Whose settings: the account's, or those of a workspace by its id. */
export type RoutingScope = { workspace: string | null };

/** Routing settings of a scope. */
export const routingQuery = ({ workspace }: RoutingScope) =>
  queryOptions({
    queryKey: ['routing', workspace ?? 'account'],
    queryFn: async (): Promise<Routing> =>
      workspace === null
        ? await unwrap(api.GET('/console/api/v1/routing'))
        : await unwrap(api.GET('/console/api/v1/workspaces/{workspace}/routing', { params: { path: { workspace } } })),
  });

/** Replaces some settings of a scope; `null` resets one. */
export async function changeRouting({ workspace }: RoutingScope, changes: { [K in keyof RoutingSettings]?: RoutingSettings[K] | null }): Promise<Routing> {
  const body = changes as Record<string, never>;
  if (workspace === null) return await unwrap(api.PATCH('/console/api/v1/routing', { body }));
  return await unwrap(api.PATCH('/console/api/v1/workspaces/{workspace}/routing', { params: { path: { workspace } }, body }));
}

/** The providers of the catalogue, by slug. */
export const providersQuery = queryOptions({
  queryKey: ['providers'],
  queryFn: async () => (await unwrap(api.GET('/api/v1/providers'))).data,
  staleTime: 5 * 60_000,
});

/** Asks which endpoints would serve a chat body, in which order and why; nobody is called and nothing is charged. */
export async function explain(body: Record<string, unknown>, signal?: AbortSignal): Promise<Plan> {
  return await unwrap(api.POST('/console/api/v1/route/explain', { body: body as Record<string, never>, signal }));
}
