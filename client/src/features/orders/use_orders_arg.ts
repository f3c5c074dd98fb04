// Which orders are shown is written in the address, and nowhere else: every list can be linked to.
import { useSearchParams } from 'react-router';
import type { OrdersArg } from '../../api/orders.ts';
import type { OrderStatus } from '../../api/types.ts';
import { STATUSES } from './status.tsx';

function readArg(params: URLSearchParams): OrdersArg {
  const status = params.get('status') as OrderStatus;
  const page = Number(params.get('page') ?? '1');
  return {
    status: STATUSES.includes(status) ? status : '',
    search: params.get('search') ?? '',
    page: Number.isInteger(page) && page > 0 ? page - 1 : 0,
  };
}

export function useOrdersArg() {
  const [params, setParams] = useSearchParams();
  /** Writes a part of it into the address. Other filters start at their first page, and Back goes from page to page. */
  const change = (part: Record<string, string>) =>
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        next.delete('page');
        for (const [name, value] of Object.entries(part)) {
          if (value) {
            next.set(name, value);
          } else {
            next.delete(name);
          }
        }
        return next;
      },
      { replace: !('page' in part) },
    );
  return { arg: readArg(params), change };
}
