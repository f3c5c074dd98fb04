import { Button, NativeSelect, TextInput } from '@mantine/core';
import { type RefObject, useRef } from 'react';
import type { StockLevel } from '../../api/types.ts';
import { FormActions, Refusal } from '../../components/FormEnd.tsx';
import { formatQuantity } from '../../components/format.ts';
import classes from './AdjustForm.module.css';
import { MAX_NOTE, needsNote } from './adjust.ts';
import { useAdjustForm } from './use_adjust_form.ts';

interface Props {
  level: StockLevel;
  /** Keys that were pressed before the field was there. */
  typed?: RefObject<string>;
  onClose: () => void;
}

/** Adjusts one level by ±n, with the reason that the ledger asks for. */
export function AdjustForm({ level, typed, onClose }: Props) {
  const first = useRef<HTMLInputElement>(null);
  const { text, delta, reasons, reason, note, mistakes, busy, problem, change, submit } = useAdjustForm(
    level,
    first,
    onClose,
  );
  /** Only with the focus do further keys come here; a popover that is still being placed cannot take it at once. */
  const takeTyped = () => {
    if (typed?.current) {
      change({ text: typed.current });
      typed.current = '';
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
          error={mistakes.delta}
          onChange={(event) => change({ text: event.currentTarget.value })}
          className={classes.delta}
        />
        <NativeSelect
          label="Reason"
          value={reason}
          error={mistakes.reason}
          onChange={(event) => change({ chosen: event.currentTarget.value })}
          data={[{ value: '', label: 'Choose…' }, ...reasons.map(({ code, label }) => ({ value: code, label }))]}
          className={classes.reason}
        />
      </div>
      <TextInput
        label={needsNote(reason) ? 'Note' : 'Note (optional)'}
        value={note}
        maxLength={MAX_NOTE}
        error={mistakes.note}
        onChange={(event) => change({ note: event.currentTarget.value })}
      />
      <Preview level={level} delta={busy ? 0 : delta} />
      <Ending problem={problem} busy={busy} onClose={onClose} />
    </form>
  );
}

/** What the change would make of the level. While it is on the way the row already shows the new number: zero then. */
function Preview({ level, delta }: { level: StockLevel; delta: number }) {
  const short = delta < 0 && level.available + delta < 0;
  const show = (quantity: number) =>
    delta === 0 ? formatQuantity(quantity) : `${formatQuantity(quantity)} → ${formatQuantity(quantity + delta)}`;
  return (
    <p className={classes.preview} data-short={short || undefined} aria-live="polite">
      {`On hand ${show(level.on_hand)}, available ${show(level.available)}`}
      {short && '. That is more than is available.'}
    </p>
  );
}

/** Why it did not work, and the buttons. */
function Ending({ problem, busy, onClose }: { problem: string; busy: boolean; onClose: () => void }) {
  return (
    <>
      {problem && <Refusal>{problem}</Refusal>}
      <FormActions>
        <Button variant="default" size="xs" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" size="xs" loading={busy}>
          Apply
        </Button>
      </FormActions>
    </>
  );
}
