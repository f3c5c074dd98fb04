// The live table: a hundred thousand rows of which about forty exist, moved about in by keyboard like a spreadsheet.
import { PAGE_SIZE, type StockView } from '../../api/levels.ts';
import { GridHead } from './GridHead.tsx';
import classes from './StockGrid.module.css';
import { StockRow } from './StockRow.tsx';
import { useGrid } from './use_grid.ts';
import { useGridColumns } from './use_grid_columns.ts';
import { PageLoader, pagesOf, usePageSelectors } from './use_pages.tsx';
import type { SortColumn } from './view.ts';

interface Props {
  view: StockView;
  total: number;
  hidden: Record<string, boolean>;
  mayAdjust: boolean;
  onSort: (column: SortColumn) => void;
  onOpen: (sku: string) => void;
}

export function StockGrid({ view, total, hidden, mayAdjust, onSort, onOpen }: Props) {
  const { ids, headings, template, width } = useGridColumns(view.sort, hidden);
  const grid = useGrid({ view, total, columns: ids.length, mayAdjust, onOpen });
  const { active, activate, virtualizer, editor } = grid;
  const selectorOf = usePageSelectors(view);
  const items = virtualizer.getVirtualItems();
  return (
    <>
      {pagesOf(items.map((item) => item.index)).map((page) => (
        <PageLoader key={page} view={view} page={page} />
      ))}
      {/* biome-ignore lint/a11y/useSemanticElements: a virtual grid cannot be a table element */}
      <div
        ref={grid.scroller}
        className={classes.grid}
        role="grid"
        tabIndex={-1}
        aria-label="Stock"
        aria-rowcount={total + 1}
        aria-colcount={ids.length}
        aria-readonly={!mayAdjust}
        onKeyDown={grid.onKeyDown}
      >
        <GridHead
          columns={headings}
          template={template}
          width={width}
          sort={view.sort}
          activeColumn={active.row === -1 ? active.column : -1}
          onSort={onSort}
          onActivate={activate}
        />
        {/* biome-ignore lint/a11y/useSemanticElements: see above */}
        <div role="rowgroup" className={classes.body} style={{ height: virtualizer.getTotalSize(), minWidth: width }}>
          {items.map((item) => (
            <StockRow
              key={item.key}
              index={item.index}
              top={item.start}
              template={template}
              columns={ids}
              select={selectorOf(Math.floor(item.index / PAGE_SIZE))}
              activeColumn={item.index === active.row ? active.column : -1}
              editing={item.index === editor.row}
              typed={editor.typed}
              onActivate={activate}
              onEdit={editor.edit}
              onCloseEditor={editor.close}
              onDismissEditor={editor.dismiss}
              onOpen={onOpen}
            />
          ))}
        </div>
      </div>
    </>
  );
}
