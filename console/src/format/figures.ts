/** Counts, durations and rates as the console writes them. */

const NARROW_SPACE = '\u202f';

/** All digits of a count, grouped by narrow spaces: `12 345`. */
export function formatCount(count: number): string {
  return Math.round(count).toString().replace(/\B(?=(\d{3})+$)/g, NARROW_SPACE);
}

/** A count of tokens: exact up to 99 999, then `128K` or `1.05M`. */
export function formatTokens(count: number | null | undefined): string {
  if (count === null || count === undefined) return '—';
  if (count < 100_000) return formatCount(count);
  return count < 999_500 ? `${Math.round(count / 1000)}K` : `${short(count / 1_000_000)}M`;
}

/** The size of a context window, always short: `8K`, `128K`, `1.05M`. */
export function formatContext(tokens: number | null | undefined): string {
  if (tokens === null || tokens === undefined || tokens <= 0) return '—';
  if (tokens < 1000) return formatCount(tokens);
  return tokens < 999_500 ? `${Math.round(tokens / 1000)}K` : `${short(tokens / 1_000_000)}M`;
}

/** A duration given in milliseconds: `340 ms`, from ten seconds `12.3 s`, from two minutes `2 min 5 s`. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '—';
  if (ms < 10_000) return `${formatCount(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** Tokens per second over a span in milliseconds; `—` where the span is too short to mean anything. */
export function formatThroughput(tokens: number | null | undefined, ms: number | null | undefined): string {
  if (!tokens || !ms || ms < 5) return '—';
  const rate = (tokens * 1000) / ms;
  return `${rate < 10 ? rate.toFixed(1) : formatCount(rate)} tok/s`;
}

/** An uptime in percent, as the catalogue gives it: `99.93 %`. */
export function formatUptime(percent: number): string {
  return `${percent.toFixed(2)} %`;
}

/** An identifier cut in its middle: `gen-1763…9f2c`. Short ones stay whole. */
export function shortId(id: string, head = 8, tail = 4): string {
  return id.length <= head + tail + 1 ? id : `${id.slice(0, head)}…${id.slice(-tail)}`;
}

/** `1 model`, `2 models`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function short(value: number): string {
  return value.toFixed(value < 10 ? 2 : 1).replace(/\.?0+$/, '');
}
