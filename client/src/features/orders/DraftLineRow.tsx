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
  const [text, setText] = useState(String(quantity));
  const parsed = parseQuantity(text);
  if (parsed !== null && parsed !== quantity) {
    setText(String(quantity));
  }
  const short = available !== undefined && quantity > available;
  const label = `Quantity of ${line.name}`;
  return (
    <li className={classes.line} data-short={short || undefined}>
      <div className={classes.product}>
        <span className={classes.name}>{line.name}</span>
        <span className={classes.sku}>
          {sku} · {location}
        </span>
      </div>
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
      )}
    </li>
  );
}
