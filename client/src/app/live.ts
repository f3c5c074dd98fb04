// The one owner of the socket. It tells the server which rows are on screen, buffers what the feed sends, and patches
// the loaded cache entries once per frame. Components never see it: they dispatch `rowsShown` and read the cache.
//
// What can be missed, and how it is made good:
// - between loading a page and watching its rows: the acknowledgement of `watch` carries the head of the feed, and a
//   page that is older is loaded again;
// - while disconnected: after a reconnect everything on screen is loaded again, once the rows are watched;
// - when the server says so: `feed.reset`, or a `feed.head` ahead of ours.
import type { Middleware, UnknownAction } from '@reduxjs/toolkit';
import type { Socket } from 'socket.io-client';
import { api, sessionEnded } from '../api/api.ts';
import {
  headReset,
  type LevelKey,
  type PresentUser,
  presenceChanged,
  rowsChanged,
  rowsShown,
  statusChanged,
  synced,
} from '../api/connection.ts';
import type { AppDispatch } from '../api/hooks.ts';
import { applyChanges, isLiveOrder, levelsApi, type StockPageArg } from '../api/levels.ts';
import { LiveRows } from '../api/live_rows.ts';
import { applyOrder, ordersApi } from '../api/orders.ts';
import type { RootState } from '../api/state.ts';
import type { Order, StockChange } from '../api/types.ts';

/** The part of socket.io-client's Socket in use, so that tests can stand in for it. */
export type LiveSocket = Pick<Socket, 'on' | 'connect' | 'disconnect' | 'timeout' | 'active' | 'connected'> & {
  io: { on(event: 'ping', listener: () => void): unknown };
};

type Entry = { endpoint: 'stockPage'; arg: StockPageArg } | { endpoint: 'stockDetail'; arg: string };
type Ack = { ok: boolean; head: number };
/** What happened from one number of the feed to another, as far as it is about rows on screen. */
type StockPacket = { from: number; to: number; changes: StockChange[] };

const ACK_TIMEOUT_MS = 10_000;
/** Scrolling moves the set of rows many times a second; the server needs to hear only where it came to rest. */
const WATCH_DELAY_MS = 60;
/** A page in the background gets no frames; it is kept fresh at this pace. */
const HIDDEN_FLUSH_MS = 1_000;
const STALE_AFTER_MS = 15_000;
const RETRY_CONNECT_MS = 3_000;
/** The server's lists may lag behind its feed by up to 100 ms. */
const CATCH_UP_DELAY_MS = 150;
const CATCH_UP_TRIES = 4;
const MOVEMENTS_EVERY_MS = 1_000;
/** Pace of loading lists again because something changed that is not on screen. */
const LISTS_EVERY_MS = 10_000;
/** The same while rows on screen change too: whatever else happened then is most often not for this page. */
const BUSY_LISTS_AFTER_MS = 20_000;
/** Bound of the rows watched at once; far more than any screen shows. */
const MAX_WATCHED = 2_000;
/** Bound of the orders kept between two frames; older ones are found by loading the list again. */
const MAX_BUFFERED_ORDERS = 200;

const TIMERS = ['frameTimer', 'watchTimer', 'staleTimer', 'retryTimer', 'movementsTimer', 'listsTimer'] as const;

export class LiveConnection {
  private readonly rows = new LiveRows<Entry>();
  private readonly shown = new Map<string, LevelKey[]>();
  private readonly orders = new Map<string, Order>();
  private caughtUp = new Set<string>();
  private dispatch: AppDispatch = (() => undefined) as never;
  private state: () => RootState = () => {
    throw new Error('the live connection is not in a store');
  };
  private socket: LiveSocket | null = null;
  private everLive = false;
  private attempt = 0;
  private frame = 0;
  private frameTimer = 0;
  private watchTimer = 0;
  private staleTimer = 0;
  private retryTimer = 0;
  private movementsTimer = 0;
  private listsTimer = 0;
  private listsDueAt = 0;
  private listsReloadedAt = 0;
  private readonly movementsDue = new Set<string>();
  private feedHead = 0;

  /** Follows what is loaded and what is shown. Belongs into the store from the start, before any page loads. */
  readonly middleware: Middleware<object, RootState> = (store) => {
    this.dispatch = store.dispatch as AppDispatch;
    this.state = store.getState;
    return (next) => (action) => {
      const result = next(action);
      this.observe(action as UnknownAction);
      return result;
    };
  };

