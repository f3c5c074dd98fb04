// Fulfilling an order, or a part of it: what is typed, sending it, and what to do when no answer comes. It lives as long
// as the order is on screen, so that closing the dialog does not forget that an answer is still owed.
import { useRef, useState } from 'react';
import { KeyKeeper } from '../../api/idempotency.ts';
import { outcomeUnknown, problemOf } from '../../api/problem.ts';
import type { Order } from '../../api/types.ts';
import { plural } from '../../components/format.ts';
import { showToast } from '../../components/toasts.ts';
import { type ShipLine, useFulfilOrderMutation } from './api.ts';
import { readLines, shipmentOf, type Typed, typeNothing, unitsOf } from './fulfil.ts';
import { unitsLeft } from './status.tsx';

export type Fulfilment = ReturnType<typeof useFulfil>;

export function useFulfil(order: Order) {
  const [typed, setTyped] = useState<Typed>({});
  /** What was sent and not yet answered for certain. While it stands, only the very same may be sent again. */
  const [sent, setSent] = useState<readonly ShipLine[] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [fulfil, { isLoading }] = useFulfilOrderMutation();
  const keys = useRef(new KeyKeeper());
  const asked = readLines(order.lines, typed);

  /** Sends it. Returns whether the order is changed now. */
  const submit = async (): Promise<boolean> => {
    const lines = sent ?? shipmentOf(asked);
    setSent(lines);
    setError(null);
    const result = await fulfil({ id: order.id, key: keys.current.keyFor({ id: order.id, lines }), lines });
    if (result.data) {
      keys.current.settle();
      setSent(null);
      setTyped({});
      showToast({ tone: 'success', ...wordsFor(result.data, unitsOf(lines)) });
      return true;
    }
    setError(result.error);
    if (!outcomeUnknown(result.error)) {
      setSent(null);
      const status = problemOf(result.error)?.status;
      if (status !== 429 && status !== 503) {
        // The refusal is kept under this key; what is sent next is another request.
        keys.current.settle();
      }
    }
    return false;
  };

  return {
    asked,
    sent,
    error,
    isLoading,
    submit,
    type: (id: string, text: string) => setTyped((before) => ({ ...before, [id]: text })),
    takeAll: () => setTyped({}),
    takeNothing: () => setTyped(typeNothing(order.lines)),
    /** Opened anew: what was typed and refused the last time is forgotten, what is not answered yet is not. */
    begin: () => {
      if (!sent) {
        setTyped({});
        setError(null);
      }
    },
  };
}

function wordsFor(order: Order, units: number): { title: string; message?: string } {
  const left = unitsLeft(order);
  return left > 0
    ? { title: `${plural(units, 'unit')} of order ${order.number} fulfilled`, message: `${plural(left, 'unit')} left` }
    : { title: `Order ${order.number} fulfilled` };
}
