import { screen } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse, http } from 'msw';
import { describe, expect, it } from 'vitest';
import { renderPart } from '../../testing/render.tsx';
import { order } from '../../testing/samples.ts';
import { API, server, signedIn } from '../../testing/server.ts';
import { OrdersPage } from './OrdersPage.tsx';

// Answers every page of the list with one order that names its offset.
function serveOrders(rest: { total: number; total_is_exact?: boolean }, lastOffset: number) {
  server.use(
    signedIn(null),
    http.get(`${API}/orders`, ({ request }) => {
      const offset = Number(new URL(request.url).searchParams.get('offset'));
      const items = [order(`order-${offset}`, { reference: `from ${offset}` })];
      return HttpResponse.json({ items, next_cursor: offset < lastOffset ? 'more' : null, ...rest });
    }),
  );
}

const open = (at = '/orders') => renderPart(<OrdersPage />, { at });

describe('OrdersPage', () => {
  it('shows how many orders there are, and goes from page to page to the last one', async () => {
    serveOrders({ total: 51 }, 50);
    open();
    expect(await screen.findByText('51 orders')).toBeInTheDocument();
    expect(screen.getByText('Page 1 of 2')).toBeInTheDocument();
    await userEvent.click(screen.getByRole('button', { name: 'Older' }));
    expect(await screen.findByText('from 50')).toBeInTheDocument();
    expect(screen.getByText('Page 2 of 2')).toBeInTheDocument();
    expect(screen.getByRole('button', { name: 'Older' })).toBeDisabled();
    expect(screen.getByRole('button', { name: 'Newer' })).toBeEnabled();
  });

  it('says so where nobody counted them all, and goes on beyond what was counted', async () => {
    serveOrders({ total: 1000, total_is_exact: false }, 2000);
    open('/orders?search=shop&page=20');
    expect(await screen.findByText('At least 1,000 orders')).toBeInTheDocument();
    expect(screen.getByText('Page 20')).toBeInTheDocument();
    await userEvent.click(screen.getByRole('button', { name: 'Older' }));
    expect(await screen.findByText('from 1000')).toBeInTheDocument();
    expect(screen.getByText('Page 21')).toBeInTheDocument();
  });

  it('has no pages to go through when all orders are on one', async () => {
    serveOrders({ total: 1 }, 0);
    open();
    expect(await screen.findByText('1 order')).toBeInTheDocument();
    expect(screen.queryByRole('navigation', { name: 'Pages of orders' })).not.toBeInTheDocument();
  });
});
