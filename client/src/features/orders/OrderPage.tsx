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
import { useCancelOrderMutation, useFulfilOrderMutation } from './api.ts';
import classes from './Orders.module.css';
import { isOpen, OrderStatusBadge } from './status.tsx';

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
  const [fulfil, fulfilling] = useFulfilOrderMutation();
  const [cancel, cancelling] = useCancelOrderMutation();
  const keys = useRef(new KeyKeeper());
  if (!isOpen(order.status)) {
    return null;
  }
  const open = order.lines.reduce((sum, line) => sum + line.allocated, 0);
  const run = async (action: 'fulfil' | 'cancel') => {
    const key = keys.current.keyFor({ action, id: order.id });
    const result = await (action === 'fulfil' ? fulfil : cancel)({ id: order.id, key });
    if (result.error && outcomeUnknown(result.error)) {
      showToast({
        tone: 'error',
        title: 'No answer from the server',
        message: 'Try again: it will not be done twice.',
      });
      return;
    }
    keys.current.settle();
    setAsking(null);
    if (result.error) {
      const title = action === 'fulfil' ? 'The order was not fulfilled' : 'The order was not cancelled';
      showToast({ tone: 'error', title, message: problemOf(result.error)?.detail ?? explain(result.error) });
    } else {
      showToast({ tone: 'success', title: `Order ${order.number} ${action === 'fulfil' ? 'fulfilled' : 'cancelled'}` });
    }
  };
  return (
    <>
      {mayCancel(user, order) && (
        <Button variant="default" onClick={() => setAsking('cancel')}>
          Cancel order
        </Button>
      )}
      {mayFulfil && <Button onClick={() => setAsking('fulfil')}>Fulfil</Button>}
      {asking === 'fulfil' && (
        <ConfirmDialog
          title={`Fulfil order ${order.number}?`}
          confirm={`Fulfil ${plural(open, 'unit')}`}
          busy={fulfilling.isLoading}
          onConfirm={() => void run('fulfil')}
          onClose={() => setAsking(null)}
        >
          All {plural(open, 'open unit')} leave the stock now.
        </ConfirmDialog>
      )}
      {asking === 'cancel' && (
        <ConfirmDialog
          title={`Cancel order ${order.number}?`}
          confirm="Cancel the order"
          danger
          busy={cancelling.isLoading}
          onConfirm={() => void run('cancel')}
          onClose={() => setAsking(null)}
        >
          {plural(open, 'open unit')} become available again. What was shipped stays shipped. This cannot be taken back.
        </ConfirmDialog>
      )}
    </>
  );
}

function Facts({ order }: { order: Order }) {
  const facts: [string, string | null | undefined][] = [
    ['Customer', order.customer],
    ['Reference', order.reference],
    ['Placed', formatDateTime(order.placed_at)],
    ['Last changed', formatDateTime(order.updated_at)],
    ['Note', order.note],
  ];
  return (
    <dl className={classes.facts}>
      {facts
        .filter(([, value]) => value)
        .map(([label, value]) => (
          <div key={label}>
            <dt>{label}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function Lines({ order }: { order: Order }) {
  return (
    <div className={table.scroller}>
      <table className={table.table}>
        <thead>
          <tr>
            <th scope="col">Product</th>
            <th scope="col" className={table.wide}>
              Location
            </th>
            <th scope="col" className={table.number}>
              Ordered
            </th>
            <th scope="col" className={table.number}>
              Allocated
            </th>
            <th scope="col" className={table.number}>
              Fulfilled
            </th>
            <th scope="col" className={table.number}>
              Cancelled
            </th>
          </tr>
        </thead>
        <tbody>
          {order.lines.map((line) => (
            <tr key={`${line.sku} ${line.location}`}>
              <td className={table.code}>
                <Link to={`/stock?sku=${encodeURIComponent(line.sku)}`}>{line.sku}</Link>
              </td>
              <td className={table.wide}>{line.location}</td>
              <td className={table.number}>{formatQuantity(line.quantity)}</td>
              <td className={table.number}>{formatQuantity(line.allocated)}</td>
              <td className={table.number}>{formatQuantity(line.fulfilled)}</td>
              <td className={table.number}>{formatQuantity(line.cancelled)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
