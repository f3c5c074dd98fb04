import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { ORDERS_PAGE_SIZE, type OrderList, type OrdersArg, useOrdersQuery } from '../../api/orders.ts';
import { useMay } from '../../api/roles.ts';
import type { Order } from '../../api/types.ts';
import table from '../../components/data_table.module.css';
import { Empty, ProblemAlert, Waiting } from '../../components/Feedback.tsx';
import { formatDateTime, formatQuantity, inWords, plural } from '../../components/format.ts';
import { SearchIcon } from '../../components/icons.tsx';
import { PageHead } from '../../components/PageHead.tsx';
import classes from './Orders.module.css';
import { OrderStatusBadge, STATUSES, summarise } from './status.tsx';
import { useOrdersArg } from './use_orders_arg.ts';

const SEARCH_DELAY_MS = 250;

export function OrdersPage() {
  const { arg, change } = useOrdersArg();
  const { data, error, refetch, isFetching } = useOrdersQuery(arg, { refetchOnMountOrArgChange: true });
  const mayPlace = useMay('place_orders');

  return (
    <div className={classes.page}>
      <PageHead title="Orders" note={data && countOf(data)} />
      <Filters arg={arg} onChange={change} />
      {error && !data ? (
        <ProblemAlert error={error} title="The orders cannot be shown" onRetry={() => void refetch()} />
      ) : !data ? (
        <Waiting />
      ) : data.items.length === 0 ? (
        <Empty title={arg.search || arg.status ? 'No order matches' : 'There are no orders yet'}>
          {mayPlace && (
            <Button component={Link} to="/orders/new" variant="default" size="xs">
              New order
            </Button>
          )}
        </Empty>
      ) : (
        <>
          <OrderTable orders={data.items} busy={isFetching} />
          <Pager arg={arg} list={data} onPage={(page) => change({ page: page > 0 ? String(page + 1) : '' })} />
        </>
      )}
    </div>
  );
}

interface FiltersProps {
  arg: OrdersArg;
  onChange: (part: { search?: string; status?: string }) => void;
}

function Filters({ arg, onChange }: FiltersProps) {
  const [search, setSearch] = useState(arg.search);
  const searchSoon = useDebouncedCallback((text: string) => onChange({ search: text.trim() }), SEARCH_DELAY_MS);
  return (
    <div className={classes.filters}>
      <TextInput
        type="search"
        aria-label="Search orders by number, reference or customer"
        placeholder="Number, reference or customer"
        leftSection={<SearchIcon />}
        className={classes.search}
        maxLength={200}
        value={search}
        onChange={(event) => {
          setSearch(event.currentTarget.value);
          searchSoon(event.currentTarget.value);
        }}
      />
      <NativeSelect
        aria-label="Status"
        value={arg.status}
        onChange={(event) => onChange({ status: event.currentTarget.value })}
        data={[
          { value: '', label: 'Every status' },
          ...STATUSES.map((status) => ({ value: status, label: inWords(status) })),
        ]}
      />
    </div>
  );
}

function OrderTable({ orders, busy }: { orders: readonly Order[]; busy: boolean }) {
  const navigate = useNavigate();
  return (
    <div className={table.scroller}>
      <table className={table.table} aria-busy={busy}>
        <thead>
          <tr>
            <th scope="col">Order</th>
            <th scope="col">Status</th>
            <th scope="col" className={table.wide}>
              Lines
            </th>
            <th scope="col" className={table.wide}>
              Customer
            </th>
            <th scope="col" className={table.wide}>
              Reference
            </th>
            <th scope="col">Placed</th>
          </tr>
        </thead>
        <tbody>
          {orders.map((order) => (
            <tr key={order.id} className={table.clickable} onClick={() => navigate(`/orders/${order.id}`)}>
              <td>
                <Link
                  to={`/orders/${order.id}`}
                  onClick={(event) => event.stopPropagation()}
                  className={classes.number}
                >
                  {order.number}
                </Link>
              </td>
              <td>
                <OrderStatusBadge status={order.status} />
              </td>
              <Clipped text={summarise(order.lines)} />
              <Clipped text={order.customer} />
              <Clipped text={order.reference} />
              <td className={`${table.quiet} ${table.when}`}>
                <time dateTime={order.placed_at}>{formatDateTime(order.placed_at)}</time>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Clipped({ text }: { text: string | null | undefined }) {
  return (
    <td className={`${table.wide} ${table.clip}`} title={text || undefined}>
      {text || '–'}
    </td>
  );
}

function countOf({ total, totalIsExact }: OrderList): string {
  return totalIsExact ? plural(total, 'order') : `At least ${plural(total, 'order')}`;
}

function Pager({ arg, list, onPage }: { arg: OrdersArg; list: OrderList; onPage: (page: number) => void }) {
  if (arg.page === 0 && !list.more) {
    return null;
  }
  const pages = Math.ceil(list.total / ORDERS_PAGE_SIZE);
  return (
    <nav className={classes.pager} aria-label="Pages of orders">
      <Button size="xs" variant="default" disabled={arg.page === 0} onClick={() => onPage(arg.page - 1)}>
        Newer
      </Button>
      <span>
        Page {formatQuantity(arg.page + 1)}
        {list.totalIsExact && ` of ${formatQuantity(Math.max(pages, arg.page + 1))}`}
      </span>
      <Button size="xs" variant="default" disabled={!list.more} onClick={() => onPage(arg.page + 1)}>
        Older
      </Button>
    </nav>
  );
}
