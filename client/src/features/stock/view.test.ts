import { describe, expect, it } from 'vitest';
import { ariaSort, nextSort, readView, writeView } from './view.ts';

describe('the view in the address', () => {
  it('is read with its defaults', () => {
    expect(readView(new URLSearchParams())).toEqual({ search: '', state: 'all', category: '', sort: '' });
  });

  it('survives being written and read', () => {
    const view = { search: 'oak desk', state: 'low', category: 'Tables', sort: '-available' } as const;
    expect(readView(writeView(new URLSearchParams(), view))).toEqual(view);
  });

  it('ignores what no server would know', () => {
    const params = new URLSearchParams('state=broken&sort=-password&search=%20%20');
    expect(readView(params)).toEqual({ search: '', state: 'all', category: '', sort: '' });
  });

  it('leaves defaults out and other parameters in', () => {
    const params = new URLSearchParams('sku=A&state=low&search=x');
    expect(writeView(params, { state: 'all', search: '' }).toString()).toBe('sku=A');
  });
});

describe('sorting by a heading', () => {
  it('goes up, down and back', () => {
    expect(nextSort('', 'name')).toBe('name');
    expect(nextSort('name', 'name')).toBe('-name');
    expect(nextSort('-name', 'name')).toBe('');
    expect(nextSort('-name', 'sku')).toBe('sku');
  });

  it('is told to screen readers', () => {
    expect(ariaSort('name', 'name')).toBe('ascending');
    expect(ariaSort('-name', 'name')).toBe('descending');
    expect(ariaSort('-name', 'sku')).toBe('none');
  });
});
