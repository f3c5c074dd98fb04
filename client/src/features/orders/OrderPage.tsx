import { Button } from '@mantine/core';
import { useRef, useState } from 'react';
import { Link, useParams } from 'react-router';
import { KeyKeeper } from '../../api/idempotency.ts';
import { useOrderQuery } from '../../api/orders.ts';
import { explain, outcomeUnknown, problemOf } from '../../api/problem.ts';
import { mayCancel, useMay, useUser } from '../../api/roles.ts';
import type { Order } from '../../api/types.ts';
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx';
import table from '../../components/data_table.module.css';
import { ProblemAlert, Waiting } from '../../components/Feedback.tsx';
import { formatDateTime, formatQuantity, plural } from '../../components/format.ts';
import { PageHead } from '../../components/PageHead.tsx';
import { showToast } from '../../components/toasts.ts';
import { useCancelOrderMutation } from './api.ts';
import { FulfilDialog } from './FulfilDialog.tsx';
import classes from './Orders.module.css';
import { isOpen, OrderStatusBadge, unitsLeft } from './status.tsx';
import { useFulfil } from './use_fulfil.ts';

export function OrderPage() {
  const { id = '' } = useParams();
  const { data: order, error, refetch } = useOrderQuery(id, { refetchOnMountOrArgChange: true });
  return (
    <div className={classes.page}>
      <Link to="/orders" className={classes.back}>
        ← Orders
      </Link>
      {order ? (
        <>
          <PageHead title={`Order ${order.number}`} note={<OrderStatusBadge status={order.status} />}>
            <OrderActions order={order} />
          </PageHead>
          <Facts order={order} />
          <Lines order={order} />
        </>
      ) : error ? (
        problemOf(error)?.status === 404 ? (
          <PageHead title="There is no such order" />
        ) : (
          <ProblemAlert error={error} title="The order cannot be shown" onRetry={() => void refetch()} />
        )
      ) : (
        <Waiting />
      )}
    </div>
  );
}

function OrderActions({ order }: { order: Order }) {
  const user = useUser();
  const mayFulfil = useMay('fulfil_orders');
  const [asking, setAsking] = useState<'fulfil' | 'cancel' | null>(null);
  const fulfilment = useFulfil(order);
  const cancelKeys = useRef(new KeyKeeper());
  const open = isOpen(order.status);
  return (
    <>
      {open && mayCancel(user, order) && (
        <Button variant="default" onClick={() => setAsking('cancel')}>
          Cancel order
        </Button>
      )}
      {open && mayFulfil && (
        <Button
          onClick={() => {
            fulfilment.begin();
            setAsking('fulfil');
          }}
        >
          Fulfil
        </Button>
      )}
      {asking === 'fulfil' && <FulfilDialog order={order} fulfilment={fulfilment} onClose={() => setAsking(null)} />}
      {asking === 'cancel' && open && (
        <CancelDialog order={order} keys={cancelKeys.current} onClose={() => setAsking(null)} />
      )}
    </>
  );
}

function CancelDialog({ order, keys, onClose }: { order: Order; keys: KeyKeeper; onClose: () => void }) {
  const [cancel, { isLoading }] = useCancelOrderMutation();
  const run = async () => {
    const result = await cancel({ id: order.id, key: keys.keyFor(order.id) });
    if (result.error && outcomeUnknown(result.error)) {
      showToast({
        tone: 'error',
        title: 'No answer from the server',
        message: 'Try again: it will not be done twice.',
      });
      return;
    }
    keys.settle();
    onClose();
    if (result.error) {
      const message = problemOf(result.error)?.detail ?? explain(result.error);
      showToast({ tone: 'error', title: 'The order was not cancelled', message });
    } else {
      const all = result.data.status === 'cancelled';
      showToast({ tone: 'success', title: `${all ? 'Order' : 'The rest of order'} ${order.number} cancelled` });
    }
  };
  return (
    <ConfirmDialog
      title={`Cancel order ${order.number}?`}
      confirm="Cancel the order"
      danger
      busy={isLoading}
      onConfirm={() => void run()}
      onClose={onClose}
    >
      {plural(unitsLeft(order), 'open unit')} {unitsLeft(order) === 1 ? 'becomes' : 'become'} available again. What was
      shipped stays shipped. This cannot be taken back.
    </ConfirmDialog>
  );
}

/** A text with more letters gets the whole width. */
const LONG_TEXT = 40;

function Facts({ order }: { order: Order }) {
  const fulfilled = order.lines.reduce((sum, line) => sum + line.fulfilled, 0);
  const ordered = order.lines.reduce((sum, line) => sum + line.quantity, 0);
  const facts: [string, string | null | undefined][] = [
    ['Fulfilled', `${formatQuantity(fulfilled)} of ${plural(ordered, 'unit')}`],
    ['Placed', formatDateTime(order.placed_at)],
    ['Last changed', formatDateTime(order.updated_at)],
    ['Customer', order.customer],
    ['Reference', order.reference],
    ['Note', order.note],
  ];
  return (
    <dl className={classes.facts}>
      {facts
        .filter(([, value]) => value)
        .map(([label, value]) => (
          <div key={label} data-long={(value?.length ?? 0) > LONG_TEXT || undefined}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

type LineNumber = 'quantity' | 'fulfilled' | 'allocated' | 'cancelled' | 'returned';

const NUMBERS: { field: LineNumber; label: string; always?: boolean }[] = [
  { field: 'quantity', label: 'Ordered', always: true },
  { field: 'fulfilled', label: 'Fulfilled', always: true },
  { field: 'allocated', label: 'Left', always: true },
  { field: 'cancelled', label: 'Cancelled' },
  { field: 'returned', label: 'Returned' },
];

function Lines({ order: { lines } }: { order: Order }) {
  const numbers = NUMBERS.filter(({ field, always }) => always || lines.some((line) => line[field] > 0));
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard
    <section className={table.scroller} tabIndex={0} aria-label="Lines of the order">
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col" className={table.wide}>
              Location
            </th>
            {numbers.map(({ field, label }) => (
              <th key={field} scope="col" className={table.number}>
                {label}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => (
            <tr key={`${line.sku} ${line.location}`}>
              <td className={table.code}>
                <Link to={`/stock?sku=${encodeURIComponent(line.sku)}`}>{line.sku}</Link>
              </td>
              <td className={table.wide}>{line.location}</td>
              {numbers.map(({ field }) => (
                <td key={field} className={table.number} data-field={field} data-some={line[field] > 0 || undefined}>
                  {formatQuantity(line[field])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
