/** Points in time as the console writes them: relative for a day, then local date and time. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Reads an ISO 8601 time; `null` for nothing or for text that is no time. */
export function parseTime(text: string | null | undefined): Date | null {
  if (!text) return null;
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? null : time;
}

/** `3 min ago`, `in 5 h`, and local date and time beyond a day. */
export function formatTime(time: Date, now: Date = new Date()): string {
  const distance = time.getTime() - now.getTime();
  const size = Math.abs(distance);
  if (size >= DAY) return formatLocal(time);
  if (size < MINUTE) return distance <= 0 ? 'just now' : 'in under a minute';
  const amount = size < HOUR ? `${Math.floor(size / MINUTE)} min` : `${Math.floor(size / HOUR)} h`;
  return distance < 0 ? `${amount} ago` : `in ${amount}`;
}

/** A date given in Unix seconds, `—` for 0, which stands for an unknown one. */
export function formatUnixDate(seconds: number): string {
  return seconds > 0 ? formatDate(new Date(seconds * 1000)) : '—';
}

/** As {@link formatTime}, but only the date beyond a day, for narrow columns. */
export function formatDay(time: Date, now: Date = new Date()): string {
  return Math.abs(time.getTime() - now.getTime()) >= DAY ? formatDate(time) : formatTime(time, now);
}

/** Local date and time without seconds: `21 Nov 2026, 14:05`. */
export function formatLocal(time: Date): string {
  return `${formatDate(time)}, ${two(time.getHours())}:${two(time.getMinutes())}`;
}

/** Local date: `21 Nov 2026`. */
export function formatDate(time: Date): string {
  return `${time.getDate()} ${MONTHS[time.getMonth()]} ${time.getFullYear()}`;
}

/** ISO 8601 with the zone's offset, for hover texts: `2026-11-21T14:05:09+01:00`. */
export function formatIso(time: Date): string {
  const offset = -time.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day}T${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}${zone}`;
}

/** Whole days between two times, rounded down. */
export function daysBetween(earlier: Date, later: Date): number {
  return Math.floor((later.getTime() - earlier.getTime()) / DAY);
}

/** The moment a number of days after another. */
export function daysAfter(start: Date, days: number): Date {
  return new Date(start.getTime() + days * DAY);
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function two(value: number): string {
  return String(value).padStart(2, '0');
}
