import type { Config } from './config';

/** A preset to begin with. */
export type Starter = { id: string; name: string; slug: string; about: string; config: Config };

/** What people make presets for most: three starting points, each a handful of fields. */
export const STARTERS: readonly Starter[] = [
  {
    id: 'cheapest',
    name: 'Cheapest',
    slug: 'cheapest',
    about: 'The cheapest capable model, at its cheapest provider.',
    config: { model: 'openrouter/auto', provider: { sort: 'price' } },
  },
  {
    id: 'fastest',
    name: 'Fastest',
    slug: 'fastest',
    about: 'Providers by tokens per second, highest first.',
    config: { model: 'openrouter/auto', provider: { sort: 'throughput' } },
  },
  {
    id: 'private',
    name: 'Private',
    slug: 'private',
    about: 'Only providers that neither keep prompts nor train on them.',
    config: { model: 'openrouter/auto', provider: { data_collection: 'deny', zdr: true } },
  },
];
