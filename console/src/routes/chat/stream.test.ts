import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Answer, emptyAnswer } from './conversation';
import { applyChunk, streamAnswer } from './stream';

afterEach(() => vi.unstubAllGlobals());

const chunk = (delta: object, more: object = {}) => ({ id: 'gen-1', model: 'acme/large', provider: 'Northwind', choices: [{ index: 0, delta, finish_reason: null }], ...more });
const sse = (...chunks: unknown[]) => chunks.map((data) => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`).join('');

function answerWith(text: string, init: ResponseInit = {}) {
  const fetched = vi.fn(async (_: string, __?: RequestInit) => new Response(text, init));
  vi.stubGlobal('fetch', fetched);
  return fetched;
}

const ask = (onProgress: (answer: Answer) => void = () => undefined, signal = new AbortController().signal) =>
  streamAnswer({ model: 'acme/large', messages: [{ role: 'user', content: 'hi' }], signal, onProgress });

describe('a streamed answer', () => {
  it('gathers_text_provider_cost_and_id', async () => {
    const fetched = answerWith(
      sse(chunk({ role: 'assistant', content: '' }), chunk({ content: 'Hel' }), chunk({ content: 'lo' }),
        { choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] },
        { choices: [], usage: { prompt_tokens: 3, completion_tokens: 2, cost: 0.000039 } }, '[DONE]'),
      { headers: { 'x-generation-id': 'gen-9' } },
    );
    const steps: string[] = [];
    const answer = await ask((part) => steps.push(part.text));
    expect(answer).toMatchObject({ text: 'Hello', state: 'done', provider: 'Northwind', generationId: 'gen-9', cost: 0.000039, completionTokens: 2, failure: null });
    expect(answer.firstTokenMs).not.toBeNull();
    expect(steps).toEqual(['', 'Hel', 'Hello', 'Hello', 'Hello']);
    const init = fetched.mock.calls[0]?.[1];
    expect(new Headers(init?.headers).get('x-portolan-csrf')).toBe('1');
    expect(JSON.parse(String(init?.body))).toEqual({ model: 'acme/large', messages: [{ role: 'user', content: 'hi' }], stream: true });
  });

  it('keeps_the_text_when_the_provider_cuts_it_off', async () => {
    answerWith(
      sse(chunk({ content: 'Half' }), { error: { code: 502, message: 'Northwind closed the connection' }, choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }] }),
      { headers: { 'x-request-id': 'req_1' } },
    );
    expect(await ask()).toMatchObject({ text: 'Half', state: 'failed', failure: { code: 502, message: 'Northwind closed the connection', requestId: 'req_1' } });
  });

  it('reports_a_refusal_with_the_servers_words', async () => {
    answerWith(JSON.stringify({ error: { code: 402, message: 'Insufficient credits' } }), { status: 402, headers: { 'x-request-id': 'req_2' } });
    expect(await ask()).toMatchObject({ text: '', state: 'failed', failure: { code: 402, message: 'Insufficient credits', requestId: 'req_2' } });
  });

  it('does_not_call_a_stream_without_end_done', async () => {
    answerWith(sse(chunk({ content: 'Half' })));
    expect(await ask()).toMatchObject({ text: 'Half', state: 'failed', failure: { message: 'The stream ended before the answer did' } });
  });

  it('counts_as_stopped_when_the_person_stops_it', async () => {
    const controller = new AbortController();
    vi.stubGlobal('fetch', async () => {
      controller.abort();
      throw new DOMException('aborted', 'AbortError');
    });
    expect(await ask(() => undefined, controller.signal)).toMatchObject({ state: 'stopped', failure: null });
  });
});

it('counts_reasoning_as_the_first_token', () => {
  const answer = applyChunk(emptyAnswer('m'), chunk({ reasoning: 'Hm' }), 120);
  expect(applyChunk(answer, chunk({ content: 'x' }), 300)).toMatchObject({ reasoning: 'Hm', text: 'x', firstTokenMs: 120 });
});
