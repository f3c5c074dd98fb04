// Who may do what, as the server decides it too. The page only hides what would be refused.
import { useMeQuery } from './api.ts';
import type { Order, Role, User } from './types.ts';

const RANK: Record<Role, number> = { viewer: 0, clerk: 1, manager: 2, admin: 3 };

const NEEDS = {
  place_orders: 'clerk',
  cancel_own_orders: 'clerk',
  cancel_any_order: 'manager',
  fulfil_orders: 'manager',
  adjust_stock: 'manager',
  import_products: 'manager',
  edit_products: 'manager',
  manage_users: 'admin',
  see_locks: 'admin',
} as const satisfies Record<string, Role>;

export type Permission = keyof typeof NEEDS;

export function may(user: Pick<User, 'role'> | null | undefined, permission: Permission): boolean {
  return user ? RANK[user.role] >= RANK[NEEDS[permission]] : false;
}

/** A clerk cancels what they placed themselves; a manager cancels any order. */
export function mayCancel(user: User | null | undefined, order: Pick<Order, 'placed_by'>): boolean {
  if (may(user, 'cancel_any_order')) {
    return true;
  }
  return may(user, 'cancel_own_orders') && [user?.id, user?.email].includes(order.placed_by);
}

export function useUser(): User | null {
  return useMeQuery().data ?? null;
}

export function useMay(permission: Permission): boolean {
  return may(useUser(), permission);
}
