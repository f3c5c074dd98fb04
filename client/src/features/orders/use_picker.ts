// What the picker of products holds and what its keys do: the typed text, what the search found for it, and which of
// that is marked.
import { useDebouncedValue } from '@mantine/hooks';
import { type KeyboardEvent, type RefObject, useState } from 'react';
import { useAppDispatch } from '../../api/hooks.ts';
import { levelsApi, useStockSearchQuery } from '../../api/levels.ts';
import { explain, problemOf } from '../../api/problem.ts';
import type { StockLevel } from '../../api/types.ts';

const SEARCH_DELAY_MS = 150;

export function usePicker(field: RefObject<HTMLInputElement | null>, onPick: (level: StockLevel) => void) {
  const [text, setText] = useState('');
  const [marked, setMarked] = useState(-1);
  const [open, setOpen] = useState(false);
  const [problem, setProblem] = useState('');
  const [searched] = useDebouncedValue(text.trim(), SEARCH_DELAY_MS);
  const { currentData: found = [] } = useStockSearchQuery(searched, { skip: searched.length === 0 });
  const lookUp = useSkuLookup();
  const shown = open && text.trim() !== '' && found.length > 0;

  const type = (next: string) => {
    setText(next);
    setMarked(-1);
    setOpen(true);
    setProblem('');
  };
  const close = () => setOpen(false);
  const pick = (level: StockLevel) => {
    onPick(level);
    type('');
    close();
  };
  const pickTyped = async () => {
    const sku = text.trim();
    if (!sku) {
      return;
    }
    const { level, missing } = await lookUp(sku);
    const only = found.length === 1 && searched === sku ? found[0] : undefined;
    const picked = level ?? only;
    if (picked) {
      pick(picked);
    } else {
      setProblem(missing);
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
      close();
      setMarked(-1);
    }
  };

  return { text, type, found, marked, shown, problem, pick, close, onKeyDown };
}

/**
 * Finds the level of a SKU with the most available, or the words for its absence. It asks the server at once, whatever
 * the search has shown so far. A scanner is that quick.
 */
function useSkuLookup() {
  const dispatch = useAppDispatch();
  return async (sku: string): Promise<{ level: StockLevel | undefined; missing: string }> => {
    const { data, error } = await dispatch(
      levelsApi.endpoints.stockDetail.initiate(sku, { forceRefetch: true, subscribe: false }),
    );
    const [level] = Object.values(data?.rows ?? {}).sort((a, b) => b.available - a.available);
    const unknown = !error || problemOf(error)?.status === 404;
    return { level, missing: unknown ? `There is no product with the SKU “${sku}”.` : explain(error) };
  };
}
