/** The Responses API as a program written for the OpenAI SDK uses it, for each provider family alike. */
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { zodTextFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { counted, failure, named } from './checks.mjs';

const { PORTOLAN_URL: url, PORTOLAN_KEY: key } = process.env;
const options = { baseURL: `${url}/api/v1`, apiKey: key, maxRetries: 0, timeout: 30_000 };
const client = new OpenAI(options);
const PERSON = z.object({ name: z.string(), age: z.int(), tags: z.array(z.string()) });
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const CALLS = 'CALL:get_weather CALL:get_time';
const LONG = 'one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen '.repeat(3);

const tool = (name, property) => ({
  type: 'function',
  name,
  description: `The ${name}.`,
  strict: true,
  parameters: {
    type: 'object',
    properties: { [property]: { type: 'string' } },
    required: [property],
    additionalProperties: false,
  },
});
const TOOLS = [tool('get_weather', 'city'), tool('get_time', 'zone')];
const FORMAT = { text: { format: zodTextFormat(PERSON, 'person') } };

const body = (family, more = {}, variant = '1') => ({ model: `mock/${family}-${variant}`, input: 'hello', ...more });
const create = (...about) => client.responses.create(body(...about));

async function fails(kind, status, call) {
  const error = await failure(call);
  assert.ok(error instanceof kind, `${error}`);
  assert.deepEqual([error.status, error.code], [status, status]);
  assert.ok(error.error.message);
  return error;
}

function callsOf(answer) {
  const calls = answer.output.filter(({ type }) => type === 'function_call');
  assert.deepEqual(
    calls.map(({ name, arguments: text }) => [name, Object.keys(JSON.parse(text))]),
    [
      ['get_weather', ['city']],
      ['get_time', ['zone']],
    ],
  );
  assert.equal(new Set(calls.map((call) => call.call_id)).size, 2);
  return calls;
}

const EACH_FAMILY = {
  async plain(family) {
    const answer = await create(family, { instructions: 'Be brief.', metadata: { feature: 'test' } });
    assert.equal(answer.output_text, 'You said: hello');
    assert.deepEqual([answer.object, answer.status, answer.model], ['response', 'completed', `mock/${family}-1`]);
    assert.match(answer.id, /^resp_/);
    assert.deepEqual([answer.instructions, answer.metadata], ['Be brief.', { feature: 'test' }]);
    const { input_tokens: input, output_tokens: output, total_tokens: total, cost } = answer.usage;
    assert.equal(total, input + output);
    // 1 USD per million tokens in, 3 USD per million out: whole micro-dollars.
    assert.equal(Math.round(cost * 1e6), input + 3 * output);
    assert.ok(answer.completed_at >= answer.created_at);
  },

  async items_images_and_a_history(family) {
    const said = { type: 'message', id: 'msg_1', role: 'assistant', status: 'completed' };
    const input = [
      { role: 'developer', content: 'Be brief.' },
      { role: 'user', content: 'one' },
      { ...said, content: [{ type: 'output_text', text: 'two', annotations: [] }] },
      {
        role: 'user',
        content: [
          { type: 'input_text', text: 'see' },
          { type: 'input_image', detail: 'auto', image_url: PIXEL },
        ],
      },
    ];
    assert.equal((await create(family, { input })).output_text, 'You said: see (with 1 image)');
  },

  async the_output_limit_makes_it_incomplete(family) {
    const answer = await create(family, { input: LONG, max_output_tokens: 16 });
    assert.deepEqual([answer.status, answer.incomplete_details.reason], ['incomplete', 'max_output_tokens']);
    assert.equal(answer.usage.output_tokens, 16);
  },

  async stream(family) {
    const kinds = [];
    const numbers = [];
    let text = '';
    let final;
    for await (const event of await create(family, { stream: true })) {
      kinds.push(event.type);
      numbers.push(event.sequence_number);
      if (event.type === 'response.output_text.delta') text += event.delta;
      if (event.type === 'response.completed') final = event.response;
    }
    assert.equal(text, 'You said: hello');
    assert.deepEqual(numbers, [...numbers.keys()]);
    assert.deepEqual(kinds.slice(0, 3), ['response.created', 'response.in_progress', 'response.output_item.added']);
    assert.equal(kinds.at(-1), 'response.completed');
    assert.equal(final.usage.total_tokens, (await create(family)).usage.total_tokens);
  },

  async stream_helper(family) {
    const answer = await client.responses.stream(body(family, { input: 'ω → 日本' })).finalResponse();
    assert.equal(answer.output_text, 'You said: ω → 日本');
  },

  async parallel_tools_and_their_results(family) {
    const answer = await create(family, { input: CALLS, tools: TOOLS });
    const results = callsOf(answer).map(({ call_id, name }) => ({
      type: 'function_call_output',
      call_id,
      output: `result ${name}`,
    }));
    const input = [{ role: 'user', content: CALLS }, ...answer.output, ...results];
    assert.match((await create(family, { input, tools: TOOLS })).output_text, /result/);
  },

  async streamed_tools(family) {
    callsOf(await client.responses.stream(body(family, { input: CALLS, tools: TOOLS })).finalResponse());
  },

  async parse(family) {
    const answer = await client.responses.parse(body(family, { input: 'who?', ...FORMAT }));
    PERSON.parse(answer.output_parsed);
  },

  async streamed_parse(family) {
    const answer = await client.responses.stream(body(family, { input: 'who?', ...FORMAT })).finalResponse();
    PERSON.parse(answer.output_parsed);
  },

  async reasoning_goes_there_and_back(family) {
    const more = { max_output_tokens: 4096, reasoning: { effort: 'low', summary: 'auto' } };
    const answer = await create(family, { ...more, include: ['reasoning.encrypted_content'] });
    // Chat completions of that provider show no reasoning.
    if (family === 'openai') return;
    assert.ok(answer.output.some(({ type }) => type === 'reasoning'));
    const input = [{ role: 'user', content: 'hello' }, ...answer.output, { role: 'user', content: 'again' }];
    assert.equal((await create(family, { ...more, input })).output_text, 'You said: again');
  },

  async a_failure_within_a_stream_is_reported(family) {
    const events = [];
    for await (const event of await create(family, { input: 'x', stream: true }, 'cut')) events.push(event);
    assert.ok(events.some(({ type }) => type === 'response.output_text.delta'));
    const last = events.at(-1);
    assert.deepEqual([last.type, last.response.status], ['response.failed', 'failed']);
    assert.equal(last.response.error.code, 'server_error');
    assert.ok(last.response.error.message);
  },

  async provider_errors(family) {
    await fails(OpenAI.RateLimitError, 429, () => create(family, {}, 'busy'));
    await fails(OpenAI.RateLimitError, 429, () => create(family, { stream: true }, 'busy'));
    await fails(OpenAI.InternalServerError, 502, () => create(family, {}, 'broken'));
    await fails(OpenAI.APIError, 402, () => create(family, {}, 'dear'));
  },
};

const ONCE = {
  async nothing_is_stored() {
    for (const more of [{ store: true }, { previous_response_id: 'resp_1' }, { background: true }]) {
      const error = await fails(OpenAI.BadRequestError, 400, () => create('openai', more));
      assert.ok(error.message.includes(Object.keys(more)[0]), error.message);
    }
  },

  async mistakes_are_named_in_the_callers_words() {
    const image = { type: 'input_image', image_url: 'ftp://x' };
    for (const [given, word] of [
      [{ input: [{ role: 'user', content: [image] }] }, 'input[0].content[0]'],
      [{ input: 'x', max_output_tokens: 0 }, 'max_output_tokens'],
      [{ input: 'x', tools: [{ type: 'function', name: 'with blank' }] }, 'tools[0]'],
    ]) {
      const error = await fails(OpenAI.BadRequestError, 400, () => create('openai', given));
      assert.ok(error.message.includes(word), error.message);
    }
  },

  async what_may_pass_is_tried_again_and_what_cannot_is_not() {
    for (const [more, variant, calls] of [
      [{}, 'broken', 3],
      [{ input: 'x', max_output_tokens: 0 }, '1', 1],
      [{}, 'dear', 1],
    ]) {
      const counter = counted();
      const patient = new OpenAI({ ...options, maxRetries: 2, fetch: counter });
      await failure(() => patient.responses.create(body('openai', more, variant)));
      assert.equal(counter.count, calls, variant);
    }
  },
};

/** Every check with its name. */
export const checks = () => named('responses', EACH_FAMILY, ONCE);
