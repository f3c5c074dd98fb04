import { waitFor } from '@testing-library/react';
import { HttpResponse, http } from 'msw';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { api } from '../api/api.ts';
import { rowsShown } from '../api/connection.ts';
import { detailSource, levelsApi, pageSource, type StockPageArg } from '../api/levels.ts';
import { ordersApi } from '../api/orders.ts';
import { levelId, type StockLevel } from '../api/types.ts';
import { change, level, order } from '../testing/samples.ts';
import { API, server } from '../testing/server.ts';
import type { LiveSocket } from './live.ts';
import { createStore } from './store.ts';

type Listener = (payload?: unknown) => void;

/** Stands in for socket.io-client: records what is emitted, acknowledges it, and lets a test speak for the server. */
class FakeSocket {
  readonly emitted: { event: string; payload: unknown }[] = [];
  readonly listeners = new Map<string, Listener>();
  readonly io = { on: () => undefined };
  head = 0;
  connected = false;
  active = true;

  on(event: string, listener: Listener) {
    this.listeners.set(event, listener);
    return this;
  }
  connect() {
    this.connected = true;
    this.say('connect');
    return this;
  }
  disconnect() {
    this.connected = false;
    return this;
  }
  timeout() {
    return {
      emit: (event: string, payload: unknown, acknowledge: (error: null, ack: unknown) => void) => {
        this.emitted.push({ event, payload });
        acknowledge(null, { ok: true, head: this.head });
      },
    };
  }
  say(event: string, payload?: unknown) {
    this.listeners.get(event)?.(payload);
  }
  last(event: string) {
    return this.emitted.findLast((entry) => entry.event === event)?.payload;
  }
}

const arg: StockPageArg = { search: '', state: 'all', category: '', sort: '', page: 0 };
const A = levelId({ sku: 'A', location: 'MAIN' });

let frames: (() => void)[] = [];
const nextFrame = () => {
  const due = frames;
  frames = [];
  for (const frame of due) {
    frame();
  }
};

/** A server with these levels, counting how often its list was asked for. */
function serve(items: StockLevel[], head = 1) {
  const state = { items, head, requests: 0 };
  server.use(
    http.get(`${API}/stock`, () => {
      state.requests += 1;
      return HttpResponse.json({ items: state.items, total: state.items.length, next_cursor: null, head: state.head });
    }),
  );
  return state;
}

async function start() {
  const { store, live } = createStore();
  // Its timers would ask the server of a later test.
  onTestFinished(() => live.stop());
  const socket = new FakeSocket();
  const load = (page: StockPageArg = arg) => store.dispatch(levelsApi.endpoints.stockPage.initiate(page));
  const row = (page: StockPageArg = arg) => levelsApi.endpoints.stockPage.select(page)(store.getState()).data?.rows[A];
  const open = () => live.start(async () => socket as unknown as LiveSocket);
  return { store, live, socket, load, row, open };
}

