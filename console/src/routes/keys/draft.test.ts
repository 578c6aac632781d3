import { describe, expect, it } from 'vitest';
import { bodyOf, checkDraft, EMPTY_DRAFT } from './draft';

const now = new Date(2026, 10, 21, 12, 0, 0);
const seconds = (time: Date) => time.toISOString().replace('.000', '');
const named = { ...EMPTY_DRAFT, name: ' Support bot ' };

describe('checking', () => {
  it.each([
    ['no name', { ...EMPTY_DRAFT }, ['name']],
    ['a limit without amount and reset', { ...named, limited: true }, ['limit', 'reset']],
    ['a limit of nothing', { ...named, limited: true, limit: '0', reset: 'daily' as const }, ['limit']],
    ['a limit without reset choice', { ...named, limited: true, limit: '5' }, ['reset']],
    ['a date that is over', { ...named, expiry: 'date' as const, date: '2026-11-20' }, ['date']],
    ['no date', { ...named, expiry: 'date' as const }, ['date']],
    ['today', { ...named, expiry: 'date' as const, date: '2026-11-21' }, []],
    ['a name alone', named, []],
    ['a limit that never resets, chosen', { ...named, limited: true, limit: '5', reset: 'none' as const }, []],
  ])('%s', (_, draft, fields) => expect(Object.keys(checkDraft(draft, now))).toEqual(fields));
});

describe('sending', () => {
  it('sends_only_the_name_when_nothing_else_was_chosen', () => {
    expect(bodyOf({ ...named, limit: '5', reset: 'daily' }, now)).toEqual({ name: 'Support bot' });
  });
  it('sends_the_limit_with_its_reset', () => {
    expect(bodyOf({ ...named, limited: true, limit: '$2.50', reset: 'weekly' }, now)).toMatchObject({ limit: 2.5, limit_reset: 'weekly' });
    expect(bodyOf({ ...named, limited: true, limit: '5', reset: 'none' }, now)).toMatchObject({ limit: 5, limit_reset: null });
  });
  it('sends_the_end_as_a_moment', () => {
    expect(bodyOf({ ...named, expiry: '30' }, now).expires_at).toBe(seconds(new Date(2026, 11, 21, 12, 0, 0)));
    expect(bodyOf({ ...named, expiry: 'date', date: '2026-12-01' }, now).expires_at).toBe(seconds(new Date(2026, 11, 1, 23, 59, 59)));
  });
});
