import { decimal } from './catalogue.mjs';

const NOW = Date.now();
const HOUR = 3_600_000;
const ago = (hours) => new Date(NOW - hours * HOUR).toISOString();

function key(index, facts) {
  return {
    hash: `${'0123456789abcdef'.repeat(4)}`.slice(index) + 'f'.repeat(index),
    label: `sk-or-v1-9f2${index}…c4${index}e`,
    disabled: false,
    is_management_key: false,
    limit: null,
    limit_remaining: null,
    limit_reset: null,
    include_byok_in_limit: false,
    usage: 0,
    usage_daily: 0,
    usage_weekly: 0,
    usage_monthly: 0,
    byok_usage: 0,
    created_at: ago(24 * (index + 1)),
    updated_at: null,
    last_used_at: null,
    expires_at: null,
    creator_user_id: 'user_1',
    workspace_id: 'ws_1',
    ...facts,
  };
}

/** The keys of a filled account. */
export function sampleKeys() {
  return [
    key(0, { name: 'Support bot', limit: 20, limit_remaining: 3.2144, limit_reset: 'weekly', usage: 61.20311, usage_monthly: 48.9, last_used_at: ago(0.05), expires_at: ago(-24 * 40) }),
    key(1, { name: 'Nightly summaries', limit: 5, limit_remaining: 0, limit_reset: 'daily', usage: 212.4, usage_monthly: 88.1, last_used_at: ago(5) }),
    key(2, { name: 'My laptop', usage: 0.000412, usage_monthly: 0.000412, last_used_at: ago(24 * 120) }),
    key(3, { name: 'A key with quite a long name, as people like to write whole sentences here', limit: 100, limit_remaining: 100 }),
    key(4, { name: 'Deploy script', is_management_key: true, disabled: true, usage: 3.5, last_used_at: ago(24 * 33) }),
    key(5, { name: 'Contractor', limit: 50, limit_remaining: 41.7, usage: 8.3, expires_at: ago(48), last_used_at: ago(72) }),
  ];
}

/** A key as the server would make it from the body of `POST /keys`. */
export function newKey(body, index) {
  const limit = body.limit ?? null;
  return key(index, { ...body, hash: index.toString(16).padStart(64, 'a'), limit, limit_remaining: limit, created_at: new Date().toISOString() });
}

function line(attempt, kind, units, femto, unit = 'token') {
  return { attempt, kind, units, unit, price_per_unit_usd: decimal(femto), amount_usd: decimal(BigInt(units) * BigInt(femto)) };
}

/** The record of one request; `facts` overrides what differs. */
export function generation(id, facts = {}) {
  const { prompt = 1204, completion = 310, cached = 0, model = 'acme/compass-3-pro', attempts, ...rest } = facts;
  const lines = [line(2, 'prompt', prompt - cached, 3_000_000_000), line(2, 'completion', completion, 15_000_000_000)];
  if (cached > 0) lines.splice(1, 0, line(2, 'input_cache_read', cached, 300_000_000));
  const sum = lines.reduce((total, { units, price_per_unit_usd: price }) => total + BigInt(units) * BigInt(Math.round(Number(price) * 1e15)), 0n);
  const total = (sum / 1_000_000n) * 1_000_000n;
  return {
    id,
    upstream_id: `chatcmpl-${id.slice(-8)}`,
    created_at: ago(0.02),
    model,
    provider_name: 'Northwind',
    api_type: 'completions',
    streamed: true,
    cancelled: false,
    finish_reason: 'stop',
    native_finish_reason: 'end_turn',
    is_byok: false,
    usage: Number(decimal(total)),
    total_cost: Number(decimal(total)),
    tokens_prompt: prompt - 12,
    tokens_completion: completion + 4,
    native_tokens_prompt: prompt,
    native_tokens_completion: completion,
    native_tokens_reasoning: 96,
    native_tokens_cached: cached,
    latency: 412,
    generation_time: 3690,
    user_agent: 'OpenAI/Python 2.9.0',
    portolan: {
      attempts: attempts ?? [
        { index: 1, provider_name: 'Tidewater', provider_slug: 'tidewater', endpoint_tag: 'tidewater/fp8', model, status: 503, outcome: 'failed', reason: 'The provider answered 503 overloaded before the first byte', started_ms: 3, duration_ms: 188 },
        { index: 2, provider_name: 'Northwind', provider_slug: 'northwind', endpoint_tag: 'northwind', model, status: 200, outcome: 'served', reason: 'Next in price order', started_ms: 192, duration_ms: 3910 },
      ],
      excluded: [
        { model, endpoint_tag: 'cobalt/int4', reason: 'tool use not supported', policy: null },
        { model, endpoint_tag: 'dune', reason: 'data_policy:zdr', policy: 'account' },
      ],
      cost_lines: lines,
      rounding_usd: decimal(0),
      waived_usd: decimal(0),
      waived: null,
      suspect: false,
      model_asked: model,
      status: 200,
      error_type: null,
      total_usd: decimal(total),
      price_version: '2026-11-20#14',
      estimated: false,
      interrupted: false,
      data_policy: 'No training on prompts, no retention',
      customer: null,
      feature: 'support-reply',
      session_id: null,
      app: { title: 'Support bot', url: 'https://support.example' },
      region: null,
    },
    ...rest,
  };
}

/** Requests for the list, newest first. */
export function sampleGenerations(models, count) {
  return Array.from({ length: count }, (_, index) => {
    const failed = index % 9 === 4;
    const id = `gen-17637${String(90_000_000 - index * 7919).padStart(8, '0')}-${(index * 2654435761 % 4294967296).toString(16).padStart(8, '0')}`;
    const prompt = 90 + ((index * 733) % 21_000);
    const completion = failed ? 0 : 20 + ((index * 197) % 1900);
    return generation(id, {
      created_at: ago(index * 0.7),
      model: models[(index * 37) % models.length].id,
      prompt,
      completion,
      cached: index % 3 === 0 ? Math.floor(prompt / 2) : 0,
      finish_reason: failed ? 'error' : index % 5 === 3 ? 'length' : 'stop',
      streamed: index % 4 !== 1,
      latency: 180 + ((index * 97) % 2400),
      generation_time: failed ? null : 400 + ((index * 1711) % 14_000),
      cancelled: index % 11 === 7,
    });
  });
}
