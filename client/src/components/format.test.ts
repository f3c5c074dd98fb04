import { describe, expect, it } from 'vitest';
import { initials } from './format.ts';

describe('initials', () => {
  it.each([
    ['Ada Lovelace', 'AL'],
    ['  ada  king  noel ', 'AN'],
    ['Bob', 'B'],
    ['𝒜da 𝒦ing', '𝒜𝒦'],
    ['', '?'],
  ])('of %j are %j', (name, expected) => expect(initials(name)).toBe(expected));
});
