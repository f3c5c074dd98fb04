// What is known of a product beside its stock, and what those who may can do with it.
import { Button } from '@mantine/core';
import type { Ref } from 'react';
import type { Product } from '../../api/types.ts';
import { formatMoney } from '../../components/format.ts';
import { StatusBadge } from '../../components/StatusBadge.tsx';
import { toRows } from './attributes.ts';
import classes from './ProductDrawer.module.css';

/** A text with more letters gets the whole width. */
const LONG_TEXT = 60;

interface HeadProps {
  sku: string;
  category: string;
  archived: boolean;
  editButton: Ref<HTMLButtonElement>;
  /** Undefined where editing is not offered. */
  onEdit: (() => void) | undefined;
  onArchive: (() => void) | undefined;
  onRestore: (() => void) | undefined;
}

export function ProductHead({ sku, category, archived, editButton, onEdit, onArchive, onRestore }: HeadProps) {
  return (
    <div className={classes.about}>
      <p className={classes.sku}>
        <code>{sku}</code>
        {category && <span>{category}</span>}
        {archived && <StatusBadge tone="gray">Archived</StatusBadge>}
      </p>
      {(onEdit || onArchive || onRestore) && (
        <div className={classes.actions}>
          {onEdit && (
            <Button ref={editButton} size="compact-sm" variant="default" onClick={onEdit}>
              Edit
            </Button>
          )}
          {onArchive && (
            <Button size="compact-sm" variant="default" onClick={onArchive}>
              Archive
            </Button>
          )}
          {onRestore && (
            <Button size="compact-sm" variant="default" onClick={onRestore}>
              Restore
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

/** Nothing where there is nothing to say. */
export function ProductFacts({ product: { barcode, unit_price, attributes } }: { product: Product }) {
  const facts = [
    { id: 'barcode', label: 'Barcode', text: barcode },
    { id: 'price', label: 'Price', text: unit_price ? formatMoney(unit_price) : '' },
    ...toRows(attributes).map(({ name, text }) => ({ id: `attribute ${name}`, label: name, text })),
  ].filter(({ text }) => text !== '');
  if (facts.length === 0) {
    return null;
  }
  return (
    <>
      <h2 className={classes.heading}>Product</h2>
      <dl className={classes.facts}>
        {facts.map(({ id, label, text }) => (
          <div key={id} data-long={text.length > LONG_TEXT || undefined}>
            <dt>{label}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
