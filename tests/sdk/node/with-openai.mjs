/** What a program written for the OpenAI SDK relies on, for each provider family alike. */
import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { FAMILIES, counted, failure, named } from './checks.mjs';

const { PORTOLAN_URL: url, PORTOLAN_KEY: key, PORTOLAN_SPENT_KEY: spentKey } = process.env;
const options = { baseURL: `${url}/api/v1`, apiKey: key, maxRetries: 0, timeout: 30_000 };
const client = new OpenAI(options);
const HELLO = [{ role: 'user', content: 'hello' }];
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const CALLS = [{ role: 'user', content: 'CALL:get_weather CALL:get_time' }];
const PERSON = z.object({ name: z.string(), age: z.int(), tags: z.array(z.string()) });

const tool = (name, property) => ({
  type: 'function',
  function: {
    name,
    parameters: {
      type: 'object',
      properties: { [property]: { type: 'string' } },
      required: [property],
      additionalProperties: false,
    },
  },
});
const TOOLS = [tool('get_weather', 'city'), tool('get_time', 'zone')];

const create = (family, body, variant = '1') =>
  client.chat.completions.create({ model: `mock/${family}-${variant}`, messages: HELLO, ...body });
const textOf = (chunk) => chunk.choices.map((choice) => choice.delta.content ?? '').join('');
const record = async (id) => (await client.get('/generation', { query: { id } })).data;

async function fails(kind, status, call) {
  const error = await failure(call);
  assert.ok(error instanceof kind, `${error}`);
  assert.equal(error.status, status);
  assert.equal(error.code ?? error.error.code, status);
  assert.ok(error.error.message);
}

function callsAreRight(calls) {
  assert.deepEqual(
    calls.map(({ function: { name, arguments: text } }) => [name, Object.keys(JSON.parse(text))]),
    [
      ['get_weather', ['city']],
      ['get_time', ['zone']],
    ],
  );
  assert.equal(new Set(calls.map(({ id }) => id)).size, 2);
}

const EACH_FAMILY = {
  async chat(family) {
    const answer = await create(family, {});
    assert.equal(answer.choices[0].message.content, 'You said: hello');
    assert.equal(answer.choices[0].finish_reason, 'stop');
    assert.match(answer.id, /^gen-/);
    assert.equal(typeof answer.provider, 'string');
    const { prompt_tokens: input, completion_tokens: output, total_tokens: total, cost } = answer.usage;
    assert.equal(total, input + output);
    // 1 USD per million tokens in, 3 USD per million out: whole micro-dollars.
    assert.equal(Math.round(cost * 1e6), input + 3 * output);
  },

  async stream(family) {
    const chunks = await create(family, { stream: true, stream_options: { include_usage: true } });
    let text = '';
    const reasons = [];
    const usages = [];
    for await (const chunk of chunks) {
      text += textOf(chunk);
      reasons.push(...chunk.choices.map((choice) => choice.finish_reason).filter(Boolean));
      if (chunk.usage) usages.push(chunk.usage);
    }
    assert.equal(text, 'You said: hello');
    assert.deepEqual(reasons, ['stop']);
    assert.equal(usages.length, 1);
    assert.ok(usages[0].cost > 0);
  },

  async parallel_tools_and_their_results(family) {
    const answer = await create(family, { messages: CALLS, tools: TOOLS });
    assert.equal(answer.choices[0].finish_reason, 'tool_calls');
    const { message } = answer.choices[0];
    callsAreRight(message.tool_calls);
    const results = message.tool_calls.map(({ id }) => ({ role: 'tool', tool_call_id: id, content: `result of ${id}` }));
    const after = await create(family, { messages: [...CALLS, message, ...results], tools: TOOLS });
    assert.equal(after.choices[0].finish_reason, 'stop');
    assert.match(after.choices[0].message.content, /result/);
  },

  async streamed_tools(family) {
    const runner = client.chat.completions.stream({ model: `mock/${family}-1`, messages: CALLS, tools: TOOLS });
    const answer = await runner.finalChatCompletion();
    callsAreRight(answer.choices[0].message.tool_calls);
  },

  async parse(family) {
    const body = { model: `mock/${family}-1`, messages: HELLO, response_format: zodResponseFormat(PERSON, 'person') };
    const answer = await client.chat.completions.parse(body);
    PERSON.parse(answer.choices[0].message.parsed);
  },

  async streamed_parse(family) {
    const body = { model: `mock/${family}-1`, messages: HELLO, response_format: zodResponseFormat(PERSON, 'person') };
    const answer = await client.chat.completions.stream(body).finalChatCompletion();
    PERSON.parse(answer.choices[0].message.parsed);
  },

  async system_history_and_limits(family) {
    // Providers of the Responses format take no smaller limit than 16.
    const limit = family === 'openai-responses' ? 16 : 2;
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'one' },
      { role: 'assistant', content: 'two' },
      { role: 'user', content: [{ type: 'text', text: 'three, and then some more of it '.repeat(4) }] },
    ];
    const answer = await create(family, { messages, max_tokens: limit, temperature: 0.5, stop: ['never'] });
    assert.deepEqual([answer.choices[0].finish_reason, answer.usage.completion_tokens], ['length', limit]);
  },

  async image(family) {
    const content = [
      { type: 'text', text: 'see' },
      { type: 'image_url', image_url: { url: PIXEL } },
    ];
    const answer = await create(family, { messages: [{ role: 'user', content }] });
    assert.equal(answer.choices[0].message.content, 'You said: see (with 1 image)');
  },

  async generation_record(family) {
    const answer = await create(family, {});
    const found = await record(answer.id);
    assert.equal(found.id, answer.id);
    assert.equal(found.total_cost, answer.usage.cost);
    assert.equal(found.tokens_completion, answer.usage.completion_tokens);
  },

  async an_aborted_stream_is_recorded(family) {
    const chunks = await create(family, { stream: true }, 'slow');
    let id;
    let seen = 0;
    for await (const chunk of chunks) {
      id = chunk.id;
      seen += 1;
      if (seen === 5) chunks.controller.abort();
    }
    const deadline = Date.now() + 20_000;
    let found;
    while (!found) {
      assert.ok(Date.now() < deadline, 'the record of the aborted stream never came');
      found = await record(id).catch(() => pause(100));
    }
    assert.ok(found.total_cost > 0, JSON.stringify(found));
  },

  async provider_errors(family) {
    await fails(OpenAI.RateLimitError, 429, () => create(family, {}, 'busy'));
    await fails(OpenAI.InternalServerError, 502, () => create(family, {}, 'broken'));
    const chunks = await create(family, { stream: true }, 'cut');
    let text = '';
    await assert.rejects(async () => {
      for await (const chunk of chunks) text += textOf(chunk);
    }, OpenAI.APIError);
    assert.notEqual(text, '', 'content came before the error');
  },

  async cannot_be_paid(family) {
    await fails(OpenAI.APIError, 402, () => create(family, {}, 'dear'));
  },
};

