import { ActionIcon, Button, TextInput } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { PlusIcon, TrashIcon } from '../../components/icons.tsx';
import { type AttributeRow, addRow, MAX_ROWS } from './attributes.ts';
import classes from './ProductForm.module.css';

interface Props {
  rows: readonly AttributeRow[];
  mistake: string | undefined;
  disabled: boolean;
  onChange: (rows: AttributeRow[]) => void;
}

/** Attributes as rows of a name and a value. */
export function AttributesField({ rows, mistake, disabled, onChange }: Props) {
  const list = useRef<HTMLFieldSetElement>(null);
  const focusLast = useRef(false);
  useEffect(() => {
    if (focusLast.current && rows.length > 0) {
      focusLast.current = false;
      list.current?.querySelector<HTMLElement>('[data-row]:last-of-type input')?.focus();
    }
  }, [rows]);
  const set = (id: number, part: Partial<AttributeRow>) =>
    onChange(rows.map((row) => (row.id === id ? { ...row, ...part } : row)));
  return (
    <fieldset ref={list} className={classes.attributes} disabled={disabled}>
      <legend>Attributes</legend>
      {rows.map((row, index) => (
        <Row
          key={row.id}
          row={row}
          number={index + 1}
          wrong={Boolean(mistake)}
          onSet={(part) => set(row.id, part)}
          onRemove={() => onChange(rows.filter(({ id }) => id !== row.id))}
        />
      ))}
      {mistake && (
        <p className={classes.mistake} role="alert">
          {mistake}
        </p>
      )}
      {rows.length < MAX_ROWS && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<PlusIcon />}
          className={classes.add}
          onClick={() => {
            focusLast.current = true;
            onChange(addRow(rows));
          }}
        >
          Add an attribute
        </Button>
      )}
    </fieldset>
  );
}

interface RowProps {
  row: AttributeRow;
  number: number;
  wrong: boolean;
  onSet: (part: Partial<AttributeRow>) => void;
  onRemove: () => void;
}

function Row({ row, number, wrong, onSet, onRemove }: RowProps) {
  const called = row.name.trim() || String(number);
  return (
    <div className={classes.attribute} data-row={row.id}>
      <TextInput
        aria-label={`Name of attribute ${number}`}
        placeholder="Name"
        maxLength={128}
        autoComplete="off"
        error={wrong}
        value={row.name}
        onChange={(event) => onSet({ name: event.currentTarget.value })}
      />
      <TextInput
        aria-label={`Value of attribute ${called}${row.isJson ? ', as JSON' : ''}`}
        placeholder="Value"
        autoComplete="off"
        maxLength={8192}
        data-json={row.isJson || undefined}
        spellCheck={!row.isJson}
        value={row.text}
        onChange={(event) => onSet({ text: event.currentTarget.value })}
      />
      <ActionIcon variant="subtle" color="gray" aria-label={`Remove attribute ${called}`} onClick={onRemove}>
        <TrashIcon />
      </ActionIcon>
    </div>
  );
}
