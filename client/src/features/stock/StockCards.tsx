// The stock list on a small screen: cards instead of columns, the same pages and the same live rows.
import { useVirtualizer } from '@tanstack/react-virtual';
import { memo, useEffect, useRef } from 'react';
import { PAGE_SIZE, type StockView, stateOf } from '../../api/levels.ts';
import { LiveNumber } from '../../components/LiveNumber.tsx';
import { StateBadge } from './columns.tsx';
import classes from './StockCards.module.css';
import { PageLoader, pagesOf, type SelectRows, usePageSelectors, useRow } from './use_pages.tsx';

const CARD_HEIGHT = 88;

interface Props {
  view: StockView;
  total: number;
  onOpen: (sku: string) => void;
}

export function StockCards({ view, total, onOpen }: Props) {
  const scroller = useRef<HTMLElement>(null);
  const selectorOf = usePageSelectors(view);
  const virtualizer = useVirtualizer({
    count: total,
    getScrollElement: () => scroller.current,
    estimateSize: () => CARD_HEIGHT,
    overscan: 6,
  });
  useEffect(() => {
    void view;
    scroller.current?.scrollTo({ top: 0 });
  }, [view]);
  const items = virtualizer.getVirtualItems();
  return (
    <section ref={scroller} className={classes.scroller} aria-label="Stock">
      {pagesOf(items.map((item) => item.index)).map((page) => (
        <PageLoader key={page} view={view} page={page} />
      ))}
      <ul className={classes.list} style={{ height: virtualizer.getTotalSize() }}>
        {items.map((item) => (
          <Card
            key={item.key}
            index={item.index}
            total={total}
            top={item.start}
            select={selectorOf(Math.floor(item.index / PAGE_SIZE))}
            onOpen={onOpen}
          />
        ))}
      </ul>
    </section>
  );
}

interface CardProps {
  index: number;
  total: number;
  top: number;
  select: SelectRows;
  onOpen: (sku: string) => void;
}

const Card = memo(function Card({ index, total, top, select, onOpen }: CardProps) {
  const level = useRow(select, index);
  return (
    <li
      className={classes.item}
      style={{ transform: `translateY(${top}px)` }}
      aria-setsize={total}
      aria-posinset={index + 1}
    >
      {level ? (
        <button type="button" className={classes.card} onClick={() => onOpen(level.sku)}>
          <span className={classes.name}>{level.name}</span>
          <span className={classes.sku}>
            {level.sku} · {level.location}
          </span>
          {stateOf(level) !== 'in' && <StateBadge level={level} />}
          <span className={classes.available}>
            <LiveNumber key={`${level.sku} ${level.location}`} value={level.available} strong />
            <small>available</small>
          </span>
        </button>
      ) : (
        <span className={classes.card} />
      )}
    </li>
  );
});
