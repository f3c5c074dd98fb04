import { cleanup, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse, http } from 'msw';
import { Route, Routes } from 'react-router';
import { describe, expect, it } from 'vitest';
import { renderPart } from '../../testing/render.tsx';
import { level, order } from '../../testing/samples.ts';
import { API, problem, server } from '../../testing/server.ts';
import { loadDraft, newDraft, saveDraft } from './draft.ts';
import { NewOrderPage } from './NewOrderPage.tsx';

const page = (
  <Routes>
    <Route path="/orders/new" element={<NewOrderPage />} />
    <Route path="/orders/:id" element={<p>the order</p>} />
  </Routes>
);
const open = () => renderPart(page, { at: '/orders/new' });

function serveOrders(answer: (key: string | null, count: number) => Response | Promise<Response>) {
  const keys: (string | null)[] = [];
  server.use(
    http.get(`${API}/stock`, () => HttpResponse.json({ items: [], total: 0, next_cursor: null })),
    http.get(`${API}/stock/:sku`, ({ params }) =>
      params.sku === 'A' ? HttpResponse.json({ items: [level('A')] }) : problem(404, 'unknown_sku'),
    ),
    http.post(`${API}/orders`, ({ request }) => {
      const key = request.headers.get('Idempotency-Key');
      keys.push(key);
      return answer(key, keys.length);
    }),
  );
  return keys;
}

async function addA(quantity = '3') {
  const person = userEvent.setup();
  await person.type(screen.getByLabelText('Add a product'), 'A{Enter}');
  const field = await screen.findByLabelText('Quantity of Product A');
  await person.clear(field);
  await person.type(field, quantity);
  return person;
}

describe('NewOrderPage', () => {
  it('adds a line by typing a SKU, shows what is available, and places the order', async () => {
    const keys = serveOrders(() => HttpResponse.json(order('order-1'), { status: 201 }));
    open();
    const person = await addA();
    expect(screen.getByRole('list', { name: 'Lines' })).toHaveTextContent('8');
    await person.click(screen.getByRole('button', { name: 'Place order' }));
    expect(await screen.findByText('the order')).toBeInTheDocument();
    expect(keys).toHaveLength(1);
    expect(loadDraft().lines).toEqual([]);
  });

  it('says so when there is no such SKU', async () => {
    serveOrders(() => problem(500, 'unused'));
    open();
    await userEvent.type(screen.getByLabelText('Add a product'), 'NOPE{Enter}');
    expect(await screen.findByText('There is no product with the SKU “NOPE”.')).toBeInTheDocument();
  });

  it('explains a shortage before it is sent', async () => {
    serveOrders(() => problem(500, 'unused'));
    open();
    const person = await addA('11');
    expect(await screen.findByText(/Only 8 available: 3 too many/)).toBeInTheDocument();
    await person.click(screen.getByRole('button', { name: 'Take 8' }));
    expect(screen.getByLabelText('Quantity of Product A')).toHaveValue('8');
  });

  it('explains a refusal line by line and sends the next try under another key', async () => {
    const shortages = [{ sku: 'A', location: 'MAIN', requested: 3, available: 1 }];
    const keys = serveOrders((_, count) =>
      count === 1
        ? problem(409, 'insufficient_stock', { shortages })
        : HttpResponse.json(order('order-1'), { status: 201 }),
    );
    open();
    const person = await addA();
    await person.click(screen.getByRole('button', { name: 'Place order' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('A in MAIN: 3 wanted, 1 available');
    await person.click(screen.getByRole('button', { name: 'Place order' }));
    expect(await screen.findByText('the order')).toBeInTheDocument();
    expect(keys[1]).not.toBe(keys[0]);
  });

  it('sends the same order with the same key after a reload in the middle', async () => {
    const keys = serveOrders((_, count) =>
      count === 1
        ? new Promise<Response>(() => undefined)
        : HttpResponse.json(order('order-1'), { status: 201, headers: { 'Idempotency-Replayed': 'true' } }),
    );
    open();
    const person = await addA();
    await person.click(screen.getByRole('button', { name: 'Place order' }));
    await waitFor(() => expect(keys).toHaveLength(1));
    cleanup();
    open();
    expect(await screen.findByText('the order')).toBeInTheDocument();
    expect(keys).toHaveLength(2);
    expect(keys[1]).toBe(keys[0]);
    expect(screen.getByText(/it is there once/)).toBeInTheDocument();
  });

  it('sends what was sent, not what the draft says meanwhile', async () => {
    const bodies: unknown[] = [];
    serveOrders(() => problem(500, 'unused'));
    server.use(
      http.post(`${API}/orders`, async ({ request }) => {
        bodies.push([request.headers.get('Idempotency-Key'), await request.json()]);
        return HttpResponse.json(order('order-1'), { status: 201 });
      }),
    );
    const sent = { lines: [{ sku: 'A', location: 'MAIN', quantity: 3 }] };
    const lines = [{ sku: 'A', name: 'Product A', location: 'MAIN', quantity: 99 }];
    saveDraft({ ...newDraft(), key: 'the key', lines, sent });
    open();
    expect(await screen.findByText('the order')).toBeInTheDocument();
    expect(bodies).toEqual([['the key', sent]]);
  });

  it('offers nothing but the same again when no answer came', async () => {
    const keys = serveOrders((_, count) =>
      count === 1 ? HttpResponse.error() : HttpResponse.json(order('order-1'), { status: 201 }),
    );
    open();
    const person = await addA();
    await person.click(screen.getByRole('button', { name: 'Place order' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('cannot be placed twice');
    expect(screen.getByLabelText('Quantity of Product A')).toBeDisabled();
    await person.click(screen.getByRole('button', { name: 'Send again' }));
    expect(await screen.findByText('the order')).toBeInTheDocument();
    expect(keys[1]).toBe(keys[0]);
  });

  it('keeps the key after “busy”, which promises that nothing was applied', async () => {
    const keys = serveOrders((_, count) =>
      count === 1 ? problem(503, 'busy') : HttpResponse.json(order('order-1'), { status: 201 }),
    );
    open();
    const person = await addA();
    await person.click(screen.getByRole('button', { name: 'Place order' }));
    expect(await screen.findByRole('alert')).toHaveTextContent('Nothing was changed');
    expect(screen.getByLabelText('Quantity of Product A')).toBeEnabled();
    await person.click(screen.getByRole('button', { name: 'Place order' }));
    expect(await screen.findByText('the order')).toBeInTheDocument();
    expect(keys[1]).toBe(keys[0]);
  });
});
