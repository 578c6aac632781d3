import { describe, expect, it } from 'vitest';
import { formatBalance, formatCost, formatExact, formatPerMillion, formatTokenPrice, parseLimit, usd } from './money';

const of = (value: string | number) => {
  const amount = usd(value);
  if (amount === null) throw new Error(`not an amount: ${value}`);
  return amount;
};

describe('reading amounts', () => {
  it.each([
    ['0.000003', 3_000_000_000_000n],
    ['1e-7', 100_000_000_000n],
    [1e-7, 100_000_000_000n],
    [0.1 + 0.2, 300_000_000_000_000_040n],
    ['-1.5', -1_500_000_000_000_000_000n],
    ['.5', 500_000_000_000_000_000n],
    ['2E3', 2_000n * 10n ** 18n],
    ['0', 0n],
  ])('reads %s exactly', (text, atto) => expect(usd(text)).toBe(atto));

  it.each(['', 'abc', '1,5', '.', '1e', 'NaN', 'Infinity'])('refuses %j', (text) => expect(usd(text)).toBeNull());
});

describe('costs', () => {
  it.each([
    ['12.4', '$12.40'],
    ['1234.5', '$1,234.50'],
    ['0.0312', '$0.0312'],
    ['0.01', '$0.0100'],
    ['0.000123', '$0.000123'],
    ['0.00012345', '$0.000123'],
    ['0.0047', '$0.0047'],
    ['0.000000001', '$0.000000001'],
    ['0.00999999', '$0.01'],
    ['0', '$0'],
    ['-0.000123', '−$0.000123'],
  ])('shows %s as %s', (amount, shown) => expect(formatCost(of(amount))).toBe(shown));

  it('never_shows_something_as_nothing', () => {
    for (let exponent = 1; exponent <= 18; exponent += 1) expect(formatCost(of(`4e-${exponent}`))).toMatch(/[1-9]/);
  });
});

describe('balances', () => {
  it.each([
    ['0', '$0.00'],
    ['9.996388', '$10.00'],
    ['0.004', '$0.004'],
    ['-2.5', '−$2.50'],
  ])('shows %s as %s', (amount, shown) => expect(formatBalance(of(amount))).toBe(shown));
});

describe('prices', () => {
  it.each([
    ['0.00000015', '$0.15'],
    ['0.000003', '$3.00'],
    ['0.0000000375', '$0.0375'],
    ['0.000075', '$75.00'],
  ])('shows %s a token as %s a million', (price, shown) => expect(formatPerMillion(of(price))).toBe(shown));

  it('says_free_only_for_a_price_of_zero', () => {
    expect(formatTokenPrice(of('0'))).toBe('Free');
    expect(formatTokenPrice(of('0.0000000001'))).toBe('$0.0001 / M');
    expect(formatTokenPrice(of('-1'))).toBe('—');
    expect(formatTokenPrice(null)).toBe('—');
  });
});

it('lines_of_a_bill_add_up_exactly', () => {
  const lines = [of('0.000003') * 1204n, of('0.000015') * 310n, of('0.0000003') * 7n];
  expect(lines.map(formatExact)).toEqual(['$0.003612', '$0.00465', '$0.0000021']);
  expect(formatExact(lines.reduce((sum, line) => sum + line, 0n))).toBe('$0.0082641');
});

it.each([
  ['5', 5],
  ['$2.50', 2.5],
  [' 0.01 ', 0.01],
  ['0', null],
  ['-1', null],
  ['', null],
  ['ten', null],
])('a limit of %j is sent as %j', (text, sent) => expect(parseLimit(text)).toBe(sent));
