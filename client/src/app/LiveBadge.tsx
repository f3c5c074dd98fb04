import { useAppSelector } from '../api/hooks.ts';
import { formatTime } from '../components/format.ts';
import classes from './LiveBadge.module.css';

const WORDS = { connecting: 'Connecting', live: 'Live', reconnecting: 'Reconnecting', stale: 'Stale' } as const;

/** How far the numbers on screen can be trusted, in one word. */
export function LiveBadge() {
  const status = useAppSelector((state) => state.connection.status);
  // Only while it matters: a live page would otherwise render this sixty times a second.
  const lastSync = useAppSelector(({ connection }) => (connection.status === 'live' ? null : connection.lastSyncAt));
  const hint =
    status === 'live'
      ? 'Changes appear as they happen'
      : lastSync
        ? `Last in step with the server at ${formatTime(lastSync)}`
        : 'Not yet in step with the server';
  return (
    <span className={classes.badge} data-status={status} title={hint} role="status">
      {WORDS[status]}
    </span>
  );
}

export function ConnectionBanner() {
  const status = useAppSelector((state) => state.connection.status);
  const lastSync = useAppSelector(({ connection }) => (connection.status === 'live' ? null : connection.lastSyncAt));
  if (status === 'live' || status === 'connecting') {
    return null;
  }
  return (
    <div className={classes.banner} role="status">
      <strong>{status === 'stale' ? 'No connection.' : 'Connection lost.'}</strong>{' '}
      {lastSync ? `The numbers are those of ${formatTime(lastSync)}. ` : ''}Trying again by itself.
    </div>
  );
}
