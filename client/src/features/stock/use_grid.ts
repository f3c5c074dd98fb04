// The table as it is moved about in: the active cell and its focus, the rows that exist, the editor, and the keys.
import { type KeyboardEvent, type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { StockView } from '../../api/levels.ts';
import { actionOf, move, type Place } from './grid_keys.ts';
import { useRowEditor } from './use_row_editor.ts';
import { ROW_HEIGHT, useVirtualRows } from './use_virtual_rows.ts';

const TOP: Place = { row: 0, column: 0 };

interface Options {
  view: StockView;
  total: number;
  columns: number;
  mayAdjust: boolean;
  onOpen: (sku: string) => void;
}

export function useGrid({ view, total, columns, mayAdjust, onOpen }: Options) {
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(TOP);
  const virtualizer = useVirtualRows(scroller, total, active.row);
  const wantFocus = useCellFocus(scroller, active);
  const editor = useRowEditor(mayAdjust, wantFocus);
  const { edit, dismiss, takeKey } = editor;
  const activate = useCallback((row: number, column: number) => setActive({ row, column }), []);

  // Another view starts at its top.
  useEffect(() => {
    void view;
    setActive(TOP);
    dismiss();
    scroller.current?.scrollTo({ top: 0 });
  }, [view, dismiss]);

  const goTo = (place: Place) => {
    wantFocus();
    setActive(place);
    if (place.row >= 0) {
      virtualizer.scrollToIndex(place.row);
    }
  };
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (takeKey(event)) {
      return;
    }
    const screen = Math.floor((scroller.current?.clientHeight ?? 0) / ROW_HEIGHT) - 1;
    const next = move(active, event, { rows: total, columns, screen });
    if (next) {
      event.preventDefault();
      goTo(next);
      return;
    }
    const action = active.row < 0 ? null : actionOf(event, mayAdjust);
    const sku = readSku(event.currentTarget, active.row);
    if (action?.name === 'edit') {
      event.preventDefault();
      edit(active.row, action.typed);
    } else if (action?.name === 'open' && sku) {
      event.preventDefault();
      onOpen(sku);
    }
  };

  return { scroller, active, activate, virtualizer, editor, onKeyDown };
}

/** Gives the active cell the focus as soon as it is drawn, whenever that was asked for. Returns how to ask. */
function useCellFocus(scroller: RefObject<HTMLDivElement | null>, active: Place): () => void {
  const wanted = useRef(false);
  useLayoutEffect(() => {
    if (wanted.current) {
      const cell = scroller.current?.querySelector<HTMLElement>(`[data-place="${active.row}:${active.column}"]`);
      if (cell) {
        wanted.current = false;
        cell.focus({ preventScroll: true });
      }
    }
  });
  return useCallback(() => {
    wanted.current = true;
  }, []);
}

function readSku(grid: HTMLElement, row: number): string | undefined {
  return grid.querySelector<HTMLElement>(`[data-row="${row}"]`)?.dataset.sku;
}
