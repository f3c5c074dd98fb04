import type { Order, Product, Role, StockChange, StockLevel, User } from '../api/types.ts';

export function level(sku: string, more: Partial<StockLevel> = {}): StockLevel {
  return {
    sku,
    name: `Product ${sku}`,
    category: 'Chairs',
    location: 'MAIN',
    on_hand: 10,
    unavailable: 0,
    held: 0,
    allocated: 2,
    available: 8,
    incoming: 0,
    reorder_point: 3,
    version: 1,
    updated_at: '2026-11-22T10:00:00.000Z',
    ...more,
  };
}

export function change(sku: string, version: number, onHand: number, seq = version): StockChange {
  return {
    seq,
    sku,
    location: 'MAIN',
    on_hand: onHand,
    unavailable: 0,
    held: 0,
    allocated: 2,
    available: onHand - 2,
    incoming: 0,
    version,
  };
}

export function order(id: string, more: Partial<Order> = {}): Order {
  return {
    id,
    number: 1001,
    status: 'placed',
    lines: [{ sku: 'A', quantity: 2, location: 'MAIN', allocated: 2, fulfilled: 0, cancelled: 0, returned: 0 }],
    reference: null,
    customer: null,
    note: null,
    placed_by: 'user-clerk',
    placed_at: '2026-11-22T10:00:00.000Z',
    updated_at: '2026-11-22T10:00:00.000Z',
    version: 1,
    ...more,
  };
}

export function product(sku: string, more: Partial<Product> = {}): Product {
  return {
    sku,
    name: `Product ${sku}`,
    category: 'Chairs',
    barcode: '4006381333931',
    unit_price: { amount: '12.50', currency: 'EUR' },
    attributes: { colour: 'red' },
    reorder_point: 3,
    archived: false,
    version: 1,
    created_at: '2026-11-22T10:00:00.000Z',
    updated_at: '2026-11-22T10:00:00.000Z',
    ...more,
  };
}

export function user(role: Role): User {
  return { id: `user-${role}`, email: `${role}@onhand.test`, name: `A ${role}`, role };
}
