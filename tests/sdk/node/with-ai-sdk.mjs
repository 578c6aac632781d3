/** What a program written for the AI SDK (npm ai with @openrouter/ai-sdk-provider) relies on, for each provider family alike. */
import assert from 'node:assert/strict';
import { createOpenRouter } from '@openrouter/ai-sdk-provider';
import {
  APICallError,
  embed,
  embedMany,
  generateObject,
  generateText,
  stepCountIs,
  streamObject,
  streamText,
  tool,
} from 'ai';
import { z } from 'zod';
import { counted, failure, named } from './checks.mjs';

const { PORTOLAN_URL: url, PORTOLAN_KEY: key } = process.env;
const options = { baseURL: `${url}/api/v1`, apiKey: key, compatibility: 'strict' };
const provider = createOpenRouter(options);
// It warns of thoughts that the Gemini format has no signature for; what signs them comes apart from them and is kept.
globalThis.AI_SDK_LOG_WARNINGS = false;
const EMBEDDERS = ['openai', 'openai-responses', 'gemini'];
const PERSON = z.object({ name: z.string(), age: z.int(), tags: z.array(z.string()) });
const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const THINKING = { reasoning: { enabled: true, effort: 'low' } };

const model = (family, settings = {}, variant = '1') => provider.chat(`mock/${family}-${variant}`, settings);
const ask = (family, more = {}, settings = {}, variant = '1') => ({
  model: model(family, settings, variant),
  prompt: 'hello',
  maxRetries: 0,
  ...more,
});

/** A tool that remembers what it was called with. */
function weather() {
  const seen = [];
  const get_weather = tool({
    description: 'The weather of a city.',
    inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => {
      seen.push(city);
      return { weather: 'rain' };
    },
  });
  return { seen, tools: { get_weather }, stopWhen: stepCountIs(3), prompt: 'CALL:get_weather' };
}

function costIsRight({ usage }) {
  assert.ok(usage.promptTokens > 0 && usage.completionTokens > 0);
  // 1 USD per million tokens in, 3 USD per million out: whole micro-dollars.
  assert.equal(Math.round(usage.cost * 1e6), usage.promptTokens + 3 * usage.completionTokens);
}

/** Consumes a stream whose errors would otherwise only be logged; returns its parts. */
async function partsOf(result) {
  const parts = [];
  for await (const part of result.fullStream) parts.push(part);
  return parts;
}
const silent = { onError: () => {} };

