import { screen, waitFor, within } from '@testing-library/react';
import { HttpResponse } from 'msw';
import { beforeEach, describe, expect, it } from 'vitest';
import { answer, person, press, serveProducts } from '../../testing/products.ts';
import { renderApp } from '../../testing/render.tsx';
import { level, product } from '../../testing/samples.ts';
import { problem } from '../../testing/server.ts';

let warehouse: ReturnType<typeof serveProducts>;
beforeEach(() => {
  warehouse = serveProducts();
});

describe('archiving a product', () => {
  async function ask() {
    renderApp('/stock?sku=A');
    await screen.findByRole('button', { name: 'Adjust' });
    await press('Archive');
    return within(await screen.findByRole('dialog', { name: 'Archive A?' }));
  }

  it('is not offered while something is left, and says what', async () => {
    warehouse.levels = [
      level('A', { on_hand: 10, allocated: 2 }),
      level('A', { location: 'EAST', on_hand: 1, allocated: 0 }),
    ];
    const sent = answer('delete', '/products/A', () => new HttpResponse(null, { status: 204 }));
    renderApp('/stock?sku=A');
    await screen.findByRole('region', { name: 'Stock in EAST' });
    await press('Archive');
    const dialog = within(await screen.findByRole('dialog', { name: 'Archive A?' }));
    expect(dialog.getByText(/Still left: 11 on hand and 2 promised/)).toBeInTheDocument();
    expect(dialog.getByRole('button', { name: 'Archive' })).toBeDisabled();
    expect(sent).toEqual([]);
  });

  it('is asked for, then done on the version that was shown, and closes the details', async () => {
    warehouse.levels = [level('A', { on_hand: 0, allocated: 0, available: 0 })];
    const sent = answer('delete', '/products/A', () => {
      warehouse.known.set('A', product('A', { archived: true, version: 2 }));
      warehouse.levels = [];
      return new HttpResponse(null, { status: 204 });
    });
    const dialog = await ask();
    await person.click(dialog.getByRole('button', { name: 'Archive' }));
    expect(await screen.findByText('A archived')).toBeInTheDocument();
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(sent.map(({ header }) => header)).toEqual(['"1"']);
  });

  it('can be undone', async () => {
    warehouse.levels = [level('A', { on_hand: 0, allocated: 0, available: 0 })];
    answer('delete', '/products/A', () => {
      warehouse.known.set('A', product('A', { archived: true, version: 2 }));
      return new HttpResponse(null, { status: 204 });
    });
    const restored = answer('patch', '/products/A', () => HttpResponse.json(product('A', { version: 3 })));
    const dialog = await ask();
    await person.click(dialog.getByRole('button', { name: 'Archive' }));
    await press('Undo');
    expect(await screen.findByText('A restored')).toBeInTheDocument();
    expect(restored).toEqual([{ header: '"2"', body: { archived: false } }]);
  });

  it('explains a refusal, and takes “gone already” for done', async () => {
    warehouse.levels = [level('A', { on_hand: 0, allocated: 0, available: 0 })];
    const detail = 'SKU A still has 1 on hand, 0 promised and 0 incoming.';
    answer('delete', '/products/A', (_, count) =>
      count === 1
        ? problem(409, 'invalid_state', { detail })
        : count === 2
          ? HttpResponse.error()
          : problem(404, 'unknown_sku'),
    );
    const dialog = await ask();
    await person.click(dialog.getByRole('button', { name: 'Archive' }));
    expect(await dialog.findByRole('alert')).toHaveTextContent(detail);
    await person.click(dialog.getByRole('button', { name: 'Archive' }));
    await person.click(await dialog.findByRole('button', { name: 'Send again' }));
    expect(await screen.findByText('A archived')).toBeInTheDocument();
  });
});

describe('the details of a product', () => {
  it('say that it is archived, and offer no more than to restore it', async () => {
    warehouse.known.set('A', product('A', { archived: true }));
    warehouse.levels = [];
    renderApp('/stock?sku=A');
    const details = within(await screen.findByRole('dialog', { name: 'Product A' }));
    expect(await details.findByText('Archived')).toBeInTheDocument();
    expect(details.queryByRole('button', { name: 'Edit' })).toBeNull();
    answer('patch', '/products/A', () => {
      warehouse.known.set('A', product('A', { version: 2 }));
      warehouse.levels = [level('A')];
      return HttpResponse.json(product('A', { version: 2 }));
    });
    await press('Restore');
    expect(await details.findByRole('button', { name: 'Edit' })).toBeInTheDocument();
    expect(await details.findByRole('button', { name: 'Adjust' })).toBeInTheDocument();
  });

  it('say when there is no such product', async () => {
    renderApp('/stock?sku=NOPE');
    expect(await screen.findByRole('dialog', { name: 'There is no such product' })).toHaveTextContent('NOPE');
  });
});
