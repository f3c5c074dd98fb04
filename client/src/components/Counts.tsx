import classes from './Counts.module.css';
import { formatQuantity } from './format.ts';

export interface Count {
  label: string;
  hint?: string;
  count: number;
  bad?: boolean;
}

/** A few numbers side by side, each with what it counts; a bad one stands out. */
export function Counts({ counts }: { counts: readonly Count[] }) {
  return (
    <dl className={classes.counts}>
      {counts.map(({ label, hint, count, bad }) => (
        <div key={label} data-bad={bad || undefined}>
          <dt>
            {label}
            {hint && <span>{hint}</span>}
          </dt>
          <dd>{formatQuantity(count)}</dd>
        </div>
      ))}
    </dl>
  );
}
