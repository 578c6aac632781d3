import { afterEach, expect, it, vi } from 'vitest';
import { api, unwrap } from './client';
import { asApiError } from './errors';

afterEach(() => vi.unstubAllGlobals());

function answerWith(answer: () => Response) {
  const seen: Request[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    seen.push(request);
    return answer();
  });
  return seen;
}

const path = { params: { path: { hash: 'ab' } } };

it('marks_every_change_as_ours_and_nothing_else', async () => {
  const seen = answerWith(() => Response.json({ data: [], deleted: true }));
  await api.GET('/console/api/v1/keys');
  await api.DELETE('/console/api/v1/keys/{hash}', path);
  await api.PATCH('/console/api/v1/keys/{hash}', { ...path, body: { disabled: true } });
  expect(seen.map(({ method, headers }) => [method, headers.get('x-portolan-csrf'), headers.get('content-type')])).toEqual([
    ['GET', null, null],
    ['DELETE', '1', 'application/json'],
    ['PATCH', '1', 'application/json'],
  ]);
});

it('throws_a_refusal_with_the_servers_words', async () => {
  answerWith(() => Response.json({ error: { code: 429, message: 'Slow down' } }, { status: 429, headers: { 'x-request-id': 'req-1', 'retry-after': '7' } }));
  await expect(unwrap(api.GET('/console/api/v1/keys'))).rejects.toMatchObject({ message: 'Slow down', code: 429, status: 429, requestId: 'req-1', retryAfter: 7 });
});

it('names_the_status_when_the_answer_is_no_json', async () => {
  answerWith(() => new Response('<html>', { status: 502, statusText: 'Bad Gateway' }));
  await expect(unwrap(api.GET('/console/api/v1/keys'))).rejects.toMatchObject({ message: 'The server answered 502 Bad Gateway', code: 502 });
});

it('says_when_there_is_no_connection', async () => {
  vi.stubGlobal('fetch', async () => {
    throw new TypeError('fetch failed');
  });
  const failure = await unwrap(api.GET('/console/api/v1/keys')).catch(asApiError);
  expect(failure).toMatchObject({ status: 0, message: 'No connection to the server' });
});
