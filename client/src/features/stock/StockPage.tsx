import { Button, type ButtonProps } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { lazy, type ReactNode, Suspense, useState } from 'react';
import { Link } from 'react-router';
import { api } from '../../api/api.ts';
import { useAppDispatch, useAppSelector, useAppStore } from '../../api/hooks.ts';
import { isLiveOrder, type StockView, useCategoriesQuery } from '../../api/levels.ts';
import { useMay } from '../../api/roles.ts';
import type { Product } from '../../api/types.ts';
import { Empty, ProblemAlert, Waiting } from '../../components/Feedback.tsx';
import { plural } from '../../components/format.ts';
import { PageHead } from '../../components/PageHead.tsx';
import { readHidden } from './ColumnMenu.tsx';
import { StockCards } from './StockCards.tsx';
import { StockGrid } from './StockGrid.tsx';
import classes from './StockPage.module.css';
import { Toolbar } from './Toolbar.tsx';
import { useUndoKey } from './use_adjust.ts';
import { useSettledView } from './use_pages.tsx';
import { useStockParams } from './use_stock_params.ts';
import { nextSort } from './view.ts';

const ProductDrawer = lazy(() => import('./ProductDrawer.tsx'));
const NewProductPanel = lazy(() => import('./NewProductPanel.tsx'));
const ArchivedPanel = lazy(() => import('./ArchivedPanel.tsx'));

/** So many live changes later, a list sorted or filtered by live values is worth loading again. */
const OUTDATED_AFTER = 20;

export function StockPage() {
  const { wanted, change, sku, open } = useStockParams();
  const { view, total, waiting, loading, error, refetch } = useSettledView(wanted);
  const { data: categories = [] } = useCategoriesQuery();
  const dispatch = useAppDispatch();
  const [hidden, setHidden] = useState(readHidden);
  const mayAdjust = useMay('adjust_stock');
  const mayEdit = useMay('edit_products');
  const small = useMediaQuery('(max-width: 48em)', false, { getInitialValueInEffect: false });
  const outdated = useOutdated(view);
  useUndoKey();
  const filtered = view.search !== '' || view.state !== 'all' || view.category !== '';

  return (
    <div className={classes.page}>
      <PageHead title="Stock" note={loading || error ? undefined : plural(total, 'stock level')}>
        {mayEdit && <CatalogueButtons onCreated={(product) => open(product.sku)} />}
      </PageHead>
      <Toolbar
        view={wanted}
        categories={categories}
        outdated={outdated.is}
        hidden={hidden}
        withColumns={!small}
        onChange={change}
        onHide={setHidden}
        onRefresh={() => {
          outdated.reset();
          dispatch(api.util.invalidateTags(['Stock']));
        }}
      />
      {error ? (
        <ProblemAlert error={error} title="The stock cannot be shown" onRetry={() => void refetch()} />
      ) : loading ? (
        <Waiting />
      ) : total === 0 ? (
        <NothingThere filtered={filtered} onClear={() => change({ search: '', state: 'all', category: '' })} />
      ) : (
        <div className={classes.rows} aria-busy={waiting} data-waiting={waiting || undefined}>
          {small ? (
            <StockCards view={view} total={total} onOpen={open} />
          ) : (
            <StockGrid
              view={view}
              total={total}
              hidden={hidden}
              mayAdjust={mayAdjust}
              onSort={(column) => change({ sort: nextSort(wanted.sort, column) })}
              onOpen={open}
            />
          )}
        </div>
      )}
      {sku && (
        <Suspense fallback={null}>
          <ProductDrawer key={sku} sku={sku} onClose={() => open(null)} />
        </Suspense>
      )}
    </div>
  );
}

function CatalogueButtons({ onCreated }: { onCreated: (product: Product) => void }) {
  return (
    <>
      <PanelButton label="Archived" variant="subtle" color="gray">
        {(close) => <ArchivedPanel onClose={close} />}
      </PanelButton>
      <PanelButton label="New product" variant="default">
        {(close) => (
          <NewProductPanel
            onCreated={(product) => {
              close();
              onCreated(product);
            }}
            onClose={close}
          />
        )}
      </PanelButton>
    </>
  );
}

interface PanelButtonProps extends Pick<ButtonProps, 'variant' | 'color'> {
  label: string;
  children: (close: () => void) => ReactNode;
}

/** Opens a side panel, which is loaded then. */
function PanelButton({ label, children, ...looks }: PanelButtonProps) {
  const [shown, setShown] = useState(false);
  return (
    <>
      <Button size="xs" {...looks} onClick={() => setShown(true)}>
        {label}
      </Button>
      {shown && <Suspense fallback={null}>{children(() => setShown(false))}</Suspense>}
    </>
  );
}

function NothingThere({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  const mayImport = useMay('import_products');
  if (filtered) {
    return (
      <Empty title="Nothing matches">
        <Button variant="default" size="xs" onClick={onClear}>
          Show everything
        </Button>
      </Empty>
    );
  }
  return (
    <Empty title="There are no products yet">
      {mayImport && (
        <Button component={Link} to="/import" variant="default" size="xs">
          Import a CSV file
        </Button>
      )}
    </Empty>
  );
}

/** Whether live changes have made the order of this view questionable since it was loaded. */
function useOutdated(view: StockView) {
  const store = useAppStore();
  const now = () => ({ view, changes: store.getState().connection.changes });
  const [mark, setMark] = useState(now);
  if (mark.view !== view) {
    setMark(now());
  }
  // A boolean, so that the page is drawn again once and not with every change.
  const is = useAppSelector(
    ({ connection }) => isLiveOrder(view) && mark.view === view && connection.changes - mark.changes >= OUTDATED_AFTER,
  );
  return { is, reset: () => setMark(now()) };
}
