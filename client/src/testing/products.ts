// A server with products for the tests of the stock page, and the hands of somebody who works on them.
import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse, http } from 'msw';
import type { Product, StockLevel } from '../api/types.ts';
import { level, product, user } from './samples.ts';
import { API, problem, server, signedIn } from './server.ts';

interface Warehouse {
  known: Map<string, Product>;
  levels: StockLevel[];
}

/** A manager before a server that has product A, ten of it in MAIN. What it knows can be changed at any time. */
export function serveProducts(): Warehouse {
  const warehouse: Warehouse = { known: new Map([['A', product('A')]]), levels: [level('A')] };
  const list = (items: unknown[]) => HttpResponse.json({ items, total: items.length, head: 1, next_cursor: null });
  server.use(
    signedIn(user('manager')),
    http.get(`${API}/categories`, () => list(['Chairs', 'Tables'])),
    http.get(`${API}/locations`, () => list([{ code: 'EAST' }, { code: 'MAIN' }])),
    http.get(`${API}/movements`, () => list([])),
    http.get(`${API}/stock`, () => list(warehouse.levels)),
    http.get(`${API}/stock/:sku`, ({ params }) => {
      const items = warehouse.levels.filter(({ sku }) => sku === params.sku);
      return items.length > 0 ? HttpResponse.json({ items }) : problem(404, 'unknown_sku');
    }),
    http.get(`${API}/products`, ({ request }) => {
      const wanted = new URL(request.url).searchParams;
      const fits = ({ sku, archived }: Product) =>
        archived === (wanted.get('archived') === 'true') && sku.includes(wanted.get('search') ?? '');
      return list([...warehouse.known.values()].filter(fits));
    }),
    http.get(`${API}/products/:sku`, ({ params }) => {
      const found = warehouse.known.get(String(params.sku));
      return found ? HttpResponse.json(found) : problem(404, 'unknown_sku');
    }),
  );
  return warehouse;
}

export interface Sent {
  header: string | null;
  body: Record<string, unknown>;
}

/** Answers every such request, and keeps what was sent: its body, and the header that makes it safe to send. */
export function answer(
  method: 'post' | 'patch' | 'delete',
  path: string,
  respond: (sent: Sent, count: number) => Response | Promise<Response>,
): Sent[] {
  const all: Sent[] = [];
  const safe = method === 'post' ? 'Idempotency-Key' : 'If-Match';
  server.use(
    http[method](`${API}${path}`, async ({ request }) => {
      const text = await request.text();
      const sent = { header: request.headers.get(safe), body: text ? JSON.parse(text) : {} };
      all.push(sent);
      return respond(sent, all.length);
    }),
  );
  return all;
}

export const person = userEvent.setup();
export const press = async (name: string) => person.click(await screen.findByRole('button', { name }));

export async function retype(field: HTMLElement, text: string): Promise<void> {
  await person.clear(field);
  if (text) {
    await person.type(field, text);
  }
}
