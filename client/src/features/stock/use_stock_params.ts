// What the stock page keeps in the address: the view, and the product whose details are open.
import { useCallback, useMemo } from 'react';
import { useSearchParams } from 'react-router';
import type { StockView } from '../../api/levels.ts';
import { readView, writeView } from './view.ts';

export function useStockParams() {
  const [params, setParams] = useSearchParams();
  const wanted = useStableView(readView(params));
  const change = useCallback(
    (part: Partial<StockView>) => setParams((before) => writeView(before, part), { replace: true }),
    [setParams],
  );
  /** Opens the details of a product; null closes them. */
  const open = useCallback(
    (sku: string | null) =>
      setParams((before) => {
        const next = new URLSearchParams(before);
        if (sku === null) {
          next.delete('sku');
        } else {
          next.set('sku', sku);
        }
        return next;
      }),
    [setParams],
  );
  return { wanted, change, sku: params.get('sku'), open };
}

/** The same object for the same view, so that what hangs on it is made once. */
function useStableView({ search, state, category, sort }: StockView): StockView {
  return useMemo(() => ({ search, state, category, sort }), [search, state, category, sort]);
}
