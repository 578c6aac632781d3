import { describe, expect, it } from 'vitest';
import type { Key } from '../../api/types';
import { idleness, shortLabel, standingOf, usedShare } from './standing';

const now = new Date('2026-11-21T12:00:00Z');
const key: Key = {
  hash: 'a', label: 'sk-or-v1-9f2…c4e', name: 'k', disabled: false, limit: null, limit_remaining: null, limit_reset: null,
  usage: 0, usage_daily: 0, usage_weekly: 0, usage_monthly: 0, created_at: '2026-01-01T00:00:00Z',
} as Key;

describe('standing', () => {
  it.each([
    ['active', {}],
    ['active', { expires_at: '2026-11-22T00:00:00Z' }],
    ['active', { limit: 5, limit_remaining: 0.000001 }],
    ['disabled', { disabled: true, expires_at: '2026-11-20T00:00:00Z' }],
    ['expired', { expires_at: '2026-11-21T12:00:00Z' }],
    ['exhausted', { limit: 5, limit_remaining: 0 }],
    ['exhausted', { limit: 5, limit_remaining: -0.01 }],
  ])('%s for %j', (standing, facts) => expect(standingOf({ ...key, ...facts } as Key, now)).toBe(standing));
});

it('points_out_keys_nobody_uses', () => {
  const at = (last_used_at: string | null) => idleness({ ...key, last_used_at } as Key, now);
  expect([at(null), at('2026-11-01T00:00:00Z'), at('2026-07-24T12:00:00Z')]).toEqual(['never used', null, '120 days idle']);
});

it('gives_the_used_part_of_a_limit', () => {
  const share = (limit: number | null, limit_remaining: number | null) => usedShare({ ...key, limit, limit_remaining } as Key);
  expect([share(null, null), share(20, 5), share(5, 0), share(5, -1)]).toEqual([null, 0.75, 1, 1]);
});

it('never_lists_more_of_a_label_than_its_ends', () => {
  expect(shortLabel(`sk-or-v1-${'x'.repeat(60)}c4e1`)).toBe('sk-or-v1-xxx…c4e1');
  expect(shortLabel('sk-or-v1-9f2…c4e')).toBe('sk-or-v1-9f2…c4e');
});
