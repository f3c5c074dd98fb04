import { api } from '../../api/api.ts';

export interface ImportError {
  line: number;
  column: string | number | null;
  detail: string;
}

export interface ImportReport {
  rows: number;
  created: number;
  updated: number;
  skipped: number;
  /** False when nothing was written: a dry run, or rows with errors and no `partial`. */
  applied?: boolean;
  errors: ImportError[];
}

interface ImportArg {
  file: Blob;
  dryRun: boolean;
  partial: boolean;
}

const importsApi = api.injectEndpoints({
  endpoints: (build) => ({
    importProducts: build.mutation<ImportReport, ImportArg>({
      query: ({ file, dryRun, partial }) => ({
        url: '/imports',
        method: 'POST',
        params: { kind: 'products', dry_run: dryRun, ...(partial && { partial }) },
        headers: { 'Content-Type': 'text/csv' },
        body: file,
        // A file of a hundred thousand rows takes longer than a click.
        timeout: 300_000,
      }),
      invalidatesTags: (_result, _error, { dryRun }) => (dryRun ? [] : ['Stock', 'Movements', 'Categories']),
    }),
  }),
});

export const { useImportProductsMutation } = importsApi;
