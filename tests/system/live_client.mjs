// A client of the live feed as the page is one: the real socket.io-client, and a copy of the stock kept by the rules
// of the contract. Used by the tests of the live feed.

import assert from "node:assert/strict";
import { io } from "socket.io-client";
import { balancesOf } from "../support/stock.mjs";

const WAIT_MS_MAX = 20_000;
const ACK_MS_MAX = 10_000;

export class LiveClient {
  constructor(origin, token, options = {}) {
    this.levels = new Map();
    this.ranges = [];
    this.orders = [];
    this.resets = [];
    this.heads = [];
    this.events = [];
    this.told = 0;
    const auth = token === undefined ? {} : { token };
    this.socket = io(origin, { forceNew: true, auth, reconnectionDelay: 50, reconnectionDelayMax: 200, ...options });
    this.socket.on("stock.changed", (message) => this.onStock(message));
    this.socket.on("order.changed", (message) => {
      this.orders.push(message);
      this.told = Math.max(this.told, message.seq);
    });
    this.socket.on("feed.reset", (message) => this.resets.push(message));
    this.socket.on("feed.head", (message) => this.heads.push(message));
    this.socket.onAny((name) => {
      this.events.push(name);
      this.check?.();
    });
  }

  // Applies a change only when its version is higher; a change out of order is a fault of the server.
  onStock({ from, to, changes }) {
    // Present values after `watch` cover no new number of the feed: there `from` is one above `to`.
    assert.ok(from <= to + 1, `from ${from} to ${to}`);
    this.ranges.push([from, to]);
    this.told = Math.max(this.told, to);
    let last = 0;
    for (const change of changes) {
      assert.ok(change.seq >= last && change.seq <= to, `feed number ${change.seq} in ${from} to ${to}`);
      last = change.seq;
      const name = `${change.sku} @ ${change.location}`;
      if (change.version > (this.levels.get(name)?.version ?? -1)) this.levels.set(name, balancesOf(change));
    }
  }

  // Waits until `condition` holds; it is looked at with every event.
  async until(condition, what) {
    if (condition()) return;
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited in vain: ${what}`)), WAIT_MS_MAX);
      this.check = () => {
        // After the handlers of this event have run.
        queueMicrotask(() => {
          if (!condition()) return;
          clearTimeout(timer);
          this.check = undefined;
          resolve();
        });
      };
    });
  }

  on(name, emitter = this.socket) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited in vain: ${name}`)), WAIT_MS_MAX);
      emitter.once(name, (...given) => {
        clearTimeout(timer);
        resolve(given);
      });
    });
  }

  async connected() {
    if (!this.socket.connected) await this.on("connect");
    return this;
  }

  // Waits until a client that began with polling has gone over to its WebSocket. No event of the feed tells of it.
  async upgraded() {
    const { engine } = this.socket.io;
    if (engine.transport.name !== "websocket") await this.on("upgrade", engine);
  }

  ask(name, argument) {
    return this.socket.timeout(ACK_MS_MAX).emitWithAck(name, argument);
  }

  async subscribe(argument) {
    const answer = await this.ask("subscribe", argument);
    assert.equal(answer.ok, true, JSON.stringify(answer));
    return answer.head;
  }

  // Each message goes on where the one before ended: no number between them was left out.
  checkContinuity(start) {
    let told = start;
    for (const [from, to] of this.ranges) {
      assert.ok(from <= told + 1, `numbers ${told + 1} to ${from - 1} are missing`);
      told = Math.max(told, to);
    }
  }

  close() {
    this.socket.close();
  }
}
