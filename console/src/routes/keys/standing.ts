import type { Key } from '../../api/types';
import { toNumber, usd, usdOrNothing } from '../../format/money';
import { daysBetween, parseTime } from '../../format/time';

/** Whether a key can be used, and if not why. */
export type Standing = 'active' | 'disabled' | 'expired' | 'exhausted';

/** A key unused for this many days is pointed out. */
const IDLE_DAYS = 90;

/** How a key stands at a moment. */
export function standingOf(key: Key, now: Date): Standing {
  if (key.disabled) return 'disabled';
  const expires = parseTime(key.expires_at);
  if (expires && expires <= now) return 'expired';
  const left = usd(key.limit_remaining);
  return left !== null && left <= 0n ? 'exhausted' : 'active';
}

/** A badge for keys nobody uses: `never used`, `120 days idle`; `null` for the others. */
export function idleness(key: Key, now: Date): string | null {
  const used = parseTime(key.last_used_at);
  if (!used) return 'never used';
  const days = daysBetween(used, now);
  return days >= IDLE_DAYS ? `${days} days idle` : null;
}

/** Part of the limit that is used, from 0 to 1; `null` without limit. */
export function usedShare(key: Key): number | null {
  const limit = usd(key.limit);
  if (limit === null || limit <= 0n) return null;
  const used = limit - usdOrNothing(key.limit_remaining);
  return Math.min(1, Math.max(0, toNumber(used) / toNumber(limit)));
}

/** The start and the last four characters of a key's label, as listed. */
export function shortLabel(label: string): string {
  return label.length <= 20 ? label : `${label.slice(0, 12)}…${label.slice(-4)}`;
}
