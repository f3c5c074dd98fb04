import { describe, expect, it } from 'vitest';
import { addRow, attributesInWords, readRows, toRows } from './attributes.ts';

const MIXED = { colour: 'blue', digits: '12', load: 150, sizes: [1, 2.5, null], nested: { a: true }, none: null };

describe('attributes', () => {
  it('come back from the rows as they were, each of its kind', () => {
    expect(readRows(toRows(MIXED))).toEqual({ attributes: MIXED, mistake: '' });
  });

  it('keep the kind of a value that is edited', () => {
    const rows = toRows(MIXED).map((row) => (row.name === 'load' ? { ...row, text: '200' } : row));
    expect(readRows(rows).attributes).toMatchObject({ load: 200, digits: '12' });
    const broken = toRows(MIXED).map((row) => (row.name === 'sizes' ? { ...row, text: '[1,' } : row));
    expect(readRows(broken).mistake).toContain('“sizes”');
  });

  it('leave out a row without content, and take a new one as a text', () => {
    const [row, ...others] = addRow(addRow([]));
    expect(others[0]?.id).not.toBe(row?.id);
    const filled = { id: 9, name: ' finish ', text: '7', isJson: false };
    expect(readRows([filled, ...others])).toEqual({ attributes: { finish: '7' }, mistake: '' });
  });

  it('need a name, and each name once', () => {
    const row = (id: number, name: string) => ({ id, name, text: 'x', isJson: false });
    expect(readRows([row(1, ' ')]).mistake).toContain('has no name');
    expect(readRows([row(1, 'a'), row(2, ' a')]).mistake).toBe('The attribute “a” is there twice.');
  });

  it('are told in words', () => {
    expect(attributesInWords({ colour: 'blue', load: 150 })).toBe('colour: blue, load: 150');
    expect(attributesInWords({})).toBe('–');
  });
});
