/** Legacy completions and embeddings as a program written for the OpenAI SDK uses them. */
import assert from 'node:assert/strict';
import OpenAI from 'openai';
import { named } from './checks.mjs';

const { PORTOLAN_URL: url, PORTOLAN_KEY: key } = process.env;
const client = new OpenAI({ baseURL: `${url}/api/v1`, apiKey: key, maxRetries: 0, timeout: 30_000 });
const EMBEDDERS = ['openai', 'openai-responses', 'gemini'];

const COMPLETIONS = {
  async completion(family) {
    const model = `mock/${family}-1`;
    const answer = await client.completions.create({ model, prompt: 'hello' });
    const [{ text, finish_reason: reason }] = answer.choices;
    assert.deepEqual([answer.object, text, reason], ['text_completion', 'You said: hello', 'stop']);
    const { prompt_tokens: input, completion_tokens: output, cost } = answer.usage;
    assert.equal(Math.round(cost * 1e6), input + 3 * output);
    const echoed = await client.completions.create({ model, prompt: ['hello'], echo: true });
    assert.equal(echoed.choices[0].text, 'helloYou said: hello');
  },

  async streamed_completion(family) {
    let text = '';
    let usages = 0;
    const reasons = [];
    const chunks = await client.completions.create({ model: `mock/${family}-1`, prompt: 'hello', stream: true });
    for await (const chunk of chunks) {
      text += chunk.choices.map((choice) => choice.text).join('');
      reasons.push(...chunk.choices.map((choice) => choice.finish_reason).filter(Boolean));
      if (chunk.usage) usages += 1;
    }
    assert.deepEqual([text, reasons, usages], ['You said: hello', ['stop'], 1]);
  },
};

const EMBEDDINGS = {
  async embedding(family) {
    const model = `mock/${family}-embed`;
    // The SDK asks for packed vectors unless told otherwise, and unpacks them.
    const packed = await client.embeddings.create({ model, input: ['one', 'two'] });
    const plain = await client.embeddings.create({ model, input: 'one', encoding_format: 'float' });
    assert.deepEqual(
      packed.data.map(({ index }) => index),
      [0, 1],
    );
    const [{ embedding: vector }] = plain.data;
    assert.ok(vector.length > 3);
    assert.equal(packed.data[0].embedding.length, vector.length);
    vector.forEach((value, at) => assert.ok(Math.abs(value - packed.data[0].embedding[at]) < 1e-6));
    assert.notDeepEqual(packed.data[0].embedding, packed.data[1].embedding);
    assert.deepEqual([plain.object, plain.model], ['list', model]);
    assert.equal(Math.round(plain.usage.cost * 2e6), plain.usage.prompt_tokens);
    const short = await client.embeddings.create({ model, input: 'one', dimensions: 8 });
    assert.equal(short.data[0].embedding.length, 8);
  },
};

const ONCE = {
  async embedding_of_tokens() {
    const ask = (input) => client.embeddings.create({ model: 'mock/openai-embed', input });
    const answer = await ask([[1, 2, 3], [4, 5]]);
    assert.equal(answer.data.length, 2);
    assert.equal(answer.usage.prompt_tokens, 5);
    for (const given of ['', [], ['a', [1]], [[-1]]]) {
      await assert.rejects(ask(given), (error) => error instanceof OpenAI.BadRequestError && /input/.test(error.message));
    }
  },
};

/** Every check with its name. */
export function* checks() {
  yield* named('completions', COMPLETIONS);
  yield* named('embeddings', EMBEDDINGS, ONCE, EMBEDDERS);
}
