// Takes an archived product back into use, from wherever that is offered; a toast says how it went.
import { useCallback } from 'react';
import { useAppDispatch } from '../../api/hooks.ts';
import { explain } from '../../api/problem.ts';
import { showToast } from '../../components/toasts.ts';
import { productApi } from './product_api.ts';

export function useRestore(): (sku: string) => Promise<void> {
  const dispatch = useAppDispatch();
  return useCallback(
    async (sku: string) => {
      const error = await restore(dispatch, sku);
      if (error) {
        showToast({ tone: 'error', title: `${sku} was not restored`, message: explain(error) });
      } else {
        showToast({ tone: 'success', title: `${sku} restored`, message: 'It is in the stock list again.' });
      }
    },
    [dispatch],
  );
}

/**
 * What went wrong, or undefined. Restores the product as it is now, whatever was on screen, and is content when somebody
 * else was first. Not by hooks of the query library: what asks for it, a toast say, may be gone before the answer comes.
 */
async function restore(dispatch: ReturnType<typeof useAppDispatch>, sku: string): Promise<unknown> {
  const { product, updateProduct } = productApi.endpoints;
  const { data, error } = await dispatch(product.initiate(sku, { forceRefetch: true, subscribe: false }));
  if (!data?.archived) {
    return error;
  }
  const result = await dispatch(
    updateProduct.initiate({ sku, version: data.version, change: { archived: false } }, { track: false }),
  );
  return result.error;
}