  /** Opens the connection. `connect` makes the socket; the default loads socket.io-client when first needed. */
  async start(connect: () => Promise<LiveSocket> = openSocket): Promise<void> {
    this.stop();
    const attempt = this.attempt;
    const socket = await connect();
    if (attempt !== this.attempt) {
      // Stopped, or started again, while the code was loading.
      return;
    }
    this.socket = socket;
    this.everLive = false;
    this.dispatch(statusChanged('connecting'));
    this.dispatch(presenceChanged({ users: [] }));
    socket.on('connect', () => void this.connected());
    socket.on('disconnect', () => this.lost());
    socket.on('connect_error', (error) => this.refused(error));
    socket.on('stock.changed', (packet: StockPacket) => this.stockChanged(packet));
    socket.on('order.changed', (packet: { seq: number; order: Order }) => this.orderChanged(packet));
    socket.on('feed.head', (packet: { head: number }) => this.headMoved(packet.head));
    socket.on('feed.reset', (packet: { head: number }) => this.feedReset(packet.head));
    socket.on('presence.changed', (packet: { users: PresentUser[]; total?: number }) =>
      this.dispatch(presenceChanged(packet)),
    );
    socket.on('session.ended', () => this.dispatch(sessionEnded()));
    socket.io.on('ping', () => this.dispatch(synced({ at: Date.now() })));
    socket.connect();
  }

  stop(): void {
    this.attempt += 1;
    const socket = this.socket;
    this.socket = null;
    socket?.disconnect();
    cancelAnimationFrame(this.frame);
    for (const name of TIMERS) {
      clearTimeout(this[name]);
      this[name] = 0;
    }
    this.listsReloadedAt = 0;
    this.orders.clear();
    this.caughtUp.clear();
  }

  // What the store does.

  private observe(action: UnknownAction): void {
    const { stockPage, stockDetail } = levelsApi.endpoints;
    if (rowsShown.match(action)) {
      this.rowsShown(action.payload.source, action.payload.keys);
    } else if (stockPage.matchPending(action) || stockDetail.matchPending(action)) {
      this.rows.requestStarted(action.meta.requestId);
    } else if (stockPage.matchRejected(action) || stockDetail.matchRejected(action)) {
      this.rows.requestEnded(action.meta.requestId);
    } else if (stockPage.matchFulfilled(action) || stockDetail.matchFulfilled(action)) {
      const { arg, requestId } = action.meta;
      const entry = { endpoint: arg.endpointName, arg: arg.originalArgs } as Entry;
      const waiting = this.rows.loaded(arg.queryCacheKey, entry, action.payload.ids);
      this.rows.requestEnded(requestId);
      if (waiting) {
        this.scheduleFlush();
      }
    } else if (api.internalActions.removeQueryResult.match(action)) {
      this.rows.removed(action.payload.queryCacheKey);
    } else if (api.util.resetApiState.match(action)) {
      this.rows.clear();
    }
  }

  private rowsShown(source: string, keys: LevelKey[]): void {
    if (keys.length === 0) {
      this.shown.delete(source);
      this.caughtUp.delete(source);
    } else {
      this.shown.set(source, keys);
    }
    if (this.socket?.connected && this.watchTimer === 0) {
      this.watchTimer = window.setTimeout(() => void this.sendWatch(), WATCH_DELAY_MS);
    }
  }

  // What the connection does.

  private async connected(): Promise<void> {
    const { head } = this.state().connection;
    const again = this.everLive;
    this.caughtUp = new Set();
    const ack = await this.emit('subscribe', { stock: { keys: [] }, orders: true, ...(head > 0 && { after: head }) });
    if (!ack?.ok) {
      this.retryLater();
      return;
    }
    this.everLive = true;
    clearTimeout(this.staleTimer);
    if (ack.head < head) {
      this.feedHead = 0;
      this.rows.forgetChanges();
      this.dispatch(headReset(ack.head));
    }
    this.dispatch(statusChanged('live'));
    this.dispatch(synced({ at: Date.now(), head: ack.head }));
    if (again) {
      // Rows first, values second: a change between the two then arrives by the feed.
      await this.sendWatch();
      this.reload();
    } else {
      await this.sendWatch();
    }
  }

