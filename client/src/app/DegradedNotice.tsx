import { useAppSelector } from '../api/hooks.ts';
import { useReadinessQuery } from '../api/readiness.ts';
import { useMay } from '../api/roles.ts';
import classes from './DegradedNotice.module.css';

const ASK_EVERY_MS = 15_000;

/**
 * Says that the server does without its Redis for now, for as long as it does. Nothing is lost by it, so nothing is
 * asked of anybody. Whether there is a server at all is what the connection banner says, and it says it alone.
 */
export function DegradedNotice() {
  const connected = useAppSelector(({ connection }) => ['live', 'connecting'].includes(connection.status));
  const { degraded } = useReadinessQuery(undefined, {
    pollingInterval: ASK_EVERY_MS,
    skipPollingIfUnfocused: true,
    refetchOnMountOrArgChange: true,
    // After a failure the last answer is still there, and means nothing.
    selectFromResult: ({ data, error }) => ({ degraded: !error && data?.checks?.redis === 'degraded' }),
  });
  const mayKnowWhy = useMay('see_locks');
  if (!degraded || !connected) {
    return null;
  }
  return (
    <div className={classes.notice} role="status">
      <strong>Some updates are late.</strong> Orders go on and are right; changes made through other instances of the
      server, and who else is here, may show a little later.
      {mayKnowWhy && ' Redis does not answer.'}
    </div>
  );
}
