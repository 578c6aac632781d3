/** What a program written for the router's own SDK (npm @openrouter/sdk) relies on: answers pass its strict schemas. */
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import { HTTPClient, OpenRouter } from '@openrouter/sdk';
import { tool } from '@openrouter/sdk/lib/tool.js';
import * as errors from '@openrouter/sdk/models/errors';
import { z } from 'zod';
import { FAMILIES, failure, named } from './checks.mjs';

const {
  PORTOLAN_URL: url,
  PORTOLAN_KEY: key,
  PORTOLAN_MANAGEMENT_KEY: managementKey,
  PORTOLAN_SPENT_KEY: spentKey,
} = process.env;
const BASE = `${url}/api/v1`;
const NOBODY = `sk-or-v1-${'0'.repeat(64)}`;
const EMBEDDERS = ['openai', 'openai-responses', 'gemini'];
const messages = [{ role: 'user', content: 'hello' }];
const CITY = {
  type: 'object',
  properties: { city: { type: 'string' } },
  required: ['city'],
  additionalProperties: false,
};
const WEATHER = { name: 'get_weather', description: 'The weather of a city.', parameters: CITY };

// Every operation that was answered well, as method and path.
const answered = new Set();
const httpClient = new HTTPClient().addHook('response', (response, { method, url: asked }) => {
  if (response.ok) answered.add(`${method} ${new URL(asked).pathname.replace('/api/v1', '')}`);
});
// Its own retries would go on for an hour.
const caller = (apiKey) =>
  new OpenRouter({ serverURL: BASE, apiKey, httpClient, retryConfig: { strategy: 'none' }, timeoutMs: 30_000 });
const client = caller(key);
const keeper = caller(managementKey);

/** Fails when the SDK took any part of an answer for a kind that it does not know; hands the answer on. */
function known(value) {
  if (value !== null && typeof value === 'object') {
    assert.notEqual(value.isUnknown, true, JSON.stringify(value));
    for (const part of Object.values(value)) known(part);
  }
  return value;
}
const send = async (model, more = {}, from = client) =>
  known(await from.chat.send({ chatRequest: { model, messages, stream: false, ...more } }));
const respond = async (model, more = {}) =>
  known(await client.responses.send({ responsesRequest: { model, input: 'hello', stream: false, ...more } }));
async function eventsOf(stream) {
  const events = [];
  for await (const event of await stream) events.push(known(event));
  return events;
}
async function allOf(pages) {
  const found = [];
  for await (const page of await pages) found.push(...known(page.result ?? page).data);
  return found;
}

async function refused(kind, status, call) {
  const error = await failure(call);
  assert.ok(error instanceof kind, `${error?.constructor?.name}: ${error}`);
  assert.deepEqual([error.statusCode, error.error.code], [status, status]);
}

const EACH_FAMILY = {
  async chat(family) {
    const answer = await send(`mock/${family}-1`);
    assert.equal(answer.choices[0].message.content, 'You said: hello');
    assert.ok(answer.usage.cost > 0);
  },

  async stream(family) {
    const chunks = await eventsOf(client.chat.send({ chatRequest: { model: `mock/${family}-1`, messages, stream: true } }));
    const text = chunks.flatMap(({ choices }) => choices.map(({ delta }) => delta.content ?? '')).join('');
    assert.equal(text, 'You said: hello');
    assert.ok(chunks.at(-1).usage.cost > 0);
  },

  async tools(family) {
    const tools = [{ type: 'function', function: WEATHER }];
    const question = { role: 'user', content: 'CALL:get_weather' };
    const { message } = (await send(`mock/${family}-1`, { messages: [question], tools })).choices[0];
    assert.deepEqual(
      message.toolCalls.map((call) => call.function.name),
      ['get_weather'],
    );
    const result = { role: 'tool', toolCallId: message.toolCalls[0].id, content: 'rain' };
    const after = await send(`mock/${family}-1`, { messages: [question, message, result], tools });
    assert.match(after.choices[0].message.content, /rain/);
  },

  async reasoning(family) {
    const { message } = (await send(`mock/${family}-1`, { reasoning: { effort: 'low' }, maxTokens: 4096 })).choices[0];
    assert.equal(message.content, 'You said: hello');
    // Chat completions of that provider do not show what they reason.
    if (family !== 'openai') assert.ok(message.reasoning && message.reasoningDetails.length > 0);
  },

  async an_error_within_a_stream_is_reported(family) {
    const chunks = await eventsOf(client.chat.send({ chatRequest: { model: `mock/${family}-cut`, messages, stream: true } }));
    const { error } = chunks.at(-1);
    assert.ok(Number.isInteger(error.code) && error.message);
    assert.ok(chunks.slice(0, -1).every((chunk) => !chunk.error));
  },

  async responses(family) {
    const model = `mock/${family}-1`;
    const beta = client.beta.responses.send({ responsesRequest: { model, input: 'hello', stream: false } });
    for (const answer of [await respond(model), known(await beta)]) {
      assert.deepEqual([answer.status, answer.output.at(-1).content[0].text], ['completed', 'You said: hello']);
      assert.ok(answer.usage.cost > 0);
    }
  },

  async streamed_responses(family) {
    const reasoning = { effort: 'low', summary: 'auto' };
    const asked = { model: `mock/${family}-1`, input: 'hello', reasoning, maxOutputTokens: 4096, stream: true };
    const events = await eventsOf(client.responses.send({ responsesRequest: asked }));
    const text = events.filter(({ type }) => type === 'response.output_text.delta').map(({ delta }) => delta);
    assert.equal(text.join(''), 'You said: hello');
    assert.deepEqual([events[0].type, events.at(-1).type], ['response.created', 'response.completed']);
    // Chat completions of that provider do not show what they reason.
    assert.equal(
      events.some(({ type }) => /^response\.reasoning(_summary)?_text\.delta$/.test(type)),
      family !== 'openai',
    );
  },

  async call_model_with_a_tool(family) {
    const seen = [];
    const weather = tool({
      name: 'get_weather',
      description: 'The weather of a city.',
      inputSchema: z.object({ city: z.string() }),
      execute: async ({ city }) => {
        seen.push(city);
        return { weather: 'rain' };
      },
    });
    const model = `mock/${family}-1`;
    const result = client.callModel({ model, input: 'CALL:get_weather', tools: [weather] });
    assert.match(await result.getText(), /rain/);
    assert.equal(seen.length, 1);
    let text = '';
    for await (const piece of client.callModel({ model, input: 'hello' }).getTextStream()) text += piece;
    assert.equal(text, 'You said: hello');
  },

  async a_failed_response_is_reported(family) {
    const asked = { model: `mock/${family}-cut`, input: 'x', stream: true };
    const { type, response } = (await eventsOf(client.responses.send({ responsesRequest: asked }))).at(-1);
    assert.deepEqual([type, response.status, response.error.code], ['response.failed', 'failed', 'server_error']);
  },

  async generation(family) {
    const answer = await send(`mock/${family}-1`);
    const { data } = known(await client.generations.getGeneration({ id: answer.id }));
    assert.deepEqual([data.id, data.model, data.totalCost], [answer.id, `mock/${family}-1`, answer.usage.cost]);
  },
};

