/** Presets, routing settings and plans of the mock. */
import { decimal, endpointsOf } from './catalogue.mjs';

const HOUR = 3_600_000;
const ago = (hours) => new Date(Date.now() - hours * HOUR).toISOString();

function version(slug, number, hours, config, prompt = null) {
  return { id: `pv_${slug}_${number}`, preset_id: `preset_${slug}`, version: number, system_prompt: prompt, config, creator_id: 'user_1', created_at: ago(hours), updated_at: ago(hours) };
}

function preset(slug, name, description, versions, facts = {}) {
  const newest = versions.at(-1);
  return {
    versions,
    data: {
      id: `preset_${slug}`, slug, name, description, status: 'active', status_updated_at: null, workspace_id: 'ws_1', creator_user_id: 'user_1',
      designated_version_id: newest.id, designated_version_number: newest.version, created_at: versions[0].created_at, updated_at: newest.created_at, ...facts,
    },
  };
}

/** The presets of a filled workspace. */
export function samplePresets() {
  const prompt = 'You answer customers of a chart shop.\nBe brief, be kind, and never invent an edition.';
  return [
    preset('support', 'Support answers', 'Short, friendly, checked before they leave', [
      version('support', 1, 400, { model: 'acme/compass-3-pro', temperature: 0.7 }, 'You answer customers of a chart shop.'),
      version('support', 2, 90, { model: 'acme/compass-3-pro', temperature: 0.2, provider: { sort: 'price' } }, prompt),
      version('support', 3, 2, { model: 'acme/compass-3-pro', models: ['granite/tide-5-70b'], temperature: 0.2, max_tokens: 800, provider: { sort: 'price', data_collection: 'deny' }, validate: { non_empty: true, json_schema: { type: 'object' } }, tools: [{ type: 'function', function: { name: 'find_order', parameters: { type: 'object' } } }] }, prompt),
    ]),
    preset('nightly-summaries', 'Nightly summaries of everything that was said in the support channels', null, [version('nightly-summaries', 1, 700, { model: 'openrouter/auto', max_cost: '0.02' })]),
    preset('old-fast', 'Fast', 'Replaced by support', [version('old-fast', 1, 900, { provider: { sort: 'throughput' } })], { status: 'disabled' }),
  ];
}

/** Routing settings where nothing was ever set. */
export function freshRouting() {
  return {
    updated_at: null,
    data: {
      allowed_models: null, ignored_models: [], allowed_providers: null, ignored_providers: [], allowed_regions: null,
      enforce_zdr: false, enforce_zdr_anthropic: false, enforce_zdr_openai: false, enforce_zdr_google: false, enforce_zdr_xai: false, enforce_zdr_other: false,
      enable_paid_model_training: true, enable_free_model_training: true, enable_free_model_publication: true,
      default_provider_sort: null, default_text_model: null, rules: [],
    },
  };
}

/** Routing settings of a filled account. */
export function sampleRouting() {
  const { data } = freshRouting();
  return { updated_at: ago(30), data: { ...data, ignored_providers: ['cobalt', 'dune'], enable_free_model_training: false, enable_free_model_publication: false, enforce_zdr_openai: true, default_text_model: 'acme/compass-3-pro' } };
}

const summary = ({ data, versions }) => ({ ...data, versions: versions.length });
const full = (entry) => ({ ...summary(entry), designated_version: entry.versions.find(({ version: number }) => number === entry.data.designated_version_number) ?? null });

