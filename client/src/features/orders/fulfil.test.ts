import { describe, expect, it } from 'vitest';
import { levelId, type OrderLine } from '../../api/types.ts';
import { readLines, shipmentOf, stepped, typeNothing, unitsOf } from './fulfil.ts';

const line = (sku: string, allocated: number, more: Partial<OrderLine> = {}): OrderLine => ({
  sku,
  location: 'MAIN',
  quantity: 10,
  allocated,
  fulfilled: 10 - allocated,
  cancelled: 0,
  returned: 0,
  ...more,
});
const idOf = (sku: string) => levelId({ sku, location: 'MAIN' });
const read = (text: string, left = 5) => readLines([line('A', left)], { [idOf('A')]: text })[0];

describe('readLines', () => {
  it('offers all that is left, of the lines of which something is left', () => {
    const asked = readLines([line('A', 4), line('B', 0), line('C', 1)], {});
    expect(asked.map(({ line: { sku }, text, quantity }) => [sku, text, quantity])).toEqual([
      ['A', '4', 4],
      ['C', '1', 1],
    ]);
  });

  it('follows what is left of a line that nobody has typed into', () => {
    expect(readLines([line('A', 2)], {})[0]?.quantity).toBe(2);
    expect(readLines([line('A', 2)], { [idOf('A')]: '2' })[0]?.quantity).toBe(2);
    expect(readLines([line('A', 1)], { [idOf('A')]: '2' })[0]?.mistake).toBe('Only 1 left.');
  });

  it('takes whole numbers from nothing to what is left', () => {
    expect(read('0')).toMatchObject({ quantity: 0, mistake: '' });
    expect(read('')).toMatchObject({ quantity: 0, mistake: '' });
    expect(read(' 5 ')).toMatchObject({ quantity: 5, mistake: '' });
    expect(read('6')).toMatchObject({ quantity: 0, mistake: 'Only 5 left.' });
    expect(read('1 000', 2000)).toMatchObject({ quantity: 1000, mistake: '' });
    for (const text of ['-1', '1.5', 'two', '12345678']) {
      expect(read(text)).toMatchObject({ quantity: 0, mistake: 'A whole number from 0 to 5.' });
    }
  });
});

describe('shipmentOf', () => {
  it('leaves out what does not leave now', () => {
    const lines = [line('A', 4), line('B', 3)];
    const asked = readLines(lines, { [idOf('A')]: '0' });
    expect(shipmentOf(asked)).toEqual([{ sku: 'B', location: 'MAIN', quantity: 3 }]);
    expect(unitsOf(asked)).toBe(3);
    expect(shipmentOf(readLines(lines, typeNothing(lines)))).toEqual([]);
  });
});

describe('stepped', () => {
  it('stays between nothing and what is left', () => {
    const asked = (text: string) => readLines([line('A', 2)], { [idOf('A')]: text })[0] as never;
    expect([stepped(asked('1'), 1), stepped(asked('2'), 1), stepped(asked('0'), -1)]).toEqual(['2', '2', '0']);
  });
});
