// Pages of the list: which are needed, keeping them loaded and watched, and reading one row of them.
import { useMemo, useState } from 'react';
import { type LevelKey, useRowsShown } from '../../api/connection.ts';
import { useAppSelector } from '../../api/hooks.ts';
import {
  type LevelRows,
  levelsApi,
  PAGE_SIZE,
  pageSource,
  type StockView,
  useStockPageQuery,
} from '../../api/levels.ts';
import type { RootState } from '../../api/state.ts';
import type { StockLevel } from '../../api/types.ts';

/** A page that comes back on screen is loaded again when it is older than this; meanwhile it shows what it has. */
const FRESH_SECONDS = 2;
const NO_KEYS: LevelKey[] = [];

export type SelectRows = (state: RootState) => LevelRows | undefined;

/**
 * The view whose rows are shown. A new view is shown once its first page is there; until then the old one stays, so
 * that typing into the search does not make the table blink.
 */
export function useSettledView(view: StockView) {
  const first = useStockPageQuery({ ...view, page: 0 });
  const [settled, setSettled] = useState(view);
  const arrived = first.currentData !== undefined || first.isError;
  if (arrived && settled !== view) {
    setSettled(view);
  }
  return {
    view: arrived ? view : settled,
    total: first.data?.total ?? 0,
    waiting: first.isFetching && first.currentData === undefined,
    loading: first.isLoading,
    error: first.currentData === undefined ? first.error : undefined,
    refetch: first.refetch,
  };
}

/** Page numbers that cover these rows. */
export function pagesOf(rows: readonly number[]): number[] {
  return [...new Set(rows.map((row) => Math.floor(row / PAGE_SIZE)))].sort((a, b) => a - b);
}

/** Keeps one page loaded and watched while it is mounted. Draws nothing. */
export function PageLoader({ view, page }: { view: StockView; page: number }) {
  const arg = { ...view, page };
  const { ids } = useStockPageQuery(arg, {
    refetchOnMountOrArgChange: FRESH_SECONDS,
    selectFromResult: ({ currentData }) => ({ ids: currentData?.ids }),
  });
  const keys = useMemo(() => ids?.map((id) => id.split('\u0000') as LevelKey) ?? NO_KEYS, [ids]);
  useRowsShown(pageSource(arg), keys);
  return null;
}

/** One selector per page of a view, made once, so that rows can share it. */
export function usePageSelectors(view: StockView): (page: number) => SelectRows {
  return useMemo(() => {
    const selectors = new Map<number, SelectRows>();
    return (page: number) => {
      let select = selectors.get(page);
      if (!select) {
        const entry = levelsApi.endpoints.stockPage.select({ ...view, page });
        select = (state) => entry(state).data;
        selectors.set(page, select);
      }
      return select;
    };
  }, [view]);
}

/** The row at this place of the view; undefined while its page is on the way. Rows subscribe themselves. */
export function useRow(select: SelectRows, index: number): StockLevel | undefined {
  return useAppSelector((state) => {
    const page = select(state);
    const id = page?.ids[index % PAGE_SIZE];
    return id === undefined ? undefined : page?.rows[id];
  });
}
