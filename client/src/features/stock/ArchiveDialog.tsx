// Takes a product out of use. The server refuses while anything of it is left; the dialog says so before.
import { useState } from 'react';
import { outcomeUnknown, problemOf } from '../../api/problem.ts';
import type { Product, StockLevel } from '../../api/types.ts';
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx';
import { formatQuantity } from '../../components/format.ts';
import { showToast } from '../../components/toasts.ts';
import { FormProblem } from './FormProblem.tsx';
import classes from './ProductForm.module.css';
import { useArchiveProductMutation } from './product_api.ts';
import { useRestore } from './use_restore.ts';

interface Props {
  product: Product;
  levels: readonly StockLevel[];
  onArchived: () => void;
  onClose: () => void;
}

export function ArchiveDialog({ product, levels, onArchived, onClose }: Props) {
  const [archive, { isLoading }] = useArchiveProductMutation();
  const restore = useRestore();
  const [error, setError] = useState<unknown>(null);
  const left = leftOf(levels);
  const run = async () => {
    setError(null);
    const result = await archive({ sku: product.sku, version: product.version });
    // Gone already: by the first try, whose answer was lost, or by somebody else.
    const gone = problemOf(result.error)?.code === 'unknown_sku';
    if (result.error && !gone) {
      setError(result.error);
      return;
    }
    const undo = { label: 'Undo', run: () => void restore(product.sku) };
    showToast({ tone: 'success', title: `${product.sku} archived`, action: undo });
    onArchived();
  };
  return (
    <ConfirmDialog
      title={`Archive ${product.sku}?`}
      confirm={outcomeUnknown(error) && error ? 'Send again' : 'Archive'}
      danger
      busy={isLoading}
      disabled={left !== ''}
      onConfirm={() => void run()}
      onClose={onClose}
    >
      <div className={classes.archive}>
        {left ? (
          <p>
            Still left: {left}. A product can be archived when nothing of it is left: take its stock off, and fulfil or
            cancel its orders first.
          </p>
        ) : (
          <p>
            It leaves the stock list, and no order can be placed for it any more. Its orders and movements stay, and so
            does its SKU. It can be restored.
          </p>
        )}
        <FormProblem
          error={error}
          title="The product was not archived"
          unknown="It may have been archived. Send it again: that does no harm."
        />
      </div>
    </ConfirmDialog>
  );
}

/** `5 on hand and 2 promised`; empty when nothing is left anywhere. */
function leftOf(levels: readonly StockLevel[]): string {
  const sum = (read: (level: StockLevel) => number) => levels.reduce((total, level) => total + read(level), 0);
  return [
    [sum((level) => level.on_hand), 'on hand'] as const,
    [sum((level) => level.held + level.allocated), 'promised'] as const,
    [sum((level) => level.incoming), 'incoming'] as const,
  ]
    .filter(([quantity]) => quantity > 0)
    .map(([quantity, word]) => `${formatQuantity(quantity)} ${word}`)
    .join(' and ');
}
