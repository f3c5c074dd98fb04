import { describe, expect, it } from 'vitest';
import { change } from '../testing/samples.ts';
import { KEEP_RECENT_MS, LiveRows, MAX_RECENT } from './live_rows.ts';
import { levelId } from './types.ts';

const A = levelId({ sku: 'A', location: 'MAIN' });
const B = levelId({ sku: 'B', location: 'MAIN' });

describe('LiveRows', () => {
  it('drops changes for rows that are not loaded', () => {
    const rows = new LiveRows<string>();
    rows.loaded('page', 'arg', [A]);
    expect(rows.receive([change('B', 2, 5)], 0)).toBe(false);
    expect(rows.take()).toEqual([]);
  });

  it('keeps only the last version of a row between two frames', () => {
    const rows = new LiveRows<string>();
    rows.loaded('page', 'arg', [A]);
    rows.receive([change('A', 3, 7)], 0);
    rows.receive([change('A', 2, 9)], 1);
    rows.receive([change('A', 4, 6)], 2);
    expect(rows.take()).toEqual([{ key: 'page', arg: 'arg', changes: [change('A', 4, 6)] }]);
    expect(rows.take()).toEqual([]);
  });

  it('gives a change to every entry that holds the row', () => {
    const rows = new LiveRows<string>();
    rows.loaded('old view', 'old', [A, B]);
    rows.loaded('new view', 'new', [A]);
    expect(rows.holders(A)).toBe(2);
    rows.receive([change('A', 2, 5), change('B', 2, 4)], 0);
    const groups = Object.fromEntries(rows.take().map(({ key, changes }) => [key, changes.map(({ sku }) => sku)]));
    expect(groups).toEqual({ 'old view': ['A', 'B'], 'new view': ['A'] });
  });

  it('forgets an entry that leaves the cache, and a row that a refetch no longer brings', () => {
    const rows = new LiveRows<string>();
    rows.loaded('page', 'arg', [A, B]);
    rows.loaded('page', 'arg', [B]);
    expect(rows.holders(A)).toBe(0);
    expect(rows.holders(B)).toBe(1);
    rows.removed('page');
    expect(rows.holders(B)).toBe(0);
    expect(rows.argOf('page')).toBeUndefined();
  });

  it('applies a change that arrived while its page was on the way', () => {
    const rows = new LiveRows<string>();
    rows.requestStarted('request');
    rows.receive([change('A', 2, 5)], 0);
    // However long the request takes.
    rows.receive([change('B', 2, 5)], KEEP_RECENT_MS * 10);
    expect(rows.loaded('page', 'arg', [A])).toBe(true);
    rows.requestEnded('request');
    expect(rows.take()).toEqual([{ key: 'page', arg: 'arg', changes: [change('A', 2, 5)] }]);
  });

  it('forgets what is older than the lists can lag when no page is on the way', () => {
    const rows = new LiveRows<string>();
    rows.receive([change('A', 2, 5)], 0);
    rows.receive([change('B', 2, 5)], KEEP_RECENT_MS + 1);
    expect(rows.loaded('page', 'arg', [A])).toBe(false);
    expect(rows.loaded('page', 'arg', [B])).toBe(true);
  });

  it('bounds what it keeps, oldest first', () => {
    const rows = new LiveRows<string>();
    rows.requestStarted('request');
    rows.receive([change('A', 2, 5)], 0);
    rows.receive(
      Array.from({ length: MAX_RECENT }, (_, index) => change(`filler-${index}`, 1, 1)),
      1,
    );
    expect(rows.loaded('page', 'arg', [A])).toBe(false);
  });
});
