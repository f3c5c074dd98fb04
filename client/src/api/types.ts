// The wire: what the server sends and takes, in its own words. Field names are those of the API.

export type Role = 'viewer' | 'clerk' | 'manager' | 'admin';

export interface User {
  id: string;
  email: string;
  name: string;
  role: Role;
  disabled?: boolean;
  version?: number;
}

export interface StockLevel {
  sku: string;
  name: string;
  category: string;
  location: string;
  on_hand: number;
  unavailable: number;
  held: number;
  allocated: number;
  available: number;
  incoming: number;
  reorder_point: number;
  version: number;
  updated_at: string;
}

/** What one change of a level says on the live feed: absolute values, valid from `version` on. */
export interface StockChange {
  seq: number;
  sku: string;
  location: string;
  on_hand: number;
  unavailable: number;
  held: number;
  allocated: number;
  available: number;
  incoming: number;
  version: number;
}

export interface Shortage {
  sku: string;
  location: string;
  requested: number;
  available: number;
}

export interface FieldError {
  pointer: string;
  detail: string;
}

/** application/problem+json, RFC 9457, with Onhand's additions. */
export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  code: string;
  trace_id?: string;
  errors?: FieldError[];
  shortages?: Shortage[];
  current?: StockLevel;
}

export type OrderStatus =
  | 'placed'
  | 'partially_fulfilled'
  | 'fulfilled'
  | 'cancelled'
  | 'partially_returned'
  | 'returned';

export interface OrderLine {
  sku: string;
  quantity: number;
  location: string;
  allocated: number;
  fulfilled: number;
  cancelled: number;
  returned: number;
}

export interface Order {
  id: string;
  number: number | string;
  status: OrderStatus;
  lines: OrderLine[];
  reference?: string | null;
  customer?: string | null;
  note?: string | null;
  placed_by: string;
  placed_at: string;
  updated_at: string;
  version: number;
}

/** One row of the ledger: a quantity that went from one place to another, and why. */
export interface Movement {
  seq: number;
  id?: string;
  sku: string;
  location?: string;
  kind: string;
  quantity?: number;
  delta?: number;
  from?: string | null;
  to?: string | null;
  reason?: string | null;
  note?: string | null;
  actor?: string | null;
  order_id?: string | null;
  at: string;
}

/** A price as it was written, and an ISO 4217 code. */
export interface Money {
  amount: string;
  currency: string;
}

export interface Product {
  sku: string;
  name: string;
  category: string;
  barcode: string;
  unit_price: Money | null;
  /** Any JSON object; the server keeps it as it was given. */
  attributes: Record<string, unknown>;
  reorder_point: number;
  archived: boolean;
  version: number;
  created_at: string;
  updated_at: string;
}

export interface Page<Item> {
  items: Item[];
  next_cursor: string | null;
  total?: number;
  /** False where counting them all would take long: there are at least `total`. */
  total_is_exact?: boolean;
  head?: number;
}

/** A stock level is one product in one location; this is its name in every map and cache of the page. */
export function levelId(level: { sku: string; location: string }): string {
  return `${level.sku}\u0000${level.location}`;
}
