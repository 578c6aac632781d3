import { infiniteQueryOptions, queryOptions, QueryClient } from '@tanstack/react-query';
import { api, unwrap } from './client';
import { ApiError, asApiError } from './errors';
import type { Key, Model, Session } from './types';

/** Rows asked for with one call to the catalogue, and how many such calls at most. */
const MODEL_PAGE = 500;
const MODEL_PAGES_MAX = 40;
const KEY_PAGE = 100;
const KEY_PAGES_MAX = 50;
const GENERATION_PAGE = 50;
/** A finished answer is written behind the response; it shows within this time, in milliseconds. */
const GENERATION_PATIENCE = 3000;
const GENERATION_RETRY = 300;

/** The cache of one console; failures of 4xx kind are final, others are tried twice more. */
export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 15_000,
        refetchOnWindowFocus: true,
        retry: (count, error) => count < 2 && isWorthRetrying(error),
        retryDelay: (count) => Math.min(500 * 2 ** count, 30_000),
      },
      mutations: { retry: false },
    },
  });
}

/** Who is signed in; `null` for a visitor. */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: async (): Promise<Session | null> => {
    try {
      return (await unwrap(api.GET('/console/api/v1/session'))).data;
    } catch (error) {
      if (asApiError(error).status === 401) return null;
      throw error;
    }
  },
  staleTime: 10_000,
});

/** The whole catalogue, gathered page by page. */
export const modelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: async ({ signal }) => {
    const models: Model[] = [];
    for (let page = 0; page < MODEL_PAGES_MAX; page += 1) {
      const query = { limit: MODEL_PAGE, offset: models.length, output_modalities: 'all' };
      const answer = await unwrap(api.GET('/api/v1/models', { params: { query }, signal }));
      models.push(...answer.data);
      const total = answer.total_count ?? models.length;
      if (answer.data.length === 0 || models.length >= total) return models;
    }
    throw new ApiError(`The catalogue has more than ${MODEL_PAGE * MODEL_PAGES_MAX} models`, { status: 0 });
  },
  staleTime: 5 * 60_000,
});

/** The provider endpoints of one model. */
export const endpointsQuery = (author: string, slug: string) =>
  queryOptions({
    queryKey: ['endpoints', author, slug],
    queryFn: async () =>
      (await unwrap(api.GET('/api/v1/models/{author}/{slug}/endpoints', { params: { path: { author, slug } } }))).data,
    staleTime: 60_000,
  });

/** Every key of the account, disabled and expired ones included, newest first. */
export const keysQuery = queryOptions({
  queryKey: ['keys'],
  queryFn: async ({ signal }) => {
    const keys: Key[] = [];
    for (let page = 0; page < KEY_PAGES_MAX; page += 1) {
      const query = { offset: keys.length, include_disabled: true, include_expired: true };
      const { data } = await unwrap(api.GET('/console/api/v1/keys', { params: { query }, signal }));
      keys.push(...data);
      if (data.length < KEY_PAGE) break;
    }
    return keys.toSorted((a, b) => b.created_at.localeCompare(a.created_at));
  },
});

/** One request. A 404 is asked again for three seconds: the record follows the answer a moment later. */
export const generationQuery = (id: string) =>
  queryOptions({
    queryKey: ['generation', id],
    queryFn: async () => (await unwrap(api.GET('/console/api/v1/generation', { params: { query: { id } } }))).data,
    retry: (count, error) =>
      asApiError(error).status === 404
        ? count < GENERATION_PATIENCE / GENERATION_RETRY
        : count < 2 && isWorthRetrying(error),
    retryDelay: GENERATION_RETRY,
    staleTime: 5 * 60_000,
  });

/** Requests, newest first, page by page. */
export const generationsQuery = infiniteQueryOptions({
  queryKey: ['generations'],
  queryFn: async ({ pageParam }) => {
    const query = { limit: GENERATION_PAGE, ...(pageParam ? { cursor: pageParam } : {}) };
    return await unwrap(api.GET('/console/api/v1/generations', { params: { query } }));
  },
  initialPageParam: '',
  getNextPageParam: (last) => last.next_cursor ?? undefined,
});

function isWorthRetrying(error: unknown): boolean {
  const { status } = asApiError(error);
  return status === 0 || status >= 500;
}
