import type { FetchBaseQueryMeta } from '@reduxjs/toolkit/query';
import { api } from '../../api/api.ts';
import { ordersApi } from '../../api/orders.ts';
import type { Order } from '../../api/types.ts';

export interface OrderRequest {
  lines: { sku: string; location?: string; quantity: number }[];
  reference?: string;
  customer?: string;
  note?: string;
}

export interface PlacedOrder {
  order: Order;
  /** True when the server had this order from an earlier try with the same key. */
  replayed: boolean;
}

/** So many units of one line of an order leave the stock. */
export interface ShipLine {
  sku: string;
  location: string;
  quantity: number;
}

type OrderAction = { id: string; key: string };

const act = (action: 'fulfil' | 'cancel', { id, key }: OrderAction, body: object) => ({
  url: `/orders/${encodeURIComponent(id)}/${action}`,
  method: 'POST',
  headers: { 'Idempotency-Key': key },
  body,
});

const actionsApi = api.injectEndpoints({
  endpoints: (build) => ({
    placeOrder: build.mutation<PlacedOrder, { key: string; request: OrderRequest }>({
      query: ({ key, request }) => ({
        url: '/orders',
        method: 'POST',
        headers: { 'Idempotency-Key': key },
        body: request,
      }),
      transformResponse: (order: Order, meta: FetchBaseQueryMeta | undefined) => ({
        order,
        replayed: meta?.response?.headers.get('Idempotency-Replayed') === 'true',
      }),
      invalidatesTags: (result) => (result ? ['Orders'] : []),
    }),
    fulfilOrder: build.mutation<Order, OrderAction & { lines: readonly ShipLine[] }>({
      query: ({ lines, ...action }) => act('fulfil', action, { lines }),
      onQueryStarted: (_, { dispatch, queryFulfilled }) => keep(dispatch, queryFulfilled),
      invalidatesTags: (_result, error, { id }) => (error ? [{ type: 'Order', id }] : ['Orders']),
    }),
    cancelOrder: build.mutation<Order, OrderAction>({
      query: (action) => act('cancel', action, {}),
      onQueryStarted: (_, { dispatch, queryFulfilled }) => keep(dispatch, queryFulfilled),
      invalidatesTags: (_result, error, { id }) => (error ? [{ type: 'Order', id }] : ['Orders']),
    }),
  }),
});

export const { usePlaceOrderMutation, useFulfilOrderMutation, useCancelOrderMutation } = actionsApi;

/** Shows what the server answered at once; the feed brings the same, and older versions never win. */
async function keep(dispatch: (action: never) => unknown, queryFulfilled: Promise<{ data: Order }>): Promise<void> {
  try {
    const { data } = await queryFulfilled;
    dispatch(
      ordersApi.util.updateQueryData('order', data.id, (draft) =>
        draft.version < data.version ? data : undefined,
      ) as never,
    );
  } catch {
    // The component that asked shows why; the order is loaded again.
  }
}