/** The routes, over `state.presets` and `state.routing`. `tools` are the mock's ways to answer, refuse and read a body. */
export function ruleRoutes(stateOf, models, { answer, refuse, readJson }) {
  const find = (slug) => stateOf().presets.find(({ data }) => data.slug === slug);
  const withPreset = (handle) => async (request, response, url, slug, ...rest) => {
    const found = find(slug);
    if (found) await handle(found, request, response, url, ...rest);
    else refuse(response, 404, 'Preset not found');
  };
  const routing = (scope) => [
    (_, response) => answer(response, stateOf().routing[scope]),
    async (request, response) => {
      const changes = await readJson(request);
      if (changes.ignored_providers?.includes('nobody here')) return refuse(response, 400, 'ignored_providers: entries must have 1 to 200 bytes without control characters', 'ignored_providers');
      const fresh = freshRouting().data;
      const entries = Object.entries(changes).map(([name, value]) => [name, value ?? fresh[name]]);
      stateOf().routing[scope] = { updated_at: new Date().toISOString(), data: { ...stateOf().routing[scope].data, ...Object.fromEntries(entries) } };
      answer(response, stateOf().routing[scope]);
    },
  ];
  const [showAccount, changeAccount] = routing('account');
  const [showWorkspace, changeWorkspace] = routing('workspace');
  return [
    ['GET', /^\/presets$/, (_, response) => answer(response, { data: stateOf().presets.map(summary), total_count: stateOf().presets.length })],
    ['GET', /^\/presets\/([^/]+)$/, withPreset((found, _, response) => answer(response, { data: full(found) }))],
    ['GET', /^\/presets\/([^/]+)\/versions$/, withPreset((found, _, response) => answer(response, { data: found.versions, total_count: found.versions.length }))],
    ['PATCH', /^\/presets\/([^/]+)$/, withPreset(async (found, request, response) => {
      const { designated_version: number, ...rest } = await readJson(request);
      Object.assign(found.data, rest, number ? { designated_version_number: number, designated_version_id: `pv_${found.data.slug}_${number}` } : {}, { updated_at: new Date().toISOString() });
      answer(response, { data: full(found) });
    })],
    ['DELETE', /^\/presets\/([^/]+)$/, withPreset((found, _, response) => {
      stateOf().presets = stateOf().presets.filter((entry) => entry !== found);
      answer(response, { deleted: true });
    })],
    ['POST', /^\/presets\/([^/]+)\/chat\/completions$/, async (request, response, _, slug) => {
      const { messages, ...config } = await readJson(request);
      const prompt = messages?.find(({ role }) => role === 'system')?.content ?? null;
      let found = find(slug);
      const made = version(slug, (found?.versions.length ?? 0) + 1, 0, config, prompt);
      if (found) {
        found.versions.push(made);
        Object.assign(found.data, { designated_version_id: made.id, designated_version_number: made.version, updated_at: made.created_at });
      } else {
        found = preset(slug, slug, null, [made]);
        stateOf().presets.unshift(found);
      }
      answer(response, { data: full(found) });
    }],
    ['GET', /^\/routing$/, showAccount],
    ['PATCH', /^\/routing$/, changeAccount],
    ['GET', /^\/workspaces\/[^/]+\/routing$/, showWorkspace],
    ['PATCH', /^\/workspaces\/[^/]+\/routing$/, changeWorkspace],
    ['POST', /^\/route\/explain$/, async (request, response) => explain(await readJson(request), stateOf(), models, { answer, refuse }, response)],
  ];
}

function explain(body, state, models, { answer, refuse }, response) {
  if (typeof body.temperature === 'number' && body.temperature > 2) return refuse(response, 400, 'temperature: must be a number from 0 to 2', 'temperature');
  if (body.validate && 'polite' in body.validate) return refuse(response, 400, 'validate: expected an object of the rules json_schema, regex, …', 'validate');
  const stored = body.preset ? state.presets.find(({ data }) => data.slug === body.preset)?.versions.at(-1).config : undefined;
  const asked = body.model ?? stored?.model ?? state.routing.account.data.default_text_model;
  const entry = models.find(({ id }) => id === asked) ?? models[8];
  const ignored = state.routing.account.data.ignored_providers;
  const only = body.provider?.only;
  const named = ({ tag, provider_name: provider }) => ({ model: entry.id, provider, tag, region: null, service_tier: null });
  const endpoints = endpointsOf(entry).endpoints;
  const whyOut = (endpoint) => (only && !only.includes(endpoint.tag) ? ['allowed_providers', 'request'] : ignored.includes(endpoint.tag) ? ['ignored provider', 'account'] : null);
  const kept = endpoints.filter((endpoint) => !whyOut(endpoint));
  const excluded = endpoints.flatMap((endpoint) => {
    const why = whyOut(endpoint);
    return why ? [{ ...named(endpoint), reason: why[0], policy: why[1] }] : [];
  });
  const attempts = kept.map((endpoint, index) => attempt(endpoint, named(endpoint), index));
  const error = { code: 404, message: `No allowed providers are available for the selected model. It is served by ${endpoints.map(({ tag }) => tag).join(', ')}; what stands in the way is provider.only (demanded by account, request).` };
  answer(response, {
    object: 'route.explanation', requested: [asked ?? entry.id], strategy: 'direct', seed: '11297483911205831204', policies: ['account'], region: null, prompt_tokens: 14, attempts_max: 6,
    hold_usd: attempts.length > 0 ? decimal(12_000_000_000_000) : null, attempts, excluded, error: attempts.length > 0 ? null : error,
  });
}

function attempt(endpoint, head, index) {
  const late = endpoint.status !== 0;
  const measured = endpoint.latency_last_30m;
  const percentiles = (source, scale) => Object.fromEntries(['p50', 'p75', 'p90', 'p99'].map((name) => [name, source ? source[name] * scale : null]));
  return {
    ...head, rank: index + 1, reason: late ? 'recent failures, tried last' : 'price-weighted choice', demoted: late,
    health: {
      state: late ? 'unstable' : 'stable', throughput: percentiles(endpoint.throughput_last_30m, 1), latency: percentiles(measured, 0.001),
      uptime: measured ? 0.998 : null, rate_limited: null, cache_hits: null, tool_errors: null,
    },
    price: endpoint.pricing, price_version: '2026-11-20#14',
    estimate: { prompt_usd: decimal(42_000_000_000), max_usd: decimal(12_000_000_000_000 + index * 3_100_000_000_000), max_completion_tokens: 800 },
    data_policy: index === 1 ? { training: null, retains_prompts: null, retention_days: null, zdr: null } : { training: false, retains_prompts: index > 1, retention_days: index > 1 ? 30 : null, zdr: index === 0 },
    quantization: endpoint.quantization, context_length: endpoint.context_length,
  };
}
