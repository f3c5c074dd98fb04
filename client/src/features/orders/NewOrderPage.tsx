import { Alert, Button, TextInput } from '@mantine/core';
import { type FormEvent, useEffect, useRef } from 'react';
import { outcomeUnknown, problemOf } from '../../api/problem.ts';
import type { Shortage, StockLevel } from '../../api/types.ts';
import { ProblemAlert } from '../../components/Feedback.tsx';
import { formatQuantity, plural } from '../../components/format.ts';
import { PageHead } from '../../components/PageHead.tsx';
import { DraftLineRow } from './DraftLineRow.tsx';
import { addLine, type Draft, type DraftLine, MAX_LINES } from './draft.ts';
import classes from './NewOrder.module.css';
import { ProductPicker } from './ProductPicker.tsx';
import { useDraft } from './use_draft.ts';

export function NewOrderPage() {
  const { draft, update, submit, discard, error, isLoading } = useDraft();
  const picker = useRef<HTMLInputElement>(null);
  const shortages = problemOf(error)?.shortages ?? [];
  // What was sent may have been placed; it can be sent again, but not changed.
  const locked = isLoading || draft.sent !== null;
  const units = draft.lines.reduce((sum, line) => sum + line.quantity, 0);
  useEffect(() => picker.current?.focus(), []);

  const pick = (level: StockLevel) =>
    update((before) => addLine(before, { sku: level.sku, name: level.name, location: level.location, quantity: 1 }));
  const setLine = (index: number, line: DraftLine | null) =>
    update((before) => ({
      ...before,
      lines: before.lines.flatMap((known, at) => (at === index ? (line ?? []) : known)),
    }));
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (draft.lines.length > 0 && !isLoading) {
      void submit();
    }
  };

  return (
    <form className={classes.page} onSubmit={onSubmit}>
      <PageHead title="New order">
        {(draft.lines.length > 0 || draft.sent) && (
          <Button variant="subtle" size="xs" disabled={isLoading} onClick={discard}>
            Start anew
          </Button>
        )}
      </PageHead>
      {error !== null && <Refusal error={error} shortages={shortages} />}
      {!locked && draft.lines.length < MAX_LINES && <ProductPicker field={picker} onPick={pick} />}
      {draft.lines.length === 0 ? (
        <p className={classes.none}>The order has no lines yet. Scan or type a SKU, or search by name.</p>
      ) : (
        <ul className={classes.lines} aria-label="Lines">
          {draft.lines.map((line, index) => (
            <DraftLineRow
              key={`${line.sku} ${line.location}`}
              line={line}
              shortage={shortages.find(({ sku, location }) => sku === line.sku && location === line.location)}
              disabled={locked}
              onQuantity={(quantity) => setLine(index, { ...line, quantity })}
              onRemove={() => setLine(index, null)}
              onDone={() => picker.current?.focus()}
            />
          ))}
        </ul>
      )}
      <Details draft={draft} disabled={locked} onChange={(part) => update((before) => ({ ...before, ...part }))} />
      <div className={classes.submit}>
        <span>
          {plural(draft.lines.length, 'line')}, {plural(units, 'unit')}
        </span>
        <Button type="submit" size="md" loading={isLoading} disabled={draft.lines.length === 0}>
          {draft.sent && !isLoading ? 'Send again' : 'Place order'}
        </Button>
      </div>
    </form>
  );
}

/** Why there is no order, or why nobody knows whether there is one. */
function Refusal({ error, shortages }: { error: unknown; shortages: readonly Shortage[] }) {
  if (outcomeUnknown(error)) {
    return (
      <Alert color="yellow" title="No answer from the server" role="alert">
        The order may have been placed. Send it again: it cannot be placed twice.
      </Alert>
    );
  }
  if (shortages.length > 0) {
    return <Shortages shortages={shortages} />;
  }
  return <ProblemAlert error={error} title="The order was not placed" />;
}

function Shortages({ shortages }: { shortages: readonly Shortage[] }) {
  return (
    <Alert color="red" title="Not enough stock: nothing was taken" role="alert">
      <ul className={classes.shortages}>
        {shortages.map(({ sku, location, requested, available }) => (
          <li key={`${sku} ${location}`}>
            <strong>{sku}</strong> in {location}: {formatQuantity(requested)} wanted, {formatQuantity(available)}{' '}
            available
          </li>
        ))}
      </ul>
    </Alert>
  );
}

interface DetailsProps {
  draft: Draft;
  disabled: boolean;
  onChange: (part: Partial<Draft>) => void;
}

const FIELDS = [
  { name: 'customer', label: 'Customer', max: 256 },
  { name: 'reference', label: 'Reference', max: 128 },
  { name: 'note', label: 'Note', max: 1024 },
] as const;

function Details({ draft, disabled, onChange }: DetailsProps) {
  return (
    <div className={classes.details}>
      {FIELDS.map(({ name, label, max }) => (
        <TextInput
          key={name}
          label={label}
          maxLength={max}
          autoComplete="off"
          disabled={disabled}
          value={draft[name]}
          onChange={(event) => onChange({ [name]: event.currentTarget.value })}
        />
      ))}
    </div>
  );
}
