import { screen, waitFor, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse, http } from 'msw';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Role } from '../../api/types.ts';
import { renderApp } from '../../testing/render.tsx';
import { level, product, user } from '../../testing/samples.ts';
import { API, server, signedIn } from '../../testing/server.ts';

const ALL = Array.from({ length: 250 }, (_, index) => level(`SKU-${String(index).padStart(3, '0')}`));

/** The questions the page asked for its list, as their parameters. */
function serve(role: Role) {
  const asked: string[] = [];
  server.use(
    signedIn(user(role)),
    http.get(`${API}/categories`, () => HttpResponse.json({ items: ['Chairs', 'Tables'], next_cursor: null })),
    http.get(`${API}/movements`, () => HttpResponse.json({ items: [], next_cursor: null })),
    http.get(`${API}/products/:sku`, ({ params }) => HttpResponse.json(product(String(params.sku)))),
    http.get(`${API}/stock/:sku`, ({ params }) => HttpResponse.json({ items: [level(String(params.sku))] })),
    http.get(`${API}/stock`, ({ request }) => {
      const { searchParams } = new URL(request.url);
      asked.push(searchParams.toString());
      const offset = Number(searchParams.get('offset'));
      const found = searchParams.get('search') ? ALL.slice(7, 8) : ALL;
      return HttpResponse.json({ items: found.slice(offset, offset + 100), total: found.length, head: 1 });
    }),
  );
  return asked;
}

async function open(role: Role, at = '/stock') {
  const asked = serve(role);
  renderApp(at);
  const grid = await screen.findByRole('grid', { name: 'Stock' });
  await within(grid).findByText('SKU-000');
  return { asked, grid, person: userEvent.setup() };
}

const focused = () => (document.activeElement as HTMLElement).dataset.place;

describe('StockPage', () => {
  beforeEach(() => {
    // There is no layout here; the table thinks it is 600 px high.
    vi.spyOn(HTMLElement.prototype, 'clientHeight', 'get').mockReturnValue(600);
    vi.spyOn(HTMLElement.prototype, 'clientWidth', 'get').mockReturnValue(1200);
  });
  afterEach(() => vi.restoreAllMocks());

  it('draws the rows on screen and no others, and tells how many there are', async () => {
    const { grid, asked } = await open('viewer');
    expect(screen.getByText('250 stock levels')).toBeInTheDocument();
    expect(grid).toHaveAttribute('aria-rowcount', '251');
    expect(within(grid).getAllByRole('row').length).toBeLessThan(40);
    expect(asked).toEqual(['offset=0&limit=100']);
  });

  it('asks the server to search, filter and sort', async () => {
    const { asked, person, grid } = await open('viewer');
    await person.type(screen.getByRole('searchbox'), 'seven');
    await waitFor(() => expect(asked.at(-1)).toBe('offset=0&limit=100&search=seven'));
    expect(await screen.findByText('1 stock level')).toBeInTheDocument();
    await person.click(screen.getByRole('radio', { name: 'Low' }));
    await waitFor(() => expect(asked.at(-1)).toBe('offset=0&limit=100&search=seven&state=low'));
    await person.selectOptions(screen.getByLabelText('Category'), 'Tables');
    await waitFor(() => expect(asked.at(-1)).toBe('offset=0&limit=100&search=seven&state=low&category=Tables'));
    await person.click(within(grid).getByRole('columnheader', { name: /Available/ }));
    await waitFor(() => expect(asked.at(-1)).toContain('&sort=available'));
    expect(within(grid).getByRole('columnheader', { name: /Available/ })).toHaveAttribute('aria-sort', 'ascending');
  });

  it('shows the view that a link asks for', async () => {
    const { asked } = await open('viewer', '/stock?state=out&sort=-name');
    expect(asked).toEqual(['offset=0&limit=100&state=out&sort=-name']);
    expect(screen.getByRole('radio', { name: 'Out' })).toBeChecked();
  });

  it('is operated by keyboard like a spreadsheet', async () => {
    const { person, grid } = await open('manager');
    await person.click(within(grid).getByText('SKU-000'));
    expect(focused()).toBe('0:0');
    await person.keyboard('{ArrowDown}j{ArrowRight}');
    expect(focused()).toBe('2:1');
    await person.keyboard('{F2}');
    expect(await screen.findByRole('form', { name: 'Adjust SKU-002 in MAIN' })).toBeInTheDocument();
    await person.keyboard('{Escape}');
    await waitFor(() => expect(screen.queryByRole('form')).toBeNull());
    await waitFor(() => expect(focused()).toBe('2:1'));
    await person.keyboard('+12');
    expect(await screen.findByLabelText('Change by')).toHaveValue('+12');
    await person.keyboard('{Escape}');
    await waitFor(() => expect(focused()).toBe('2:1'));
    await person.keyboard('/');
    expect(screen.getByRole('searchbox')).toHaveFocus();
  });

  it('lets a viewer look at details, but not adjust', async () => {
    const { person, grid } = await open('viewer');
    await person.click(within(grid).getByText('SKU-000'));
    await person.keyboard('{F2}');
    expect(screen.queryByRole('form')).toBeNull();
    await person.keyboard('{Enter}');
    const details = await screen.findByRole('dialog');
    expect(await within(details).findByText('Nothing has moved yet.')).toBeInTheDocument();
    for (const name of ['Adjust', 'Edit', 'Archive']) {
      expect(within(details).queryByRole('button', { name })).toBeNull();
    }
    expect(screen.queryByRole('button', { name: 'New product' })).toBeNull();
  });
});
