import { act, screen, waitFor, within } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, it } from 'vitest';
import { presenceChanged, statusChanged } from '../api/connection.ts';
import { renderApp } from '../testing/render.tsx';
import { user } from '../testing/samples.ts';
import { API, server, signedIn } from '../testing/server.ts';

const person = (id: string, name: string) => ({ id, name });
const me = person('user-clerk', 'A clerk');

async function open() {
  const { store } = renderApp('/orders');
  await screen.findByRole('heading', { name: 'Orders' });
  store.dispatch(statusChanged('live'));
  return {
    tell: (users: { id: string; name: string }[], total?: number) =>
      act(() => store.dispatch(presenceChanged({ users, ...(total !== undefined && { total }) }))),
    status: (status: 'live' | 'reconnecting' | 'stale') => act(() => store.dispatch(statusChanged(status))),
  };
}

const people = () => screen.queryByRole('list', { name: 'Also here' });
const named = () =>
  within(people() as HTMLElement)
    .getAllByRole('img')
    .map((image) => [image.getAttribute('aria-label'), image.textContent]);

beforeEach(() => {
  server.use(
    signedIn(user('clerk')),
    http.get(`${API}/orders`, () => HttpResponse.json({ items: [], total: 0, next_cursor: null })),
  );
});

describe('Presence', () => {
  it('shows nobody when one is alone', async () => {
    const { tell } = await open();
    expect(people()).toBeNull();
    tell([me]);
    expect(people()).toBeNull();
  });

  it('shows the others by their initials, with their names', async () => {
    const { tell } = await open();
    tell([person('ada', 'Ada Lovelace'), me, person('bob', 'Bob')]);
    expect(named()).toEqual([
      ['Ada Lovelace', 'AL'],
      ['Bob', 'B'],
    ]);
    tell([me, person('bob', 'Bob')]);
    expect(named()).toEqual([['Bob', 'B']]);
  });

  it('counts those for whom there is no room', async () => {
    const { tell } = await open();
    tell([me, ...['Ann', 'Ben', 'Cy', 'Di', 'Ed'].map((name) => person(name, name))]);
    expect(named().at(-1)).toEqual(['2 more: Di, Ed', '+2']);
    // The server names a bounded number of people.
    tell([me, ...['Ann', 'Ben', 'Cy', 'Di'].map((name) => person(name, name))], 150);
    expect(named().at(-1)).toEqual(['146 more: Di, …', '+146']);
  });

  it('keeps them over a short break, and shows nobody when the page is stale', async () => {
    const { tell, status } = await open();
    tell([me, person('bob', 'Bob')]);
    status('reconnecting');
    expect(people()).not.toBeNull();
    status('stale');
    await waitFor(() => expect(people()).toBeNull());
  });
});
