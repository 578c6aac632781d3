/**
 * Every amount of money the console shows passes through this module.
 *
 * Amounts are whole atto-dollars (10⁻¹⁸ USD) in a `bigint`: fine enough for a price per token in
 * femto-dollars times any share of it, and exact, so that lines printed on a page add up to their total.
 */

/** An amount in whole atto-dollars (10⁻¹⁸ USD). */
export type Usd = bigint;

const SCALE = 18;
const ONE: Usd = 10n ** BigInt(SCALE);
const CENT: Usd = ONE / 100n;

/** A price of zero, or no price at all. */
export const NOTHING: Usd = 0n;

/**
 * Reads a decimal amount of US dollars, written as text or as a JSON number.
 * Digits beyond 10⁻¹⁸ are cut off. Returns `null` for text that is no decimal number.
 */
export function usd(value: string | number | null | undefined): Usd | null {
  if (value === null || value === undefined) return null;
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?$/.exec(String(value).trim());
  if (!match) return null;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  if (whole === '' && fraction === '') return null;
  const shift = SCALE - fraction.length + Number(exponent);
  const digits = BigInt(whole + fraction);
  const magnitude = shift >= 0 ? digits * 10n ** BigInt(shift) : digits / 10n ** BigInt(-shift);
  return sign === '-' ? -magnitude : magnitude;
}

/** As {@link usd}, with nothing for an amount that is absent. */
export function usdOrNothing(value: string | number | null | undefined): Usd {
  return usd(value) ?? NOTHING;
}

/** All digits of an amount, at least two decimals: `$0.003612`, `−$1.50`. */
export function formatExact(amount: Usd): string {
  const [whole, fraction] = split(amount);
  return `${minus(amount)}$${group(whole)}.${fraction.replace(/0+$/, '').padEnd(2, '0')}`;
}

/**
 * An amount people were charged: from one dollar 2 decimals, from one cent 4, below that three
 * significant digits. Never rounds something to nothing. Zero is `$0`.
 */
export function formatCost(amount: Usd): string {
  const magnitude = amount < 0n ? -amount : amount;
  if (magnitude === 0n) return '$0';
  if (magnitude >= ONE) return fixed(amount, 2);
  if (magnitude >= CENT) return fixed(amount, 4);
  const firstDigit = SCALE - magnitude.toString().length + 1;
  return fixed(amount, Math.min(firstDigit + 2, SCALE)).replace(/(\.\d\d\d*?)0+$/, '$1');
}

/** A balance or a limit: two decimals from one cent upwards, otherwise as {@link formatCost}. */
export function formatBalance(amount: Usd): string {
  const magnitude = amount < 0n ? -amount : amount;
  return magnitude === 0n || magnitude >= CENT ? fixed(amount, 2) : formatCost(amount);
}

/** The price of a million units, from the price of one: `$0.15`, `$3.00`; never fewer than 2 decimals. */
export function formatPerMillion(pricePerUnit: Usd): string {
  return formatExact(pricePerUnit * 1_000_000n);
}

/** A token price for people: `Free`, `$0.15 / M`, or `—` when there is none. */
export function formatTokenPrice(pricePerUnit: Usd | null): string {
  if (pricePerUnit === null || pricePerUnit < 0n) return '—';
  return pricePerUnit === 0n ? 'Free' : `${formatPerMillion(pricePerUnit)} / M`;
}

/** Dollars as a JSON number, for request bodies; `null` unless the text is a positive amount. */
export function parseLimit(text: string): number | null {
  const amount = usd(text.replace(/^\s*\$/, ''));
  return amount !== null && amount > 0n ? Number(text.replace(/^\s*\$/, '')) : null;
}

/** A comparable number of dollars for sorting and for widths of bars; never for display. */
export function toNumber(amount: Usd): number {
  return Number(amount) / Number(ONE);
}

function fixed(amount: Usd, decimals: number): string {
  const step = 10n ** BigInt(SCALE - decimals);
  const magnitude = amount < 0n ? -amount : amount;
  const rounded = ((magnitude + step / 2n) / step) * step;
  const [whole, fraction] = split(rounded);
  return `${minus(amount)}$${group(whole)}.${fraction.slice(0, decimals)}`;
}

function split(amount: Usd): [string, string] {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(SCALE + 1, '0');
  return [digits.slice(0, -SCALE), digits.slice(-SCALE)];
}

function minus(amount: Usd): string {
  return amount < 0n ? '−' : '';
}

function group(whole: string): string {
  return whole.replace(/\B(?=(\d{3})+$)/g, ',');
}
