// Stock levels as the whole page reads them: pages of the list, one product's levels, and the search for products.
// Shared, because the stock page, the order form and the live connection all need them.
import { api } from './api.ts';
import type { AppDispatch } from './hooks.ts';
import type { RootState } from './state.ts';
import { levelId, type Page, type StockChange, type StockLevel } from './types.ts';

export const PAGE_SIZE = 100;

export type StockState = 'all' | 'in' | 'low' | 'out';

/** One view of the stock list; together with a page number it names a cache entry. */
export interface StockView {
  search: string;
  state: StockState;
  category: string;
  sort: string;
}

export interface StockPageArg extends StockView {
  page: number;
}

/** Both kinds of cache entry that hold levels have this shape, so that live changes reach them the same way. */
export interface LevelRows {
  ids: string[];
  rows: Record<string, StockLevel>;
  total: number;
  head: number;
}

/** The name of a page in the cache, and of its rows in what the page tells the server to watch. */
export function pageSource(arg: StockPageArg): string {
  return `page:${arg.page}:${JSON.stringify([arg.search, arg.state, arg.category, arg.sort])}`;
}

export function detailSource(sku: string): string {
  return `level:${sku}`;
}

/** Sorted or filtered by something that changes by itself: loading such a page again moves its rows about. */
export function isLiveOrder(view: StockView): boolean {
  return view.state !== 'all' || !['', 'sku', 'name', 'category'].includes(view.sort.replace(/^-/, ''));
}

function toRows(answer: Page<StockLevel>): LevelRows {
  const ids: string[] = [];
  const rows: Record<string, StockLevel> = {};
  for (const level of answer.items) {
    const id = levelId(level);
    ids.push(id);
    rows[id] = level;
  }
  return { ids, rows, total: answer.total ?? ids.length, head: answer.head ?? 0 };
}

export const levelsApi = api.injectEndpoints({
  endpoints: (build) => ({
    stockPage: build.query<LevelRows, StockPageArg>({
      query: ({ search, state, category, sort, page }) => ({
        url: '/stock',
        params: {
          offset: page * PAGE_SIZE,
          limit: PAGE_SIZE,
          ...(search && { search }),
          ...(state !== 'all' && { state }),
          ...(category && { category }),
          ...(sort && { sort }),
        },
      }),
      serializeQueryArgs: ({ queryArgs }) => pageSource(queryArgs),
      transformResponse: toRows,
      providesTags: ['Stock'],
    }),
    /** All levels of one product. */
    stockDetail: build.query<LevelRows, string>({
      query: (sku) => `/stock/${encodeURIComponent(sku)}`,
      serializeQueryArgs: ({ queryArgs }) => detailSource(queryArgs),
      transformResponse: toRows,
      providesTags: (_result, _error, sku) => ['Stock', { type: 'Level', id: sku }],
      keepUnusedDataFor: 10,
    }),
    /** The names of the categories in use, for the filter. */
    categories: build.query<string[], void>({
      query: () => '/categories',
      transformResponse: (answer: Page<string>) => answer.items,
      providesTags: ['Categories'],
    }),
    /** A short list for pickers; not live, the chosen line is. */
    stockSearch: build.query<StockLevel[], string>({
      query: (search) => ({ url: '/stock', params: { search, limit: 8, offset: 0 } }),
      transformResponse: (answer: Page<StockLevel>) => answer.items,
      keepUnusedDataFor: 5,
    }),
  }),
});

export const { useStockPageQuery, useStockDetailQuery, useStockSearchQuery, useCategoriesQuery } = levelsApi;

/** Applies changes to the rows of an entry; older versions than the row's are ignored. Returns how many were new. */
export function applyChanges(entry: Pick<LevelRows, 'rows'>, changes: readonly StockChange[], at: string): number {
  let applied = 0;
  for (const change of changes) {
    const row = entry.rows[levelId(change)];
    if (!row || change.version <= row.version) {
      continue;
    }
    row.on_hand = change.on_hand;
    row.unavailable = change.unavailable;
    row.held = change.held;
    row.allocated = change.allocated;
    row.available = change.available;
    row.incoming = change.incoming;
    row.version = change.version;
    row.updated_at = at;
    applied += 1;
  }
  return applied;
}

/** Runs `recipe` on the row wherever it is loaded; for what this page itself changed or was told in an answer. */
export function patchLevel(
  dispatch: AppDispatch,
  state: RootState,
  id: string,
  recipe: (row: StockLevel) => void,
): void {
  const patch = (entry: LevelRows) => {
    const row = entry.rows[id];
    if (row) {
      recipe(row);
    }
  };
  for (const arg of levelsApi.util.selectCachedArgsForQuery(state, 'stockPage')) {
    if (levelsApi.endpoints.stockPage.select(arg)(state).data?.rows[id]) {
      dispatch(levelsApi.util.updateQueryData('stockPage', arg, patch));
    }
  }
  for (const arg of levelsApi.util.selectCachedArgsForQuery(state, 'stockDetail')) {
    if (levelsApi.endpoints.stockDetail.select(arg)(state).data?.rows[id]) {
      dispatch(levelsApi.util.updateQueryData('stockDetail', arg, patch));
    }
  }
}

export function findLevel(state: RootState, id: string): StockLevel | undefined {
  for (const name of ['stockPage', 'stockDetail'] as const) {
    for (const arg of levelsApi.util.selectCachedArgsForQuery(state, name)) {
      const entry =
        name === 'stockPage'
          ? levelsApi.endpoints.stockPage.select(arg as StockPageArg)(state)
          : levelsApi.endpoints.stockDetail.select(arg as string)(state);
      const row = entry.data?.rows[id];
      if (row) {
        return row;
      }
    }
  }
  return undefined;
}

/** In stock, low or out, by the same rule as the server's filter. */
export function stateOf(level: Pick<StockLevel, 'available' | 'reorder_point'>): Exclude<StockState, 'all'> {
  if (level.available <= 0) {
    return 'out';
  }
  return level.available <= level.reorder_point ? 'low' : 'in';
}
