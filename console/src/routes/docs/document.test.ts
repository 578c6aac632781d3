import { describe, expect, it } from 'vitest';
import { type Document, groupsOf, inner, resolve, typeName } from './document';

const document: Document = {
  info: { title: 'T', version: '1' },
  tags: [{ name: 'Keys', description: 'All about keys' }, { name: 'Empty' }],
  paths: {
    '/api/v1/keys/{hash}': { get: { tags: ['Keys'], summary: 'One key' }, delete: { tags: ['Keys'], summary: 'Delete a key' } },
    '/health': { get: { summary: 'Alive' } },
  },
  components: {
    schemas: {
      Usage: { type: 'object', required: ['usage'], properties: { usage: { type: 'number' } } },
      Key: { allOf: [{ $ref: '#/components/schemas/Usage' }, { properties: { name: { type: ['string', 'null'] } }, required: ['name'] }] },
      Node: { type: 'object', properties: { next: { oneOf: [{ $ref: '#/components/schemas/Node' }, { type: 'null' }] } } },
    },
  },
};

describe('grouping', () => {
  it('follows_the_order_of_the_tags_and_leaves_out_empty_ones', () => {
    expect(groupsOf(document, '').map(({ name, operations }) => [name, operations.map(({ anchor }) => anchor)])).toEqual([
      ['Keys', ['get-api-v1-keys-hash', 'delete-api-v1-keys-hash']],
      ['Other', ['get-health']],
    ]);
  });
  it('narrows_to_calls_with_every_word', () => {
    expect(groupsOf(document, 'DELETE key').flatMap(({ operations }) => operations.map(({ summary }) => summary))).toEqual(['Delete a key']);
  });
});

describe('schemas', () => {
  it('merges_what_all_of_holds', () => {
    const key = resolve(document, { $ref: '#/components/schemas/Key' });
    expect([Object.keys(key.properties ?? {}), key.required]).toEqual([['usage', 'name'], ['usage', 'name']]);
  });
  it.each([
    [{ $ref: '#/components/schemas/Key' }, 'Key'],
    [{ type: ['string', 'null'] }, 'string or null'],
    [{ type: 'array', items: { $ref: '#/components/schemas/Key' } }, 'list of Key'],
    [{ oneOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] }, 'string or list of string'],
    [{ enum: ['a', null] }, '"a" or null'],
    [{}, 'anything'],
  ])('%j is a %s', (schema, name) => expect(typeName(schema)).toBe(name));
  it('opens_lists_and_choices_up_to_their_object', () => {
    expect(Object.keys(inner(document, { type: 'array', items: { $ref: '#/components/schemas/Node' } })?.properties ?? {})).toEqual(['next']);
    expect(inner(document, { type: 'string' })).toBeNull();
  });
});
