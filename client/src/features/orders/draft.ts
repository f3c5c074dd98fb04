// The order being written, kept in this tab's session storage together with its idempotency key. A reload in the
// middle of sending therefore sends the same order with the same key, and the server answers with the one it has.
import { newIdempotencyKey } from '../../api/idempotency.ts';
import type { OrderRequest } from './api.ts';

export const MAX_LINES = 200;
export const MAX_QUANTITY = 1_000_000;

export interface DraftLine {
  sku: string;
  name: string;
  location: string;
  quantity: number;
}

export interface Draft {
  key: string;
  lines: DraftLine[];
  reference: string;
  customer: string;
  note: string;
  /** What was sent and not yet answered. While it stands, only the very same may be sent again. */
  sent: OrderRequest | null;
}

const NAME = 'onhand.order_draft';

export function newDraft(): Draft {
  return { key: newIdempotencyKey(), lines: [], reference: '', customer: '', note: '', sent: null };
}

export function loadDraft(storage: Storage = sessionStorage): Draft {
  try {
    const stored = JSON.parse(storage.getItem(NAME) ?? 'null') as Partial<Draft> | null;
    if (stored && typeof stored.key === 'string' && stored.key !== '' && Array.isArray(stored.lines)) {
      return { ...newDraft(), ...stored };
    }
  } catch {
    // Unreadable or forbidden storage: begin anew.
  }
  return newDraft();
}

export function saveDraft(draft: Draft, storage: Storage = sessionStorage): void {
  try {
    storage.setItem(NAME, JSON.stringify(draft));
  } catch {
    // Without storage the form still works, only not across a reload.
  }
}

export function clearDraft(storage: Storage = sessionStorage): void {
  try {
    storage.removeItem(NAME);
  } catch {
    // Nothing was kept then.
  }
}

export function toRequest(draft: Draft): OrderRequest {
  const { reference, customer, note } = draft;
  return {
    lines: draft.lines.map(({ sku, location, quantity }) => ({ sku, location, quantity })),
    ...(reference.trim() && { reference: reference.trim() }),
    ...(customer.trim() && { customer: customer.trim() }),
    ...(note.trim() && { note: note.trim() }),
  };
}

/** A definite refusal uses the key up: what is sent next is another order. */
export function refused(draft: Draft): Draft {
  return { ...draft, key: newIdempotencyKey(), sent: null };
}

/** Adds to the line that is there already: the server would add them up too. */
export function addLine(draft: Draft, line: DraftLine): Draft {
  const index = draft.lines.findIndex(({ sku, location }) => sku === line.sku && location === line.location);
  if (index < 0) {
    return draft.lines.length < MAX_LINES ? { ...draft, lines: [...draft.lines, line] } : draft;
  }
  return {
    ...draft,
    lines: draft.lines.map((known, at) =>
      at === index ? { ...known, quantity: Math.min(MAX_QUANTITY, known.quantity + line.quantity) } : known,
    ),
  };
}

export function parseQuantity(text: string): number | null {
  const clean = text.trim();
  if (!/^\d{1,7}$/.test(clean)) {
    return null;
  }
  const quantity = Number(clean);
  return quantity >= 1 && quantity <= MAX_QUANTITY ? quantity : null;
}
