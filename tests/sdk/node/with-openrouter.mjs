/** What a program written for the router's own SDK (npm @openrouter/sdk) relies on. */
import assert from 'node:assert/strict';
import { OpenRouter } from '@openrouter/sdk';
import * as errors from '@openrouter/sdk/models/errors';

const { PORTOLAN_URL: url, PORTOLAN_KEY: key, PORTOLAN_MANAGEMENT_KEY: managementKey } = process.env;
// Its own retries would go on for an hour.
const caller = (apiKey) =>
  new OpenRouter({ serverURL: `${url}/api/v1`, apiKey, retryConfig: { strategy: 'none' }, timeoutMs: 30_000 });
const client = caller(key);
const keeper = caller(managementKey);
const FAMILIES = ['openai', 'openai-responses', 'anthropic', 'gemini'];
const messages = [{ role: 'user', content: 'hello' }];
const send = (model, more = {}, from = client) => from.chat.send({ chatRequest: { model, messages, ...more } });

async function refused(kind, status, call) {
  const error = await call().then(
    () => assert.fail(`no ${kind.name}`),
    (error) => error,
  );
  assert.ok(error instanceof kind, `${error?.constructor?.name}: ${error}`);
  assert.equal(error.statusCode, status);
  assert.equal(error.error.code, status);
}

const CHECKS = {
  async chat() {
    for (const family of FAMILIES) {
      const answer = await send(`mock/${family}-1`);
      assert.equal(answer.choices[0].message.content, 'You said: hello');
      assert.ok(answer.usage.cost > 0);
    }
  },

  async stream() {
    for (const family of FAMILIES) {
      let text = '';
      let cost;
      for await (const chunk of await send(`mock/${family}-1`, { stream: true })) {
        text += chunk.choices.map((choice) => choice.delta.content ?? '').join('');
        cost = chunk.usage?.cost ?? cost;
      }
      assert.equal(text, 'You said: hello');
      assert.ok(cost > 0);
    }
  },

  async models() {
    const listed = [];
    for await (const page of await client.models.list()) listed.push(...(page.result ?? page).data.map((model) => model.id));
    for (const family of FAMILIES) assert.ok(listed.includes(`mock/${family}-1`), `${listed.length} models`);
    const { data } = await client.endpoints.list({ author: 'mock', slug: 'anthropic-1' });
    assert.deepEqual(data.endpoints.map(({ pricing }) => pricing.completion), ['0.000003']);
    assert.ok((await client.providers.list()).data.some(({ slug }) => slug === 'sim-gemini'));
  },

  async key_and_credits() {
    const { data: current } = await client.apiKeys.getCurrentKeyMetadata();
    assert.ok(current.usage > 0);
    const { data: held } = await keeper.credits.getCredits();
    assert.equal(held.totalCredits, 5);
    assert.ok(held.totalUsage > 0 && held.totalUsage < 5);
  },

  async keys_are_made_changed_and_deleted() {
    const made = await keeper.apiKeys.create({ requestBody: { name: 'made by the SDK', limit: 1.25, limitReset: 'daily' } });
    assert.match(made.key, /^sk-or-v1-[0-9a-f]{64}$/);
    const { hash } = made.data;
    assert.equal((await send('mock/openai-1', {}, caller(made.key))).choices[0].message.content, 'You said: hello');
    const changed = await keeper.apiKeys.update({ hash, requestBody: { name: 'renamed', disabled: true } });
    assert.deepEqual([changed.data.name, changed.data.disabled], ['renamed', true]);
    await refused(errors.UnauthorizedResponseError, 401, () => send('mock/openai-1', {}, caller(made.key)));
    const listed = await keeper.apiKeys.list({ includeDisabled: true });
    assert.ok(listed.data.some((row) => row.hash === hash));
    assert.equal((await keeper.apiKeys.delete({ hash })).deleted, true);
    await refused(errors.NotFoundResponseError, 404, () => keeper.apiKeys.get({ hash }));
  },

  async generation() {
    const answer = await send('mock/gemini-1');
    const { data } = await client.generations.getGeneration({ id: answer.id });
    assert.equal(data.id, answer.id);
    assert.equal(data.totalCost, answer.usage.cost);
  },

  async refusals_are_typed() {
    await refused(errors.UnauthorizedResponseError, 401, () => send('mock/openai-1', {}, caller(`sk-or-v1-${'0'.repeat(64)}`)));
    await refused(errors.BadRequestResponseError, 400, () => send('no/such'));
    await refused(errors.PaymentRequiredResponseError, 402, () => send('mock/openai-dear'));
    await refused(errors.TooManyRequestsResponseError, 429, () => send('mock/openai-busy'));
  },
};

/** Every check with its name. */
export function* checks() {
  for (const [name, check] of Object.entries(CHECKS)) yield [`openrouter/${name}`, check];
}
