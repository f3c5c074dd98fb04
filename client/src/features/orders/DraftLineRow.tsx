import { ActionIcon, Button, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useRowsShown } from '../../api/connection.ts';
import { detailSource, useStockDetailQuery } from '../../api/levels.ts';
import { levelId, type Shortage } from '../../api/types.ts';
import { formatQuantity } from '../../components/format.ts';
import { TrashIcon } from '../../components/icons.tsx';
import { LiveNumber } from '../../components/LiveNumber.tsx';
import { type DraftLine, parseQuantity } from './draft.ts';
import classes from './NewOrder.module.css';

interface Props {
  line: DraftLine;
  shortage: Shortage | undefined;
  disabled: boolean;
  onQuantity: (quantity: number) => void;
  onRemove: () => void;
  onDone: () => void;
}

/** One line of the order being written, with what is available of it right now. */
export function DraftLineRow({ line, shortage, disabled, onQuantity, onRemove, onDone }: Props) {
  const { sku, location, quantity } = line;
  const { data } = useStockDetailQuery(sku);
  useRowsShown(`${detailSource(sku)}`, [[sku, location]]);
  const available = data?.rows[levelId({ sku, location })]?.available;
  const short = available !== undefined && quantity > available;
  return (
    <li className={classes.line} data-short={short || undefined}>
      <div className={classes.product}>
        <span className={classes.name}>{line.name}</span>
        <span className={classes.sku}>
          {sku} · {location}
        </span>
      </div>
      <QuantityField
        label={`Quantity of ${line.name}`}
        quantity={quantity}
        disabled={disabled}
        onQuantity={onQuantity}
        onDone={onDone}
      />
      <span className={classes.available}>
        {available === undefined ? '…' : <LiveNumber value={available} strong />}
        <small>available</small>
      </span>
      <ActionIcon
        variant="subtle"
        color="gray"
        aria-label={`Remove ${line.name}`}
        disabled={disabled}
        onClick={onRemove}
      >
        <TrashIcon />
      </ActionIcon>
      {short && (
        <ShortNote
          quantity={quantity}
          available={available}
          shortage={shortage}
          disabled={disabled}
          onQuantity={onQuantity}
        />
      )}
    </li>
  );
}

interface QuantityFieldProps {
  label: string;
  quantity: number;
  disabled: boolean;
  onQuantity: (quantity: number) => void;
  onDone: () => void;
}

/** Holds what is typed, and hands on what of it is a quantity. */
function QuantityField({ label, quantity, disabled, onQuantity, onDone }: QuantityFieldProps) {
  const [text, setText] = useState(String(quantity));
  const parsed = parseQuantity(text);
  if (parsed !== null && parsed !== quantity) {
    setText(String(quantity));
  }
  return (
    <TextInput
      aria-label={label}
      className={classes.quantity}
      inputMode="numeric"
      autoComplete="off"
      disabled={disabled}
      error={parsed === null}
      value={text}
      onFocus={(event) => event.currentTarget.select()}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setText(next);
        const value = parseQuantity(next);
        if (value !== null) {
          onQuantity(value);
        }
      }}
      onBlur={() => setText(String(quantity))}
      onKeyDown={(event) => {
        if (event.key === 'Enter') {
          event.preventDefault();
          onDone();
        }
      }}
    />
  );
}

interface ShortNoteProps {
  quantity: number;
  available: number;
  shortage: Shortage | undefined;
  disabled: boolean;
  onQuantity: (quantity: number) => void;
}

/** Says that there is too little of a line now, and offers what there is. */
function ShortNote({ quantity, available, shortage, disabled, onQuantity }: ShortNoteProps) {
  return (
    <p className={classes.short}>
      {available > 0
        ? `Only ${formatQuantity(available)} available: ${formatQuantity(quantity - available)} too many.`
        : 'Nothing of it is available now.'}
      {shortage && ` The order was refused with ${formatQuantity(shortage.available)} available.`}
      {available > 0 && (
        <Button size="compact-xs" variant="default" disabled={disabled} onClick={() => onQuantity(available)}>
          Take {formatQuantity(available)}
        </Button>
      )}
    </p>
  );
}
