import { describe, expect, it } from 'vitest';
import { order } from '../testing/samples.ts';
import { applyOrder, ORDERS_PAGE_SIZE, type OrderList, type OrdersArg } from './orders.ts';

const first: OrdersArg = { status: '', search: '', page: 0 };
const later = '2026-11-22T11:00:00.000Z';
const whole = { totalIsExact: true, more: false };
const list = (): OrderList => ({ items: [order('one')], total: 1, ...whole });

describe('applyOrder', () => {
  it('puts a new order on top of the first page', () => {
    const orders = list();
    applyOrder(orders, first, order('two', { placed_at: later }));
    expect(orders.items.map(({ id }) => id)).toEqual(['two', 'one']);
    expect(orders.total).toBe(2);
  });

  it('counts a new order on further pages without moving their rows', () => {
    const orders = list();
    applyOrder(orders, { ...first, page: 1 }, order('two', { placed_at: later }));
    expect(orders.items.map(({ id }) => id)).toEqual(['one']);
    expect(orders.total).toBe(2);
  });

  it('replaces an order by a newer version, even when it no longer matches the filter', () => {
    const orders = list();
    applyOrder(orders, { ...first, status: 'placed' }, order('one', { status: 'cancelled', version: 2 }));
    expect(orders.items[0]?.status).toBe('cancelled');
  });

  it('ignores an older version', () => {
    const orders: OrderList = { items: [order('one', { version: 3, status: 'fulfilled' })], total: 1, ...whole };
    applyOrder(orders, first, order('one', { version: 2 }));
    expect(orders.items[0]?.status).toBe('fulfilled');
  });

  it('leaves out orders of another status, searched lists, and old orders that were changed', () => {
    for (const [arg, changed] of [
      [{ ...first, status: 'fulfilled' }, order('two', { placed_at: later })],
      [{ ...first, search: 'shop' }, order('two', { placed_at: later })],
      [first, order('old', { placed_at: '2026-01-01T00:00:00.000Z' })],
    ] as const) {
      const orders = list();
      applyOrder(orders, arg, changed);
      expect(orders).toEqual(list());
    }
  });

  it('keeps a page at its size', () => {
    const orders: OrderList = {
      items: Array.from({ length: ORDERS_PAGE_SIZE }, (_, index) => order(`${index}`)),
      total: ORDERS_PAGE_SIZE,
      ...whole,
    };
    applyOrder(orders, first, order('new', { placed_at: later }));
    expect(orders.items).toHaveLength(ORDERS_PAGE_SIZE);
    expect(orders.total).toBe(ORDERS_PAGE_SIZE + 1);
    expect(orders.more).toBe(true);
  });
});
