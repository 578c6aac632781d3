/** What a program written for the Anthropic SDK relies on, for each provider family alike. */
import assert from 'node:assert/strict';
import Anthropic from '@anthropic-ai/sdk';
import { betaTool } from '@anthropic-ai/sdk/helpers/beta/json-schema';
import { FAMILIES, counted, failure, named } from './checks.mjs';

const { PORTOLAN_URL: url, PORTOLAN_KEY: key, PORTOLAN_SPENT_KEY: spentKey } = process.env;
const options = { baseURL: `${url}/api`, apiKey: null, maxRetries: 0, timeout: 30_000 };
const client = new Anthropic({ ...options, authToken: key });
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const PDF = Buffer.from('%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n').toString('base64');
const CALLS = 'CALL:get_weather CALL:get_time';
const THINKING = { max_tokens: 4000, thinking: { type: 'enabled', budget_tokens: 1024 } };

const tool = (name, property) => ({
  name,
  input_schema: {
    type: 'object',
    properties: { [property]: { type: 'string' } },
    required: [property],
    additionalProperties: false,
  },
});
const TOOLS = [tool('get_weather', 'city'), tool('get_time', 'zone')];

const user = (content) => ({ role: 'user', content });
const body = (family, content, more = {}, variant = '1') => ({
  model: `mock/${family}-${variant}`,
  max_tokens: 1000,
  messages: [user(content)],
  ...more,
});
const create = (...about) => client.messages.create(body(...about));
const textOf = ({ content }) =>
  content
    .filter(({ type }) => type === 'text')
    .map(({ text }) => text)
    .join('');

async function fails(kind, status, word, call) {
  const error = await failure(call);
  assert.ok(error instanceof kind, `${error}`);
  assert.equal(error.status, status);
  assert.equal(error.error.type, 'error');
  assert.equal(error.error.error.type, word);
  assert.ok(error.error.error.message && error.error.error.error_type);
  return error;
}

function callsOf({ content, stop_reason: reason }) {
  const calls = content.filter(({ type }) => type === 'tool_use');
  assert.equal(reason, 'tool_use');
  assert.deepEqual(
    calls.map(({ name, input }) => [name, Object.keys(input)]),
    [
      ['get_weather', ['city']],
      ['get_time', ['zone']],
    ],
  );
  assert.equal(new Set(calls.map(({ id }) => id)).size, 2);
  return calls;
}

