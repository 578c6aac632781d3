import { expect, it } from 'vitest';
import { splitBlocks } from './blocks';

it.each<[string, string, string[]]>([
  ['paragraphs', 'one\ntwo\n\n\nthree', ['one\ntwo', 'three']],
  ['code with blank lines', 'a\n\n```py\nx = 1\n\ny = 2\n```\n\nb', ['a', '```py\nx = 1\n\ny = 2\n```', 'b']],
  ['code that is still being written', 'a\n\n```\nx\n\ny', ['a', '```\nx\n\ny']],
  ['a fence inside a longer fence', '````\n```\n\n```\n````\n\nb', ['````\n```\n\n```\n````', 'b']],
  ['a list with blank lines', '1. one\n\n   more\n\n2. two\n\nafter', ['1. one\n\n   more\n\n2. two', 'after']],
  ['nothing', '\n\n', []],
])('%s', (_, text, blocks) => expect(splitBlocks(text)).toEqual(blocks));

it('never_changes_a_block_that_is_followed_by_another', () => {
  const text = '# Title\n\n- a\n\n- b\n\n```\ncode\n\n```\n\nend';
  let before: string[] = [];
  for (let end = 1; end <= text.length; end += 1) {
    const blocks = splitBlocks(text.slice(0, end));
    expect(blocks.slice(0, before.length - 1), `after ${end} characters`).toEqual(before.slice(0, -1));
    before = blocks;
  }
});