const EMBEDDINGS = {
  async embedding(family) {
    const model = `mock/${family}-embed`;
    const ask = async (more) => known(await client.embeddings.generate({ requestBody: { model, ...more } }));
    const plain = await ask({ input: ['one', 'two'] });
    assert.deepEqual([plain.object, plain.model, plain.data.length], ['list', model, 2]);
    assert.ok(plain.data[0].embedding.length > 3 && plain.usage.cost > 0);
    const packed = await ask({ input: 'one', encodingFormat: 'base64' });
    assert.equal(typeof packed.data[0].embedding, 'string');
  },
};

const ONCE = {
  async models() {
    const listed = (await allOf(client.models.list())).map(({ id }) => id);
    for (const family of FAMILIES) assert.ok(listed.includes(`mock/${family}-1`), `${listed.length} models`);
    assert.equal(listed.length, new Set(listed).size);
    assert.ok(known(await client.models.count()).data.count > 0);
    assert.equal(known(await client.models.get({ author: 'mock', slug: 'gemini-1' })).data.id, 'mock/gemini-1');
    const own = await allOf(client.models.listForUser({ bearer: key }));
    assert.ok(own.some(({ id }) => id === 'mock/openai-1'));
    const embedders = await allOf(client.embeddings.listModels());
    assert.ok(embedders.some(({ id }) => id === 'mock/openai-embed'));
  },

  async endpoints_and_providers() {
    const { data } = known(await client.endpoints.list({ author: 'mock', slug: 'anthropic-1' }));
    assert.deepEqual(
      data.endpoints.map(({ pricing }) => pricing.completion),
      ['0.000003'],
    );
    const kept = known(await client.endpoints.listZdrEndpoints()).data;
    assert.ok(kept.some(({ modelId }) => modelId === 'mock/anthropic-1'));
    assert.ok(known(await client.providers.list()).data.some(({ slug }) => slug === 'sim-gemini'));
  },

  async image_models() {
    assert.ok(known(await client.images.listModels()).data.some(({ id }) => id === 'mock/painter'));
    const found = known(await client.images.listModelEndpoints({ author: 'mock', slug: 'painter' }));
    assert.equal(found.endpoints.length, 1);
  },

  async key_and_credits() {
    const { data: current } = known(await client.apiKeys.getCurrentKeyMetadata());
    assert.ok(current.usage > 0);
    const { data: held } = known(await keeper.credits.getCredits());
    assert.equal(held.totalCredits, 5);
    assert.ok(held.totalUsage > 0 && held.totalUsage < 5);
  },

  async keys_are_made_changed_and_deleted() {
    const made = known(await keeper.apiKeys.create({ requestBody: { name: 'made by the SDK', limit: 1.25, limitReset: 'daily' } }));
    assert.match(made.key, /^sk-or-v1-[0-9a-f]{64}$/);
    const { hash } = made.data;
    const fresh = caller(made.key);
    assert.equal((await send('mock/openai-1', {}, fresh)).choices[0].message.content, 'You said: hello');
    const changed = known(await keeper.apiKeys.update({ hash, requestBody: { name: 'renamed', disabled: true } }));
    assert.deepEqual([changed.data.name, changed.data.disabled], ['renamed', true]);
    assert.equal(known(await keeper.apiKeys.get({ hash })).data.name, 'renamed');
    await refused(errors.UnauthorizedResponseError, 401, () => send('mock/openai-1', {}, fresh));
    const listed = known(await keeper.apiKeys.list({ includeDisabled: true }));
    assert.ok(listed.data.some((row) => row.hash === hash));
    assert.equal((await keeper.apiKeys.delete({ hash })).deleted, true);
    await refused(errors.NotFoundResponseError, 404, () => keeper.apiKeys.get({ hash }));
  },

  async activity() {
    // Only days that are over are listed, and the server is younger than that.
    assert.deepEqual(known(await keeper.analytics.getUserActivity()).data, []);
    await refused(errors.BadRequestResponseError, 400, () => keeper.analytics.getUserActivity({ date: '2020-01-01' }));
  },

  async presets() {
    const slug = 'made-by-node';
    const made = [
      await client.presets.createPresetsChatCompletions({
        slug,
        chatRequest: { model: 'mock/openai-1', messages, temperature: 0.5 },
      }),
      await client.presets.createPresetsMessages({
        slug,
        messagesRequest: { model: 'mock/anthropic-1', messages, system: 'Be brief.', maxTokens: 100 },
      }),
      await client.presets.createPresetsResponses({
        slug,
        responsesRequest: { model: 'mock/gemini-1', input: 'hello', instructions: 'Be brief.' },
      }),
    ];
    assert.deepEqual(
      made.map((answer) => known(answer).data.designatedVersion.version),
      [1, 2, 3],
    );
    assert.ok((await allOf(client.presets.list())).some((preset) => preset.slug === slug));
    assert.equal(known(await client.presets.get({ slug })).data.designatedVersion.systemPrompt, 'Be brief.');
    const versions = (await allOf(client.presets.listVersions({ slug }))).map(({ version }) => version);
    assert.deepEqual(versions.sort(), [1, 2, 3]);
    const first = known(await client.presets.getVersion({ slug, version: '1' })).data;
    assert.deepEqual([first.version, first.config.temperature], [1, 0.5]);
    assert.equal((await send(`@preset/${slug}`)).model, 'mock/gemini-1');
    await refused(errors.NotFoundResponseError, 404, () => client.presets.get({ slug: 'never-made' }));
  },

  async refusals_are_typed() {
    await refused(errors.UnauthorizedResponseError, 401, () => send('mock/openai-1', {}, caller(NOBODY)));
    await refused(errors.BadRequestResponseError, 400, () => send('no/such'));
    await refused(errors.PaymentRequiredResponseError, 402, () => send('mock/openai-dear'));
    await refused(errors.PaymentRequiredResponseError, 402, () => respond('mock/openai-dear'));
    await refused(errors.ForbiddenResponseError, 403, () => send('mock/openai-1', {}, caller(spentKey)));
    await refused(errors.NotFoundResponseError, 404, () => client.endpoints.list({ author: 'no', slug: 'such' }));
    await refused(errors.TooManyRequestsResponseError, 429, () => send('mock/openai-busy'));
    await refused(errors.BadGatewayResponseError, 502, () => send('mock/openai-broken'));
  },

  /** Stands last: what is served and was not called above is a gap in these checks. */
  async every_operation_that_is_served_was_answered() {
    const operations = await listed();
    assert.ok(operations.length > 100, `${operations.length}`);
    const gaps = [];
    for (const [method, path] of operations) {
      const address = BASE + path.replaceAll(/{\w+}/g, 'x');
      const answer = await fetch(address, { method, headers: { authorization: `Bearer ${NOBODY}` } });
      const served = answer.status !== 404 || (await answer.json()).error.message !== 'No such path';
      const shape = new RegExp(`^${method} ${path.replaceAll(/{\w+}/g, '[^/]+')}$`);
      if (served && ![...answered].some((call) => shape.test(call))) gaps.push(`${method} ${path} (${answer.status})`);
    }
    assert.deepEqual(gaps, []);
  },
};

/** Method and path of every operation that the SDK knows. */
async function listed() {
  const folder = new URL('funcs/', import.meta.resolve('@openrouter/sdk'));
  const names = (await readdir(folder)).filter((name) => name.endsWith('.js'));
  const found = [];
  for (const name of names) {
    const source = await readFile(new URL(name, folder), 'utf8');
    const path = /pathToFunc\("([^"]+)"\)/.exec(source)?.[1];
    const method = /method: "([A-Z]+)"/.exec(source)?.[1];
    if (path && method) found.push([method, path]);
  }
  return found;
}

/** Every check with its name. */
export function* checks() {
  yield* named('openrouter', EACH_FAMILY);
  yield* named('openrouter', EMBEDDINGS, {}, EMBEDDERS);
  yield* named('openrouter', {}, ONCE);
}
