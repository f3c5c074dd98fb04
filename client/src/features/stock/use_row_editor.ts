// Which row of the table is being adjusted, and what is typed before the form has the focus.
import { type KeyboardEvent, useCallback, useEffect, useRef, useState } from 'react';
import { preloadEditor } from './StockRow.tsx';

/** `onClose` is told when the form was left for the table, not when something else was clicked. It must be stable. */
export function useRowEditor(mayAdjust: boolean, onClose: () => void) {
  const [row, setRow] = useState(-1);
  /** What is typed after the editor was asked for and before its field has the focus. */
  const typed = useRef('');

  useEffect(() => {
    if (mayAdjust) {
      preloadEditor();
    }
  }, [mayAdjust]);

  const edit = useCallback(
    (next: number, firstKey = '') => {
      if (mayAdjust) {
        typed.current = firstKey;
        setRow(next);
      }
    },
    [mayAdjust],
  );
  const close = useCallback(() => {
    onClose();
    setRow(-1);
  }, [onClose]);
  const dismiss = useCallback(() => setRow(-1), []);

  /** Keeps the key for the form when one is on its way; says whether it did. */
  const takeKey = (event: KeyboardEvent): boolean => {
    if (row < 0 || event.key.length !== 1 || event.ctrlKey || event.metaKey) {
      return false;
    }
    event.preventDefault();
    typed.current += event.key;
    return true;
  };

  return { row, typed, edit, close, dismiss, takeKey };
}