const EACH_FAMILY = {
  async generate_text(family) {
    const answer = await generateText(ask(family, { system: 'Be brief.' }));
    assert.equal(answer.text, 'You said: hello');
    assert.equal(answer.finishReason, 'stop');
    assert.equal(answer.usage.totalTokens, answer.usage.inputTokens + answer.usage.outputTokens);
    assert.match(answer.response.id, /^gen-/);
    assert.equal(answer.response.modelId, `mock/${family}-1`);
    assert.deepEqual(answer.warnings, []);
  },

  async stream_text(family) {
    const result = streamText(ask(family, { prompt: 'ω → 日本' }));
    let text = '';
    for await (const piece of result.textStream) text += piece;
    assert.equal(text, 'You said: ω → 日本');
    assert.equal(await result.finishReason, 'stop');
    assert.ok((await result.usage).outputTokens > 0);
  },

  async generate_object(family) {
    const { object } = await generateObject(ask(family, { prompt: 'who?', schema: PERSON }));
    PERSON.parse(object);
  },

  async stream_object(family) {
    const result = streamObject(ask(family, { prompt: 'who?', schema: PERSON }));
    let last;
    for await (const partial of result.partialObjectStream) last = partial;
    assert.deepEqual(PERSON.parse(await result.object), last);
  },

  async tools_run_until_the_answer(family) {
    const { seen, ...calls } = weather();
    const answer = await generateText(ask(family, calls));
    assert.deepEqual([answer.steps.length, answer.steps[0].finishReason], [2, 'tool-calls']);
    assert.equal(seen.length, 1);
    assert.match(answer.text, /rain/);
  },

  async streamed_tools_run_until_the_answer(family) {
    const { seen, ...calls } = weather();
    const result = streamText(ask(family, calls));
    const kinds = (await partsOf(result)).map(({ type }) => type);
    assert.ok(kinds.includes('tool-call') && kinds.includes('tool-result'), kinds.join());
    assert.equal(seen.length, 1);
    assert.match(await result.text, /rain/);
  },

  async usage_accounting(family) {
    const settings = { usage: { include: true } };
    const plain = (await generateText(ask(family, {}, settings))).providerMetadata.openrouter;
    assert.equal(typeof plain.provider, 'string');
    costIsRight(plain);
    const result = streamText(ask(family, {}, settings));
    await partsOf(result);
    const streamed = (await result.providerMetadata).openrouter;
    costIsRight(streamed);
    assert.deepEqual(streamed.usage, plain.usage);
  },

  async reasoning(family) {
    const answer = await generateText(ask(family, { maxOutputTokens: 4096 }, THINKING));
    assert.equal(answer.text, 'You said: hello');
    // Chat completions of that provider do not show what they reason.
    if (family === 'openai') return;
    assert.ok(answer.reasoningText);
    const result = streamText(ask(family, { maxOutputTokens: 4096 }, THINKING));
    const kinds = (await partsOf(result)).map(({ type }) => type);
    assert.ok(kinds.indexOf('reasoning-delta') < kinds.indexOf('text-delta'), kinds.join());
    assert.equal(await result.reasoningText, answer.reasoningText);
  },

  async reasoning_goes_back_with_the_history(family) {
    const { seen, prompt, ...calls } = weather();
    const question = { role: 'user', content: prompt };
    const first = streamText(ask(family, { ...calls, prompt: undefined, messages: [question], maxOutputTokens: 4096 }, THINKING));
    await partsOf(first);
    assert.match(await first.text, /rain/);
    assert.equal(seen.length, 1);
    const messages = [question, ...(await first.response).messages, { role: 'user', content: 'and now?' }];
    const again = await generateText(ask(family, { ...calls, prompt: undefined, messages, maxOutputTokens: 4096 }, THINKING));
    assert.equal(again.text, 'You said: and now?');
  },

  async image(family) {
    const content = [
      { type: 'text', text: 'see' },
      { type: 'image', image: PIXEL, mediaType: 'image/png' },
    ];
    const answer = await generateText(ask(family, { prompt: undefined, messages: [{ role: 'user', content }] }));
    assert.equal(answer.text, 'You said: see (with 1 image)');
  },

  async completion_model(family) {
    // Not streamed: the provider package announces no text part, and `streamText` drops what belongs to none.
    const completion = provider.completion(`mock/${family}-1`);
    assert.match((await generateText({ model: completion, prompt: 'hello', maxRetries: 0 })).text, /hello/);
  },

  async errors(family) {
    for (const [variant, status, may_retry] of [
      ['busy', 429, true],
      ['broken', 502, true],
      ['dear', 402, false],
    ]) {
      const error = await failure(() => generateText(ask(family, {}, {}, variant)));
      assert.ok(APICallError.isInstance(error), `${error}`);
      assert.deepEqual([error.statusCode, error.isRetryable], [status, may_retry]);
      assert.ok(error.message);
    }
    const parts = await partsOf(streamText({ ...ask(family, {}, {}, 'cut'), ...silent }));
    assert.ok(parts.some(({ type }) => type === 'text-delta'));
    assert.ok(parts.some(({ type }) => type === 'error'));
  },
};

const EMBEDDINGS = {
  async embedding(family) {
    const embedder = provider.textEmbeddingModel(`mock/${family}-embed`);
    const one = await embed({ model: embedder, value: 'one', maxRetries: 0 });
    assert.ok(one.embedding.length > 3 && one.usage.tokens > 0);
    const both = await embedMany({ model: embedder, values: ['one', 'two'], maxRetries: 0 });
    assert.deepEqual(both.embeddings[0], one.embedding);
    assert.notDeepEqual(both.embeddings[1], one.embedding);
  },
};

const ONCE = {
  async refusals() {
    const stranger = createOpenRouter({ ...options, apiKey: `sk-or-v1-${'0'.repeat(64)}` });
    for (const [model, status] of [
      [stranger.chat('mock/openai-1'), 401],
      [provider.chat('no/such'), 400],
    ]) {
      const error = await failure(() => generateText({ model, prompt: 'x', maxRetries: 0 }));
      assert.deepEqual([error.statusCode, error.isRetryable], [status, false]);
    }
  },

  async what_may_pass_is_tried_again_and_what_cannot_is_not() {
    for (const [id, calls] of [
      ['mock/openai-broken', 2],
      ['mock/openai-dear', 1],
    ]) {
      const counter = counted();
      const model = createOpenRouter({ ...options, fetch: counter }).chat(id);
      await failure(() => generateText({ model, prompt: 'x', maxRetries: 1 }));
      assert.equal(counter.count, calls, id);
    }
  },

  async falls_back_to_the_next_model() {
    const answer = await generateText(ask('openai', {}, { models: ['mock/anthropic-busy', 'mock/gemini-1'] }, 'broken'));
    assert.deepEqual([answer.text, answer.response.modelId], ['You said: hello', 'mock/gemini-1']);
  },
};

/** Every check with its name. */
export function* checks() {
  yield* named('ai-sdk', EACH_FAMILY, ONCE);
  yield* named('ai-sdk', EMBEDDINGS, {}, EMBEDDERS);
}
