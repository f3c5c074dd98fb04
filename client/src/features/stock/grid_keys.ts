// The table by keyboard, pure: from a place and a key to the next place, or to what is done there. Row -1 is the heading.

export interface Place {
  row: number;
  column: number;
}

export interface Extent {
  rows: number;
  columns: number;
  /** Rows that fit on the screen. */
  screen: number;
}

export interface Key {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** Where the key leads, or null when it is not one that moves. */
export function move(place: Place, key: Key, extent: Extent): Place | null {
  if (key.altKey) {
    return null;
  }
  const control = key.ctrlKey || key.metaKey;
  const target = control ? jump(place, key.key, extent) : step(place, key.key, extent);
  if (!target) {
    return null;
  }
  return {
    row: Math.max(-1, Math.min(extent.rows - 1, target.row)),
    column: Math.max(0, Math.min(extent.columns - 1, target.column)),
  };
}

function step({ row, column }: Place, key: string, { columns, screen, rows }: Extent): Place | null {
  const page = Math.max(1, screen - 1);
  switch (key) {
    case 'ArrowDown':
    case 'j':
      return { row: row + 1, column };
    case 'ArrowUp':
    case 'k':
      return { row: row - 1, column };
    case 'ArrowLeft':
      return { row, column: column - 1 };
    case 'ArrowRight':
      return { row, column: column + 1 };
    case 'Home':
      return { row, column: 0 };
    case 'End':
      return { row, column: columns - 1 };
    case 'PageDown':
      return { row: row + page, column };
    case 'PageUp':
      // The heading is reached by a step, not by a leap.
      return { row: rows > 0 ? Math.max(0, row - page) : row, column };
    default:
      return null;
  }
}

function jump({ row, column }: Place, key: string, { rows, columns }: Extent): Place | null {
  switch (key) {
    case 'Home':
      return { row: 0, column: 0 };
    case 'End':
      return { row: rows - 1, column: columns - 1 };
    case 'ArrowUp':
      return { row: 0, column };
    case 'ArrowDown':
      return { row: rows - 1, column };
    case 'ArrowLeft':
      return { row, column: 0 };
    case 'ArrowRight':
      return { row, column: columns - 1 };
    default:
      return null;
  }
}

/** What a key does to the active row; `typed` is what the editor begins with. */
export type RowAction = { name: 'edit'; typed: string } | { name: 'open' };

/** Enter opens the details for those who may not adjust. F2 is ours for everyone, even where it then does nothing. */
export function actionOf({ key, ctrlKey, metaKey, altKey }: Key, mayAdjust: boolean): RowAction | null {
  if (ctrlKey || metaKey || altKey) {
    return null;
  }
  if (key === 'F2' || (key === 'Enter' && mayAdjust)) {
    return { name: 'edit', typed: '' };
  }
  if (mayAdjust && (key === '+' || key === '-')) {
    return { name: 'edit', typed: key };
  }
  return key === ' ' || key === 'Enter' ? { name: 'open' } : null;
}
