// What a page shows instead of content: a problem with a way on, or a friendly nothing.
import { Alert, Button, Loader } from '@mantine/core';
import type { ReactNode } from 'react';
import { explain, problemOf } from '../api/problem.ts';
import classes from './Feedback.module.css';

export function ProblemAlert({ error, title, onRetry }: { error: unknown; title: string; onRetry?: () => void }) {
  const trace = problemOf(error)?.trace_id;
  return (
    <Alert color="red" variant="light" title={title} role="alert">
      <p className={classes.text}>{explain(error)}</p>
      {trace && <p className={classes.trace}>Trace {trace}</p>}
      {onRetry && (
        <Button size="xs" variant="default" mt="xs" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Alert>
  );
}

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={classes.empty}>
      <strong>{title}</strong>
      {children}
    </div>
  );
}

export function Waiting({ label = 'Loading' }: { label?: string }) {
  return (
    <div className={classes.waiting} role="status" aria-label={label}>
      <Loader size="sm" type="dots" />
    </div>
  );
}
