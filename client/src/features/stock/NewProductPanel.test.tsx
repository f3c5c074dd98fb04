import { screen, waitFor, within } from '@testing-library/react';
import { HttpResponse } from 'msw';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Product } from '../../api/types.ts';
import { answer, person, press, retype, type Sent, serveProducts } from '../../testing/products.ts';
import { renderApp } from '../../testing/render.tsx';
import { level, product } from '../../testing/samples.ts';
import { problem } from '../../testing/server.ts';

let warehouse: ReturnType<typeof serveProducts>;
beforeEach(() => {
  warehouse = serveProducts();
});

describe('a new product', () => {
  const createdFrom = ({ body }: Sent) => {
    const made = product(String(body.sku), body as Partial<Product>);
    warehouse.known.set(made.sku, made);
    warehouse.levels = [level(made.sku, { name: made.name })];
    return HttpResponse.json(made, { status: 201 });
  };

  async function fill() {
    renderApp('/stock');
    await press('New product');
    const form = within(await screen.findByRole('form', { name: 'New product' }));
    await waitFor(() => expect(form.getByRole('textbox', { name: 'SKU' })).toHaveFocus());
    await person.type(form.getByRole('textbox', { name: 'SKU' }), 'L-1');
    await person.type(form.getByRole('textbox', { name: 'Name' }), 'Desk lamp');
    return form;
  }

  it('is created with everything that was typed, and shown', async () => {
    const sent = answer('post', '/products', createdFrom);
    const form = await fill();
    await person.type(form.getByLabelText('Category'), 'Lighting');
    await person.type(form.getByLabelText('Barcode'), '0012345678905');
    await person.type(form.getByLabelText('Price'), '12,50');
    await retype(form.getByLabelText('Currency'), 'chf');
    await person.type(form.getByLabelText('Reorder point'), '5');
    await person.type(form.getByLabelText('Opening stock'), '20');
    await form.findByRole('option', { name: 'EAST' });
    await person.selectOptions(form.getByLabelText('Location'), 'EAST');
    await press('Add an attribute');
    expect(form.getByLabelText('Name of attribute 1')).toHaveFocus();
    await person.keyboard('colour{Tab}red');
    await press('Create product');
    expect(await screen.findByRole('dialog', { name: 'Desk lamp' })).toHaveTextContent('0012345678905');
    expect(screen.getByText('L-1 created')).toBeInTheDocument();
    expect(sent[0]?.header).toMatch(/^[0-9a-f]{32}$/);
    expect(sent[0]?.body).toEqual({
      sku: 'L-1',
      name: 'Desk lamp',
      category: 'Lighting',
      barcode: '0012345678905',
      unit_price: { amount: '12.50', currency: 'CHF' },
      attributes: { colour: 'red' },
      reorder_point: 5,
      opening_stock: [{ location: 'EAST', quantity: 20 }],
    });
  });

  it('has the complaints of the server beside the fields, the first of which gets the focus', async () => {
    const sent = answer('post', '/products', (each, count) =>
      count === 1
        ? problem(409, 'already_exists', {
            detail: 'There is a product with the SKU L-1 already.',
            errors: [{ pointer: '/sku', detail: 'There is a product with the SKU L-1 already.' }],
          })
        : createdFrom(each),
    );
    const form = await fill();
    await press('Create product');
    expect(await form.findByText('There is a product with the SKU L-1 already.')).toBeInTheDocument();
    expect(form.getByRole('textbox', { name: 'SKU' })).toHaveFocus();
    expect(form.queryByRole('alert')).toBeNull();
    await person.type(form.getByRole('textbox', { name: 'SKU' }), '0');
    expect(form.queryByText(/already/)).toBeNull();
    await press('Create product');
    expect(await screen.findByText('L-10 created')).toBeInTheDocument();
    expect(sent[1]?.header).not.toBe(sent[0]?.header);
  });

  it('is not sent with a number that is none', async () => {
    const sent = answer('post', '/products', createdFrom);
    const form = await fill();
    await person.type(form.getByLabelText('Reorder point'), 'few');
    await press('Create product');
    expect(form.getByText(/A whole number from 0/)).toBeInTheDocument();
    await waitFor(() => expect(form.getByLabelText('Reorder point')).toHaveFocus());
    expect(sent).toEqual([]);
  });

  it('can only be sent again as it was when no answer came', async () => {
    const sent = answer('post', '/products', (each, count) => (count === 1 ? HttpResponse.error() : createdFrom(each)));
    const form = await fill();
    await press('Create product');
    expect(await form.findByRole('alert')).toHaveTextContent('it cannot be created twice');
    expect(form.getByRole('textbox', { name: 'Name' })).toBeDisabled();
    await press('Send again');
    expect(await screen.findByText('L-1 created')).toBeInTheDocument();
    expect(sent[1]).toEqual(sent[0]);
  });

  it('says when the server is busy, and keeps what was typed', async () => {
    answer('post', '/products', () => problem(503, 'busy'));
    const form = await fill();
    await press('Create product');
    expect(await form.findByRole('alert')).toHaveTextContent('Nothing was changed; try again in a moment.');
    expect(form.getByRole('textbox', { name: 'Name' })).toHaveValue('Desk lamp');
    expect(form.getByRole('textbox', { name: 'Name' })).toBeEnabled();
  });
});
