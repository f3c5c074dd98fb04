// Everything about one product: its levels by location, live, and the ledger that explains them.
import { Button, Drawer } from '@mantine/core';
import { useMemo, useState } from 'react';
import { useRowsShown } from '../../api/connection.ts';
import { detailSource, useStockDetailQuery } from '../../api/levels.ts';
import { useMay } from '../../api/roles.ts';
import type { StockLevel } from '../../api/types.ts';
import { ProblemAlert, Waiting } from '../../components/Feedback.tsx';
import { formatQuantity } from '../../components/format.ts';
import { LiveNumber } from '../../components/LiveNumber.tsx';
import { AdjustForm } from './AdjustForm.tsx';
import { StateBadge } from './columns.tsx';
import { Movements } from './Movements.tsx';
import classes from './ProductDrawer.module.css';

export default function ProductDrawer({ sku, onClose }: { sku: string; onClose: () => void }) {
  const { data, error, refetch } = useStockDetailQuery(sku, { refetchOnMountOrArgChange: true });
  const ids = data?.ids;
  const keys = useMemo(() => ids?.map((id) => id.split('\u0000') as [string, string]) ?? [], [ids]);
  useRowsShown(detailSource(sku), keys);
  const levels = data ? data.ids.flatMap((id) => data.rows[id] ?? []) : [];
  const product = levels[0];
  return (
    <Drawer.Root
      opened
      onClose={onClose}
      position="right"
      size={520}
      lockScroll={false}
      transitionProps={{ duration: 120 }}
    >
      <Drawer.Overlay backgroundOpacity={0.25} />
      <Drawer.Content>
        <div className={classes.head}>
          <Drawer.Title className={classes.title}>{product?.name ?? sku}</Drawer.Title>
          <Drawer.CloseButton aria-label="Close" />
        </div>
        <Drawer.Body>
          <p className={classes.sku}>
            <code>{sku}</code>
            {product?.category && <span>{product.category}</span>}
          </p>
          {error && !data ? (
            <ProblemAlert error={error} title="This product cannot be shown" onRetry={() => void refetch()} />
          ) : !data ? (
            <Waiting />
          ) : (
            levels.map((level) => <LevelCard key={level.location} level={level} />)
          )}
          <h2 className={classes.heading}>Movements</h2>
          <Movements sku={sku} />
        </Drawer.Body>
      </Drawer.Content>
    </Drawer.Root>
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
