import { screen, within } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import { HttpResponse, http } from 'msw';
import { beforeEach, describe, expect, it } from 'vitest';
import type { AuthStatus } from '../api/session.ts';
import type { Role } from '../api/types.ts';
import { renderApp } from '../testing/render.tsx';
import { order, user } from '../testing/samples.ts';
import { API, problem, server, signedIn } from '../testing/server.ts';

const emptyList = { items: [], total: 0, next_cursor: null, head: 0 };

function status(more: Partial<AuthStatus> = {}) {
  return http.get(`${API}/auth/status`, () =>
    HttpResponse.json({ registration: 'closed', has_accounts: true, demo: null, ...more }),
  );
}

beforeEach(() => {
  server.use(
    http.get(`${API}/stock`, () => HttpResponse.json(emptyList)),
    http.get(`${API}/categories`, () => HttpResponse.json({ items: [], next_cursor: null })),
    http.get(`${API}/orders`, () => HttpResponse.json(emptyList)),
  );
});

describe('signing in', () => {
  it('asks who is there, signs in, and goes on to where one wanted to go', async () => {
    server.use(
      signedIn(null),
      status(),
      http.post(`${API}/auth/login`, async ({ request }) => {
        expect(await request.json()).toEqual({ email: 'clerk@onhand.test', password: 'secret words' });
        return HttpResponse.json({ token: 't', expires_at: '', user: user('clerk') });
      }),
    );
    renderApp('/orders?status=placed');
    const person = userEvent.setup();
    await person.type(await screen.findByLabelText('Email'), 'clerk@onhand.test');
    await person.type(screen.getByLabelText('Password'), 'secret words{Enter}');
    expect(await screen.findByRole('heading', { name: 'Orders' })).toBeInTheDocument();
    expect(screen.getByLabelText('Status')).toHaveValue('placed');
  });

  it('says it plainly when email and password do not match', async () => {
    server.use(
      signedIn(null),
      status(),
      http.post(`${API}/auth/login`, () => problem(401, 'unauthenticated')),
    );
    renderApp('/');
    const person = userEvent.setup();
    await person.type(await screen.findByLabelText('Email'), 'clerk@onhand.test');
    await person.type(screen.getByLabelText('Password'), 'wrong{Enter}');
    expect(await screen.findByRole('alert')).toHaveTextContent('do not match');
  });

  it('offers the first account while there is none', async () => {
    server.use(
      signedIn(null),
      status({ registration: 'first', has_accounts: false }),
      http.post(`${API}/auth/register`, () =>
        HttpResponse.json({ token: 't', expires_at: '', user: user('admin') }, { status: 201 }),
      ),
    );
    renderApp('/');
    const form = await screen.findByRole('form', { name: 'Create an account' });
    expect(within(form).getByRole('heading', { name: 'Create the first account' })).toBeInTheDocument();
    const person = userEvent.setup();
    await person.type(within(form).getByLabelText('Name'), 'Ada');
    await person.type(within(form).getByLabelText('Email'), 'ada@onhand.test');
    await person.type(within(form).getByLabelText('Password'), 'secret words');
    await person.click(within(form).getByRole('button', { name: 'Create the first account' }));
    expect(await screen.findByRole('heading', { name: 'Stock' })).toBeInTheDocument();
  });

  it('shows the demo account and signs in with it', async () => {
    const demo = { email: 'demo@onhand.test', password: 'demo' };
    server.use(
      signedIn(null),
      status({ demo }),
      http.post(`${API}/auth/login`, async ({ request }) => {
        expect(await request.json()).toEqual(demo);
        return HttpResponse.json({ token: 't', expires_at: '', user: user('admin') });
      }),
    );
    renderApp('/');
    await userEvent.click(await screen.findByRole('button', { name: 'Sign in with the demo account' }));
    expect(await screen.findByRole('heading', { name: 'Stock' })).toBeInTheDocument();
  });

  it('returns to the sign-in page when the session ends under a request', async () => {
    server.use(signedIn(user('clerk')), status());
    renderApp('/orders');
    await screen.findByRole('heading', { name: 'Orders' });
    server.use(http.get(`${API}/orders`, () => problem(401, 'unauthenticated')));
    await userEvent.selectOptions(screen.getByLabelText('Status'), 'placed');
    expect(await screen.findByRole('form', { name: 'Sign in' })).toBeInTheDocument();
  });
});

describe('roles', () => {
  const seen: Record<Role, { links: string[]; newOrder: boolean; fulfil: boolean; cancel: boolean }> = {
    viewer: { links: ['Stock', 'Orders'], newOrder: false, fulfil: false, cancel: false },
    clerk: { links: ['Stock', 'Orders'], newOrder: true, fulfil: false, cancel: true },
    manager: { links: ['Stock', 'Orders', 'Import'], newOrder: true, fulfil: true, cancel: true },
    admin: { links: ['Stock', 'Orders', 'Import', 'Users', 'Locks'], newOrder: true, fulfil: true, cancel: true },
  };

  it.each(Object.entries(seen))('a %s sees what they may do', async (role, expected) => {
    server.use(
      signedIn(user(role as Role)),
      http.get(`${API}/orders/one`, () => HttpResponse.json(order('one', { placed_by: 'user-clerk' }))),
    );
    renderApp('/orders/one');
    await screen.findByRole('heading', { name: 'Order 1001' });
    const navigation = screen.getByRole('navigation', { name: 'Main' });
    expect(
      within(navigation)
        .getAllByRole('link')
        .map((link) => link.textContent),
    ).toEqual(expected.links);
    expect(screen.queryByRole('link', { name: 'New order' }) !== null).toBe(expected.newOrder);
    expect(screen.queryByRole('button', { name: 'Fulfil' }) !== null).toBe(expected.fulfil);
    expect(screen.queryByRole('button', { name: 'Cancel order' }) !== null).toBe(expected.cancel);
  });

  it('keeps a viewer from pages by address', async () => {
    server.use(signedIn(user('viewer')));
    renderApp('/import');
    expect(await screen.findByText('Not for your role')).toBeInTheDocument();
  });
});
