// The view of the stock page lives in the address, and nowhere else: every view can be linked to.
import type { StockState, StockView } from '../../api/levels.ts';

const STATES: readonly StockState[] = ['all', 'in', 'low', 'out'];
export const SORTABLE = ['sku', 'name', 'category', 'on_hand', 'held', 'allocated', 'available', 'updated_at'] as const;
export type SortColumn = (typeof SORTABLE)[number];

export function readView(params: URLSearchParams): StockView {
  const state = params.get('state') as StockState;
  const sort = params.get('sort') ?? '';
  return {
    search: (params.get('search') ?? '').trim(),
    state: STATES.includes(state) ? state : 'all',
    category: params.get('category') ?? '',
    sort: SORTABLE.includes(sort.replace(/^-/, '') as SortColumn) ? sort : '',
  };
}

/** The parameters with a part of the view changed; what is at its default leaves the address. */
export function writeView(params: URLSearchParams, part: Partial<StockView>): URLSearchParams {
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(part)) {
    if (value && value !== 'all') {
      next.set(name, value);
    } else {
      next.delete(name);
    }
  }
  return next;
}

/** Ascending, then descending, then back to the order of the server (by SKU). */
export function nextSort(sort: string, column: SortColumn): string {
  if (sort === column) {
    return `-${column}`;
  }
  return sort === `-${column}` ? '' : column;
}

export function ariaSort(sort: string, column: string): 'ascending' | 'descending' | 'none' {
  if (sort === column) {
    return 'ascending';
  }
  return sort === `-${column}` ? 'descending' : 'none';
}
