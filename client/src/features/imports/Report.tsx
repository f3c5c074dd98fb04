import { Counts } from '../../components/Counts.tsx';
import table from '../../components/data_table.module.css';
import { plural } from '../../components/format.ts';
import type { ImportError, ImportReport } from './api.ts';
import classes from './ImportPage.module.css';

const SHOWN_ERRORS = 500;

/** What a file would do, or did. */
export function Report({ report, applied }: { report: ImportReport; applied: boolean }) {
  const wrong = report.errors.length;
  const counts = [
    { label: 'Rows', count: report.rows },
    { label: applied ? 'Created' : 'To create', count: report.created },
    { label: applied ? 'Updated' : 'To update', count: report.updated },
    { label: 'Skipped', count: report.skipped },
    { label: 'With errors', count: wrong, bad: wrong > 0 },
  ];
  return (
    <>
      <Counts counts={counts} />
      {wrong > 0 && <ErrorRows errors={report.errors} />}
    </>
  );
}

function ErrorRows({ errors }: { errors: readonly ImportError[] }) {
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard */}
      <section className={`${table.scroller} ${classes.errors}`} tabIndex={0} aria-label="Rows with errors">
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col" className={table.number}>
                Line
              </th>
              <th scope="col">Column</th>
              <th scope="col">What is wrong</th>
            </tr>
          </thead>
          <tbody>
            {errors.slice(0, SHOWN_ERRORS).map((error) => (
              <tr key={`${error.line} ${error.column} ${error.detail}`}>
                <td className={table.number}>{error.line}</td>
                <td className={table.code}>{error.column || '–'}</td>
                <td>{error.detail}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {errors.length > SHOWN_ERRORS && (
        <p className={classes.quiet}>And {plural(errors.length - SHOWN_ERRORS, 'more error')}.</p>
      )}
    </>
  );
}
