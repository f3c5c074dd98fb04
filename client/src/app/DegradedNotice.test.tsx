import { act, screen, waitFor } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { statusChanged } from '../api/connection.ts';
import type { Role } from '../api/types.ts';
import { renderApp } from '../testing/render.tsx';
import { user } from '../testing/samples.ts';
import { API, problem, readiness, server, signedIn } from '../testing/server.ts';

const ASK_EVERY_MS = 15_000;
const NOTICE = /Orders go on and are right/;

/** What `/readyz` answers from now on, and how often it was asked since. */
function answer(reply: () => Response) {
  const asked = vi.fn(reply);
  server.use(http.get('*/readyz', asked));
  return asked;
}

async function open(role: Role = 'clerk') {
  server.use(signedIn(user(role)));
  const { store } = renderApp('/orders');
  await screen.findByRole('heading', { name: 'Orders' });
  act(() => void store.dispatch(statusChanged('live')));
  return store;
}

/** Until every question was answered; the time to the next one counts from there. */
const answered = (store: Awaited<ReturnType<typeof open>>) =>
  waitFor(() => {
    const states = Object.values(store.getState().api.queries).map((query) => query?.status);
    expect(states).not.toContain('pending');
  });

const wait = (milliseconds: number) => act(() => vi.advanceTimersByTimeAsync(milliseconds));

function show(visibility: DocumentVisibilityState) {
  vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(visibility);
  act(() => void window.dispatchEvent(new Event('visibilitychange')));
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], shouldAdvanceTime: true });
  server.use(
    http.get(`${API}/orders`, () => HttpResponse.json({ items: [], total: 0, next_cursor: null })),
    http.get(`${API}/auth/status`, () => HttpResponse.json({ registration: 'closed', has_accounts: true, demo: null })),
  );
});
afterEach(() => {
  vi.useRealTimers();
});

describe('the degraded notice', () => {
  it.each([
    ['a server without a Redis', () => readiness()],
    ['a Redis that answers', () => readiness('ok')],
    ['an answer of something else', () => HttpResponse.json([])],
  ])('says nothing of %s', async (_, reply) => {
    const asked = answer(reply);
    const store = await open();
    await waitFor(() => expect(asked).toHaveBeenCalledTimes(1));
    await answered(store);
    expect(screen.queryByText(NOTICE)).toBeNull();
  });

  it.each([200, 503])('shows while Redis is away, also with status %i, and goes by itself', async (status) => {
    answer(() => readiness('degraded', status));
    await open();
    expect(await screen.findByText(NOTICE)).toHaveAttribute('role', 'status');
    answer(() => readiness('ok'));
    await wait(ASK_EVERY_MS);
    await waitFor(() => expect(screen.queryByText(NOTICE)).toBeNull());
  });

  it('comes while the page is open', async () => {
    const asked = answer(() => readiness('ok'));
    const store = await open();
    await waitFor(() => expect(asked).toHaveBeenCalledTimes(1));
    await answered(store);
    answer(() => readiness('degraded'));
    await wait(ASK_EVERY_MS);
    expect(await screen.findByText(NOTICE)).toBeInTheDocument();
  });

  it('names the cause to an administrator', async () => {
    answer(() => readiness('degraded'));
    await open('admin');
    expect(await screen.findByText(NOTICE)).toHaveTextContent('Redis does not answer');
  });

  it('does not speak of Redis to a clerk', async () => {
    answer(() => readiness('degraded'));
    await open('clerk');
    expect(await screen.findByText(NOTICE)).not.toHaveTextContent('Redis');
  });

  it('leaves a lost connection to the connection banner', async () => {
    answer(() => readiness('degraded'));
    const store = await open();
    await screen.findByText(NOTICE);
    act(() => void store.dispatch(statusChanged('reconnecting')));
    expect(screen.getByText('Connection lost.')).toBeInTheDocument();
    expect(screen.queryByText(NOTICE)).toBeNull();
  });

  it.each([
    ['no answer', () => HttpResponse.error()],
    ['a refusal', () => problem(401, 'unauthenticated')],
    ['a broken gateway', () => new HttpResponse('<h1>Bad gateway</h1>', { status: 502 })],
    ['a 503 of somebody else', () => new HttpResponse('<h1>Unavailable</h1>', { status: 503 })],
  ])('shows nothing after a failure (%s), asks no more often, and stays signed in', async (_, reply) => {
    answer(() => readiness('degraded'));
    await open();
    await screen.findByText(NOTICE);
    const failed = answer(reply);
    await wait(ASK_EVERY_MS);
    await waitFor(() => expect(screen.queryByText(NOTICE)).toBeNull());
    // Not even while the next question is on its way: the answer of before must not come back.
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const next = vi.fn(async () => {
      await held;
      return reply();
    });
    server.use(http.get('*/readyz', next));
    await wait(ASK_EVERY_MS);
    await waitFor(() => expect(next).toHaveBeenCalledTimes(1));
    expect(screen.queryByText(NOTICE)).toBeNull();
    expect(failed).toHaveBeenCalledTimes(1);
    release();
    expect(screen.getByRole('heading', { name: 'Orders' })).toBeInTheDocument();
  });

  it('asks every 15 seconds, once, and not while the page is hidden', async () => {
    const asked = answer(() => readiness('ok'));
    const store = await open();
    for (const times of [1, 2, 3, 4, 5]) {
      await waitFor(() => expect(asked).toHaveBeenCalledTimes(times));
      await answered(store);
      if (times < 5) {
        await wait(ASK_EVERY_MS);
      }
    }
    show('hidden');
    await wait(10 * ASK_EVERY_MS);
    expect(asked).toHaveBeenCalledTimes(5);
    show('visible');
    await wait(ASK_EVERY_MS);
    await waitFor(() => expect(asked).toHaveBeenCalledTimes(6));
  });

  it('asks for nobody who is not signed in', async () => {
    const asked = answer(() => readiness('degraded'));
    server.use(signedIn(null));
    renderApp('/orders');
    await screen.findByRole('form', { name: 'Sign in' });
    await wait(4 * ASK_EVERY_MS);
    expect(asked).not.toHaveBeenCalled();
    expect(screen.queryByText(NOTICE)).toBeNull();
  });
});
