// The content of the form that adjusts one level: its fields, what is wrong with them, and sending them.
import { type FormEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { KeyKeeper } from '../../api/idempotency.ts';
import type { StockLevel } from '../../api/types.ts';
import { needsNote, parseDelta, reasonsFor, rememberedReason, rememberReason } from './adjust.ts';
import { useAdjust } from './use_adjust.ts';

interface Fields {
  text: string;
  /** The reason that was picked; null while the one used last is offered. */
  chosen: string | null;
  note: string;
}

/** What the fields say, with a sentence for each one that cannot be sent. */
function readFields({ text, chosen, note }: Fields) {
  const parsed = parseDelta(text);
  const delta = 'delta' in parsed ? parsed.delta : 0;
  const reasons = reasonsFor(delta);
  const reason = reasons.some(({ code }) => code === chosen) ? (chosen ?? '') : delta ? rememberedReason(delta) : '';
  const mistakes = {
    delta: 'mistake' in parsed ? parsed.mistake : '',
    reason: reason ? '' : 'Choose a reason.',
    note: needsNote(reason) && !note.trim() ? 'Say in a few words what happened.' : '',
  };
  return { delta, reasons, reason, mistakes };
}

const NO_MISTAKES = { delta: '', reason: '', note: '' };

export function useAdjustForm(level: StockLevel, first: RefObject<HTMLInputElement | null>, onClose: () => void) {
  const [fields, setFields] = useState<Fields>({ text: '', chosen: null, note: '' });
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const keys = useRef(new KeyKeeper());
  const { adjust } = useAdjust();
  useEffect(() => first.current?.focus(), [first]);

  const { mistakes, ...read } = readFields(fields);
  const { delta, reason } = read;
  const change = (part: Partial<Fields>) => setFields((before) => ({ ...before, ...part }));

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if (mistakes.delta || mistakes.reason || mistakes.note || busy) {
      return;
    }
    setBusy(true);
    setProblem('');
    const { sku, location } = level;
    const note = fields.note.trim();
    const result = await adjust({ sku, location, delta, reason, ...(note && { note }) }, keys.current);
    setBusy(false);
    if (result.ok) {
      rememberReason(delta, reason);
      onClose();
    } else {
      setProblem(result.message);
      first.current?.focus();
    }
  };

  return { ...fields, ...read, mistakes: tried ? mistakes : NO_MISTAKES, busy, problem, change, submit };
}
