import { Title } from '@mantine/core';
import { type ReactNode, useEffect } from 'react';
import classes from './PageHead.module.css';

/** The heading of a page with its actions; also names the browser's tab. */
export function PageHead({ title, note, children }: { title: string; note?: ReactNode; children?: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · Onhand`;
  }, [title]);
  return (
    <div className={classes.head}>
      <Title order={1} className={classes.title}>
        {title}
      </Title>
      {note && <span className={classes.note}>{note}</span>}
      <div className={classes.actions}>{children}</div>
    </div>
  );
}
