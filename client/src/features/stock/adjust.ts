// What people type to change stock, and why they may say they did.

export const MAX_DELTA = 1_000_000_000_000;
export const MAX_NOTE = 500;

export type ParsedDelta = { delta: number } | { mistake: string };

/** Reads `+5`, `-3`, `−3` or `5` (which adds). Spaces and thousands marks do not matter. */
export function parseDelta(text: string): ParsedDelta {
  const clean = text.replace(/[\s_’']/g, '').replace(/[−–]/g, '-');
  if (clean === '') {
    return { mistake: 'How many? For example +5 or -3.' };
  }
  if (!/^[+-]?\d+$/.test(clean)) {
    return { mistake: 'A whole number with its sign, for example +5 or -3.' };
  }
  const delta = Number(clean);
  if (delta === 0) {
    return { mistake: 'Zero changes nothing.' };
  }
  if (Math.abs(delta) > MAX_DELTA) {
    return { mistake: 'That is more than any shelf holds.' };
  }
  return { delta };
}

export interface Reason {
  code: string;
  label: string;
}

const INCOMING: readonly Reason[] = [
  { code: 'received', label: 'Received' },
  { code: 'restock', label: 'Restocked' },
  { code: 'return_good', label: 'Returned by a customer' },
  { code: 'found', label: 'Found' },
];
const OUTGOING: readonly Reason[] = [
  { code: 'damaged', label: 'Damaged' },
  { code: 'expired', label: 'Expired' },
  { code: 'scrapped', label: 'Scrapped' },
  { code: 'missing', label: 'Missing' },
  { code: 'stolen', label: 'Stolen' },
  { code: 'consumed', label: 'Used here' },
  { code: 'sample', label: 'Given as a sample' },
];
const EITHER: readonly Reason[] = [
  { code: 'cycle_count', label: 'Counted' },
  { code: 'correction', label: 'Correction' },
  { code: 'data_entry_error', label: 'Typing mistake' },
  { code: 'other', label: 'Other (with a note)' },
];

/** The reasons that fit the direction; all of them while there is none yet. */
export function reasonsFor(delta: number): readonly Reason[] {
  if (delta > 0) {
    return [...INCOMING, ...EITHER];
  }
  if (delta < 0) {
    return [...OUTGOING, ...EITHER];
  }
  return [...INCOMING, ...OUTGOING, ...EITHER];
}

export const UNDO_REASON = 'undo';

export const needsNote = (reason: string) => reason === 'other';

const PREFERENCE = 'onhand.reason';

/** The reason used last in this direction: whoever books a delivery books forty lines of it. */
export function rememberedReason(delta: number): string {
  try {
    const code = localStorage.getItem(`${PREFERENCE}.${delta > 0 ? 'in' : 'out'}`) ?? '';
    return reasonsFor(delta).some((reason) => reason.code === code) ? code : '';
  } catch {
    return '';
  }
}

export function rememberReason(delta: number, code: string): void {
  try {
    localStorage.setItem(`${PREFERENCE}.${delta > 0 ? 'in' : 'out'}`, code);
  } catch {
    // Storage may be forbidden; the preference is then simply not kept.
  }
}
