import type { CostLine, Generation } from '../../api/types';
import { formatCount } from '../../format/figures';
import { formatExact, formatPerMillion, NOTHING, type Usd, usd, usdOrNothing } from '../../format/money';

const KINDS: Record<string, string> = {
  prompt: 'in',
  completion: 'out',
  input_cache_read: 'cache read',
  input_cache_write: 'cache write',
  input_cache_write_1h: 'cache write (1 h)',
  internal_reasoning: 'reasoning',
  image: 'images in',
  image_token: 'image tokens',
  image_output: 'images out',
  audio: 'audio in',
  audio_output: 'audio out',
  input_audio_cache: 'audio cache read',
  request: 'request',
  web_search: 'web searches',
  rejected_attempt: 'rejected answer',
  max_cost: 'ceiling of the request',
};

/** One line of a bill, ready to read. */
export type BillLine = {
  attempt: number;
  /** `1 204 in × $3.00/M`. */
  sum: string;
  amount: string;
  /** False when units × price is not the amount the server gave. */
  holds: boolean;
};

/** A bill: its lines, what rounding added and a waiver took off, the total, and whether it all adds up. */
export type Bill = {
  lines: BillLine[];
  sum: string;
  rounding: string | null;
  waiver: { reason: string; amount: string } | null;
  total: string;
  addsUp: boolean;
};

/** Lays out the cost of a request and does its arithmetic again. */
export function billOf(generation: Generation): Bill {
  const { cost_lines, rounding_usd, waived_usd, waived, total_usd } = generation.portolan;
  const sum = cost_lines.reduce((total, line) => total + usdOrNothing(line.amount_usd), NOTHING);
  const rounding = usdOrNothing(rounding_usd);
  const waiver = usdOrNothing(waived_usd);
  const total = usdOrNothing(total_usd);
  const lines = cost_lines.map(lineOf);
  return {
    lines,
    sum: formatExact(sum),
    rounding: rounding === NOTHING ? null : signed(rounding),
    waiver: waiver === NOTHING ? null : { reason: waived ?? 'waived', amount: signed(waiver) },
    total: formatExact(total),
    addsUp: sum + rounding + waiver === total && lines.every((line) => line.holds),
  };
}

/** The price part of a line: per million for tokens, each for the rest. */
export function formatUnitPrice(line: Pick<CostLine, 'unit' | 'price_per_unit_usd'>): string {
  const price = usdOrNothing(line.price_per_unit_usd);
  return line.unit === 'token' ? `${formatPerMillion(price)}/M` : `${formatExact(price)} each`;
}

function lineOf(line: CostLine): BillLine {
  const price = usd(line.price_per_unit_usd);
  const amount = usdOrNothing(line.amount_usd);
  const units = Number.isInteger(line.units) ? BigInt(line.units) : null;
  return {
    attempt: line.attempt,
    sum: `${formatCount(line.units)} ${KINDS[line.kind] ?? line.kind.replaceAll('_', ' ')} × ${formatUnitPrice(line)}`,
    amount: formatExact(amount),
    holds: price !== null && units !== null && price * units === amount,
  };
}

function signed(amount: Usd): string {
  return amount > 0n ? `+${formatExact(amount)}` : formatExact(amount);
}
