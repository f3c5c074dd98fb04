// What of an order is fulfilled now: the number that is typed for each line, held against what is left of it. Pure.
import { levelId, type OrderLine } from '../../api/types.ts';
import { formatQuantity } from '../../components/format.ts';
import type { ShipLine } from './api.ts';

/** The texts that were typed, by line. A line that is not here fulfils all that is left of it, also when that changes. */
export type Typed = Readonly<Record<string, string>>;

export interface AskedLine {
  id: string;
  line: OrderLine;
  /** Promised to the order and not fulfilled yet. */
  left: number;
  text: string;
  /** Zero where there is a mistake. */
  quantity: number;
  mistake: string;
}

/** The lines of which something is left, each with what is asked of it. */
export function readLines(lines: readonly OrderLine[], typed: Typed): AskedLine[] {
  return lines
    .filter((line) => line.allocated > 0)
    .map((line) => {
      const id = levelId(line);
      const text = typed[id] ?? String(line.allocated);
      return { id, line, left: line.allocated, text, ...readQuantity(text, line.allocated) };
    });
}

function readQuantity(text: string, left: number): { quantity: number; mistake: string } {
  const clean = text.replace(/[\s_’']/g, '');
  if (!/^\d{0,7}$/.test(clean)) {
    return { quantity: 0, mistake: `A whole number from 0 to ${formatQuantity(left)}.` };
  }
  const quantity = Number(clean);
  return quantity > left ? { quantity: 0, mistake: `Only ${formatQuantity(left)} left.` } : { quantity, mistake: '' };
}

/** What is sent: the lines of which nothing leaves now are left out. */
export function shipmentOf(asked: readonly AskedLine[]): ShipLine[] {
  return asked
    .filter(({ quantity }) => quantity > 0)
    .map(({ line: { sku, location }, quantity }) => ({ sku, location, quantity }));
}

/** The same number for every line: nothing of any, or all that is left. */
export function typeNothing(lines: readonly OrderLine[]): Typed {
  return Object.fromEntries(lines.map((line) => [levelId(line), '0']));
}

/** One more or one less, by the arrow keys; within what is left. */
export function stepped({ quantity, left }: AskedLine, step: number): string {
  return String(Math.min(left, Math.max(0, quantity + step)));
}

export const unitsOf = (lines: readonly { quantity: number }[]) => lines.reduce((sum, line) => sum + line.quantity, 0);
