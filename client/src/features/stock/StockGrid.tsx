// The live table: a hundred thousand rows of which about forty exist, moved about in by keyboard like a spreadsheet.
import { useTable } from '@tanstack/react-table';
import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type KeyboardEvent, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { PAGE_SIZE, type StockView } from '../../api/levels.ts';
import type { StockLevel } from '../../api/types.ts';
import { columns, features } from './columns.tsx';
import { GridHead } from './GridHead.tsx';
import { move, type Place } from './grid_keys.ts';
import classes from './StockGrid.module.css';
import { preloadEditor, StockRow } from './StockRow.tsx';
import { PageLoader, pagesOf, usePageSelectors } from './use_pages.tsx';
import { nextSort, type SortColumn } from './view.ts';

export const ROW_HEIGHT = 36;
const OVERSCAN = 8;
const NO_ROWS: StockLevel[] = [];

interface Props {
  view: StockView;
  total: number;
  hidden: Record<string, boolean>;
  mayAdjust: boolean;
  onSort: (sort: string) => void;
  onOpen: (sku: string) => void;
}

export function StockGrid({ view, total, hidden, mayAdjust, onSort, onOpen }: Props) {
  const table = useTable({
    features,
    columns,
    data: NO_ROWS,
    manualSorting: true,
    state: {
      columnVisibility: hidden,
      sorting: view.sort ? [{ id: view.sort.replace(/^-/, ''), desc: view.sort.startsWith('-') }] : [],
    },
    onSortingChange: ignore,
    onColumnVisibilityChange: ignore,
  });
  const visible = table.getVisibleLeafColumns();
  const ids = visible.map((column) => column.id);
  const template = visible.map((column) => `minmax(${column.getSize()}px, ${column.getSize()}fr)`).join(' ');
  const width = visible.reduce((sum, column) => sum + column.getSize(), 0);

  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState<Place>({ row: 0, column: 0 });
  const [editing, setEditing] = useState(-1);
  const wantsFocus = useRef(false);
  const selectorOf = usePageSelectors(view);

  const virtualizer = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
    scrollPaddingStart: ROW_HEIGHT,
    // The active row stays in the document, or the focus would be lost by scrolling.
    rangeExtractor: useCallback(
      (range: Range) => {
        const rows = defaultRangeExtractor(range);
        const kept = active.row >= 0 && active.row < range.count && !rows.includes(active.row);
        return kept ? [...rows, active.row].sort((a, b) => a - b) : rows;
      },
      [active.row],
    ),
  });
  const items = virtualizer.getVirtualItems();

  useEffect(() => {
    if (mayAdjust) {
      preloadEditor();
    }
  }, [mayAdjust]);

  // Another view starts at its top.
  useEffect(() => {
    void view;
    setActive({ row: 0, column: 0 });
    setEditing(-1);
    scroller.current?.scrollTo({ top: 0 });
  }, [view]);

  useLayoutEffect(() => {
    if (wantsFocus.current) {
      const cell = scroller.current?.querySelector<HTMLElement>(`[data-place="${active.row}:${active.column}"]`);
      if (cell) {
        wantsFocus.current = false;
        cell.focus({ preventScroll: true });
      }
    }
  });

  /** What is typed after the editor was asked for and before its field has the focus. */
  const typed = useRef('');
  const edit = useCallback(
    (row: number) => {
      if (mayAdjust) {
        typed.current = '';
        setEditing(row);
      }
    },
    [mayAdjust],
  );
  const closeEditor = useCallback(() => {
    wantsFocus.current = true;
    setEditing(-1);
  }, []);
  const dismissEditor = useCallback(() => setEditing(-1), []);
  const activate = useCallback((row: number, column: number) => setActive({ row, column }), []);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (editing >= 0 && event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      typed.current += event.key;
      return;
    }
    const screen = Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 1;
    const next = move(active, event, { rows: total, columns: ids.length, screen });
    if (next) {
      event.preventDefault();
      wantsFocus.current = true;
      setActive(next);
      if (next.row >= 0) {
        virtualizer.scrollToIndex(next.row);
      }
      return;
    }
    if (active.row < 0 || event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const level = readRow(event.currentTarget, active.row);
    if (event.key === 'F2' || (event.key === 'Enter' && mayAdjust)) {
      event.preventDefault();
      edit(active.row);
    } else if (mayAdjust && (event.key === '+' || event.key === '-')) {
      event.preventDefault();
      edit(active.row);
      typed.current = event.key;
    } else if ((event.key === ' ' || event.key === 'Enter') && level) {
      event.preventDefault();
      onOpen(level);
    }
  };

  return (
    <>
      {pagesOf(items.map((item) => item.index)).map((page) => (
        <PageLoader key={page} view={view} page={page} />
      ))}
      {/* biome-ignore lint/a11y/useSemanticElements: a virtual grid cannot be a table element */}
      <div
        ref={scroller}
        className={classes.grid}
        role="grid"
        tabIndex={-1}
        aria-label="Stock"
        aria-rowcount={total + 1}
        aria-colcount={ids.length}
        aria-readonly={!mayAdjust}
        onKeyDown={onKeyDown}
      >
        <GridHead
          columns={visible.map((column) => ({
            id: column.id,
            label: String(column.columnDef.header),
            sortable: column.getCanSort(),
          }))}
          template={template}
          width={width}
          sort={view.sort}
          activeColumn={active.row === -1 ? active.column : -1}
          onSort={(column) => onSort(nextSort(view.sort, column as SortColumn))}
          onActivate={activate}
        />
        {/* biome-ignore lint/a11y/useSemanticElements: see above */}
        <div role="rowgroup" className={classes.body} style={{ height: virtualizer.getTotalSize(), minWidth: width }}>
          {items.map((item) => (
            <StockRow
              key={item.key}
              index={item.index}
              top={item.start}
              template={template}
              columns={ids}
              select={selectorOf(Math.floor(item.index / PAGE_SIZE))}
              activeColumn={item.index === active.row ? active.column : -1}
              editing={item.index === editing}
              typed={typed}
              onActivate={activate}
              onEdit={edit}
              onCloseEditor={closeEditor}
              onDismissEditor={dismissEditor}
              onOpen={onOpen}
            />
          ))}
        </div>
      </div>
    </>
  );
}

/** Sorting and columns are decided outside the table; it only shows them. */
function ignore(): void {}

function readRow(grid: HTMLElement, row: number): string | undefined {
  return grid.querySelector<HTMLElement>(`[data-row="${row}"]`)?.dataset.sku;
}