describe('LiveConnection', () => {
  beforeEach(() => {
    frames = [];
    vi.stubGlobal('requestAnimationFrame', (frame: () => void) => frames.push(frame));
    vi.stubGlobal('cancelAnimationFrame', () => undefined);
  });
  afterEach(() => vi.unstubAllGlobals());

  it('patches a loaded row once per frame, with the newest version', async () => {
    serve([level('A')]);
    const { socket, load, row, open, store } = await start();
    await open();
    await load();
    // The store asks for frames too.
    nextFrame();
    socket.say('stock.changed', { from: 2, to: 2, changes: [change('A', 2, 9)] });
    socket.say('stock.changed', { from: 3, to: 3, changes: [change('A', 3, 8)] });
    expect(row()?.on_hand).toBe(10);
    expect(frames).toHaveLength(1);
    nextFrame();
    expect(row()).toMatchObject({ on_hand: 8, available: 6, version: 3 });
    expect(store.getState().connection).toMatchObject({ status: 'live', head: 3, changes: 1 });
  });

  it('ignores a version that the row already has', async () => {
    serve([level('A', { version: 7, on_hand: 50 })]);
    const { socket, load, row, open } = await start();
    await open();
    await load();
    socket.say('stock.changed', { from: 2, to: 2, changes: [change('A', 6, 9)] });
    nextFrame();
    expect(row()).toMatchObject({ on_hand: 50, version: 7 });
  });

  it('patches every cached page that holds the row', async () => {
    serve([level('A')]);
    const { socket, load, row, open } = await start();
    const other = { ...arg, search: 'product' };
    await open();
    await load();
    await load(other);
    socket.say('stock.changed', { from: 2, to: 2, changes: [change('A', 2, 4)] });
    nextFrame();
    expect(row()?.on_hand).toBe(4);
    expect(row(other)?.on_hand).toBe(4);
  });

  it('applies a change that came while the page was loading', async () => {
    serve([level('A')]);
    const { socket, load, row, open } = await start();
    await open();
    const loading = load();
    socket.say('stock.changed', { from: 2, to: 2, changes: [change('A', 2, 3)] });
    nextFrame();
    await loading;
    nextFrame();
    expect(row()).toMatchObject({ on_hand: 3, version: 2 });
  });

  it('subscribes without rows, watches those shown, and says when they are gone', async () => {
    serve([level('A')]);
    const { socket, open, store } = await start();
    await open();
    expect(socket.last('subscribe')).toEqual({ stock: { keys: [] }, orders: true });
    store.dispatch(rowsShown({ source: 'somewhere', keys: [['A', 'MAIN']] }));
    await waitFor(() => expect(socket.last('watch')).toEqual({ keys: [['A', 'MAIN']] }));
    store.dispatch(rowsShown({ source: 'somewhere', keys: [] }));
    await waitFor(() => expect(socket.last('watch')).toEqual({ keys: [] }));
  });

  it('loads a page again when it is older than the moment its rows were watched', async () => {
    const data = serve([level('A')], 5);
    const { socket, load, row, open, store } = await start();
    await open();
    await load();
    // Between the answer and the watch, A changed, and nobody was told.
    data.items = [level('A', { version: 2, on_hand: 1 })];
    data.head = 6;
    socket.head = 6;
    store.dispatch(rowsShown({ source: pageSource(arg), keys: [['A', 'MAIN']] }));
    await waitFor(() => expect(row()).toMatchObject({ on_hand: 1, version: 2 }));
    expect(data.requests).toBe(2);
  });

  it('does not load a page again that is new enough', async () => {
    const data = serve([level('A')], 6);
    const { socket, load, open, store } = await start();
    await open();
    await load();
    socket.head = 6;
    store.dispatch(rowsShown({ source: pageSource(arg), keys: [['A', 'MAIN']] }));
    await waitFor(() => expect(socket.last('watch')).toEqual({ keys: [['A', 'MAIN']] }));
    expect(data.requests).toBe(1);
  });

  it('after a reconnect asks for what it missed and loads what is shown', async () => {
    const data = serve([level('A')], 4);
    const { socket, load, row, open, store } = await start();
    await open();
    await load();
    socket.say('stock.changed', { from: 4, to: 9, changes: [change('A', 2, 9)] });
    nextFrame();
    socket.say('disconnect');
    expect(store.getState().connection.status).toBe('reconnecting');
    data.items = [level('A', { version: 5, on_hand: 2 })];
    socket.head = 12;
    socket.say('connect');
    await waitFor(() => expect(row()).toMatchObject({ on_hand: 2, version: 5 }));
    expect(socket.last('subscribe')).toEqual({ stock: { keys: [] }, orders: true, after: 9 });
    expect(store.getState().connection).toMatchObject({ status: 'live', head: 12 });
  });

  it('loads everything again after feed.reset, and takes the new numbering', async () => {
    const data = serve([level('A')], 40);
    const { socket, load, row, open, store } = await start();
    await open();
    await load();
    socket.say('stock.changed', { from: 40, to: 40, changes: [change('A', 2, 9)] });
    nextFrame();
    // Another database: its versions are lower, and the change just heard is not of it.
    data.items = [level('A', { version: 1, on_hand: 77 })];
    socket.say('feed.reset', { head: 3 });
    await waitFor(() => expect(data.requests).toBe(2));
    nextFrame();
    await waitFor(() => expect(row()?.on_hand).toBe(77));
    nextFrame();
    expect(row()).toMatchObject({ on_hand: 77, version: 1 });
    expect(store.getState().connection.head).toBe(3);
  });

  it('loads shown pages again when the head moved past it, unless that would move rows about', async () => {
    const data = serve([level('A')], 1);
    const { socket, load, open, store } = await start();
    const live = { ...arg, sort: '-available' };
    await open();
    await load();
    await load(live);
    store.dispatch(rowsShown({ source: pageSource(arg), keys: [['A', 'MAIN']] }));
    store.dispatch(rowsShown({ source: pageSource(live), keys: [['A', 'MAIN']] }));
    await waitFor(() => expect(socket.last('watch')).toBeDefined());
    const before = data.requests;
    socket.say('feed.head', { head: 9 });
    await waitFor(() => expect(data.requests).toBe(before + 1));
    expect(store.getState().connection).toMatchObject({ head: 9, changes: 9 });
    socket.say('feed.head', { head: 9 });
    expect(data.requests).toBe(before + 1);
  });

  it('takes a stretch without changes for a head that moved, and loads lists at a pace', async () => {
    const data = serve([level('A')], 1);
    const { socket, load, open, store } = await start();
    await open();
    await load();
    store.dispatch(rowsShown({ source: pageSource(arg), keys: [['A', 'MAIN']] }));
    await waitFor(() => expect(socket.last('watch')).toBeDefined());
    data.items = [level('A'), level('NEW')];
    socket.say('stock.changed', { from: 2, to: 5, changes: [] });
    socket.say('stock.changed', { from: 6, to: 8, changes: [] });
    await waitFor(() => {
      expect(levelsApi.endpoints.stockPage.select(arg)(store.getState()).data?.total).toBe(2);
    });
    expect(data.requests).toBe(2);
    expect(store.getState().connection.head).toBe(8);
  });

  it('finds what is new in the lists too where rows on screen change all the time', async () => {
    const data = serve([level('A')], 1);
    const { socket, load, open, store } = await start();
    await open();
    await load();
    store.dispatch(rowsShown({ source: pageSource(arg), keys: [['A', 'MAIN']] }));
    await waitFor(() => expect(socket.last('watch')).toBeDefined());
    const timers = vi.spyOn(window, 'setTimeout');
    const waiting = () => timers.mock.calls.filter(([, delay]) => delay === 20_000);
    socket.say('stock.changed', { from: 2, to: 2, changes: [change('A', 2, 9)] });
    expect(waiting()).toHaveLength(0);
    data.items = [level('A'), level('NEW')];
    socket.say('stock.changed', { from: 3, to: 5, changes: [change('A', 3, 8)] });
    socket.say('stock.changed', { from: 6, to: 8, changes: [change('A', 4, 7)] });
    expect(waiting()).toHaveLength(1);
    expect(data.requests).toBe(1);
    const [[reload] = []] = waiting();
    (reload as () => void)();
    await waitFor(() => {
      expect(levelsApi.endpoints.stockPage.select(arg)(store.getState()).data?.total).toBe(2);
    });
    expect(data.requests).toBe(2);
  });

  it('does not keep a quiet page waiting because rows on it changed before', async () => {
    const data = serve([level('A')], 1);
    const { socket, load, open, store } = await start();
    await open();
    await load();
    store.dispatch(rowsShown({ source: pageSource(arg), keys: [['A', 'MAIN']] }));
    await waitFor(() => expect(socket.last('watch')).toBeDefined());
    socket.say('stock.changed', { from: 2, to: 4, changes: [change('A', 2, 9)] });
    nextFrame();
    expect(data.requests).toBe(1);
    socket.say('feed.head', { head: 5 });
    await waitFor(() => expect(data.requests).toBe(2));
  });

  it('asks for the product that is on screen when something moved that no row tells of', async () => {
    serve([level('A')], 1);
    const { socket, open } = await start();
    const invalidated = vi.spyOn(api.util, 'invalidateTags');
    await open();
    socket.say('feed.head', { head: 9 });
    expect(invalidated).toHaveBeenCalledWith(['Product']);
  });

  it('patches the details of a product and loads its movements again', async () => {
    server.use(http.get(`${API}/stock/A`, () => HttpResponse.json({ items: [level('A')] })));
    const { socket, open, store } = await start();
    const invalidated = vi.spyOn(api.util, 'invalidateTags');
    await open();
    await store.dispatch(levelsApi.endpoints.stockDetail.initiate('A'));
    store.dispatch(rowsShown({ source: detailSource('A'), keys: [['A', 'MAIN']] }));
    socket.say('stock.changed', { from: 2, to: 2, changes: [change('A', 2, 5)] });
    nextFrame();
    expect(levelsApi.endpoints.stockDetail.select('A')(store.getState()).data?.rows[A]?.on_hand).toBe(5);
    await waitFor(() => expect(invalidated).toHaveBeenCalledWith([{ type: 'Movements', id: 'A' }]));
  });

  it('puts new orders into the list and newer versions over old ones', async () => {
    const first = order('one');
    server.use(
      http.get(`${API}/orders`, () => HttpResponse.json({ items: [first], total: 1, next_cursor: null })),
      http.get(`${API}/orders/one`, () => HttpResponse.json(first)),
    );
    const { socket, open, store } = await start();
    const listArg = { status: '' as const, search: '', page: 0 };
    await open();
    await store.dispatch(ordersApi.endpoints.orders.initiate(listArg));
    await store.dispatch(ordersApi.endpoints.order.initiate('one'));
    socket.say('order.changed', { seq: 2, order: order('two', { placed_at: '2026-11-22T11:00:00.000Z' }) });
    socket.say('order.changed', { seq: 3, order: order('one', { status: 'fulfilled', version: 2 }) });
    nextFrame();
    const list = ordersApi.endpoints.orders.select(listArg)(store.getState()).data;
    expect(list?.items.map(({ id, status }) => [id, status])).toEqual([
      ['two', 'placed'],
      ['one', 'fulfilled'],
    ]);
    expect(ordersApi.endpoints.order.select('one')(store.getState()).data?.status).toBe('fulfilled');
  });

  it('opens nothing when it was stopped while its code was loading', async () => {
    const { live, socket } = await start();
    let loaded: (socket: LiveSocket) => void = () => undefined;
    const starting = live.start(() => new Promise((resolve) => (loaded = resolve)));
    live.stop();
    loaded(socket as unknown as LiveSocket);
    await starting;
    expect(socket.connected).toBe(false);
  });

  it('knows who is there, and forgets them when it starts over', async () => {
    const { socket, open, store } = await start();
    await open();
    const users = [
      { id: 'a', name: 'Ada' },
      { id: 'b', name: 'Bob' },
    ];
    socket.say('presence.changed', { users });
    expect(store.getState().connection).toMatchObject({ present: users, presentTotal: 2 });
    socket.say('presence.changed', { users, total: 120 });
    expect(store.getState().connection.presentTotal).toBe(120);
    await open();
    expect(store.getState().connection).toMatchObject({ present: [], presentTotal: 0 });
  });

  it('turns the end of the session into nobody signed in', async () => {
    const { socket, open, store } = await start();
    await open();
    socket.say('session.ended');
    await waitFor(() => expect(api.endpoints.me.select()(store.getState()).data).toBeNull());
  });
});
