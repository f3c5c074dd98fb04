// Who else has the page open, as initials in the header. Quiet on purpose: nothing is announced when people come and go,
// and on a small screen there is no room for it.
import { useAppSelector } from '../api/hooks.ts';
import { useUser } from '../api/roles.ts';
import { initials } from '../components/format.ts';
import classes from './Presence.module.css';

const SHOWN_MAX = 3;

export function Presence() {
  const me = useUser();
  const { present, presentTotal, status } = useAppSelector((state) => state.connection);
  const others = present.filter(({ id }) => id !== me?.id);
  // A page that has lost its connection for a while does not know any more.
  if (status === 'stale' || others.length === 0) {
    return null;
  }
  const shown = others.slice(0, SHOWN_MAX);
  const unshown = others.slice(SHOWN_MAX).map(({ name }) => name);
  const more = unshown.length + (presentTotal - present.length);
  const names = unshown.length < more ? [...unshown, '…'] : unshown;
  return (
    <ul className={classes.people} aria-label="Also here">
      {shown.map(({ id, name }) => (
        <li key={id}>
          <span className={classes.person} role="img" aria-label={name} title={name}>
            {initials(name)}
          </span>
        </li>
      ))}
      {more > 0 && (
        <li>
          <span
            className={classes.person}
            role="img"
            aria-label={`${more} more: ${names.join(', ')}`}
            title={names.join('\n')}
          >
            +{more}
          </span>
        </li>
      )}
    </ul>
  );
}
