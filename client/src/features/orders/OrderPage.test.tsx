import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse, http } from 'msw';
import { Route, Routes } from 'react-router';
import { describe, expect, it } from 'vitest';
import { ordersApi } from '../../api/orders.ts';
import type { Order, OrderLine, Role } from '../../api/types.ts';
import { renderPart } from '../../testing/render.tsx';
import { order, user } from '../../testing/samples.ts';
import { API, problem, server, signedIn } from '../../testing/server.ts';
import { OrderPage } from './OrderPage.tsx';

const line = (sku: string, quantity: number, fulfilled = 0): OrderLine => ({
  sku,
  quantity,
  location: 'MAIN',
  allocated: quantity - fulfilled,
  fulfilled,
  cancelled: 0,
  returned: 0,
});
const START = order('order-1', { lines: [line('A', 5), line('B', 3, 1)], status: 'partially_fulfilled' });
const later = (lines: OrderLine[], more: Partial<Order> = {}) => ({ ...START, lines, version: 2, ...more });

interface Sent {
  key: string | null;
  lines: unknown;
}

function serve(role: Role, answer: (count: number) => Response | Promise<Response>) {
  const sent: Sent[] = [];
  server.use(
    signedIn(user(role)),
    http.get(`${API}/orders/order-1`, () => HttpResponse.json(START)),
    http.post(`${API}/orders/order-1/fulfil`, async ({ request }) => {
      const { lines } = (await request.json()) as { lines: unknown };
      sent.push({ key: request.headers.get('Idempotency-Key'), lines });
      return answer(sent.length);
    }),
  );
  return sent;
}

async function open(role: Role, answer: (count: number) => Response | Promise<Response>) {
  const sent = serve(role, answer);
  const { store } = renderPart(
    <Routes>
      <Route path="/orders/:id" element={<OrderPage />} />
    </Routes>,
    { at: '/orders/order-1' },
  );
  await screen.findByRole('heading', { name: 'Order 1001' });
  /** As the live feed does it. */
  const hear = (data: Order) => store.dispatch(ordersApi.util.updateQueryData('order', 'order-1', () => data) as never);
  return { sent, store, hear, person: userEvent.setup() };
}

async function openDialog(answer: (count: number) => Response | Promise<Response>) {
  const opened = await open('manager', answer);
  await opened.person.click(await screen.findByRole('button', { name: 'Fulfil' }));
  const dialog = within(await screen.findByRole('dialog', { name: 'Fulfil order 1001' }));
  const field = (sku: string) => dialog.getByLabelText(new RegExp(`^Units of ${sku} in MAIN`));
  const type = async (sku: string, text: string) => {
    await opened.person.clear(field(sku));
    await opened.person.type(field(sku), text);
  };
  const press = (name: string | RegExp) => opened.person.click(dialog.getByRole('button', { name }));
  return { ...opened, dialog, field, type, press };
}

const done = (lines: OrderLine[], more: Partial<Order> = {}) => HttpResponse.json(later(lines, more));

