// One adjustment from the form to its undo. An undo is a new movement the other way, never a deletion.
import { useCallback, useEffect, useRef } from 'react';
import { useAppSelector, useAppStore } from '../../api/hooks.ts';
import { type KeyKeeper, newIdempotencyKey } from '../../api/idempotency.ts';
import { findLevel } from '../../api/levels.ts';
import { explain, outcomeUnknown, problemOf } from '../../api/problem.ts';
import { levelId } from '../../api/types.ts';
import { formatDelta, formatQuantity } from '../../components/format.ts';
import { isTyping } from '../../components/keyboard.ts';
import { hideToast, showToast } from '../../components/toasts.ts';
import { UNDO_REASON } from './adjust.ts';
import { type Adjustment, useAdjustStockMutation } from './api.ts';

const UNDO_MS = 8_000;
const MAX_UNDO = 50;

interface Undoable {
  done: Adjustment;
  toast: number;
}

/** What can still be taken back, the last one at the end. Of this page only; a reload forgets it. */
const undoStack: Undoable[] = [];

export interface AdjustResult {
  ok: boolean;
  /** Why not, for the form; empty when it worked. */
  message: string;
}

export function useAdjust() {
  const [send] = useAdjustStockMutation();
  const store = useAppStore();

  const undo = useCallback(
    async (done: Adjustment) => {
      const index = undoStack.findIndex((entry) => entry.done === done);
      const [entry] = index < 0 ? [] : undoStack.splice(index, 1);
      if (!entry) {
        return;
      }
      hideToast(entry.toast);
      const body = { ...done, delta: -done.delta, reason: UNDO_REASON, note: `Takes back ${formatDelta(done.delta)}` };
      const result = await send({ ...body, key: newIdempotencyKey() });
      if (result.error) {
        showToast({ tone: 'error', title: `${done.sku} was not changed back`, message: explain(result.error) });
      } else {
        showToast({ tone: 'info', title: `${done.sku}: ${formatDelta(done.delta)} taken back` });
      }
    },
    [send],
  );

  const adjust = useCallback(
    async (adjustment: Adjustment, keys: KeyKeeper): Promise<AdjustResult> => {
      const before = findLevel(store.getState(), levelId(adjustment));
      const result = await send({ ...adjustment, key: keys.keyFor(adjustment) });
      if (result.error) {
        if (!outcomeUnknown(result.error)) {
          keys.settle();
        }
        return { ok: false, message: describe(result.error, before?.available) };
      }
      keys.settle();
      const toast = showToast({
        tone: 'success',
        title: `${adjustment.sku} ${formatDelta(adjustment.delta)}`,
        message: `${formatQuantity(result.data.level.on_hand)} on hand in ${adjustment.location}`,
        action: { label: 'Undo', run: () => void undo(adjustment) },
        duration: UNDO_MS,
      });
      undoStack.push({ done: adjustment, toast });
      undoStack.splice(0, Math.max(0, undoStack.length - MAX_UNDO));
      return { ok: true, message: '' };
    },
    [send, store, undo],
  );
  return { adjust, undo };
}

/** Ctrl+Z (or ⌘Z) takes the last adjustment back, except while typing, where it belongs to the field. */
export function useUndoKey(): void {
  const { undo } = useAdjust();
  const undoRef = useRef(undo);
  undoRef.current = undo;
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const last = undoStack.at(-1);
      if (
        last &&
        event.key.toLowerCase() === 'z' &&
        (event.ctrlKey || event.metaKey) &&
        !event.shiftKey &&
        !isTyping(event.target)
      ) {
        event.preventDefault();
        void undoRef.current(last.done);
      }
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}

/** Live numbers of one level, wherever they are loaded. */
export function useLevel(id: string) {
  return useAppSelector((state) => findLevel(state, id));
}

function describe(error: unknown, availableBefore: number | undefined): string {
  const problem = problemOf(error);
  if (problem?.code === 'version_mismatch' && problem.current) {
    return `Changed to ${formatQuantity(problem.current.on_hand)} on hand while you were editing. Look again, then apply.`;
  }
  if (problem?.code === 'breaks_promises' || problem?.code === 'insufficient_stock') {
    const available = problem.current?.available ?? availableBefore;
    const most = available === undefined ? '' : ` At most ${formatQuantity(available)} can be taken.`;
    return `That would take units that are promised to orders.${most}`;
  }
  if (outcomeUnknown(error)) {
    return `${explain(error)} Press Apply again: it will not be booked twice.`;
  }
  return explain(error);
}
