import { expect, it } from 'vitest';
import { daysAfter, daysBetween, formatDay, formatIso, formatTime, parseTime } from './time';

const now = new Date(2026, 10, 21, 14, 5, 9);
const before = (ms: number) => new Date(now.getTime() - ms);

it.each([
  [before(20_000), 'just now'],
  [before(3 * 60_000), '3 min ago'],
  [before(5 * 3_600_000), '5 h ago'],
  [before(-2 * 3_600_000), 'in 2 h'],
  [before(-30_000), 'in under a minute'],
  [new Date(2026, 10, 1, 9, 7), '1 Nov 2026, 09:07'],
])('writes %s as %s', (time, shown) => expect(formatTime(time, now)).toBe(shown));

it('leaves_the_hour_out_where_only_days_count', () => {
  expect([formatDay(before(-100 * 3_600_000), now), formatDay(before(60_000), now)]).toEqual(['25 Nov 2026', '1 min ago']);
});

it('writes_iso_times_that_read_back_to_the_same_second', () => {
  expect(parseTime(formatIso(now))?.getTime()).toBe(now.getTime());
});

it('refuses_text_that_is_no_time', () => expect([parseTime('soon'), parseTime(''), parseTime(null)]).toEqual([null, null, null]));

it('counts_days', () => expect(daysBetween(now, daysAfter(now, 90))).toBe(90));
