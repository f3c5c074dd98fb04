// What the table shows of its columns, asked of the model of TanStack Table: which, in which order, and how wide.
import { useTable } from '@tanstack/react-table';
import type { StockLevel } from '../../api/types.ts';
import { columns, features } from './columns.tsx';

const NO_ROWS: StockLevel[] = [];

export function useGridColumns(sort: string, hidden: Record<string, boolean>) {
  const table = useTable({
    features,
    columns,
    data: NO_ROWS,
    manualSorting: true,
    state: {
      columnVisibility: hidden,
      sorting: sort ? [{ id: sort.replace(/^-/, ''), desc: sort.startsWith('-') }] : [],
    },
    onSortingChange: ignore,
    onColumnVisibilityChange: ignore,
  });
  const visible = table.getVisibleLeafColumns();
  return {
    ids: visible.map((column) => column.id),
    headings: visible.map((column) => ({
      id: column.id,
      label: String(column.columnDef.header),
      sortable: column.getCanSort(),
    })),
    template: visible.map((column) => `minmax(${column.getSize()}px, ${column.getSize()}fr)`).join(' '),
    width: visible.reduce((sum, column) => sum + column.getSize(), 0),
  };
}

/** Sorting and columns are decided outside the table; it only shows them. */
function ignore(): void {}
