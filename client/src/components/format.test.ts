import { describe, expect, it } from 'vitest';
import { formatDuration, formatMoney, initials } from './format.ts';

describe('initials', () => {
  it.each([
    ['Ada Lovelace', 'AL'],
    ['  ada  king  noel ', 'AN'],
    ['Bob', 'B'],
    ['𝒜da 𝒦ing', '𝒜𝒦'],
    ['', '?'],
  ])('of %j are %j', (name, expected) => expect(initials(name)).toBe(expected));
});

describe('formatMoney', () => {
  it.each([
    ['12.5', 'EUR', '€12.50'],
    ['0', 'EUR', '€0.00'],
    ['0.0001', 'USD', '$0.0001'],
    ['1249.9000', 'EUR', '€1,249.9000'],
    ['999999999999.9999', 'EUR', '€999,999,999,999.9999'],
    ['7', 'no', '7 no'],
  ])('%s %s is %s', (amount, currency, expected) => expect(formatMoney({ amount, currency })).toBe(expected));
});

describe('formatDuration', () => {
  it.each([
    [-5, '0ms'],
    [0, '0ms'],
    [999, '999ms'],
    [1_000, '1s'],
    [1_999, '1.9s'],
    [59_999, '59.9s'],
    [60_000, '1m'],
    [125_000, '2m'],
  ])('%i ms are %s', (milliseconds, expected) => expect(formatDuration(milliseconds)).toBe(expected));
});