describe('fulfilling', () => {
  it('offers all that is left, and sends what was on screen', async () => {
    const { sent, field, press } = await openDialog(() =>
      done([line('A', 5, 5), line('B', 3, 3)], { status: 'fulfilled' }),
    );
    expect(field('A')).toHaveValue('5');
    expect(field('A')).toHaveFocus();
    expect(field('B')).toHaveValue('2');
    await press('Fulfil 7 units');
    expect(await screen.findByText('Order 1001 fulfilled')).toBeInTheDocument();
    await waitFor(() => expect(screen.queryByRole('dialog')).toBeNull());
    expect(sent[0]?.lines).toEqual([
      { sku: 'A', location: 'MAIN', quantity: 5 },
      { sku: 'B', location: 'MAIN', quantity: 2 },
    ]);
    expect(screen.queryByRole('button', { name: 'Fulfil' })).toBeNull();
  });

  it('fulfils a part by line, and says what is left', async () => {
    const { sent, type, press } = await openDialog(() => done([line('A', 5, 2), line('B', 3, 1)]));
    await type('B', '0');
    await type('A', '2');
    await press('Fulfil 2 units');
    expect(await screen.findByText('2 units of order 1001 fulfilled')).toBeInTheDocument();
    expect(screen.getByText('5 units left')).toBeInTheDocument();
    expect(sent[0]?.lines).toEqual([{ sku: 'A', location: 'MAIN', quantity: 2 }]);
    const row = screen.getByRole('row', { name: /^A / });
    expect(
      within(row)
        .getAllByRole('cell')
        .map((cell) => cell.textContent),
    ).toEqual(['A', 'MAIN', '5', '2', '3']);
    expect(screen.getByText('3 of 8 units')).toBeInTheDocument();
  });

  it('is sent by Enter, and steps by the arrow keys within what is left', async () => {
    const { sent, field, person } = await openDialog(() => done([line('A', 5, 4), line('B', 3, 3)]));
    expect(field('A')).toHaveFocus();
    await person.keyboard('{ArrowUp}{ArrowDown}{Enter}');
    await waitFor(() => expect(sent).toHaveLength(1));
    expect(sent[0]?.lines).toContainEqual({ sku: 'A', location: 'MAIN', quantity: 4 });
  });

  it('sends nothing that is more than what is left, no number, or nothing at all', async () => {
    const { sent, dialog, field, type, press } = await openDialog(() => problem(500, 'unused'));
    await type('A', '6');
    expect(dialog.getByText('Only 5 left.')).toBeInTheDocument();
    await press(/^Fulfil/);
    expect(field('A')).toHaveFocus();
    await type('A', 'x');
    expect(dialog.getByText('A whole number from 0 to 5.')).toBeInTheDocument();
    await press(/^Fulfil/);
    await press('Nothing');
    await press('Fulfil 0 units');
    expect(dialog.getByRole('alert')).toHaveTextContent('Say how many leave now');
    expect(sent).toEqual([]);
    await press('All that is left');
    expect(dialog.getByRole('button', { name: 'Fulfil 7 units' })).toBeInTheDocument();
  });

  it('follows the order while it is open: what is left, and that nothing is', async () => {
    const { hear, dialog, field, type } = await openDialog(() => problem(500, 'unused'));
    await type('A', '4');
    hear(later([line('A', 5, 2), line('B', 3, 2)]));
    expect(await dialog.findByText('Only 3 left.')).toBeInTheDocument();
    expect(field('B')).toHaveValue('1');
    hear(later([line('A', 5, 5), line('B', 3, 3)], { status: 'fulfilled', version: 3 }));
    expect(await screen.findByText(/Nothing is left to fulfil/)).toBeInTheDocument();
  });

  it('explains a refusal in the words of the server, loads the order again, and takes another key', async () => {
    const detail = 'Order 1001 has only 1 of SKU A left to ship at MAIN.';
    const { sent, dialog, press } = await openDialog((count) =>
      count === 1 ? problem(409, 'invalid_state', { detail }) : done([line('A', 5, 5), line('B', 3, 3)]),
    );
    server.use(http.get(`${API}/orders/order-1`, () => HttpResponse.json(later([line('A', 5, 4), line('B', 3, 1)]))));
    await press('Fulfil 7 units');
    expect(await dialog.findByRole('alert')).toHaveTextContent(detail);
    await press(/^Fulfil 3 units/);
    await waitFor(() => expect(sent).toHaveLength(2));
    expect(sent[1]?.key).not.toBe(sent[0]?.key);
  });

  it('offers nothing but the same again when no answer came, also after the dialog was closed', async () => {
    const { sent, dialog, hear, press, person } = await openDialog((count) =>
      count === 1 ? HttpResponse.error() : done([line('A', 5, 5), line('B', 3, 3)], { status: 'fulfilled' }),
    );
    await press('Fulfil 7 units');
    expect(await dialog.findByRole('alert')).toHaveTextContent('it will not be done twice');
    expect(dialog.queryByRole('textbox')).toBeNull();
    // It had arrived, and the feed tells of it before the answer to the repeat does.
    hear(later([line('A', 5, 5), line('B', 3, 2)]));
    await press('Back');
    await person.click(screen.getByRole('button', { name: 'Fulfil' }));
    await person.click(await screen.findByRole('button', { name: 'Send again' }));
    await waitFor(() => expect(sent).toHaveLength(2));
    expect(sent[1]).toEqual(sent[0]);
  });

  for (const [status, code, words] of [
    [503, 'busy', 'Nothing was changed; try again in a moment.'],
    [412, 'version_mismatch', 'Someone changed this while you were editing.'],
    [422, 'idempotency_mismatch', 'already sent with other content'],
    [403, 'forbidden', 'Your role does not allow this.'],
  ] as const) {
    it(`says what a ${status} means, and keeps the key only where nothing was remembered`, async () => {
      const { sent, dialog, press } = await openDialog((count) =>
        count === 1 ? problem(status, code) : done([line('A', 5, 5), line('B', 3, 3)]),
      );
      await press('Fulfil 7 units');
      expect(await dialog.findByRole('alert')).toHaveTextContent(words);
      await press('Fulfil 7 units');
      await waitFor(() => expect(sent).toHaveLength(2));
      expect(sent[1]?.key === sent[0]?.key).toBe(status === 503);
    });
  }

  it('is not offered to who may not', async () => {
    await open('clerk', () => problem(500, 'unused'));
    expect(screen.queryByRole('button', { name: 'Fulfil' })).toBeNull();
  });
});

describe('cancelling', () => {
  it('says that only the rest is cancelled when a part was fulfilled', async () => {
    const { person } = await open('manager', () => problem(500, 'unused'));
    const cancelled = { ...line('A', 5, 1), allocated: 0, cancelled: 4 };
    server.use(
      http.post(`${API}/orders/order-1/cancel`, () => HttpResponse.json(later([cancelled], { status: 'fulfilled' }))),
    );
    await person.click(await screen.findByRole('button', { name: 'Cancel order' }));
    await person.click(await screen.findByRole('button', { name: 'Cancel the order' }));
    expect(await screen.findByText('The rest of order 1001 cancelled')).toBeInTheDocument();
    expect(await screen.findByRole('columnheader', { name: 'Cancelled' })).toBeInTheDocument();
  });
});
