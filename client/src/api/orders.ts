// The read side of orders, shared because the live connection patches it.
import { api } from './api.ts';
import type { Order, OrderStatus, Page } from './types.ts';

export const ORDERS_PAGE_SIZE = 50;

export interface OrdersArg {
  status: OrderStatus | '';
  search: string;
  page: number;
}

export interface OrderList {
  items: Order[];
  total: number;
  /** False: there are at least so many. */
  totalIsExact: boolean;
  /** Whether there are further pages. */
  more: boolean;
}

export const ordersApi = api.injectEndpoints({
  endpoints: (build) => ({
    orders: build.query<OrderList, OrdersArg>({
      query: ({ status, search, page }) => ({
        url: '/orders',
        params: {
          offset: page * ORDERS_PAGE_SIZE,
          limit: ORDERS_PAGE_SIZE,
          ...(status && { status }),
          ...(search && { search }),
        },
      }),
      transformResponse: (answer: Page<Order>) => ({
        items: answer.items,
        total: answer.total ?? answer.items.length,
        totalIsExact: answer.total_is_exact ?? true,
        more: answer.next_cursor !== null,
      }),
      providesTags: ['Orders'],
    }),
    order: build.query<Order, string>({
      query: (id) => `/orders/${encodeURIComponent(id)}`,
      providesTags: (_result, _error, id) => [{ type: 'Order', id }, 'Order'],
    }),
  }),
});

export const { useOrdersQuery, useOrderQuery } = ordersApi;

/**
 * Puts an order from the feed into a loaded list: a newer version replaces the old one in its place, even where it no
 * longer matches the filter (rows do not vanish under the cursor); a new order goes on top of the first page.
 */
export function applyOrder(list: OrderList, arg: OrdersArg, order: Order): void {
  const index = list.items.findIndex((item) => item.id === order.id);
  if (index >= 0) {
    if ((list.items[index]?.version ?? 0) < order.version) {
      list.items[index] = order;
    }
    return;
  }
  const matches = arg.search === '' && (arg.status === '' || arg.status === order.status);
  const newest = list.items[0];
  const isNew = !newest || newest.placed_at <= order.placed_at;
  if (!matches || !isNew) {
    return;
  }
  list.total += 1;
  if (arg.page === 0) {
    list.items.unshift(order);
    list.more ||= list.items.length > ORDERS_PAGE_SIZE;
    list.items.length = Math.min(list.items.length, ORDERS_PAGE_SIZE);
  }
}
