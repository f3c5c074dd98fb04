import { Fragment, lazy, memo, type RefObject, Suspense } from 'react';
import { NUMBERS, renderCell } from './columns.tsx';
import classes from './StockGrid.module.css';
import { type SelectRows, useRow } from './use_pages.tsx';

const loadEditor = () => import('./AdjustPopover.tsx');
const AdjustPopover = lazy(loadEditor);

/** Loads the editor ahead of its use, so that what is typed right after F2 finds its field. */
export const preloadEditor = () => void loadEditor();

interface Props {
  index: number;
  top: number;
  template: string;
  columns: string[];
  select: SelectRows;
  activeColumn: number;
  editing: boolean;
  typed: RefObject<string>;
  onActivate: (row: number, column: number) => void;
  onEdit: (row: number) => void;
  onCloseEditor: () => void;
  onDismissEditor: () => void;
  onOpen: (sku: string) => void;
}

/** One row. It reads itself from its page, so a changed quantity draws this row and not the table. */
export const StockRow = memo(
  function StockRow({ index, top, template, columns, select, activeColumn, editing, typed, ...on }: Props) {
    const level = useRow(select, index);
    return (
      // biome-ignore lint/a11y/useSemanticElements: part of a virtual grid
      // biome-ignore lint/a11y/useFocusableInteractive: the cells take the focus
      <div
        role="row"
        className={classes.row}
        data-row={index}
        data-sku={level?.sku}
        data-active={activeColumn >= 0 || undefined}
        aria-rowindex={index + 2}
        aria-busy={level ? undefined : true}
        style={{ gridTemplateColumns: template, transform: `translateY(${top}px)` }}
      >
        {columns.map((column, position) => (
          // biome-ignore lint/a11y/useSemanticElements: part of a virtual grid
          <div
            key={column}
            role="gridcell"
            className={classes.cell}
            data-column={column}
            data-number={NUMBERS.has(column) || undefined}
            data-place={`${index}:${position}`}
            aria-colindex={position + 1}
            tabIndex={activeColumn === position ? 0 : -1}
            onFocus={() => on.onActivate(index, position)}
            onDoubleClick={() => on.onEdit(index)}
          >
            {level && column === 'name' ? (
              <button
                type="button"
                tabIndex={-1}
                className={classes.name}
                title={level.name}
                onClick={() => on.onOpen(level.sku)}
              >
                {level.name}
              </button>
            ) : level ? (
              // What is in a cell belongs to its level: another level in this place must not flash as if it had changed.
              <Fragment key={`${level.sku} ${level.location}`}>{renderCell(column, level)}</Fragment>
            ) : (
              <span className={classes.skeleton} />
            )}
            {editing && level && column === 'on_hand' && (
              <Suspense fallback={null}>
                <AdjustPopover level={level} typed={typed} onClose={on.onCloseEditor} onDismiss={on.onDismissEditor} />
              </Suspense>
            )}
          </div>
        ))}
      </div>
    );
  },
  // The list of columns is a new array on every render of the table, but seldom another one.
  (before, after) =>
    (Object.keys(after) as (keyof Props)[]).every((name) =>
      name === 'columns' ? before.columns.join() === after.columns.join() : Object.is(before[name], after[name]),
    ),
);
