// Which rows of the table exist: those on screen, some around them, and the active one.
import { defaultRangeExtractor, type Range, useVirtualizer } from '@tanstack/react-virtual';
import { type RefObject, useCallback } from 'react';

export const ROW_HEIGHT = 36;
const OVERSCAN = 8;

export function useVirtualRows(scroller: RefObject<HTMLDivElement | null>, total: number, activeRow: number) {
  return useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: OVERSCAN,
    scrollPaddingStart: ROW_HEIGHT,
    // The active row stays in the document, or the focus would be lost by scrolling.
    rangeExtractor: useCallback(
      (range: Range) => {
        const rows = defaultRangeExtractor(range);
        const kept = activeRow >= 0 && activeRow < range.count && !rows.includes(activeRow);
        return kept ? [...rows, activeRow].sort((a, b) => a - b) : rows;
      },
      [activeRow],
    ),
  });
}
