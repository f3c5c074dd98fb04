import { screen, waitFor, within } from '@testing-library/react';
import { HttpResponse } from 'msw';
import { beforeEach, describe, expect, it } from 'vitest';
import { api } from '../../api/api.ts';
import type { Product } from '../../api/types.ts';
import { answer, press, retype, serveProducts } from '../../testing/products.ts';
import { renderApp } from '../../testing/render.tsx';
import { product } from '../../testing/samples.ts';
import { problem } from '../../testing/server.ts';

let warehouse: ReturnType<typeof serveProducts>;
beforeEach(() => {
  warehouse = serveProducts();
});

describe('editing a product', () => {
  const changed = (part: Partial<Product>) => {
    const before = warehouse.known.get('A') ?? product('A');
    const after = { ...before, ...part, version: before.version + 1 };
    warehouse.known.set('A', after);
    return after;
  };

  async function edit() {
    const app = renderApp('/stock?sku=A');
    await press('Edit');
    const form = within(await screen.findByRole('form', { name: 'Edit A' }));
    await waitFor(() => expect(form.getByRole('textbox', { name: 'Name' })).toHaveFocus());
    return { form, ...app };
  }

  it('sends only what differs, on the version that was shown, and gives the focus back', async () => {
    const sent = answer('patch', '/products/A', ({ body }) => HttpResponse.json(changed(body)));
    const { form } = await edit();
    expect(form.getByRole('button', { name: 'Save' })).toBeDisabled();
    await retype(form.getByRole('textbox', { name: 'Name' }), 'Stool');
    await retype(form.getByLabelText('Price'), '');
    await press('Remove attribute colour');
    await press('Save');
    expect(await screen.findByRole('dialog', { name: 'Stool' })).toBeInTheDocument();
    expect(screen.getByText('A saved')).toBeInTheDocument();
    expect(sent).toEqual([{ header: '"1"', body: { name: 'Stool', unit_price: null, attributes: {} } }]);
    await waitFor(() => expect(screen.getByRole('button', { name: 'Edit' })).toHaveFocus());
  });

  it('shows what somebody else changed meanwhile, keeps what was typed, and saves on top of it', async () => {
    const sent = answer('patch', '/products/A', ({ header, body }) =>
      header === '"1"'
        ? problem(412, 'version_mismatch', { current: changed({ name: 'Theirs', reorder_point: 9 }) as never })
        : HttpResponse.json(changed(body)),
    );
    const { form } = await edit();
    await retype(form.getByRole('textbox', { name: 'Name' }), 'Mine');
    await press('Save');
    const alert = within(await form.findByRole('alert'));
    expect(alert.getByText(/Reorder point/).closest('li')).toHaveTextContent('Reorder point: 3 → 9');
    expect(alert.getByText(/^Name/).closest('li')).toHaveTextContent(
      'Name: Product A → Theirs. You changed it too: choose before you save.',
    );
    expect(form.getByRole('textbox', { name: 'Name' })).toHaveValue('Mine');
    expect(form.getByLabelText('Reorder point')).toHaveValue('9');
    // A second press that was meant for the old product replaces nothing: the choice is asked for.
    await press('Save');
    expect(form.getByRole('button', { name: 'Keep mine' })).toHaveFocus();
    expect(sent).toHaveLength(1);
    await press('Keep mine');
    expect(alert.getByText(/^Name/).closest('li')).toHaveTextContent('Saving replaces theirs.');
    await press('Save');
    expect(await screen.findByRole('dialog', { name: 'Mine' })).toBeInTheDocument();
    expect(sent[1]).toEqual({ header: '"2"', body: { name: 'Mine' } });
  });

  it('gives what was typed up for theirs, when asked', async () => {
    answer('patch', '/products/A', () =>
      problem(412, 'version_mismatch', { current: changed({ name: 'Theirs' }) as never }),
    );
    const { form } = await edit();
    await retype(form.getByRole('textbox', { name: 'Name' }), 'Mine');
    await press('Save');
    await press('Take theirs');
    expect(form.getByRole('textbox', { name: 'Name' })).toHaveValue('Theirs');
    expect(form.getByRole('button', { name: 'Save' })).toBeDisabled();
    expect(screen.queryByRole('button', { name: 'Take theirs' })).toBeNull();
  });

  it('tells of a change that comes by the feed before anything is saved', async () => {
    const { form, store } = await edit();
    changed({ category: 'Tables' });
    store.dispatch(api.util.invalidateTags(['Product']) as never);
    expect(await form.findByRole('alert')).toHaveTextContent('Category: Chairs → Tables');
    expect(form.getByLabelText('Category')).toHaveValue('Tables');
  });

  it('is done when a lost answer turns out to have been a yes', async () => {
    const sent = answer('patch', '/products/A', ({ header, body }, count) => {
      if (count === 1) {
        changed(body);
        return HttpResponse.error();
      }
      return header === '"2"'
        ? HttpResponse.json(changed(body))
        : problem(412, 'version_mismatch', { current: warehouse.known.get('A') as never });
    });
    const { form } = await edit();
    await retype(form.getByRole('textbox', { name: 'Name' }), 'Mine');
    await press('Save');
    expect(await form.findByRole('alert')).toHaveTextContent('Press Save again: nothing is changed twice.');
    await retype(form.getByLabelText('Barcode'), '7');
    await press('Save');
    expect(await screen.findByText('A saved')).toBeInTheDocument();
    expect(sent.map(({ header, body }) => [header, Object.keys(body)])).toEqual([
      ['"1"', ['name']],
      ['"1"', ['name', 'barcode']],
      ['"2"', ['barcode']],
    ]);
    expect(screen.queryByText(/Someone changed/)).toBeNull();
  });

  it('says what the server says, beside the field or above the buttons', async () => {
    answer('patch', '/products/A', (_, count) =>
      count === 1
        ? problem(400, 'invalid_request', {
            errors: [{ pointer: '/unit_price/currency', detail: 'must be three capital letters, like EUR' }],
          })
        : problem(404, 'unknown_sku', { detail: 'The product with the SKU A is archived.' }),
    );
    const { form } = await edit();
    await retype(form.getByLabelText('Currency'), 'EU');
    await press('Save');
    expect(await form.findByText('Must be three capital letters, like EUR.')).toBeInTheDocument();
    await waitFor(() => expect(form.getByLabelText('Currency')).toHaveFocus());
    await retype(form.getByLabelText('Currency'), 'USD');
    await press('Save');
    expect(await form.findByRole('alert')).toHaveTextContent('The product with the SKU A is archived.');
  });
});
