import { seeded } from './random.mjs';

const AUTHORS = ['acme', 'boreal', 'cinder', 'delta-labs', 'ember', 'fjord', 'granite', 'helio', 'isobar', 'juniper', 'kestrel', 'lumen'];
const FAMILIES = ['Atlas', 'Beacon', 'Compass', 'Drift', 'Echo', 'Harbor', 'Meridian', 'Pilot', 'Sextant', 'Tide'];
const SIZES = ['Nano', 'Mini', '8B', '70B', 'Large', 'Pro', 'Ultra'];
const PARAMETERS = [
  'temperature', 'top_p', 'max_tokens', 'stop', 'seed', 'tools', 'tool_choice', 'structured_outputs', 'response_format',
  'reasoning', 'include_reasoning', 'logprobs', 'frequency_penalty', 'presence_penalty',
];
const CONTEXTS = [8192, 32_768, 65_536, 128_000, 131_072, 200_000, 262_144, 400_000, 1_000_000, 1_048_576, 2_000_000];
const PROVIDERS = ['Northwind', 'Tidewater', 'Acme', 'Bluff', 'Cobalt', 'Dune', 'Estuary', 'Foundry', 'Glacier'];

/** Femto-dollars as decimal dollars, without exponent. */
export function decimal(femto) {
  const digits = BigInt(femto).toString().padStart(16, '0');
  const fraction = digits.slice(-15).replace(/0+$/, '');
  return fraction === '' ? digits.slice(0, -15) : `${digits.slice(0, -15)}.${fraction}`;
}

/** A catalogue of `count` models, four demo models first; the same for the same count. */
export function catalogue(count) {
  const random = seeded(7);
  const models = demoModels();
  const taken = new Set();
  while (models.length < count) {
    const author = random.pick(AUTHORS);
    const name = `${random.pick(FAMILIES)} ${random.int(1, 5)}${random.pick(['', '.5'])} ${random.pick(SIZES)}`;
    const slug = name.toLowerCase().replaceAll(' ', '-');
    if (taken.has(author + slug)) continue;
    taken.add(author + slug);
    models.push(model(random, author, slug, name));
  }
  return models;
}

function model(random, author, slug, name) {
  const free = random.next() < 0.08;
  const images = random.next() < 0.1;
  const prompt = free ? 0 : random.pick([37_500_000, 150_000_000, 250_000_000, 800_000_000, 3_000_000_000, 15_000_000_000]);
  const inputs = ['text', ...random.some(['image', 'file', 'audio', 'video'], 0.28)];
  const outputs = images ? ['text', 'image'] : random.next() < 0.03 ? ['embeddings'] : ['text'];
  const context = random.pick(CONTEXTS);
  const pricing = { prompt: decimal(prompt), completion: decimal(prompt * random.pick([2, 4, 5])) };
  if (!free && random.next() < 0.5) pricing.input_cache_read = decimal(prompt / 10);
  if (images) pricing.image_output = decimal(30_000_000_000);
  return {
    id: `${author}/${slug}${free ? ':free' : ''}`,
    canonical_slug: `${author}/${slug}`,
    name: `${title(author)}: ${name}${free ? ' (free)' : ''}`,
    created: 1_700_000_000 + random.int(0, 92_000_000),
    description: `${name} is a general model for **writing**, code and analysis.\n\nIt was trained on public text. The provider states a context of ${context} tokens and recommends a temperature of 0.7 for most work. This text exists to fill more than two lines, so that the fold shows.`,
    context_length: context,
    architecture: { modality: `${inputs.join('+')}->${outputs.join('+')}`, input_modalities: inputs, output_modalities: outputs, tokenizer: 'Other', instruct_type: null },
    pricing,
    top_provider: { context_length: context, max_completion_tokens: random.pick([null, 4096, 16_384, 64_000]), is_moderated: false },
    supported_parameters: ['temperature', 'max_tokens', ...random.some(PARAMETERS.slice(3), 0.55)],
    knowledge_cutoff: random.pick([null, '2025-06', '2026-01']),
    links: { details: `/api/v1/models/${author}/${slug}/endpoints` },
  };
}

function demoModels() {
  return ['echo', 'lorem', 'tools', 'json'].map((kind, index) => ({
    id: `portolan/demo-${kind}`,
    canonical_slug: `portolan/demo-${kind}`,
    name: `Portolan: Demo ${title(kind)}`,
    created: 1_790_000_000 + index,
    description: 'A built-in model with canned answers, for trying out the server without a provider.',
    context_length: 128_000,
    architecture: { modality: 'text->text', input_modalities: ['text'], output_modalities: ['text'], tokenizer: 'Other', instruct_type: null },
    pricing: { prompt: decimal(1_000_000_000), completion: decimal(3_000_000_000) },
    top_provider: { context_length: 128_000, max_completion_tokens: 16_000, is_moderated: false },
    supported_parameters: ['temperature', 'max_tokens', 'tools', 'tool_choice'],
    knowledge_cutoff: null,
    links: { details: `/api/v1/models/portolan/demo-${kind}/endpoints` },
  }));
}

/** The provider endpoints of one model. */
export function endpointsOf(entry) {
  const random = seeded([...entry.id].reduce((sum, letter) => sum * 31 + letter.charCodeAt(0), 5));
  const providers = random.some(PROVIDERS, 0.45);
  if (providers.length === 0) providers.push('Northwind');
  const endpoints = providers.map((provider, index) => {
    const measured = index !== 2;
    const p50 = random.int(180, 1900);
    const speed = random.int(18, 190);
    return {
      name: `${provider} | ${entry.id}`,
      model_name: entry.name,
      provider_name: provider,
      tag: provider.toLowerCase(),
      quantization: random.pick([null, 'fp8', 'bf16', 'unknown']),
      context_length: entry.context_length,
      max_completion_tokens: entry.top_provider.max_completion_tokens,
      pricing: entry.pricing,
      supported_parameters: index === 0 ? entry.supported_parameters : entry.supported_parameters.slice(0, -2),
      status: index === 1 ? -2 : 0,
      uptime_last_30m: measured ? 100 - random.int(0, 90) / 100 : null,
      uptime_last_1d: measured ? 100 - random.int(0, 300) / 100 : null,
      latency_last_30m: measured ? { p50, p75: p50 * 1.3, p90: p50 * 1.9, p99: p50 * 3.2 } : null,
      throughput_last_30m: measured ? { p50: speed, p75: speed * 0.8, p90: speed * 0.6, p99: speed * 0.3 } : null,
    };
  });
  const { id, name, created, description, architecture } = entry;
  return { id, name, created, description, architecture, endpoints };
}

function title(text) {
  return text.replace(/(^|-)(\w)/g, (_, dash, letter) => (dash ? ' ' : '') + letter.toUpperCase());
}
