import { describe, expect, it } from 'vitest';
import { formatContext, formatCount, formatDuration, formatThroughput, formatTokens, formatUptime, plural, shortId } from './figures';

const plain = (text: string) => text.replaceAll('\u202f', ' ');

describe('counts', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [12_345, '12 345'],
    [99_999, '99 999'],
    [128_000, '128K'],
    [999_499, '999K'],
    [1_048_576, '1.05M'],
    [10_000_000, '10M'],
  ])('writes %d tokens as %s', (count, shown) => expect(plain(formatTokens(count))).toBe(shown));

  it('groups_digits_with_a_space_that_does_not_break', () => expect(formatCount(1_234_567)).toBe('1\u202f234\u202f567'));
  it('shortens_context_windows', () => {
    expect([4096, 8192, 131_072, 1_000_000, 512, null, 0].map(formatContext)).toEqual([
      '4K', '8K', '131K', '1M', '512', '—', '—',
    ]);
  });
  it('knows_one_from_many', () => expect([plural(1, 'model'), plural(0, 'model')]).toEqual(['1 model', '0 models']));
});

describe('durations and rates', () => {
  it.each([
    [340, '340 ms'],
    [9_999, '9 999 ms'],
    [12_300, '12.3 s'],
    [125_000, '2 min 5 s'],
    [null, '—'],
  ])('writes %s ms as %s', (ms, shown) => expect(plain(formatDuration(ms))).toBe(shown));

  it('gives_no_rate_where_there_was_no_time', () => {
    expect(formatThroughput(310, 3690)).toBe('84 tok/s');
    expect(formatThroughput(10, 4000)).toBe('2.5 tok/s');
    expect(formatThroughput(310, 0)).toBe('—');
    expect(formatThroughput(0, 100)).toBe('—');
  });
  it('writes_uptime_with_two_decimals', () => expect(formatUptime(99.931)).toBe('99.93 %'));
});

it('cuts_long_identifiers_in_the_middle', () => {
  expect(shortId('gen-1763000000-abcdef9f2c')).toBe('gen-1763…9f2c');
  expect(shortId('gen-12')).toBe('gen-12');
});
