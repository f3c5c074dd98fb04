import { describe, expect, it } from 'vitest';
import { order, user } from '../testing/samples.ts';
import { may, mayCancel, type Permission } from './roles.ts';
import type { Role } from './types.ts';

const TABLE: Record<Permission, Role[]> = {
  place_orders: ['clerk', 'manager', 'admin'],
  cancel_own_orders: ['clerk', 'manager', 'admin'],
  cancel_any_order: ['manager', 'admin'],
  fulfil_orders: ['manager', 'admin'],
  adjust_stock: ['manager', 'admin'],
  import_products: ['manager', 'admin'],
  edit_products: ['manager', 'admin'],
  manage_users: ['admin'],
  see_locks: ['admin'],
};

describe('may', () => {
  for (const [permission, allowed] of Object.entries(TABLE) as [Permission, Role[]][]) {
    it(`${permission}: ${allowed.join(', ')}`, () => {
      for (const role of ['viewer', 'clerk', 'manager', 'admin'] as const) {
        expect(may(user(role), permission)).toBe(allowed.includes(role));
      }
      expect(may(null, permission)).toBe(false);
    });
  }
});

describe('mayCancel', () => {
  it('lets a clerk cancel own orders only, a manager any, a viewer none', () => {
    const own = order('1', { placed_by: 'user-clerk' });
    const other = order('2', { placed_by: 'somebody' });
    expect(mayCancel(user('clerk'), own)).toBe(true);
    expect(mayCancel(user('clerk'), other)).toBe(false);
    expect(mayCancel(user('manager'), other)).toBe(true);
    expect(mayCancel({ ...user('viewer'), id: 'user-clerk' }, own)).toBe(false);
  });
});
