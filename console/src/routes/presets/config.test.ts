import { expect, it } from 'vitest';
import { besidesForm, bodyOf, linesOf, parseConfig, probeOf, read, slugOf, slugProblem, write } from './config';
import { difference } from './difference';
import { numberOf } from './fields';

it('sets_and_removes_fields_without_touching_others', () => {
  const config = { model: 'a/b', provider: { sort: 'price', options: { x: 1 } }, tools: [] };
  expect(read(config, 'provider.sort')).toBe('price');
  expect(read(config, 'provider.max_price.prompt')).toBeUndefined();
  expect(write(config, 'provider.sort', undefined)).toEqual({ model: 'a/b', provider: { options: { x: 1 } }, tools: [] });
  const priced = write(config, 'provider.max_price.prompt', 2);
  expect(priced.provider).toEqual({ sort: 'price', options: { x: 1 }, max_price: { prompt: 2 } });
  expect(write(priced, 'provider.max_price.prompt', undefined)).toEqual(config);
  expect(write({ pin: { provider: 'x' } }, 'pin.provider', undefined)).toEqual({});
});

it('names_what_the_form_does_not_show', () => {
  const config = { temperature: 1, tools: [], provider: { sort: 'price', options: {} }, validate: { json_schema: true }, pin: 'odd' };
  expect(besidesForm(config)).toEqual(['tools', 'provider.options', 'validate.json_schema', 'pin']);
});

it.each([
  ['', {}],
  ['{"a": 1}', { a: 1 }],
])('reads_%j', (text, config) => {
  expect(parseConfig(text).config).toEqual(config);
});

it.each([
  ['[]', /one JSON object/],
  ['null', /one JSON object/],
  ['{"messages": []}', /belong to a request/],
  ['{\n  "a": 1,\n}', /line 3/i],
])('refuses_%j_with_words', (text, words) => {
  const { config, problem } = parseConfig(text);
  expect(config).toBeUndefined();
  expect(problem).toMatch(words);
});

it('asks_about_a_draft_the_way_a_request_would', () => {
  const draft = { prompt: 'Be brief.', config: { temperature: 0 } };
  expect(bodyOf(draft)).toEqual({ temperature: 0, messages: [{ role: 'system', content: 'Be brief.' }] });
  expect(bodyOf({ ...draft, prompt: '' })).toEqual({ temperature: 0 });
  expect(probeOf(draft)).toMatchObject({ model: 'openrouter/auto', messages: [{ role: 'system' }, { role: 'user' }] });
  expect(probeOf({ prompt: '', config: { models: ['a/b'] } })).not.toHaveProperty('model');
});

it.each([
  ['My Preset!', 'my-preset'],
  ['  Älter & schöner ', 'a-lter-scho-ner'],
  ['--', ''],
  ['x'.repeat(80), 'x'.repeat(64)],
])('makes_a_slug_of_%j', (name, slug) => {
  expect(slugOf(name)).toBe(slug);
  expect(slugProblem(slug) === undefined).toBe(slug !== '');
});

it.each(['', 'A', 'a--b', '-a', 'a/b', 'a'.repeat(65)])('refuses_the_slug_%j', (slug) => {
  expect(slugProblem(slug)).toBeTypeOf('string');
});

it.each([
  ['', undefined],
  ['0.70', 0.7],
  ['1.', 1],
  ['.5', 0.5],
  ['0,5', 0.5],
  ['-2', -2],
  ['hot', 'hot'],
  ['1e3', '1e3'],
])('takes_%j_for_%j', (text, value) => {
  expect(numberOf(text)).toBe(value);
});

it('shows_what_went_and_what_came', () => {
  const signs = { same: ' ', removed: '-', added: '+' };
  const diff = (before: string, after: string) => difference([...before], [...after]).map(({ kind, text }) => signs[kind] + text).join(' ');
  expect(diff('abcd', 'axcd')).toBe(' a -b +x  c  d');
  expect(diff('', 'ab')).toBe('+a +b');
  expect(diff('ab', '')).toBe('-a -b');
  expect(diff('abab', 'baba')).toBe('-a  b  a  b +a');
  expect(difference(['a'], ['a'])).toEqual([{ kind: 'same', text: 'a' }]);
});

it('gives_both_texts_back_whatever_they_are', () => {
  for (let seed = 1; seed < 40; seed += 1) {
    const letters = (salt: number) => Array.from({ length: (seed * salt) % 9 }, (_, index) => 'abc'[(seed * salt * (index + 3)) % 3] ?? 'a');
    const [before, after] = [letters(7), letters(5)];
    const lines = difference(before, after);
    expect(lines.filter(({ kind }) => kind !== 'added').map(({ text }) => text)).toEqual(before);
    expect(lines.filter(({ kind }) => kind !== 'removed').map(({ text }) => text)).toEqual(after);
  }
});

it('compares_settings_whatever_order_their_fields_have', () => {
  const [short, long] = [{ provider: { zdr: true } }, { provider: { zdr: true }, temperature: 1 }].map((config) => linesOf({ prompt: '', config }));
  expect(difference(short ?? [], long ?? []).filter(({ kind }) => kind !== 'same')).toEqual([{ kind: 'added', text: '    "temperature": 1' }]);
  expect(linesOf({ prompt: 'a\nb', config: { z: 1, a: 2 } })).toEqual(linesOf({ prompt: 'a\nb', config: { a: 2, z: 1 } }));
});
