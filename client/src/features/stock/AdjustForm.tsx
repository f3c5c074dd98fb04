import { Button, NativeSelect, TextInput } from '@mantine/core';
import { type FormEvent, type RefObject, useEffect, useRef, useState } from 'react';
import { KeyKeeper } from '../../api/idempotency.ts';
import type { StockLevel } from '../../api/types.ts';
import { formatQuantity } from '../../components/format.ts';
import classes from './AdjustForm.module.css';
import { MAX_NOTE, needsNote, parseDelta, reasonsFor, rememberedReason, rememberReason } from './adjust.ts';
import { useAdjust } from './use_adjust.ts';

interface Props {
  level: StockLevel;
  /** Keys that were pressed before the field was there. */
  typed?: RefObject<string>;
  onClose: () => void;
}

/** Adjusts one level by ±n, with the reason that the ledger asks for. */
export function AdjustForm({ level, typed, onClose }: Props) {
  const [text, setText] = useState('');
  const [chosen, setChosen] = useState<string | null>(null);
  const [note, setNote] = useState('');
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState('');
  const keys = useRef(new KeyKeeper());
  const first = useRef<HTMLInputElement>(null);
  const { adjust } = useAdjust();
  useEffect(() => first.current?.focus(), []);
  /** Only with the focus do further keys come here; a popover that is still being placed cannot take it at once. */
  const takeTyped = () => {
    if (typed?.current) {
      setText(typed.current);
      typed.current = '';
    }
  };

  const parsed = parseDelta(text);
  const delta = 'delta' in parsed ? parsed.delta : 0;
  const reasons = reasonsFor(delta);
  const reason = reasons.some(({ code }) => code === chosen) ? (chosen ?? '') : delta ? rememberedReason(delta) : '';
  const deltaMistake = tried && 'mistake' in parsed ? parsed.mistake : '';
  const reasonMistake = tried && !reason ? 'Choose a reason.' : '';
  const noteMistake = tried && needsNote(reason) && !note.trim() ? 'Say in a few words what happened.' : '';
  // While the request is on the way the row already shows the new number.
  const short = !busy && delta < 0 && level.available + delta < 0;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setTried(true);
    if ('mistake' in parsed || !reason || (needsNote(reason) && !note.trim()) || busy) {
      return;
    }
    setBusy(true);
    setProblem('');
    const { sku, location } = level;
    const words = note.trim();
    const result = await adjust({ sku, location, delta, reason, ...(words && { note: words }) }, keys.current);
    setBusy(false);
    if (result.ok) {
      rememberReason(delta, reason);
      onClose();
    } else {
      setProblem(result.message);
      first.current?.focus();
    }
  };

  return (
    <form
      className={classes.form}
      onSubmit={(event) => void submit(event)}
      aria-label={`Adjust ${level.sku} in ${level.location}`}
    >
      <div className={classes.row}>
        <TextInput
          ref={first}
          label="Change by"
          placeholder="+5 or -3"
          inputMode="text"
          autoComplete="off"
          value={text}
          onFocus={takeTyped}
          error={deltaMistake}
          onChange={(event) => setText(event.currentTarget.value)}
          className={classes.delta}
        />
        <NativeSelect
          label="Reason"
          value={reason}
          error={reasonMistake}
          onChange={(event) => setChosen(event.currentTarget.value)}
          data={[{ value: '', label: 'Choose…' }, ...reasons.map(({ code, label }) => ({ value: code, label }))]}
          className={classes.reason}
        />
      </div>
      <TextInput
        label={needsNote(reason) ? 'Note' : 'Note (optional)'}
        value={note}
        maxLength={MAX_NOTE}
        error={noteMistake}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <p className={classes.preview} data-short={short || undefined} aria-live="polite">
        {delta !== 0 && !busy
          ? `On hand ${formatQuantity(level.on_hand)} → ${formatQuantity(level.on_hand + delta)}, available ${formatQuantity(level.available)} → ${formatQuantity(level.available + delta)}`
          : `On hand ${formatQuantity(level.on_hand)}, available ${formatQuantity(level.available)}`}
        {short && '. That is more than is available.'}
      </p>
      {problem && (
        <p className={classes.problem} role="alert">
          {problem}
        </p>
      )}
      <div className={classes.actions}>
        <Button variant="default" size="xs" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" size="xs" loading={busy}>
          Apply
        </Button>
      </div>
    </form>
  );
}
