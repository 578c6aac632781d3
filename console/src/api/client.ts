import createClient, { type Middleware } from 'openapi-fetch';
import { asApiError, errorFromAnswer } from './errors';
import type { paths } from './schema';

/** Sent with every call that changes something: other sites cannot add it to a request. */
export const CSRF_HEADER = 'x-portolan-csrf';

const guard: Middleware = {
  onRequest({ request }) {
    if (request.method === 'GET') return request;
    request.headers.set(CSRF_HEADER, '1');
    // The server takes no other type for a change, not even without a body: plain forms cannot send this one.
    request.headers.set('content-type', 'application/json');
    return request;
  },
  onError({ error }) {
    return asApiError(error);
  },
};

/** The typed client of this server; cookies identify the person. */
export const api = createClient<paths>({
  baseUrl: globalThis.location.origin,
  credentials: 'same-origin',
  fetch: (request) => globalThis.fetch(request),
});
api.use(guard);

/** Unwraps an answer of {@link api}: its data, or the server's refusal thrown as an `ApiError`. */
export async function unwrap<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok || data === undefined) throw errorFromAnswer(response, error);
  return data;
}
