import type { Order, OrderLine, OrderStatus } from '../../api/types.ts';
import { formatQuantity, inWords, plural } from '../../components/format.ts';
import { StatusBadge, type Tone } from '../../components/StatusBadge.tsx';

const TONES: Record<OrderStatus, Tone> = {
  placed: 'blue',
  partially_fulfilled: 'yellow',
  fulfilled: 'teal',
  cancelled: 'gray',
  partially_returned: 'yellow',
  returned: 'gray',
};

export const STATUSES = Object.keys(TONES) as OrderStatus[];

export function OrderStatusBadge({ status }: { status: OrderStatus }) {
  return <StatusBadge tone={TONES[status]}>{inWords(status)}</StatusBadge>;
}

/** `DESK-1 × 2, 3 more lines` */
export function summarise(lines: readonly OrderLine[]): string {
  const [first, ...rest] = lines;
  if (!first) {
    return '–';
  }
  const head = `${first.sku} × ${formatQuantity(first.quantity)}`;
  return rest.length > 0 ? `${head}, ${plural(rest.length, 'more line')}` : head;
}

/** True while something of the order is still promised and not shipped. */
export function isOpen(status: OrderStatus): boolean {
  return status === 'placed' || status === 'partially_fulfilled';
}

/** Units that are promised and not shipped. */
export function unitsLeft({ lines }: Pick<Order, 'lines'>): number {
  return lines.reduce((sum, line) => sum + line.allocated, 0);
}
