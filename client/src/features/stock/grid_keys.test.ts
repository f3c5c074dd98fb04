import { describe, expect, it } from 'vitest';
import { actionOf, move } from './grid_keys.ts';

const extent = { rows: 1000, columns: 9, screen: 20 };
const at = { row: 50, column: 4 };

function press(key: string, place = at, modifiers: { ctrlKey?: boolean; altKey?: boolean } = {}) {
  return move(place, { key, ctrlKey: false, metaKey: false, altKey: false, ...modifiers }, extent);
}

describe('move', () => {
  it.each([
    ['ArrowDown', 51, 4],
    ['ArrowUp', 49, 4],
    ['ArrowLeft', 50, 3],
    ['ArrowRight', 50, 5],
    ['j', 51, 4],
    ['k', 49, 4],
    ['Home', 50, 0],
    ['End', 50, 8],
    ['PageDown', 69, 4],
    ['PageUp', 31, 4],
  ])('%s leads to row %i, column %i', (key, row, column) => {
    expect(press(key)).toEqual({ row, column });
  });

  it('leaps to the corners with Ctrl', () => {
    expect(press('Home', at, { ctrlKey: true })).toEqual({ row: 0, column: 0 });
    expect(press('End', at, { ctrlKey: true })).toEqual({ row: 999, column: 8 });
  });

  it('stays inside the table, with the heading above the first row', () => {
    expect(press('ArrowUp', { row: 0, column: 0 })).toEqual({ row: -1, column: 0 });
    expect(press('ArrowUp', { row: -1, column: 0 })).toEqual({ row: -1, column: 0 });
    expect(press('ArrowDown', { row: 999, column: 0 })).toEqual({ row: 999, column: 0 });
    expect(press('PageUp', { row: 3, column: 0 })).toEqual({ row: 0, column: 0 });
    expect(press('ArrowLeft', { row: 0, column: 0 })).toEqual({ row: 0, column: 0 });
  });

  it('leaves other keys alone', () => {
    for (const key of ['x', 'Enter', 'Tab', 'F5']) {
      expect(press(key)).toBeNull();
    }
    expect(press('ArrowDown', at, { altKey: true })).toBeNull();
    expect(press('j', at, { ctrlKey: true })).toBeNull();
  });
});

describe('actionOf', () => {
  const plain = { ctrlKey: false, metaKey: false, altKey: false };

  it.each([
    ['F2', { name: 'edit', typed: '' }],
    ['Enter', { name: 'edit', typed: '' }],
    ['+', { name: 'edit', typed: '+' }],
    ['-', { name: 'edit', typed: '-' }],
    [' ', { name: 'open' }],
    ['x', null],
  ])('%j does %j for those who may adjust', (key, action) => {
    expect(actionOf({ key, ...plain }, true)).toEqual(action);
  });

  it.each([
    ['Enter', { name: 'open' }],
    [' ', { name: 'open' }],
    ['+', null],
    ['-', null],
  ])('%j does %j for those who may not', (key, action) => {
    expect(actionOf({ key, ...plain }, false)).toEqual(action);
  });

  it('leaves keys with a modifier to the browser', () => {
    for (const modifier of ['ctrlKey', 'metaKey', 'altKey']) {
      expect(actionOf({ key: 'Enter', ...plain, [modifier]: true }, true)).toBeNull();
    }
  });
});
