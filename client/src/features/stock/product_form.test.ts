import { describe, expect, it } from 'vitest';
import { product } from '../../testing/samples.ts';
import {
  changeOf,
  emptyFields,
  hasChange,
  placeErrors,
  readFields,
  rebase,
  rememberCurrency,
  rememberedCurrency,
  take,
  toFields,
  toNewProduct,
} from './product_form.ts';

const BASE = product('A');

describe('the fields of a product', () => {
  it('say the product again', () => {
    for (const each of [BASE, product('A', { unit_price: null, attributes: {}, category: '', name: ' spaced ' })]) {
      const { values, mistakes } = readFields(toFields(each, 'USD'), each);
      expect(mistakes).toEqual({});
      expect(changeOf(each, values)).toEqual({});
    }
  });

  it('send only what differs, without the space around it', () => {
    const fields = { ...toFields(BASE), name: '  Other name ', reorder_point: '1 000' };
    const { values } = readFields(fields, BASE);
    expect(changeOf(BASE, values)).toEqual({ name: 'Other name', reorder_point: 1000 });
  });

  it('take the price away with its amount, and a comma for a point', () => {
    const price = (amount: string, currency = 'eur ') =>
      readFields({ ...toFields(BASE), amount, currency }).values.unit_price;
    expect(price(' ')).toBeNull();
    expect(price('12,5')).toEqual({ amount: '12.5', currency: 'EUR' });
    expect(price('1,234.50')).toEqual({ amount: '1,234.50', currency: 'EUR' });
  });

  it('leave everything to the server but what cannot be sent', () => {
    const wrong = { ...emptyFields('EUR'), reorder_point: 'many', opening_quantity: '-1' };
    expect(Object.keys(readFields(wrong).mistakes)).toEqual(['reorder_point', 'opening_quantity']);
    expect(readFields(emptyFields('EUR')).mistakes).toEqual({});
  });

  it('make a new product, with opening stock where there is some', () => {
    const fields = { ...emptyFields('EUR'), sku: ' L-1 ', name: 'Lamp' };
    expect(toNewProduct(fields)).toEqual({
      sku: 'L-1',
      name: 'Lamp',
      category: '',
      barcode: '',
      unit_price: null,
      attributes: {},
      reorder_point: 0,
    });
    expect(toNewProduct({ ...fields, opening_quantity: '20', opening_location: 'EAST' })).toMatchObject({
      opening_stock: [{ location: 'EAST', quantity: 20 }],
    });
  });
});

describe('rebase', () => {
  const mine = { ...toFields(BASE), name: 'Mine', barcode: '7' };

  it('takes what only they changed, and keeps what was typed', () => {
    const theirs = product('A', { category: 'Tables', reorder_point: 9, version: 2 });
    const { fields, news } = rebase(BASE, theirs, mine);
    expect(fields).toMatchObject({ name: 'Mine', barcode: '7', category: 'Tables', reorder_point: '9' });
    expect(news.map(({ label, before, now, whose }) => [label, before, now, whose])).toEqual([
      ['Category', 'Chairs', 'Tables', 'theirs'],
      ['Reorder point', '3', '9', 'theirs'],
    ]);
  });

  it('tells apart what both changed, unless to the same', () => {
    const theirs = product('A', { name: 'Theirs', barcode: '7', unit_price: null, version: 2 });
    const { fields, news } = rebase(BASE, theirs, mine);
    expect(fields).toMatchObject({ name: 'Mine', barcode: '7', amount: '' });
    expect(news.map(({ field, whose }) => [field, whose])).toEqual([
      ['name', 'contested'],
      ['barcode', 'theirs'],
      ['unit_price', 'theirs'],
    ]);
    expect(take(fields, theirs, 'name').name).toBe('Theirs');
  });

  it('keeps what was typed and cannot be read', () => {
    const typed = { ...toFields(BASE), reorder_point: 'a few' };
    const { fields, news } = rebase(BASE, product('A', { reorder_point: 4, version: 2 }), typed);
    expect(fields.reorder_point).toBe('a few');
    expect(news[0]).toMatchObject({ field: 'reorder_point', whose: 'contested' });
  });
});

describe('hasChange', () => {
  it('knows whether a change was made', () => {
    expect(hasChange(BASE, { name: BASE.name, attributes: { colour: 'red' } })).toBe(true);
    expect(hasChange(BASE, { attributes: { colour: 'blue' } })).toBe(false);
  });
});

describe('placeErrors', () => {
  it('puts the words of the server beside the fields', () => {
    const errors = [
      { pointer: '/sku', detail: 'may not be empty' },
      { pointer: '/unit_price/amount', detail: 'must be a decimal number' },
      { pointer: '/unit_price/currency', detail: 'Must be three letters.' },
      { pointer: '/attributes/colour', detail: 'is too long' },
      { pointer: '/opening_stock/0/quantity', detail: 'is too much' },
      { pointer: '/opening_stock/0/location', detail: 'is unknown' },
    ];
    expect(placeErrors(errors)).toEqual({
      all: true,
      mistakes: {
        sku: 'May not be empty.',
        amount: 'Must be a decimal number.',
        currency: 'Must be three letters.',
        attributes: 'Is too long.',
        opening_quantity: 'Is too much.',
        opening_location: 'Is unknown.',
      },
    });
  });

  it('says when one has no field', () => {
    expect(placeErrors([{ pointer: '/skuX', detail: 'is odd' }])).toEqual({ all: false, mistakes: {} });
    expect(placeErrors([]).all).toBe(false);
  });
});

describe('the currency used last', () => {
  it('is offered again', () => {
    expect(rememberedCurrency()).toBe('EUR');
    rememberCurrency({ unit_price: { amount: '1', currency: 'CHF' } });
    rememberCurrency({ unit_price: null });
    expect(rememberedCurrency()).toBe('CHF');
  });
});
