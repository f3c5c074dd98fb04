import type { Movement } from '../../api/types.ts';
import { ProblemAlert, Waiting } from '../../components/Feedback.tsx';
import { formatDateTime, formatDelta, formatQuantity, formatRecent, inWords } from '../../components/format.ts';
import { MOVEMENTS_SHOWN, useMovementsQuery } from './api.ts';
import classes from './Movements.module.css';
import { effectOf } from './movement.ts';

/** The ledger of one product, newest first: who moved what, why, and when. */
export function Movements({ sku }: { sku: string }) {
  const { data, error, refetch } = useMovementsQuery(sku, { refetchOnMountOrArgChange: true });
  if (error && !data) {
    return <ProblemAlert error={error} title="The movements cannot be shown" onRetry={() => void refetch()} />;
  }
  if (!data) {
    return <Waiting />;
  }
  if (data.length === 0) {
    return <p className={classes.none}>Nothing has moved yet.</p>;
  }
  return (
    <>
      <ol className={classes.list}>
        {data.map((movement) => (
          <Row key={movement.id ?? movement.seq} movement={movement} />
        ))}
      </ol>
      {data.length >= MOVEMENTS_SHOWN && (
        <p className={classes.none}>The last {formatQuantity(MOVEMENTS_SHOWN)} movements.</p>
      )}
    </>
  );
}

function Row({ movement }: { movement: Movement }) {
  const { amount, sign } = effectOf(movement);
  const reason = movement.reason && movement.reason !== 'none' ? inWords(movement.reason) : null;
  return (
    <li className={classes.row}>
      <span className={classes.amount} data-sign={sign}>
        {sign === 'same' ? formatQuantity(amount) : formatDelta(sign === 'up' ? amount : -amount)}
      </span>
      <span className={classes.what}>
        <strong>{inWords(movement.kind)}</strong>
        {reason && <span>{reason}</span>}
        {movement.location && <span>{movement.location}</span>}
        {movement.note && <q>{movement.note}</q>}
      </span>
      <time className={classes.when} dateTime={movement.at} title={formatDateTime(movement.at)}>
        {formatRecent(movement.at)}
      </time>
    </li>
  );
}
