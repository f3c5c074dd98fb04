// Adjusting stock, optimistically, and the ledger of a product.
import { api } from '../../api/api.ts';
import type { AppDispatch } from '../../api/hooks.ts';
import { findLevel, levelsApi, patchLevel } from '../../api/levels.ts';
import { problemOf } from '../../api/problem.ts';
import type { RootState } from '../../api/state.ts';
import { levelId, type Movement, type Page, type StockLevel } from '../../api/types.ts';

export interface Adjustment {
  sku: string;
  location: string;
  delta: number;
  reason: string;
  note?: string;
}

export const MOVEMENTS_SHOWN = 50;

export const stockApi = api.injectEndpoints({
  endpoints: (build) => ({
    adjustStock: build.mutation<{ movement: Movement; level: StockLevel }, Adjustment & { key: string }>({
      query: ({ key, ...body }) => ({
        url: '/stock/adjustments',
        method: 'POST',
        headers: { 'Idempotency-Key': key },
        body,
      }),
      async onQueryStarted({ sku, location, delta }, { dispatch, getState, queryFulfilled }) {
        const id = levelId({ sku, location });
        const state = getState as () => RootState;
        const version = findLevel(state(), id)?.version;
        const add = (amount: number) => (row: StockLevel) => {
          row.on_hand += amount;
          row.available += amount;
        };
        patchLevel(dispatch as AppDispatch, state(), id, add(delta));
        try {
          const { data } = await queryFulfilled;
          patchLevel(dispatch as AppDispatch, state(), id, (row) => {
            // The answer to a repeat may be older than the row, which held the change already before it was guessed.
            if (row.version === version && row.version > data.level.version) {
              add(-delta)(row);
            }
            takeNewer(row, data.level, true);
          });
        } catch (failure) {
          // Undoing the patch would bring back the numbers from before it, over newer ones that came by the feed. A row
          // still at its old version is put right by hand; then the server's own numbers are written over everything.
          patchLevel(dispatch as AppDispatch, state(), id, (row) => {
            if (row.version === version) {
              add(-delta)(row);
            }
          });
          const current = problemOf((failure as { error?: unknown }).error)?.current;
          const truth = current ?? (await readLevel(dispatch as AppDispatch, sku, id));
          if (truth) {
            patchLevel(dispatch as AppDispatch, state(), id, (row) => takeNewer(row, truth, true));
          }
        }
      },
      invalidatesTags: (result, _error, { sku }) => (result ? [{ type: 'Movements', id: sku }] : []),
    }),
    movements: build.query<Movement[], string>({
      query: (sku) => ({ url: '/movements', params: { sku, limit: MOVEMENTS_SHOWN } }),
      transformResponse: (answer: Page<Movement>) => answer.items,
      providesTags: (_result, _error, sku) => ['Movements', { type: 'Movements', id: sku }],
      keepUnusedDataFor: 5,
    }),
  }),
});

export const { useAdjustStockMutation, useMovementsQuery } = stockApi;

function takeNewer(row: StockLevel, level: StockLevel, evenIfSame = false): void {
  if (level.version > row.version || (evenIfSame && level.version === row.version)) {
    Object.assign(row, level);
  }
}

async function readLevel(dispatch: AppDispatch, sku: string, id: string): Promise<StockLevel | undefined> {
  const result = await dispatch(
    levelsApi.endpoints.stockDetail.initiate(sku, { forceRefetch: true, subscribe: false }),
  );
  return result.data?.rows[id];
}
