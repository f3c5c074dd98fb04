import { screen, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, expect, it } from 'vitest';
import { answer, person, press, serveProducts } from '../../testing/products.ts';
import { renderApp } from '../../testing/render.tsx';
import { product, user } from '../../testing/samples.ts';
import { API, problem, server, signedIn } from '../../testing/server.ts';

let warehouse: ReturnType<typeof serveProducts>;
beforeEach(() => {
  warehouse = serveProducts();
});

async function open() {
  renderApp('/stock');
  await press('Archived');
  return within(await screen.findByRole('dialog', { name: 'Archived products' }));
}

it('lists what is archived, finds by search, and restores on the version that the server has', async () => {
  warehouse.known.set('OLD-1', product('OLD-1', { archived: true, version: 4 }));
  warehouse.known.set('OLD-2', product('OLD-2', { archived: true }));
  const sent = answer('patch', '/products/OLD-1', () => {
    warehouse.known.set('OLD-1', product('OLD-1', { version: 6 }));
    return HttpResponse.json(product('OLD-1', { version: 6 }));
  });
  const panel = await open();
  expect(await panel.findByText('Product OLD-2')).toBeInTheDocument();
  expect(panel.queryByText('Product A')).toBeNull();
  await person.type(panel.getByRole('searchbox'), 'OLD-1');
  await expect.poll(() => panel.queryByText('Product OLD-2')).toBeNull();
  // Changed by somebody else since it was listed.
  warehouse.known.set('OLD-1', product('OLD-1', { archived: true, version: 5 }));
  await person.click(panel.getByRole('button', { name: 'Restore OLD-1' }));
  expect(await screen.findByText('OLD-1 restored')).toBeInTheDocument();
  expect(sent).toEqual([{ header: '"5"', body: { archived: false } }]);
  expect(await panel.findByText('No archived product matches.')).toBeInTheDocument();
});

it('is content when somebody else was first, and says why a product was not restored', async () => {
  warehouse.known.set('OLD', product('OLD', { archived: true }));
  const panel = await open();
  const restore = await panel.findByRole('button', { name: 'Restore OLD' });
  answer('patch', '/products/OLD', () => problem(503, 'busy'));
  await person.click(restore);
  expect(await screen.findByText('OLD was not restored')).toBeInTheDocument();
  warehouse.known.set('OLD', product('OLD', { version: 2 }));
  await person.click(restore);
  expect(await screen.findByText('OLD restored')).toBeInTheDocument();
});

it('says when nothing is archived, and when it cannot know', async () => {
  server.use(http.get(`${API}/products`, () => problem(503, 'storage_unavailable'), { once: true }));
  const panel = await open();
  expect(await panel.findByRole('alert')).toHaveTextContent('The products cannot be shown');
  await person.click(panel.getByRole('button', { name: 'Try again' }));
  expect(await panel.findByText('No product is archived.')).toBeInTheDocument();
});

it('is offered to those who may edit products', async () => {
  server.use(signedIn(user('clerk')));
  renderApp('/stock');
  await screen.findByRole('heading', { name: 'Stock' });
  expect(screen.queryByRole('button', { name: 'Archived' })).toBeNull();
});
