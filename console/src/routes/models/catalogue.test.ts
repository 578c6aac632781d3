import { describe, expect, it } from 'vitest';
import type { Model } from '../../api/types';
import { parseSearch, stringifySearch } from '../../app/search';
import { activeFilters, costliestFilter, facetsOf, indexModels, select } from './catalogue';
import { type Filters, nextSort, readFilters, writeFilters } from './filters';

const model = (id: string, facts: Partial<Model> & { price?: string; inputs?: string[] }): Model =>
  ({
    id,
    name: id,
    created: 1,
    context_length: 8000,
    architecture: { input_modalities: facts.inputs ?? ['text'], output_modalities: ['text'] },
    pricing: { prompt: facts.price ?? '0.000001', completion: facts.price ?? '0.000002' },
    supported_parameters: ['tools'],
    ...facts,
  }) as Model;

const entries = indexModels([
  model('acme/large', { created: 3, context_length: 200_000, inputs: ['text', 'image'], supported_parameters: ['tools', 'reasoning'] }),
  model('acme/free:free', { created: 2, price: '0' }),
  model('boreal/tiny', { created: 1, price: '0.0000001', context_length: 32_000, description: 'Good at poems' }),
  model('boreal/auto', { created: 0, price: '-1', supported_parameters: [] }),
]);
const none = readFilters({});
const ids = (filters: Partial<Filters>) => select(entries, { ...none, ...filters }).map((entry) => entry.model.id);

describe('selecting', () => {
  it.each<[string, Partial<Filters>, string[]]>([
    ['nothing narrowed, newest first', {}, ['acme/large', 'acme/free:free', 'boreal/tiny', 'boreal/auto']],
    ['words of the description, in any case', { q: 'POEMS good' }, ['boreal/tiny']],
    ['a word of the id', { q: 'acme' }, ['acme/large', 'acme/free:free']],
    ['free ones', { price: 0 }, ['acme/free:free']],
    ['a price bound, leaving out prices that vary', { price: 0.5 }, ['acme/free:free', 'boreal/tiny']],
    ['a context', { context: 32_000 }, ['acme/large', 'boreal/tiny']],
    ['all of several parameters', { params: ['tools', 'reasoning'] }, ['acme/large']],
    ['any of several authors', { authors: ['boreal', 'acme'], inputs: ['image'] }, ['acme/large']],
    ['cheapest first, unknown last', { sort: 'prompt' }, ['acme/free:free', 'boreal/tiny', 'acme/large', 'boreal/auto']],
    ['dearest first, unknown last', { sort: '-prompt' }, ['acme/large', 'boreal/tiny', 'acme/free:free', 'boreal/auto']],
  ])('%s', (_, filters, expected) => expect(ids(filters)).toEqual(expected));
});

describe('facets', () => {
  it('counts_what_choosing_a_value_would_leave', () => {
    const facets = facetsOf(entries, { ...none, authors: ['acme'] });
    expect(facets.authors.map(({ value, count }) => [value, count])).toEqual([['acme', 2], ['boreal', 2]]);
    expect(facets.params.map(({ value, count }) => [value, count])).toEqual([['tools', 2], ['reasoning', 1]]);
    expect(facets.price[0]).toEqual({ value: '0', label: 'Free', count: 1 });
    expect(facets.context.map(({ count }) => count)).toEqual([1, 1, 1, 0]);
  });

  it('keeps_a_chosen_value_that_no_model_has', () => {
    expect(facetsOf(entries, { ...none, inputs: ['smell'] }).inputs).toContainEqual({ value: 'smell', label: 'smell', count: 0 });
  });
});

it('names_the_filter_that_hides_most', () => {
  const filters = { ...none, q: 'tiny', price: 0, context: 8000 };
  expect(activeFilters(filters).map(({ label }) => label)).toEqual(['“tiny”', '8K context or more', 'Free']);
  expect(costliestFilter(entries, filters)).toMatchObject({ key: 'q', count: 1 });
  expect(costliestFilter(entries, { ...none, q: 'no such', authors: ['nobody'] })).toBeNull();
});

describe('the address', () => {
  it.each<Partial<Filters>>([
    {},
    { q: 'a b/c:d&e=f', sort: 'prompt' },
    { inputs: ['image', 'file'], outputs: ['text'], context: 128_000, price: 0 },
    { price: 0.5, params: ['tools', 'structured_outputs'], authors: ['acme', 'x-ai'], sort: '-name' },
  ])('holds %j', (filters) => {
    const all = { ...none, ...filters };
    expect(readFilters(parseSearch(stringifySearch(writeFilters(all))))).toEqual(all);
  });

  it('reads_as_people_write_it_and_ignores_nonsense', () => {
    expect(stringifySearch(writeFilters({ ...none, inputs: ['image', 'file'], price: 0 }))).toBe('?in=image,file&price=free');
    expect(readFilters({ context: 'big', price: '-1', sort: 'colour', in: ',,' })).toEqual(none);
  });
});

it('sorts_first_in_the_direction_people_expect', () => {
  expect([nextSort('-added', 'prompt'), nextSort('prompt', 'prompt'), nextSort('name', 'context'), nextSort('-context', 'context')]).toEqual([
    'prompt', '-prompt', '-context', 'context',
  ]);
});
