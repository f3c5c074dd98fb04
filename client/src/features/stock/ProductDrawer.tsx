// Everything about one product: its levels by location, live, what is known of it, and the ledger that explains them.
import { Button } from '@mantine/core';
import { useEffect, useMemo, useRef, useState } from 'react';
import { useRowsShown } from '../../api/connection.ts';
import { detailSource, useStockDetailQuery } from '../../api/levels.ts';
import { problemOf } from '../../api/problem.ts';
import { useMay } from '../../api/roles.ts';
import type { StockLevel } from '../../api/types.ts';
import { ProblemAlert, Waiting } from '../../components/Feedback.tsx';
import { formatQuantity } from '../../components/format.ts';
import { LiveNumber } from '../../components/LiveNumber.tsx';
import { SidePanel } from '../../components/SidePanel.tsx';
import { AdjustForm } from './AdjustForm.tsx';
import { ArchiveDialog } from './ArchiveDialog.tsx';
import { StateBadge } from './columns.tsx';
import { Movements } from './Movements.tsx';
import classes from './ProductDrawer.module.css';
import { ProductEditor } from './ProductEditor.tsx';
import { ProductFacts, ProductHead } from './ProductFacts.tsx';
import { useProductQuery } from './product_api.ts';
import { useRestore } from './use_restore.ts';

export default function ProductDrawer({ sku, onClose }: { sku: string; onClose: () => void }) {
  const { data, error, refetch } = useStockDetailQuery(sku, { refetchOnMountOrArgChange: true });
  const { data: product } = useProductQuery(sku, { refetchOnMountOrArgChange: true });
  const ids = data?.ids;
  const keys = useMemo(() => ids?.map((id) => id.split('\u0000') as [string, string]) ?? [], [ids]);
  useRowsShown(detailSource(sku), keys);
  const [doing, setDoing] = useState<'edit' | 'archive' | null>(null);
  const editButton = useRef<HTMLButtonElement>(null);
  const wasEditing = useRef(false);
  useEffect(() => {
    if (wasEditing.current && doing === null) {
      editButton.current?.focus();
    }
    wasEditing.current = doing === 'edit';
  }, [doing]);
  const manages = useMay('edit_products');
  const mayEdit = manages && product?.archived === false;
  const mayRestore = manages && product?.archived === true;
  const restore = useRestore();
  const levels = data ? data.ids.flatMap((id) => data.rows[id] ?? []) : [];
  const { name, category } = product ?? levels[0] ?? { name: sku, category: '' };
  if (product && doing === 'edit') {
    return (
      <SidePanel title={`Edit ${sku}`} unsaved onClose={() => setDoing(null)}>
        <ProductEditor product={product} onDone={() => setDoing(null)} />
      </SidePanel>
    );
  }
  if (problemOf(error)?.status === 404 && !product) {
    return (
      <SidePanel title="There is no such product" onClose={onClose}>
        <p className={classes.none}>
          No product has the SKU <code>{sku}</code>.
        </p>
      </SidePanel>
    );
  }
  return (
    <SidePanel title={name} unsaved={doing !== null} onClose={onClose}>
      <ProductHead
        sku={sku}
        category={category}
        archived={product?.archived ?? false}
        editButton={editButton}
        onEdit={mayEdit ? () => setDoing('edit') : undefined}
        onArchive={mayEdit ? () => setDoing('archive') : undefined}
        onRestore={mayRestore ? () => void restore(sku) : undefined}
      />
      {product?.archived ? (
        <p className={classes.none}>This product is out of use: it has no stock, and no order can be placed for it.</p>
      ) : error && !data ? (
        <ProblemAlert error={error} title="This product cannot be shown" onRetry={() => void refetch()} />
      ) : !data ? (
        <Waiting />
      ) : (
        levels.map((level) => <LevelCard key={level.location} level={level} />)
      )}
      {product && <ProductFacts product={product} />}
      <h2 className={classes.heading}>Movements</h2>
      <Movements sku={sku} />
      {product && doing === 'archive' && (
        <ArchiveDialog product={product} levels={levels} onArchived={onClose} onClose={() => setDoing(null)} />
      )}
    </SidePanel>
  );
}

const PARTS = [
  ['on_hand', 'On hand'],
  ['unavailable', 'Unavailable'],
  ['held', 'Held'],
  ['allocated', 'Allocated'],
  ['incoming', 'Incoming'],
] as const;

function LevelCard({ level }: { level: StockLevel }) {
  const [adjusting, setAdjusting] = useState(false);
  const mayAdjust = useMay('adjust_stock');
  return (
    <section className={classes.level} aria-label={`Stock in ${level.location}`}>
      <div className={classes.levelHead}>
        <h2 className={classes.location}>{level.location}</h2>
        <StateBadge level={level} />
        {mayAdjust && !adjusting && (
          <Button size="compact-sm" variant="default" ml="auto" onClick={() => setAdjusting(true)}>
            Adjust
          </Button>
        )}
      </div>
      <dl className={classes.numbers}>
        <div className={classes.main}>
          <dt>Available</dt>
          <dd>
            <LiveNumber value={level.available} strong />
          </dd>
        </div>
        {PARTS.map(([field, label]) => (
          <div key={field}>
            <dt>{label}</dt>
            <dd>
              <LiveNumber value={level[field]} />
            </dd>
          </div>
        ))}
      </dl>
      <p className={classes.reorder}>
        {level.reorder_point > 0 ? `Reorder point ${formatQuantity(level.reorder_point)}` : 'No reorder point'}
      </p>
      {adjusting && <AdjustForm level={level} onClose={() => setAdjusting(false)} />}
    </section>
  );
}