const ONCE = {
  async refusals() {
    const with_key = (apiKey) => () => client.withOptions({ apiKey }).chat.completions.create({ model: 'mock/openai-1', messages: HELLO });
    await fails(OpenAI.AuthenticationError, 401, with_key(`sk-or-v1-${'0'.repeat(64)}`));
    await fails(OpenAI.PermissionDeniedError, 403, with_key(spentKey));
    await fails(OpenAI.BadRequestError, 400, () => client.chat.completions.create({ model: 'no/such', messages: HELLO }));
    await fails(OpenAI.BadRequestError, 400, () => create('openai', { messages: [] }));
  },

  async what_may_pass_is_tried_again_and_what_cannot_is_not() {
    for (const [model, calls] of [
      ['mock/openai-broken', 3],
      ['no/such', 1],
      ['mock/openai-dear', 1],
    ]) {
      const counter = counted();
      const patient = new OpenAI({ ...options, maxRetries: 2, fetch: counter });
      await failure(() => patient.chat.completions.create({ model, messages: HELLO }));
      assert.equal(counter.count, calls, model);
    }
    const error = await failure(() => create('openai', {}, 'busy'));
    assert.ok(Number(error.headers.get('retry-after')) > 0);
  },

  async falls_back_to_the_next_model() {
    const answer = await create('openai', { models: ['mock/anthropic-busy', 'mock/gemini-1'] }, 'broken');
    assert.deepEqual([answer.choices[0].message.content, answer.model], ['You said: hello', 'mock/gemini-1']);
  },

  async the_short_address_serves_too() {
    const short = client.withOptions({ baseURL: `${url}/v1` });
    const answer = await short.chat.completions.create({ model: 'mock/openai-1', messages: HELLO });
    assert.equal(answer.choices[0].message.content, 'You said: hello');
  },

  async raw_answers_name_the_generation() {
    const { data, response } = await create('openai', {}).withResponse();
    assert.equal(response.headers.get('x-generation-id'), data.id);
    assert.match(response.headers.get('x-request-id'), /^req-/);
  },

  async models() {
    const listed = [];
    for await (const model of client.models.list()) listed.push(model.id);
    for (const family of FAMILIES) assert.ok(listed.includes(`mock/${family}-1`), `${listed.length} models`);
    // This SDK escapes the slash of the id.
    assert.equal((await client.models.retrieve('mock/gemini-1')).id, 'mock/gemini-1');
    await assert.rejects(client.models.retrieve('no/such'), OpenAI.NotFoundError);
  },
};

/** Every check with its name. */
export const checks = () => named('openai', EACH_FAMILY, ONCE);
