// Searching and filtering the stock list. What is chosen goes into the address.
import { ActionIcon, Button, Chip, NativeSelect, TextInput } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { StockState, StockView } from '../../api/levels.ts';
import { CloseIcon, RefreshIcon, SearchIcon } from '../../components/icons.tsx';
import { isTyping } from '../../components/keyboard.ts';
import { ColumnMenu } from './ColumnMenu.tsx';
import classes from './Toolbar.module.css';
import { writeView } from './view.ts';

const SEARCH_DELAY_MS = 200;
const STATES: { value: StockState; label: string }[] = [
  { value: 'all', label: 'All' },
  { value: 'in', label: 'In stock' },
  { value: 'low', label: 'Low' },
  { value: 'out', label: 'Out' },
];

interface Props {
  view: StockView;
  categories: readonly string[];
  outdated: boolean;
  hidden: Record<string, boolean>;
  withColumns: boolean;
  onChange: (part: Partial<StockView>) => void;
  onHide: (hidden: Record<string, boolean>) => void;
  onRefresh: () => void;
}

export function Toolbar({ view, categories, outdated, hidden, withColumns, onChange, onHide, onRefresh }: Props) {
  const listed = categories.includes(view.category) || !view.category ? categories : [view.category, ...categories];
  return (
    <div className={classes.bar}>
      <SearchBox value={view.search} onChange={(search) => onChange({ search })} />
      <Chip.Group value={view.state} onChange={(state) => onChange({ state: state as StockState })}>
        <div className={classes.chips} role="radiogroup" aria-label="State">
          {STATES.map(({ value, label }) => (
            <Chip key={value} value={value} size="sm" radius="md" variant="outline">
              {label}
            </Chip>
          ))}
        </div>
      </Chip.Group>
      <NativeSelect
        aria-label="Category"
        size="sm"
        className={classes.category}
        value={view.category}
        onChange={(event) => onChange({ category: event.currentTarget.value })}
        data={[{ value: '', label: 'All categories' }, ...listed.map((name) => ({ value: name, label: name }))]}
      />
      <div className={classes.end}>
        {outdated && (
          <Button size="xs" variant="light" leftSection={<RefreshIcon />} onClick={onRefresh}>
            Order changed · refresh
          </Button>
        )}
        {withColumns && (
          <Button component="a" href={exportAddress(view)} download size="xs" variant="default">
            Export
          </Button>
        )}
        {withColumns && <ColumnMenu hidden={hidden} onHide={onHide} />}
      </div>
    </div>
  );
}

/** The rows of this view as CSV; the browser saves what the server streams. */
function exportAddress({ search, state, category }: StockView): string {
  const params = writeView(new URLSearchParams(), { search, state, category }).toString();
  return `/api/v1/exports/stock.csv${params && `?${params}`}`;
}

/** Types into itself and tells of it a moment after the last key. `/` brings the focus here. */
function SearchBox({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [text, setText] = useState(value);
  const [told, setTold] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  const tell = useRef(onChange);
  tell.current = onChange;
  if (told !== value) {
    // Changed from outside: back button, or a link.
    setTold(value);
    if (text.trim() !== value) {
      setText(value);
    }
  }
  useEffect(() => {
    const wanted = text.trim();
    if (wanted === told) {
      return undefined;
    }
    const timer = setTimeout(() => tell.current(wanted), SEARCH_DELAY_MS);
    return () => clearTimeout(timer);
  }, [text, told]);
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === '/' && !isTyping(event.target) && !event.ctrlKey && !event.metaKey) {
        event.preventDefault();
        field.current?.focus();
        field.current?.select();
      }
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
  return (
    <TextInput
      ref={field}
      type="search"
      className={classes.search}
      size="sm"
      aria-label="Search stock by SKU, name or barcode"
      placeholder="Search SKU, name or barcode"
      leftSection={<SearchIcon />}
      rightSection={
        text && (
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label="Clear the search" onClick={() => setText('')}>
            <CloseIcon />
          </ActionIcon>
        )
      }
      maxLength={200}
      value={text}
      onChange={(event) => setText(event.currentTarget.value)}
      onKeyDown={(event) => {
        if (event.key === 'Escape') {
          setText('');
          field.current?.blur();
        }
      }}
    />
  );
}
