// The content of the form for a product: from a product to fields and back, what is wrong with them in the server's
// words, and what becomes of them when somebody else changes the product meanwhile. Pure.
import type { FieldError, Money, Product } from '../../api/types.ts';
import { formatQuantity } from '../../components/format.ts';
import { type AttributeRow, attributesInWords, readRows, toRows } from './attributes.ts';
import type { NewProduct, ProductValues } from './product_api.ts';

export interface ProductFields {
  sku: string;
  name: string;
  category: string;
  barcode: string;
  amount: string;
  currency: string;
  reorder_point: string;
  attributes: AttributeRow[];
  opening_quantity: string;
  opening_location: string;
}

export type FieldName = keyof ProductFields;
export type Mistakes = Partial<Record<FieldName, string>>;

export const DEFAULT_LOCATION = 'MAIN';
const MAX_QUANTITY = 1_000_000_000_000;

export function emptyFields(currency: string): ProductFields {
  return {
    sku: '',
    name: '',
    category: '',
    barcode: '',
    amount: '',
    currency,
    reorder_point: '',
    attributes: [],
    opening_quantity: '',
    opening_location: DEFAULT_LOCATION,
  };
}

export function toFields(product: ProductValues & { sku: string }, currency = ''): ProductFields {
  const { sku, name, category, barcode, unit_price, attributes, reorder_point } = product;
  return {
    ...emptyFields(unit_price?.currency ?? currency),
    sku,
    name,
    category,
    barcode,
    amount: unit_price?.amount ?? '',
    reorder_point: String(reorder_point),
    attributes: toRows(attributes),
  };
}

/**
 * What the fields say. Only what cannot be sent at all is a mistake here; everything else is for the server to judge,
 * which names every field that is wrong. Space around a text goes, but not where nobody typed: `base` has it too.
 */
export function readFields(fields: ProductFields, base?: ProductValues): { values: ProductValues; mistakes: Mistakes } {
  const text = (name: 'name' | 'category' | 'barcode') =>
    fields[name] === base?.[name] ? fields[name] : fields[name].trim();
  const { attributes, mistake } = readRows(fields.attributes);
  const reorder = readQuantity(fields.reorder_point);
  const mistakes: Mistakes = {
    ...(reorder === null && { reorder_point: QUANTITY_WORDS }),
    ...(readQuantity(fields.opening_quantity) === null && { opening_quantity: QUANTITY_WORDS }),
    ...(mistake && { attributes: mistake }),
  };
  const values = {
    name: text('name'),
    category: text('category'),
    barcode: text('barcode'),
    unit_price: readPrice(fields),
    attributes,
    reorder_point: reorder ?? 0,
  };
  return { values, mistakes };
}

const QUANTITY_WORDS = `A whole number from 0 to ${formatQuantity(MAX_QUANTITY)}.`;

