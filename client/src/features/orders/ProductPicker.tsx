// Adds lines to an order: type to search and pick, or type (or scan) a SKU and press Enter.
import { TextInput } from '@mantine/core';
import { type RefObject, useId } from 'react';
import type { StockLevel } from '../../api/types.ts';
import { formatQuantity } from '../../components/format.ts';
import { SearchIcon } from '../../components/icons.tsx';
import classes from './ProductPicker.module.css';
import { usePicker } from './use_picker.ts';

interface Props {
  field: RefObject<HTMLInputElement | null>;
  onPick: (level: StockLevel) => void;
}

export function ProductPicker({ field, onPick }: Props) {
  const picker = usePicker(field, onPick);
  const { shown, marked } = picker;
  const listId = useId();
  return (
    <div className={classes.picker}>
      <TextInput
        ref={field}
        label="Add a product"
        placeholder="Search, or type a SKU and press Enter"
        leftSection={<SearchIcon />}
        autoComplete="off"
        spellCheck={false}
        role="combobox"
        aria-expanded={shown}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={shown && marked >= 0 ? optionId(listId, marked) : undefined}
        error={picker.problem}
        maxLength={200}
        value={picker.text}
        onChange={(event) => picker.type(event.currentTarget.value)}
        onKeyDown={picker.onKeyDown}
        onBlur={picker.close}
      />
      <div id={listId} role="listbox" aria-label="Products found" className={classes.list} hidden={!shown}>
        {picker.found.map((level, index) => (
          <Option
            key={`${level.sku} ${level.location}`}
            id={optionId(listId, index)}
            level={level}
            marked={index === marked}
            onPick={picker.pick}
          />
        ))}
      </div>
    </div>
  );
}

const optionId = (listId: string, index: number) => `${listId}-${index}`;

interface OptionProps {
  id: string;
  level: StockLevel;
  marked: boolean;
  onPick: (level: StockLevel) => void;
}

function Option({ id, level, marked, onPick }: OptionProps) {
  return (
    // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the marked option
    // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled by the field
    <div
      id={id}
      role="option"
      aria-selected={marked}
      className={classes.option}
      // The field must not lose the focus before the click arrives.
      onMouseDown={(event) => event.preventDefault()}
      onClick={() => onPick(level)}
    >
      <span className={classes.name}>{level.name}</span>
      <span className={classes.sku}>
        {level.sku} · {level.location}
      </span>
      <span className={classes.available}>{formatQuantity(level.available)} available</span>
    </div>
  );
}
