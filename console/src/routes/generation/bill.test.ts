import { describe, expect, it } from 'vitest';
import type { CostLine, Generation } from '../../api/types';
import { billOf, formatUnitPrice } from './bill';

const token = (kind: string, units: number, price: string, amount: string): CostLine => ({
  attempt: 1, kind, units, unit: 'token', price_per_unit_usd: price, amount_usd: amount,
});
const bill = (cost_lines: CostLine[], total_usd: string, more: Partial<Generation['portolan']> = {}) =>
  billOf({ portolan: { cost_lines, total_usd, rounding_usd: '0', waived_usd: '0', waived: null, ...more } } as Generation);
const plain = (text: string) => text.replaceAll('\u202f', ' ');

describe('a bill', () => {
  it('reads_line_by_line_and_adds_up', () => {
    const made = bill(
      [
        token('prompt', 1204, '0.000003', '0.003612'),
        token('input_cache_read', 4096, '0.0000003', '0.0012288'),
        token('completion', 310, '0.000015', '0.00465'),
      ],
      '0.0094908',
    );
    expect(made.lines.map(({ sum, amount }) => `${plain(sum)} = ${amount}`)).toEqual([
      '1 204 in × $3.00/M = $0.003612',
      '4 096 cache read × $0.30/M = $0.0012288',
      '310 out × $15.00/M = $0.00465',
    ]);
    expect(made).toMatchObject({ sum: '$0.0094908', rounding: null, total: '$0.0094908', addsUp: true });
  });

  it('shows_what_rounding_took', () => {
    const made = bill([token('prompt', 1, '0.0000000375', '0.0000000375')], '0.000000038', { rounding_usd: '0.0000000005' });
    expect(made).toMatchObject({ rounding: '+$0.0000000005', addsUp: true });
  });

  it('shows_what_was_waived_and_why', () => {
    const made = bill([token('prompt', 2, '0.000003', '0.000006')], '0', { waived_usd: '-0.000006', waived: 'empty answer' });
    expect(made).toMatchObject({ waiver: { reason: 'empty answer', amount: '−$0.000006' }, total: '$0.00', addsUp: true });
  });

  it('says_so_when_a_line_is_not_units_times_price', () => {
    expect(bill([token('prompt', 2, '0.000003', '0.000007')], '0.000007').addsUp).toBe(false);
  });

  it('says_so_when_the_total_is_not_the_sum', () => {
    expect(bill([token('prompt', 2, '0.000003', '0.000006')], '0.000007').addsUp).toBe(false);
  });

  it('costs_nothing_without_lines', () => expect(bill([], '0')).toMatchObject({ total: '$0.00', addsUp: true }));
});

it('prices_items_each', () => {
  expect(formatUnitPrice({ unit: 'item', price_per_unit_usd: '0.03' })).toBe('$0.03 each');
});
