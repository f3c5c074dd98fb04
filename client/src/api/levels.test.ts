import { describe, expect, it } from 'vitest';
import { change, level } from '../testing/samples.ts';
import { applyChanges, isLiveOrder, stateOf } from './levels.ts';
import { levelId } from './types.ts';

const view = { search: '', state: 'all', category: '', sort: '' } as const;

describe('applyChanges', () => {
  const at = '2026-11-22T12:00:00.000Z';
  const entry = () => ({ rows: { [levelId({ sku: 'A', location: 'MAIN' })]: level('A', { version: 5 }) } });

  it('takes a newer version, whatever was skipped in between', () => {
    const page = entry();
    expect(applyChanges(page, [change('A', 9, 4)], at)).toBe(1);
    expect(Object.values(page.rows)[0]).toMatchObject({ on_hand: 4, available: 2, version: 9, updated_at: at });
  });

  it('ignores the same and older versions', () => {
    const page = entry();
    expect(applyChanges(page, [change('A', 5, 4), change('A', 4, 3)], at)).toBe(0);
    expect(Object.values(page.rows)[0]).toMatchObject({ on_hand: 10, version: 5 });
  });

  it('ignores rows that are not there', () => {
    expect(applyChanges(entry(), [change('B', 9, 4)], at)).toBe(0);
  });
});

describe('isLiveOrder', () => {
  it.each([
    [{ ...view }, false],
    [{ ...view, sort: '-name' }, false],
    [{ ...view, category: 'Chairs', search: 'oak' }, false],
    [{ ...view, sort: 'available' }, true],
    [{ ...view, sort: '-updated_at' }, true],
    [{ ...view, state: 'low' as const }, true],
  ])('%j is %s', (candidate, expected) => {
    expect(isLiveOrder(candidate)).toBe(expected);
  });
});

describe('stateOf', () => {
  it.each([
    [0, 3, 'out'],
    [3, 3, 'low'],
    [4, 3, 'in'],
    [1, 0, 'in'],
  ])('%i available with a reorder point of %i is %s', (available, reorderPoint, expected) => {
    expect(stateOf({ available, reorder_point: reorderPoint })).toBe(expected);
  });
});
