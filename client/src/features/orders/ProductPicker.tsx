// Adds lines to an order: type to search and pick, or type (or scan) a SKU and press Enter.
import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { type KeyboardEvent, type RefObject, useId, useState } from 'react';
import { useAppDispatch } from '../../api/hooks.ts';
import { levelsApi, useStockSearchQuery } from '../../api/levels.ts';
import { explain, problemOf } from '../../api/problem.ts';
import type { StockLevel } from '../../api/types.ts';
import { formatQuantity } from '../../components/format.ts';
import { SearchIcon } from '../../components/icons.tsx';
import classes from './ProductPicker.module.css';

const SEARCH_DELAY_MS = 150;

interface Props {
  field: RefObject<HTMLInputElement | null>;
  onPick: (level: StockLevel) => void;
}

export function ProductPicker({ field, onPick }: Props) {
  const [text, setText] = useState('');
  const [marked, setMarked] = useState(-1);
  const [open, setOpen] = useState(false);
  const [problem, setProblem] = useState('');
  const [searched] = useDebouncedValue(text.trim(), SEARCH_DELAY_MS);
  const { currentData: found = [] } = useStockSearchQuery(searched, { skip: searched.length === 0 });
  const dispatch = useAppDispatch();
  const listId = useId();
  const shown = open && text.trim() !== '' && found.length > 0;

  const pick = (level: StockLevel) => {
    onPick(level);
    setText('');
    setMarked(-1);
    setOpen(false);
    setProblem('');
  };
  /** The typed text is a SKU: found at once, whatever the search has shown so far. A scanner is that quick. */
  const pickTyped = async () => {
    const sku = text.trim();
    if (!sku) {
      return;
    }
    const result = await dispatch(
      levelsApi.endpoints.stockDetail.initiate(sku, { forceRefetch: true, subscribe: false }),
    );
    const levels = Object.values(result.data?.rows ?? {}).sort((a, b) => b.available - a.available);
    if (levels[0]) {
      pick(levels[0]);
    } else if (found.length === 1 && found[0] && searched === sku) {
      pick(found[0]);
    } else {
      const missing = !result.error || problemOf(result.error)?.status === 404;
      setProblem(missing ? `There is no product with the SKU “${sku}”.` : explain(result.error));
      field.current?.select();
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      setOpen(true);
      const step = event.key === 'ArrowDown' ? 1 : -1;
      setMarked((before) => Math.max(-1, Math.min(found.length - 1, before + step)));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      const level = shown ? found[marked] : undefined;
      if (level) {
        pick(level);
      } else {
        void pickTyped();
      }
    } else if (event.key === 'Escape') {
      setOpen(false);
      setMarked(-1);
    }
  };

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
        aria-activedescendant={shown && marked >= 0 ? `${listId}-${marked}` : undefined}
        error={problem}
        maxLength={200}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value);
          setMarked(-1);
          setOpen(true);
          setProblem('');
        }}
        onKeyDown={onKeyDown}
        onBlur={() => setOpen(false)}
      />
      <div id={listId} role="listbox" aria-label="Products found" className={classes.list} hidden={!shown}>
        {found.map((level, index) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the marked option
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are handled by the field
          <div
            key={`${level.sku} ${level.location}`}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === marked}
            className={classes.option}
            // The field must not lose the focus before the click arrives.
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => pick(level)}
          >
            <span className={classes.name}>{level.name}</span>
            <span className={classes.sku}>
              {level.sku} · {level.location}
            </span>
            <span className={classes.available}>{formatQuantity(level.available)} available</span>
          </div>
        ))}
      </div>
    </div>
  );
}