  private lost(): void {
    if (!this.socket) {
      return;
    }
    this.dispatch(statusChanged('reconnecting'));
    clearTimeout(this.staleTimer);
    this.staleTimer = window.setTimeout(() => this.dispatch(statusChanged('stale')), STALE_AFTER_MS);
    if (!this.socket.active) {
      this.retryLater();
    }
  }

  private refused(error: Error): void {
    if (error.message === 'unauthenticated') {
      void this.dispatch(api.endpoints.me.initiate(undefined, { forceRefetch: true, subscribe: false }));
    }
    if (this.staleTimer === 0) {
      this.lost();
    } else if (this.socket && !this.socket.active) {
      this.retryLater();
    }
  }

  /** For the cases in which the library does not try again by itself: refused by the server, or no acknowledgement. */
  private retryLater(): void {
    clearTimeout(this.retryTimer);
    this.retryTimer = window.setTimeout(() => {
      this.socket?.disconnect();
      this.socket?.connect();
    }, RETRY_CONNECT_MS);
  }

  private async emit(event: 'subscribe' | 'watch', payload: unknown): Promise<Ack | null> {
    const socket = this.socket;
    if (!socket) {
      return null;
    }
    return new Promise((resolve) => {
      socket.timeout(ACK_TIMEOUT_MS).emit(event, payload, (error: Error | null, ack: Ack) => {
        resolve(error ? null : ack);
      });
    });
  }

  private async sendWatch(): Promise<void> {
    clearTimeout(this.watchTimer);
    this.watchTimer = 0;
    const fresh = [...this.shown.keys()].filter((source) => !this.caughtUp.has(source));
    const keys = [...this.shown.values()].flat().slice(0, MAX_WATCHED);
    const ack = await this.emit('watch', { keys });
    if (!ack?.ok) {
      return;
    }
    this.dispatch(synced({ at: Date.now() }));
    for (const source of fresh) {
      this.caughtUp.add(source);
      this.catchUp(source, ack.head, CATCH_UP_TRIES);
    }
  }

  // What the feed says.

  private stockChanged(packet: StockPacket): void {
    if (packet.changes.length === 0) {
      this.headMoved(packet.to);
      return;
    }
    this.feedHead = Math.max(this.feedHead, packet.to);
    this.rows.receive(packet.changes, Date.now());
    this.scheduleFlush();
    if (packet.to - packet.from >= packet.changes.length) {
      this.reloadListsWithin(BUSY_LISTS_AFTER_MS);
    }
  }

  private orderChanged(packet: { seq: number; order: Order }): void {
    this.feedHead = Math.max(this.feedHead, packet.seq);
    const waiting = this.orders.get(packet.order.id);
    if (waiting && waiting.version >= packet.order.version) {
      return;
    }
    this.orders.delete(packet.order.id);
    this.orders.set(packet.order.id, packet.order);
    if (this.orders.size > MAX_BUFFERED_ORDERS) {
      const [oldest] = this.orders.keys();
      this.orders.delete(oldest as string);
    }
    this.scheduleFlush();
  }

  /**
   * The feed moved past us with nothing for the rows on screen: other rows may belong into the lists now. Lists in a
   * stable order are loaded again, not more often than every few seconds; in the others that would move rows under the
   * cursor, so that the page offers it instead.
   */
  private headMoved(head: number): void {
    const behind = head - Math.max(this.state().connection.head, this.feedHead);
    this.dispatch(synced({ at: Date.now(), head }));
    if (behind <= 0) {
      return;
    }
    const entries = [...this.shown.keys()].map((source) => this.rows.argOf(source));
    if (entries.some((entry) => entry?.endpoint === 'stockPage' && isLiveOrder(entry.arg))) {
      this.dispatch(rowsChanged(behind));
    }
    this.reloadListsWithin(0);
  }

  /** Loads the lists again after so long at the latest, but not more often than their pace allows. */
  private reloadListsWithin(milliseconds: number): void {
    const now = Date.now();
    const at = Math.max(now + milliseconds, this.listsReloadedAt + LISTS_EVERY_MS);
    if (this.listsTimer !== 0 && this.listsDueAt <= at) {
      return;
    }
    clearTimeout(this.listsTimer);
    this.listsTimer = 0;
    if (at <= now) {
      this.reloadLists();
    } else {
      this.listsDueAt = at;
      this.listsTimer = window.setTimeout(() => this.reloadLists(), at - now);
    }
  }

