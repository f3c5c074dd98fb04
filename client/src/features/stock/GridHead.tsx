import { memo } from 'react';
import { NUMBERS } from './columns.tsx';
import classes from './StockGrid.module.css';
import { ariaSort, type SortColumn } from './view.ts';

interface Props {
  columns: { id: string; label: string; sortable: boolean }[];
  template: string;
  width: number;
  sort: string;
  activeColumn: number;
  onSort: (column: SortColumn) => void;
  onActivate: (row: number, column: number) => void;
}

const ARROWS = { ascending: '▲', descending: '▼', none: '' };

export const GridHead = memo(function GridHead({
  columns,
  template,
  width,
  sort,
  activeColumn,
  onSort,
  onActivate,
}: Props) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: part of a virtual grid
    <div role="rowgroup" className={classes.head} style={{ minWidth: width }}>
      {/* biome-ignore lint/a11y/useFocusableInteractive: the headings take the focus */}
      {/* biome-ignore lint/a11y/useSemanticElements: part of a virtual grid */}
      <div role="row" aria-rowindex={1} className={classes.row} style={{ gridTemplateColumns: template }}>
        {columns.map(({ id, label, sortable }, column) => {
          const direction = ariaSort(sort, id);
          return (
            // biome-ignore lint/a11y/useSemanticElements: part of a virtual grid
            <div
              key={id}
              role="columnheader"
              className={classes.heading}
              data-number={NUMBERS.has(id) || undefined}
              data-sortable={sortable || undefined}
              data-place={`-1:${column}`}
              aria-colindex={column + 1}
              aria-sort={sortable ? direction : undefined}
              tabIndex={activeColumn === column ? 0 : -1}
              onFocus={() => onActivate(-1, column)}
              onClick={() => sortable && onSort(id as SortColumn)}
              onKeyDown={(event) => {
                if (sortable && (event.key === 'Enter' || event.key === ' ')) {
                  event.preventDefault();
                  onSort(id as SortColumn);
                }
              }}
            >
              {label}
              <span className={classes.sortArrow} aria-hidden="true">
                {ARROWS[direction]}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
});
