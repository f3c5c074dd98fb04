// The columns of the stock table: their headings, widths, whether they can be hidden, and how a cell is drawn.
// TanStack Table holds the model of columns, sorting and visibility. Rows are not given to it: there may be a hundred
// thousand, of which forty are on screen, and each of those reads itself from its page in the cache.
import {
  columnSizingFeature,
  columnVisibilityFeature,
  createColumnHelper,
  rowSortingFeature,
  tableFeatures,
} from '@tanstack/react-table';
import type { ReactNode } from 'react';
import { stateOf } from '../../api/levels.ts';
import type { StockLevel } from '../../api/types.ts';
import { formatRecent } from '../../components/format.ts';
import { LiveNumber } from '../../components/LiveNumber.tsx';
import { StatusBadge, type Tone } from '../../components/StatusBadge.tsx';

export const features = tableFeatures({ columnSizingFeature, columnVisibilityFeature, rowSortingFeature });
const helper = createColumnHelper<typeof features, StockLevel>();

export const columns = helper.columns([
  helper.accessor('sku', { header: 'SKU', size: 150, enableHiding: false }),
  helper.accessor('name', { header: 'Name', size: 310, enableHiding: false }),
  helper.accessor('category', { header: 'Category', size: 150 }),
  helper.accessor('location', { header: 'Location', size: 92, enableSorting: false }),
  helper.accessor('on_hand', { header: 'On hand', size: 112, enableHiding: false }),
  helper.accessor('unavailable', { header: 'Unavailable', size: 110, enableSorting: false }),
  helper.accessor('held', { header: 'Held', size: 88 }),
  helper.accessor('allocated', { header: 'Allocated', size: 104 }),
  helper.accessor('available', { header: 'Available', size: 122, enableHiding: false }),
  helper.accessor('incoming', { header: 'Incoming', size: 104, enableSorting: false }),
  helper.display({ id: 'state', header: 'State', size: 110 }),
  helper.accessor('updated_at', { header: 'Changed', size: 92 }),
]);

export const HIDDEN_AT_FIRST = { unavailable: false, incoming: false, held: false };

export const NUMBERS = new Set(['on_hand', 'unavailable', 'held', 'allocated', 'available', 'incoming']);

export const STATE_WORDS = { in: 'In stock', low: 'Low', out: 'Out' } as const;
export const STATE_TONES: Record<keyof typeof STATE_WORDS, Tone> = { in: 'quiet', low: 'yellow', out: 'red' };

export function StateBadge({ level }: { level: StockLevel }) {
  const state = stateOf(level);
  return <StatusBadge tone={STATE_TONES[state]}>{STATE_WORDS[state]}</StatusBadge>;
}

/** What does not fit is told by pointing at it. */
function Text({ text }: { text: string }) {
  return <span title={text}>{text}</span>;
}

export function renderCell(column: string, level: StockLevel): ReactNode {
  switch (column) {
    case 'on_hand':
    case 'unavailable':
    case 'held':
    case 'allocated':
    case 'incoming':
      return <LiveNumber value={level[column]} />;
    case 'available':
      return <LiveNumber value={level.available} strong />;
    case 'state':
      return <StateBadge level={level} />;
    case 'updated_at':
      return formatRecent(level.updated_at);
    default:
      return <Text text={level[column as 'sku' | 'name' | 'category' | 'location']} />;
  }
}
