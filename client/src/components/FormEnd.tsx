// How a form ends: why it was not sent, and its buttons.
import type { ReactNode } from 'react';
import classes from './FormEnd.module.css';

/** One sentence that says why a form was refused. Problems of the server with a way on are a ProblemAlert. */
export function Refusal({ children }: { children: ReactNode }) {
  return (
    <p className={classes.refusal} role="alert">
      {children}
    </p>
  );
}

/** The buttons of a form or dialog, the one that does it last. */
export function FormActions({ children }: { children: ReactNode }) {
  return <div className={classes.actions}>{children}</div>;
}
