import { Alert } from '@mantine/core';
import { outcomeUnknown } from '../../api/problem.ts';
import { ProblemAlert } from '../../components/Feedback.tsx';

interface Props {
  error: unknown;
  title: string;
  /** What to do when nobody knows whether it was done. */
  unknown: string;
}

/** Why nothing was saved, or why nobody knows whether it was. Draws nothing where there is no problem. */
export function FormProblem({ error, title, unknown }: Props) {
  if (error === null || error === undefined) {
    return null;
  }
  return outcomeUnknown(error) ? (
    <Alert color="yellow" title="No answer from the server" role="alert">
      {unknown}
    </Alert>
  ) : (
    <ProblemAlert error={error} title={title} />
  );
}
