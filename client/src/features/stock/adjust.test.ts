import { describe, expect, it } from 'vitest';
import { MAX_DELTA, parseDelta, reasonsFor, rememberedReason, rememberReason } from './adjust.ts';

describe('parseDelta', () => {
  it.each([
    ['+5', 5],
    ['-3', -3],
    ['5', 5],
    ['−3', -3],
    [' + 1 000 ', 1000],
    ['-0012', -12],
    [String(MAX_DELTA), MAX_DELTA],
  ])('reads %j as %i', (text, delta) => {
    expect(parseDelta(text)).toEqual({ delta });
  });

  it.each(['', ' ', '+', '5.5', '1,5', 'five', '5-3', '+-5', '0', '-0', `${MAX_DELTA}0`, '1e3', '0x10'])(
    'explains what is wrong with %j',
    (text) => {
      expect(parseDelta(text)).toEqual({ mistake: expect.any(String) });
    },
  );
});

describe('reasons', () => {
  it('fit the direction', () => {
    const codes = (delta: number) => reasonsFor(delta).map(({ code }) => code);
    expect(codes(1)).toContain('received');
    expect(codes(1)).not.toContain('damaged');
    expect(codes(-1)).toContain('damaged');
    expect(codes(-1)).not.toContain('received');
  });

  it('are remembered for each direction', () => {
    expect(rememberedReason(5)).toBe('');
    rememberReason(5, 'restock');
    expect(rememberedReason(1)).toBe('restock');
    expect(rememberedReason(-1)).toBe('');
  });
});
