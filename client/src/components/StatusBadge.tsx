import type { ReactNode } from 'react';
import classes from './StatusBadge.module.css';

export type Tone = 'quiet' | 'teal' | 'yellow' | 'red' | 'blue' | 'gray';

/** A word in a tinted pill, with a dot so that colour is not the only sign of it. */
export function StatusBadge({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={classes.badge} data-tone={tone}>
      {children}
    </span>
  );
}
