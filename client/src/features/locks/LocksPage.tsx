import { Counts } from '../../components/Counts.tsx';
import table from '../../components/data_table.module.css';
import { Empty, ProblemAlert, Waiting } from '../../components/Feedback.tsx';
import { formatDuration, formatQuantity, plural } from '../../components/format.ts';
import { PageHead } from '../../components/PageHead.tsx';
import page from '../../components/page.module.css';
import { StatusBadge, type Tone } from '../../components/StatusBadge.tsx';
import { LOCKS_MAX, type LockList, type LockMode, type ProductLock, useLocksQuery } from './api.ts';
import classes from './LocksPage.module.css';

const REFRESH_MS = 2_000;

const MODES: Record<LockMode, { tone: Tone; name: string; means: string }> = {
  redis: { tone: 'teal', name: 'In use', means: 'The instances share their locks through Redis.' },
  degraded: {
    tone: 'yellow',
    name: 'Redis does not answer',
    means: 'Orders go on without locks. That is slower only where several instances want the same product.',
  },
  none: { tone: 'gray', name: 'Not in use', means: 'This server works without product locks.' },
};

const TOTALS: { name: keyof LockList['totals']; label: string; hint: string }[] = [
  { name: 'acquired', label: 'Taken', hint: 'locks' },
  { name: 'refused', label: 'Refused', hint: 'another had the lock' },
  { name: 'handed_over', label: 'Handed over', hint: 'another was waiting' },
  { name: 'away', label: 'Gone without', hint: 'Redis was away' },
];

export function LocksPage() {
  const { data, error, refetch } = useLocksQuery(undefined, {
    pollingInterval: REFRESH_MS,
    skipPollingIfUnfocused: true,
  });
  return (
    <div className={page.narrow}>
      <PageHead title="Locks" note={data && !error && data.mode === 'redis' ? held(data.items.length) : undefined} />
      <p className={classes.about}>
        A lock lets one instance of the server work on a product while the others wait their turn. Locks are for speed
        only: stock and orders are right without them.
      </p>
      {error ? (
        // A list of a moment ago would be wrong by now.
        <ProblemAlert error={error} title="The locks cannot be shown" onRetry={() => void refetch()} />
      ) : data ? (
        <Locks list={data} />
      ) : (
        <Waiting />
      )}
    </div>
  );
}

const held = (count: number) =>
  count < LOCKS_MAX ? plural(count, 'product') : `the first ${formatQuantity(count)} products`;

function Locks({ list: { mode, items, totals } }: { list: LockList }) {
  return (
    <>
      <p className={classes.mode}>
        <StatusBadge tone={MODES[mode].tone}>{MODES[mode].name}</StatusBadge>
        <span>{MODES[mode].means}</span>
      </p>
      {mode !== 'none' && <Totals totals={totals} />}
      {items.length > 0 ? <LockTable locks={items} /> : <NoLocks mode={mode} />}
    </>
  );
}

function NoLocks({ mode }: { mode: LockMode }) {
  if (mode === 'none') {
    return (
      <Empty title="No product is locked at this moment">
        Product locks are used when several instances share a PostgreSQL and a Redis.
      </Empty>
    );
  }
  if (mode === 'degraded') {
    return <Empty title="Nobody can tell now who holds a lock">It shows here again when Redis answers.</Empty>;
  }
  return (
    <Empty title="No product is locked at this moment">
      A lock is held only while orders for its product are being worked on, often for a few milliseconds.
    </Empty>
  );
}

function Totals({ totals }: { totals: LockList['totals'] }) {
  return (
    <section aria-labelledby="lock-totals" className={classes.section}>
      <h2 id="lock-totals">Of the instance that answered, since it started</h2>
      <Counts counts={TOTALS.map(({ name, label, hint }) => ({ label, hint, count: totals[name] }))} />
    </section>
  );
}

function LockTable({ locks }: { locks: readonly ProductLock[] }) {
  return (
    <div className={classes.section}>
      <h2 id="locks-held">Held now, by all instances</h2>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section className={table.scroller} tabIndex={0} aria-labelledby="locks-held">
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">SKU</th>
              <th scope="col">Held by</th>
              <th scope="col" className={table.number}>
                For
              </th>
              <th scope="col" className={`${table.number} ${table.wide}`}>
                Lease left
              </th>
              <th scope="col">Waiting</th>
            </tr>
          </thead>
          <tbody>
            {locks.map((lock) => (
              <tr key={lock.sku}>
                <td className={table.code}>{lock.sku}</td>
                <td className={classes.owner}>{lock.owner}</td>
                <td className={table.number}>{formatDuration(lock.held_ms)}</td>
                <td className={`${table.number} ${table.wide}`}>{formatDuration(lock.lease_left_ms)}</td>
                <td>
                  <InLine waiting={lock.waiting} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </div>
  );
}

function InLine({ waiting }: { waiting: readonly string[] }) {
  return waiting.length === 0 ? (
    <span className={table.quiet}>nobody</span>
  ) : (
    <ol className={classes.waiting}>
      {waiting.map((owner) => (
        <li key={owner}>{owner}</li>
      ))}
    </ol>
  );
}
