import { describe, expect, it } from 'vitest';
import type { Movement } from '../../api/types.ts';
import { effectOf } from './movement.ts';

const base: Movement = { seq: 1, sku: 'A', location: 'MAIN', kind: 'adjusted', at: '', quantity: 5 };

describe('effectOf', () => {
  it.each([
    [
      { ...base, delta: 5 },
      { amount: 5, sign: 'up' },
    ],
    [
      { ...base, delta: -5 },
      { amount: 5, sign: 'down' },
    ],
    // An allocation moves nothing off the shelf, but its size is of interest.
    [
      { ...base, delta: 0, from: 'MAIN', to: 'MAIN' },
      { amount: 5, sign: 'same' },
    ],
    [
      { ...base, from: 'supplier', to: 'MAIN' },
      { amount: 5, sign: 'up' },
    ],
    [
      { ...base, from: 'MAIN', to: 'customer' },
      { amount: 5, sign: 'down' },
    ],
    [
      { ...base, from: 'MAIN', to: 'MAIN' },
      { amount: 5, sign: 'same' },
    ],
  ])('%j', (movement, effect) => {
    expect(effectOf(movement)).toEqual(effect);
  });
});