  private reloadLists(): void {
    this.listsTimer = 0;
    this.listsReloadedAt = Date.now();
    for (const source of this.shown.keys()) {
      const entry = this.rows.argOf(source);
      if (entry?.endpoint === 'stockPage' && !isLiveOrder(entry.arg)) {
        this.refetch(entry);
      }
    }
    // A product has no events of its own here; its name or its price may be among what changed.
    this.dispatch(api.util.invalidateTags(['Product']));
  }

  private feedReset(head: number): void {
    this.feedHead = 0;
    this.rows.forgetChanges();
    this.dispatch(headReset(head));
    this.reload();
  }

  // Applying it.

  private scheduleFlush(): void {
    if (this.frameTimer !== 0) {
      return;
    }
    this.frame = requestAnimationFrame(() => this.flush());
    this.frameTimer = window.setTimeout(() => this.flush(), HIDDEN_FLUSH_MS);
  }

  private flush(): void {
    cancelAnimationFrame(this.frame);
    clearTimeout(this.frameTimer);
    this.frameTimer = 0;
    const at = new Date().toISOString();
    let changed = 0;
    for (const { arg: entry, changes } of this.rows.take()) {
      const patch = (draft: Parameters<typeof applyChanges>[0]) => {
        changed += applyChanges(draft, changes, at);
      };
      if (entry.endpoint === 'stockPage') {
        this.dispatch(levelsApi.util.updateQueryData('stockPage', entry.arg, patch));
      } else {
        this.dispatch(levelsApi.util.updateQueryData('stockDetail', entry.arg, patch));
        this.movementsChanged(entry.arg);
      }
    }
    this.flushOrders();
    if (changed > 0) {
      this.dispatch(rowsChanged(changed));
    }
    this.dispatch(synced({ at: Date.now(), head: this.feedHead }));
  }

  private flushOrders(): void {
    if (this.orders.size === 0) {
      return;
    }
    const state = this.state();
    const orders = [...this.orders.values()];
    this.orders.clear();
    for (const order of orders) {
      this.dispatch(
        ordersApi.util.updateQueryData('order', order.id, (draft) =>
          draft.version < order.version ? order : undefined,
        ),
      );
    }
    for (const arg of ordersApi.util.selectCachedArgsForQuery(state, 'orders')) {
      this.dispatch(
        ordersApi.util.updateQueryData('orders', arg, (list) => {
          for (const order of orders) {
            applyOrder(list, arg, order);
          }
        }),
      );
    }
  }

  /** A product whose details are open has new movements; they are loaded again, at most once a second. */
  private movementsChanged(sku: string): void {
    this.movementsDue.add(sku);
    if (this.movementsTimer === 0) {
      this.movementsTimer = window.setTimeout(() => {
        this.movementsTimer = 0;
        const tags = [...this.movementsDue].map((id) => ({ type: 'Movements' as const, id }));
        this.movementsDue.clear();
        this.dispatch(api.util.invalidateTags(tags));
      }, MOVEMENTS_EVERY_MS);
    }
  }

  private reload(): void {
    this.dispatch(api.util.invalidateTags(['Stock', 'Product', 'Movements', 'Order', 'Orders']));
  }

  private catchUp(source: string, head: number, tries: number): void {
    const entry = this.rows.argOf(source);
    if (!entry || !this.shown.has(source)) {
      return;
    }
    const loaded =
      entry.endpoint === 'stockPage' ? levelsApi.endpoints.stockPage.select(entry.arg)(this.state()).data : undefined;
    if (loaded && loaded.head >= head) {
      return;
    }
    this.refetch(entry);
    // Only pages tell how old they are; one product's levels are read from the source itself.
    if (loaded && loaded.head > 0 && tries > 1) {
      setTimeout(() => this.catchUp(source, head, tries - 1), CATCH_UP_DELAY_MS);
    }
  }

  private refetch(entry: Entry): void {
    const options = { forceRefetch: true, subscribe: false };
    if (entry.endpoint === 'stockPage') {
      void this.dispatch(levelsApi.endpoints.stockPage.initiate(entry.arg, options));
    } else {
      void this.dispatch(levelsApi.endpoints.stockDetail.initiate(entry.arg, options));
    }
  }
}

async function openSocket(): Promise<LiveSocket> {
  const { io } = await import('socket.io-client');
  return io({
    autoConnect: false,
    withCredentials: true,
    // WebSocket first; where a proxy does not let it through, long polling.
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnectionDelay: 500,
    reconnectionDelayMax: 5_000,
  });
}
