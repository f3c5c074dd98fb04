// Importing products: drop a file, see what it would do, then do it.
import { Alert, Button, Checkbox } from '@mantine/core';
import { type DragEvent, useRef, useState } from 'react';
import { Link } from 'react-router';
import { ProblemAlert, Waiting } from '../../components/Feedback.tsx';
import { plural } from '../../components/format.ts';
import { UploadIcon } from '../../components/icons.tsx';
import { PageHead } from '../../components/PageHead.tsx';
import page from '../../components/page.module.css';
import type { ImportReport } from './api.ts';
import classes from './ImportPage.module.css';
import { Report } from './Report.tsx';
import { useImport } from './use_import.ts';

export function ImportPage() {
  const { file, choose, again, partial, setPartial, checking, applying, apply } = useImport();
  return (
    <div className={page.narrow}>
      <PageHead title="Import products">
        {file && (
          <Button variant="default" size="xs" disabled={applying.isLoading} onClick={again}>
            Another file
          </Button>
        )}
      </PageHead>
      {!file && <DropZone onFile={choose} />}
      {file && <p className={classes.file}>{file.name}</p>}
      {(checking.isLoading || applying.isLoading) && (
        <Waiting label={applying.isLoading ? 'Importing' : 'Reading the file'} />
      )}
      {checking.error && <ProblemAlert error={checking.error} title="The file cannot be imported" />}
      {applying.error && <ProblemAlert error={applying.error} title="Nothing was imported" />}
      {applying.data ? (
        <Outcome report={applying.data} />
      ) : (
        checking.data &&
        !applying.isLoading && (
          <Preview report={checking.data} partial={partial} onPartial={setPartial} onApply={apply} />
        )
      )}
    </div>
  );
}

/** What became of the file. */
function Outcome({ report }: { report: ImportReport }) {
  return (
    <>
      {report.applied === false ? (
        <Alert color="red" title="Nothing was imported" role="alert">
          The file has rows with errors.
        </Alert>
      ) : (
        <Alert color="teal" title="Imported" role="status">
          {plural(report.created, 'product')} created, {plural(report.updated, 'product')} updated.{' '}
          <Link to="/stock">To the stock</Link>
        </Alert>
      )}
      <Report report={report} applied={report.applied !== false} />
    </>
  );
}

interface PreviewProps {
  report: ImportReport;
  partial: boolean;
  onPartial: (partial: boolean) => void;
  onApply: () => void;
}

/** What the file would do, and the button that does it. */
function Preview({ report, partial, onPartial, onApply }: PreviewProps) {
  const hasErrors = report.errors.length > 0;
  const useful = report.created + report.updated;
  return (
    <>
      <p className={classes.quiet}>Nothing has been changed yet. This is what the file would do:</p>
      <Report report={report} applied={false} />
      <div className={classes.apply}>
        {hasErrors && (
          <Checkbox
            label="Leave out the rows with errors and import the rest"
            checked={partial}
            onChange={(event) => onPartial(event.currentTarget.checked)}
          />
        )}
        <Button disabled={useful === 0 || (hasErrors && !partial)} onClick={onApply}>
          Import {plural(useful, 'row')}
        </Button>
      </div>
    </>
  );
}

function DropZone({ onFile }: { onFile: (file: File) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file) {
      onFile(file);
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is the extra way; the button inside is the way for all
    <div
      className={classes.drop}
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <UploadIcon />
      <strong>Drop a CSV file here</strong>
      <Button variant="default" onClick={() => input.current?.click()}>
        Choose a file
      </Button>
      <input
        ref={input}
        type="file"
        accept=".csv,text/csv"
        hidden
        aria-label="CSV file"
        onChange={(event) => {
          const chosen = event.currentTarget.files?.[0];
          if (chosen) {
            onFile(chosen);
          }
        }}
      />
      <p className={classes.quiet}>
        Columns: sku, name, category, barcode, unit_price, currency, location, quantity, reorder_point. Product exports
        of Shopify and WooCommerce are understood too.
      </p>
    </div>
  );
}
