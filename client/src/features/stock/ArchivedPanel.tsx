// The products that are out of use, to find one and take it back.
import { Button, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import type { Product } from '../../api/types.ts';
import { ProblemAlert, Waiting } from '../../components/Feedback.tsx';
import { formatQuantity } from '../../components/format.ts';
import { SearchIcon } from '../../components/icons.tsx';
import { SidePanel } from '../../components/SidePanel.tsx';
import classes from './ArchivedPanel.module.css';
import { useArchivedQuery } from './product_api.ts';
import { useRestore } from './use_restore.ts';

const SEARCH_DELAY_MS = 200;

export default function ArchivedPanel({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('');
  const [search] = useDebouncedValue(text.trim(), SEARCH_DELAY_MS);
  const { data, error, refetch } = useArchivedQuery(search, { refetchOnMountOrArgChange: true });
  return (
    <SidePanel title="Archived products" onClose={onClose}>
      <TextInput
        type="search"
        aria-label="Search archived products by SKU, name or barcode"
        placeholder="Search SKU, name or barcode"
        leftSection={<SearchIcon />}
        maxLength={200}
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      {error && !data ? (
        <ProblemAlert error={error} title="The products cannot be shown" onRetry={() => void refetch()} />
      ) : !data ? (
        <Waiting />
      ) : data.items.length === 0 ? (
        <p className={classes.none}>{search ? 'No archived product matches.' : 'No product is archived.'}</p>
      ) : (
        <>
          <ul className={classes.list}>
            {data.items.map((product) => (
              <Row key={product.sku} product={product} />
            ))}
          </ul>
          {data.total > data.items.length && (
            <p className={classes.none}>
              The first {formatQuantity(data.items.length)} of {formatQuantity(data.total)}. Search to find others.
            </p>
          )}
        </>
      )}
    </SidePanel>
  );
}

function Row({ product: { sku, name } }: { product: Product }) {
  const restore = useRestore();
  const [busy, setBusy] = useState(false);
  const run = async () => {
    setBusy(true);
    await restore(sku);
    setBusy(false);
  };
  return (
    <li className={classes.row}>
      <span className={classes.what}>
        <strong>{name}</strong>
        <code>{sku}</code>
      </span>
      <Button
        size="compact-sm"
        variant="default"
        aria-label={`Restore ${sku}`}
        loading={busy}
        onClick={() => void run()}
      >
        Restore
      </Button>
    </li>
  );
}