const EACH_FAMILY = {
  async message(family) {
    const answer = await create(family, 'hello');
    assert.equal(textOf(answer), 'You said: hello');
    assert.equal(answer.stop_reason, 'end_turn');
    assert.equal(answer.model, `mock/${family}-1`);
    assert.match(answer.id, /^gen-/);
    assert.deepEqual([answer.type, answer.role, answer.stop_sequence], ['message', 'assistant', null]);
    const { usage } = answer;
    assert.ok(usage.input_tokens > 0 && usage.output_tokens > 0);
    assert.equal(usage.service_tier, 'standard');
    // The list price: 1 USD per million prompt tokens, 3 USD per million of the answer, in nano-dollars to compare exactly.
    const prompt = usage.input_tokens + (usage.cache_read_input_tokens ?? 0) + (usage.cache_creation_input_tokens ?? 0);
    assert.equal(Math.round(usage.cost * 1e9), 1000 * prompt + 3000 * usage.output_tokens);
  },
  async stream(family) {
    const kinds = [];
    const events = client.messages.stream(body(family, 'hello'));
    for await (const event of events) kinds.push(event.type);
    const answer = await events.finalMessage();
    assert.equal(textOf(answer), 'You said: hello');
    assert.deepEqual([kinds[0], kinds.at(-1)], ['message_start', 'message_stop']);
    for (const once of ['message_start', 'message_delta', 'message_stop']) {
      assert.equal(kinds.filter((kind) => kind === once).length, 1, once);
    }
    assert.equal(answer.stop_reason, 'end_turn');
    const plain = (await create(family, 'hello')).usage;
    assert.deepEqual(
      [answer.usage.input_tokens, answer.usage.output_tokens],
      [plain.input_tokens, plain.output_tokens],
    );
  },
  async 'text of a stream'(family) {
    const text = [];
    const events = client.messages.stream(body(family, 'ω → 日本'));
    for await (const event of events) if (event.type === 'content_block_delta') text.push(event.delta.text);
    assert.equal(text.join(''), 'You said: ω → 日本');
    assert.equal(await events.finalText(), 'You said: ω → 日本');
  },
  async tools(family) {
    const answer = await create(family, CALLS, { tools: TOOLS });
    const results = callsOf(answer).map(({ id, name }) => ({
      type: 'tool_result',
      tool_use_id: id,
      content: `result ${name}`,
    }));
    const messages = [user(CALLS), { role: 'assistant', content: answer.content }, user(results)];
    const after = await create(family, '', { tools: TOOLS, messages });
    assert.equal(after.stop_reason, 'end_turn');
    assert.match(textOf(after), /result/);
  },
  async 'streamed tools'(family) {
    callsOf(await client.messages.stream(body(family, CALLS, { tools: TOOLS })).finalMessage());
  },
  async 'tool runner'(family) {
    const seen = [];
    const weather = betaTool({
      ...{ name: 'get_weather', description: 'The weather.' },
      inputSchema: tool('get_weather', 'city').input_schema,
      run: ({ city }) => {
        seen.push(city);
        return 'rain';
      },
    });
    const last = await client.beta.messages.toolRunner(body(family, 'CALL:get_weather', { tools: [weather] }));
    assert.equal(seen.length, 1);
    assert.equal(last.stop_reason, 'end_turn');
    assert.match(textOf(last), /rain/);
  },
  async thinking(family) {
    const answer = await create(family, 'hello', THINKING);
    assert.equal(textOf(answer), 'You said: hello');
    // Chat completions of that provider do not show what they reason.
    if (family === 'openai') return;
    assert.equal(answer.content[0].type, 'thinking');
    const streamed = await client.messages.stream(body(family, 'hello', THINKING)).finalMessage();
    assert.equal(streamed.content[0].thinking, answer.content[0].thinking);
    const messages = [user('hello'), { role: 'assistant', content: streamed.content }, user('and now?')];
    assert.equal(textOf(await create(family, '', { ...THINKING, messages })), 'You said: and now?');
  },
  async 'thinking moves to another provider'(family) {
    const answer = await create(family, 'hello', THINKING);
    const messages = [user('hello'), { role: 'assistant', content: answer.content }, user('and now?')];
    for (const other of FAMILIES) {
      assert.equal(textOf(await create(other, '', { max_tokens: 4000, messages })), 'You said: and now?');
    }
  },
  async 'count tokens'(family) {
    const model = `mock/${family}-1`;
    const short = await client.messages.countTokens({ model, messages: [user('hello')] });
    const long = await client.messages.countTokens({
      ...{ model, system: 'Be brief.', tools: TOOLS },
      messages: [user('hello '.repeat(100))],
    });
    assert.ok(short.input_tokens > 0 && short.input_tokens < 50 && long.input_tokens > 50);
    // Providers of the other formats count themselves, and count what they later charge.
    assert.equal(short.estimated, family.startsWith('openai'));
    if (short.estimated) return;
    assert.equal(short.input_tokens, (await create(family, 'hello')).usage.input_tokens);
  },
  async 'system history and limits'(family) {
    // Providers of the Responses format take no smaller limit than 16.
    const limit = family === 'openai-responses' ? 16 : 2;
    const answer = await create(family, '', {
      max_tokens: limit,
      system: [{ type: 'text', text: 'Be brief.', cache_control: { type: 'ephemeral' } }],
      messages: [
        user('one'),
        { role: 'assistant', content: 'two' },
        user([{ type: 'text', text: 'three, and then some more of it '.repeat(4) }]),
      ],
      stop_sequences: ['never'],
    });
    assert.deepEqual([answer.stop_reason, answer.usage.output_tokens], ['max_tokens', limit]);
  },
  async 'structured output'(family) {
    const schema = { ...tool('x', 'name').input_schema };
    const answer = await create(family, 'who?', { output_config: { format: { type: 'json_schema', schema } } });
    assert.deepEqual(Object.keys(JSON.parse(textOf(answer))), ['name']);
  },
  async 'images and documents'(family) {
    const seen = await create(family, [
      { type: 'text', text: 'see' },
      { type: 'image', source: { type: 'base64', media_type: 'image/png', data: PIXEL } },
    ]);
    assert.equal(textOf(seen), 'You said: see (with 1 image)');
    const source = { type: 'base64', media_type: 'application/pdf', data: PDF };
    const read = await create(family, [
      { type: 'document', source },
      { type: 'text', text: 'read' },
    ]);
    assert.match(textOf(read), /^You said: read/);
  },
  async errors(family) {
    await fails(Anthropic.RateLimitError, 429, 'rate_limit_error', () => create(family, 'x', {}, 'busy'));
    await fails(Anthropic.InternalServerError, 502, 'api_error', () => create(family, 'x', {}, 'broken'));
    await fails(Anthropic.APIError, 402, 'billing_error', () => create(family, 'x', {}, 'dear'));
    const text = [];
    const cut = await failure(async () => {
      for await (const event of await create(family, 'x', { stream: true }, 'cut')) text.push(event.delta?.text ?? '');
    });
    assert.ok(cut instanceof Anthropic.APIError, `${cut}`);
    assert.equal(cut.error.type, 'error');
    assert.match(cut.error.request_id, /^gen-/);
    assert.ok(text.join(''), 'content came before the error');
  },
};

