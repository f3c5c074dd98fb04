import { describe, expect, it } from 'vitest';
import { formatDuration, initials } from './format.ts';

describe('initials', () => {
  it.each([
    ['Ada Lovelace', 'AL'],
    ['  ada  king  noel ', 'AN'],
    ['Bob', 'B'],
    ['𝒜da 𝒦ing', '𝒜𝒦'],
    ['', '?'],
  ])('of %j are %j', (name, expected) => expect(initials(name)).toBe(expected));
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
