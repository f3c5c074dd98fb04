import { act, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { renderApp } from '../../testing/render.tsx';
import { user } from '../../testing/samples.ts';
import { API, problem, server, signedIn } from '../../testing/server.ts';
import { LOCKS_MAX, type LockList, type ProductLock } from './api.ts';

const REFRESH_MS = 2_000;
const SPEED_ONLY = /Locks are for speed only/;

const lock = (sku: string, more: Partial<ProductLock> = {}): ProductLock => ({
  sku,
  owner: 'shop1-40.0.3f9c2a',
  held_ms: 12,
  lease_left_ms: 1_988,
  waiting: [],
  ...more,
});

function list(more: Partial<LockList> = {}): LockList {
  return { mode: 'redis', items: [], totals: { acquired: 1_201, refused: 14, handed_over: 9, away: 3 }, ...more };
}

function answer(reply: () => Response) {
  const asked = vi.fn(reply);
  server.use(http.get(`${API}/admin/locks`, asked));
  return asked;
}

const open = async () => {
  renderApp('/locks');
  await screen.findByRole('heading', { name: 'Locks' });
};
const wait = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds));
const rows = () =>
  screen
    .getAllByRole('row')
    .slice(1)
    .map((row) =>
      within(row)
        .getAllByRole('cell')
        .map((cell) => cell.textContent),
    );
const totals = () =>
  screen.getAllByRole('definition').map((value) => [value.previousSibling?.firstChild?.textContent, value.textContent]);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], shouldAdvanceTime: true });
  server.use(signedIn(user('admin')));
});
afterEach(() => {
  vi.useRealTimers();
});

describe('LocksPage', () => {
  it('shows who holds what, who waits, and the counts', async () => {
    let limit: string | null = null;
    server.use(
      http.get(`${API}/admin/locks`, ({ request }) => {
        limit = new URL(request.url).searchParams.get('limit');
        const items = [
          lock('LAMP-1', { waiting: ['shop2-31.1.81be07', 'shop1-40.1.3f9c2a'] }),
          lock('T "1"', { held_ms: 2_150, lease_left_ms: -3 }),
        ];
        return HttpResponse.json(list({ items }));
      }),
    );
    await open();
    await screen.findByText('In use');
    expect(rows()).toEqual([
      ['LAMP-1', 'shop1-40.0.3f9c2a', '12ms', '1.9s', 'shop2-31.1.81be07shop1-40.1.3f9c2a'],
      ['T "1"', 'shop1-40.0.3f9c2a', '2.1s', '0ms', 'nobody'],
    ]);
    expect(screen.getByText('shop2-31.1.81be07').tagName).toBe('LI');
    expect(totals()).toEqual([
      ['Taken', '1,201'],
      ['Refused', '14'],
      ['Handed over', '9'],
      ['Gone without', '3'],
    ]);
    expect(screen.getByText('2 products')).toBeInTheDocument();
    expect(screen.getByText(SPEED_ONLY)).toBeInTheDocument();
    expect(limit).toBe(String(LOCKS_MAX));
  });

  it('says that there may be more than it shows', async () => {
    const items = Array.from({ length: LOCKS_MAX }, (_, index) => lock(`W-${index}`));
    answer(() => HttpResponse.json(list({ items })));
    await open();
    expect(await screen.findByText('the first 500 products')).toBeInTheDocument();
  });

  it('explains that nothing is locked', async () => {
    answer(() => HttpResponse.json(list()));
    await open();
    expect(await screen.findByText('No product is locked at this moment')).toBeInTheDocument();
    expect(screen.queryByRole('table')).toBeNull();
    expect(screen.getByText('In use')).toBeInTheDocument();
  });

  it('explains a server that uses no locks, without counts that are always nought', async () => {
    const none = { acquired: 0, refused: 0, handed_over: 0, away: 0 };
    answer(() => HttpResponse.json(list({ mode: 'none', totals: none })));
    await open();
    expect(
      await screen.findByText('Product locks are used when several instances share a PostgreSQL and a Redis.'),
    ).toBeInTheDocument();
    expect(screen.getByText('Not in use')).toBeInTheDocument();
    expect(screen.getByText(SPEED_ONLY)).toBeInTheDocument();
    expect(screen.queryByRole('definition')).toBeNull();
  });

  it('does not take a Redis that does not answer for no locks', async () => {
    answer(() => HttpResponse.json(list({ mode: 'degraded' })));
    await open();
    expect(await screen.findByText('Redis does not answer')).toBeInTheDocument();
    expect(screen.getByText(/Orders go on without locks/)).toBeInTheDocument();
    expect(screen.queryByText('No product is locked at this moment')).toBeNull();
    expect(totals()).toContainEqual(['Gone without', '3']);
  });

  it('asks again every two seconds, and not while the page is hidden', async () => {
    const asked = answer(() => HttpResponse.json(list({ items: [lock('A')] })));
    await open();
    await screen.findByRole('table');
    expect(asked).toHaveBeenCalledTimes(1);
    answer(() => HttpResponse.json(list({ items: [lock('B')] })));
    await wait(REFRESH_MS);
    expect(await screen.findByText('B')).toBeInTheDocument();
    expect(asked).toHaveBeenCalledTimes(1);
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    act(() => void window.dispatchEvent(new Event('visibilitychange')));
    const hidden = answer(() => HttpResponse.json(list()));
    await wait(10 * REFRESH_MS);
    expect(hidden).not.toHaveBeenCalled();
  });

  it('shows a failure in place of what may be wrong by now, and recovers by itself', async () => {
    answer(() => HttpResponse.json(list({ items: [lock('A')] })));
    await open();
    await screen.findByRole('table');
    answer(() => problem(503, 'storage_unavailable'));
    await wait(REFRESH_MS);
    expect(await screen.findByRole('alert')).toHaveTextContent('The locks cannot be shown');
    expect(screen.queryByRole('table')).toBeNull();
    answer(() => HttpResponse.json(list({ items: [lock('A')] })));
    await wait(REFRESH_MS);
    expect(await screen.findByRole('table')).toBeInTheDocument();
    await waitFor(() => expect(screen.queryByRole('alert')).toBeNull());
  });

  it.each(['viewer', 'clerk', 'manager'] as const)('is not for a %s, and asks nothing', async (role) => {
    const asked = answer(() => problem(403, 'forbidden'));
    server.use(signedIn(user(role)));
    renderApp('/locks');
    expect(await screen.findByText('Not for your role')).toBeInTheDocument();
    expect(asked).not.toHaveBeenCalled();
  });
});