const ONCE = {
  async 'wrong and spent keys'() {
    const wrong = new Anthropic({ ...options, authToken: `sk-or-v1-${'0'.repeat(64)}` });
    const spent = new Anthropic({ ...options, authToken: spentKey });
    const error = await fails(Anthropic.AuthenticationError, 401, 'authentication_error', () =>
      wrong.messages.create(body('openai', 'x')),
    );
    assert.equal(error.headers.get('x-should-retry'), 'false');
    await fails(Anthropic.PermissionDeniedError, 403, 'permission_error', () =>
      spent.messages.create(body('openai', 'x')),
    );
  },
  async 'what may pass is tried again and what cannot is not'() {
    for (const [model, calls] of [
      ['mock/openai-broken', 3],
      ['no/such', 1],
      ['mock/openai-dear', 1],
    ]) {
      const counter = counted();
      const patient = new Anthropic({ ...options, authToken: key, maxRetries: 2, fetch: counter });
      await failure(() => patient.messages.create({ ...body('openai', 'x'), model }));
      assert.equal(counter.count, calls, model);
    }
  },
  async 'falls back to the next model'() {
    const fallbacks = [{ model: 'mock/anthropic-busy' }, { model: 'mock/gemini-1' }];
    const answer = await create('openai', 'hello', { fallbacks }, 'broken');
    assert.deepEqual([textOf(answer), answer.model], ['You said: hello', 'mock/gemini-1']);
    const both = { fallbacks: [{ model: 'mock/gemini-1' }], models: ['mock/gemini-1'] };
    await fails(Anthropic.BadRequestError, 400, 'invalid_request_error', () => create('openai', 'x', both));
  },
  async 'a thread is refused so that the whole conversation comes again'() {
    const thread = (about) => () => create('openai', 'x', { thread: about });
    const begun = thread({ type: 'create' });
    const refused = await fails(Anthropic.BadRequestError, 400, 'invalid_request_error', begun);
    const details = { error_code: 'thread_unsupported_request', unsupported: ['thread'] };
    assert.deepEqual(refused.error.error.details, details);
    const continued = thread({ type: 'continue', previous_message_id: 'msg_1' });
    const unknown = await fails(Anthropic.NotFoundError, 404, 'not_found_error', continued);
    assert.equal(unknown.error.error.details.error_code, 'thread_not_found');
  },
  async 'either header, beta query and unknown features are taken'() {
    const told = { 'anthropic-beta': 'somebody-elses-feature-2031-01-01,context-management-2025-06-27' };
    const asked = body('anthropic', 'hi', { novelty: { a: 1 } });
    for (const credential of [{ apiKey: key }, { apiKey: null, authToken: key }]) {
      const caller = new Anthropic({ ...options, ...credential, defaultHeaders: told });
      for (const { messages } of [caller, caller.beta]) {
        assert.equal(textOf(await messages.create(asked)), 'You said: hi');
      }
    }
    const headers = { 'x-api-key': key, 'anthropic-version': '2023-06-01', 'content-type': 'application/json', ...told };
    for (const path of ['/api/v1/messages?beta=true', '/v1/messages']) {
      const answer = await fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(asked) });
      assert.equal(textOf(await answer.json()), 'You said: hi', path);
    }
  },
  async 'a system turn keeps its place'() {
    const said = { role: 'assistant', content: 'two' };
    const messages = [user('one'), said, user('three'), { role: 'system', content: 'Be brief.' }];
    for (const family of FAMILIES) {
      assert.equal((await create(family, '', { messages })).stop_reason, 'end_turn');
    }
  },
  async 'unknown model and bad messages'() {
    const nobody = () => create('openai', 'x', { model: 'no/such' });
    const unknown = await fails(Anthropic.NotFoundError, 404, 'not_found_error', nobody);
    assert.equal(unknown.headers.get('x-should-retry'), 'false');
    assert.match(unknown.error.request_id, /^gen-/);
    for (const [messages, word] of [
      [[], 'messages'],
      [[{ role: 'x', content: 'y' }], 'messages[0].role'],
      [[user([{ type: 'novelty' }])], 'messages[0].content[0]'],
      [[user([{ type: 'tool_result', content: 'y' }])], 'messages[0].content[0].tool_use_id'],
    ]) {
      const call = () => create('openai', '', { messages });
      const error = await fails(Anthropic.BadRequestError, 400, 'invalid_request_error', call);
      assert.ok(error.error.error.message.includes(word), error.message);
    }
  },
};

/** Every check with its name. */
export const checks = () => named('anthropic', EACH_FAMILY, ONCE);
