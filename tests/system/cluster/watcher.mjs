// A watcher of the live feed in a fault run: the real socket.io-client, which goes to another instance whenever its
// connection ends, and resumes after the last number that it was told. Writes everything it sees to the history; whether
// that was right is judged by the checker.

import { io } from "socket.io-client";

const RECONNECT_MS = 60;
const CONNECT_MS_MAX = 2_000;
const ACK_MS_MAX = 5_000;
const CAUGHT_UP_MS_MAX = 15_000;

export class Watcher {
  // `start` {levels, head}: the table that it begins with.
  constructor({ name, history, targets, random, start, transports = ["websocket"] }) {
    Object.assign(this, { name, history, targets, random, transports });
    this.told = start.head;
    this.connections = 0;
    this.see("start", { levels: start.levels, head: start.head });
    this.connect();
  }

  see(what, fields = {}) {
    this.history.add({ type: "live", watcher: this.name, connection: this.connections, what, ...fields });
  }

  connect() {
    if (this.closed) return;
    this.connections += 1;
    const target = this.targets.choose(this.random);
    this.target = target;
    const socket = io(target.origin, {
      forceNew: true,
      reconnection: false,
      timeout: CONNECT_MS_MAX,
      auth: { token: target.token },
      transports: this.transports,
    });
    this.socket = socket;
    this.over = false;
    socket.on("connect", () => this.subscribe());
    socket.on("connect_error", (error) => this.again("refused", { error: error.message }));
    socket.on("disconnect", (reason) => this.again("disconnect", { reason }));
    socket.on("stock.changed", ({ from, to, changes }) => {
      this.see("stock", { from, to, changes });
      this.advance(to);
    });
    socket.on("order.changed", ({ seq, order }) => this.see("order", { seq, order }));
    socket.on("feed.head", ({ head }) => {
      this.see("head", { head });
      this.advance(head);
    });
    socket.on("feed.reset", ({ head }) => {
      this.see("reset", { head });
      this.refetch();
    });
  }

  advance(to) {
    this.told = Math.max(this.told, to);
    this.onTold?.();
  }

  // Ends this connection, once, and comes back to any instance.
  again(what, fields) {
    if (this.over) return;
    this.over = true;
    this.see(what, fields);
    this.socket.removeAllListeners();
    this.socket.disconnect();
    if (!this.closed) this.timer = setTimeout(() => this.connect(), RECONNECT_MS);
  }

  // The acknowledgement comes after everything that was missed.
  subscribe() {
    const { socket, told: after } = this;
    this.see("subscribe", { instance: this.target.name, after, again: this.connections > 1 });
    socket.timeout(ACK_MS_MAX).emit("subscribe", { stock: "all", orders: true, after }, (error, answer) => {
      if (socket !== this.socket || this.over) return;
      if (error || !answer.ok) this.again("unanswered", { error: error?.message ?? answer.error });
    });
  }

  // What a client must do after a reset: fetch the table, then go on from there.
  async refetch() {
    const { socket } = this;
    try {
      const { head, levels } = await fetchTable(this.target.client);
      if (socket !== this.socket || this.over) return;
      this.see("refetch", { head, levels });
      this.advance(head);
    } catch (error) {
      if (socket === this.socket) this.again("disconnect", { reason: `refetch: ${error.message}` });
    }
  }

  // Ends the connection as a network would.
  drop() {
    if (this.socket.connected) this.again("disconnect", { reason: "dropped by the test" });
  }

  // Waits until it was told everything up to `head`. False when that took too long.
  caughtUp(head) {
    return new Promise((resolve) => {
      const finish = (result) => {
        clearTimeout(timer);
        this.onTold = undefined;
        resolve(result);
      };
      const timer = setTimeout(() => finish(false), CAUGHT_UP_MS_MAX);
      this.onTold = () => this.told >= head && finish(true);
      this.onTold();
    });
  }

  close() {
    this.closed = true;
    this.over = true;
    clearTimeout(this.timer);
    this.socket.removeAllListeners();
    this.socket.disconnect();
  }
}

// Levels of every page, and the head of the first one: what the table is at least as new as.
export async function fetchTable(client) {
  const levels = [];
  let head;
  let cursor = "";
  do {
    const answer = await client.get(`/api/v1/stock?limit=500${cursor && `&cursor=${cursor}`}`);
    if (answer.status !== 200) throw new Error(`cannot read the stock: ${answer.status} ${answer.text}`);
    levels.push(...answer.json.items);
    head ??= answer.json.head;
    cursor = answer.json.next_cursor;
  } while (cursor);
  return { head, levels };
}