/** Nothing is zero; null is no quantity. */
function readQuantity(text: string): number | null {
  const clean = text.replace(/[\s_’']/g, '');
  const quantity = Number(clean);
  return /^\d*$/.test(clean) && quantity <= MAX_QUANTITY ? quantity : null;
}

/** No amount is no price. A comma before the cents is how much of the world writes it. */
function readPrice({ amount, currency }: ProductFields): Money | null {
  const clean = amount.trim().replace(/^(\d+),(\d{1,4})$/, '$1.$2');
  return clean === '' ? null : { amount: clean, currency: currency.trim().toUpperCase() };
}

export function toNewProduct(fields: ProductFields): NewProduct {
  const quantity = readQuantity(fields.opening_quantity) ?? 0;
  return {
    sku: fields.sku.trim(),
    ...readFields(fields).values,
    ...(quantity > 0 && { opening_stock: [{ location: fields.opening_location, quantity }] }),
  };
}

const EDITABLE = ['name', 'category', 'barcode', 'unit_price', 'reorder_point', 'attributes'] as const;
type Editable = (typeof EDITABLE)[number];

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** Only what differs is sent, so that nothing else is touched. */
export function changeOf(base: ProductValues, values: ProductValues): Partial<ProductValues> {
  return Object.fromEntries(
    EDITABLE.filter((name) => !same(base[name], values[name])).map((name) => [name, values[name]]),
  );
}

/** True when the product is as a change wanted it. */
export function hasChange(product: ProductValues, change: Partial<ProductValues>): boolean {
  return Object.keys(changeOf(product, { ...product, ...change })).length === 0;
}

/** One field of a product that somebody else changed while it was being edited. */
export interface News {
  field: Editable;
  label: string;
  before: string;
  now: string;
  /**
   * Whose the form has. What was edited here too is `contested`: what was typed stands in the form, and nothing is saved
   * before somebody has chosen. Else a press of Save that was meant for the old product would replace theirs unseen.
   */
  whose: 'theirs' | 'mine' | 'contested';
}

const LABELS: Record<Editable, string> = {
  name: 'Name',
  category: 'Category',
  barcode: 'Barcode',
  unit_price: 'Price',
  reorder_point: 'Reorder point',
  attributes: 'Attributes',
};

function inWords(product: ProductValues, field: Editable): string {
  switch (field) {
    case 'unit_price':
      return product.unit_price ? `${product.unit_price.amount} ${product.unit_price.currency}` : '–';
    case 'reorder_point':
      return formatQuantity(product.reorder_point);
    case 'attributes':
      return attributesInWords(product.attributes);
    default:
      return product[field] || '–';
  }
}

/**
 * Puts the edit on top of what somebody else made of the product: their changes come into the form, but where the field
 * was edited here too, what was typed stays.
 */
export function rebase(
  base: ProductValues,
  theirs: Product,
  fields: ProductFields,
): { fields: ProductFields; news: News[] } {
  const { values, mistakes } = readFields(fields, base);
  const untouched = (field: Editable) =>
    mistakes[field as FieldName] === undefined &&
    (same(values[field], base[field]) || same(values[field], theirs[field]));
  const news = EDITABLE.filter((name) => !same(base[name], theirs[name])).map(
    (field): News => ({
      field,
      label: LABELS[field],
      before: inWords(base, field),
      now: inWords(theirs, field),
      whose: untouched(field) ? 'theirs' : 'contested',
    }),
  );
  const taken = news
    .filter(({ whose }) => whose === 'theirs')
    .reduce((next, { field }) => take(next, theirs, field), fields);
  return { fields: taken, news };
}

/** The fields with one of them as the product has it. */
export function take(fields: ProductFields, theirs: Product, field: Editable): ProductFields {
  const { amount, currency, ...rest } = toFields(theirs, fields.currency);
  return field === 'unit_price' ? { ...fields, amount, currency } : { ...fields, [field]: rest[field] };
}

const POINTERS: [start: string, field: FieldName][] = [
  ['/sku', 'sku'],
  ['/name', 'name'],
  ['/category', 'category'],
  ['/barcode', 'barcode'],
  ['/unit_price/currency', 'currency'],
  ['/unit_price', 'amount'],
  ['/attributes', 'attributes'],
  ['/reorder_point', 'reorder_point'],
  ['/opening_stock/0/location', 'opening_location'],
  ['/opening_stock', 'opening_quantity'],
];

/** The server's complaints beside the fields that they are about; `all` is false when one has no field. */
export function placeErrors(errors: readonly FieldError[]): { mistakes: Mistakes; all: boolean } {
  const mistakes: Mistakes = {};
  let all = errors.length > 0;
  for (const { pointer, detail } of errors) {
    const field = POINTERS.find(([start]) => pointer === start || pointer.startsWith(`${start}/`))?.[1];
    if (field) {
      mistakes[field] ??= sentence(detail);
    } else {
      all = false;
    }
  }
  return { mistakes, all };
}

/** `must be a text` → `Must be a text.` */
function sentence(detail: string): string {
  const text = detail.charAt(0).toUpperCase() + detail.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

const CURRENCY = 'onhand.currency';

/** The currency used last: a shop seldom has two. */
export function rememberedCurrency(): string {
  try {
    return localStorage.getItem(CURRENCY) || 'EUR';
  } catch {
    return 'EUR';
  }
}

export function rememberCurrency({ unit_price }: Pick<ProductValues, 'unit_price'>): void {
  try {
    if (unit_price) {
      localStorage.setItem(CURRENCY, unit_price.currency);
    }
  } catch {
    // Storage may be forbidden; the preference is then simply not kept.
  }
}
