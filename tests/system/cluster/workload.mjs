// The clients of a fault run: loops that order, cancel, ship and adjust a few hot products over all instances, and read
// them. After an answer that never came half of them send the same key again, to any instance, and half never do. Some
// send a key twice at once, or an old one again. Everything is chosen from the seed and written to the history.

import { randomFrom } from "../random.mjs";
import { perform } from "./history.mjs";

export const defaults = {
  workers: 24,
  rate: 600, // requests a second, all workers together
  lines_max: 5,
  quantity_max: 3,
  restock: 30,
  low: 4, // restocked when fewer are left
};

const RETRIES_MAX = 40;
const RETRY_PAUSE_MS = 25;
const SUSPEND_MS = 300;
const KNOWN_ORDERS_MAX = 400;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The instances as a load balancer sees them: who did not answer is left alone for a moment, and who has most of the
// requests already gets no more, so that one that hangs does not hold everybody.
export class Targets {
  constructor(targets, busyMax = Infinity) {
    this.all = targets;
    this.busyMax = busyMax;
    this.busy = new Map();
    this.suspended = new Map();
  }
  async during(target, work) {
    this.busy.set(target, (this.busy.get(target) ?? 0) + 1);
    try {
      return await work();
    } finally {
      this.busy.set(target, this.busy.get(target) - 1);
    }
  }
  suspend(target) {
    this.suspended.set(target, performance.now() + SUSPEND_MS);
  }
  choose(random) {
    const now = performance.now();
    const isUsable = (target) =>
      (this.suspended.get(target) ?? 0) <= now && (this.busy.get(target) ?? 0) < this.busyMax;
    const usable = this.all.filter(isUsable);
    const among = usable.length > 0 ? usable : this.all;
    return among[random(among.length)];
  }
}

export class Workload {
  constructor({ history, targets, skus, seed, run = "run", options = {} }) {
    Object.assign(this, { history, skus, seed, run });
    this.options = { ...defaults, ...options };
    this.targets = new Targets(targets, Math.ceil(this.options.workers / 2));
    this.procs = 0;
    this.keys = 0;
    this.orders = [];
    this.old = [];
    this.available = new Map();
    this.stopping = false;
    this.problems = [];
  }

  start() {
    this.loops = Array.from({ length: this.options.workers }, (_, i) =>
      this.loop(randomFrom(this.seed * 1000 + i)).catch((error) => this.problems.push(error)),
    );
  }

  // Resolves when the last answer was read, or was given up.
  async stop() {
    this.stopping = true;
    await Promise.all(this.loops);
    if (this.problems.length > 0) throw this.problems[0];
  }

  async loop(random) {
    const period = (1000 * this.options.workers) / this.options.rate;
    let next = performance.now() + random(Math.ceil(period));
    this.procs += 1;
    let proc = this.procs;
    while (!this.stopping) {
      await pause(Math.max(0, next - performance.now()));
      next = Math.max(next + period, performance.now() - 10 * period);
      const { type } = await this.step(random, proc);
      // Nobody knows what became of it, so this process is busy with it for ever.
      if (type === "info") {
        this.procs += 1;
        proc = this.procs;
      }
    }
  }

  async step(random, proc) {
    const choice = random(100);
    if (choice < 10) return this.read(random, proc);
    if (choice < 13 && this.old.length > 0) return this.attempt(this.old[random(this.old.length)], random, proc);
    const operation = this.newOperation(random, choice);
    if (choice >= 95) {
      const twice = [this.attempt(operation, random, proc), this.attempt(operation, random, proc)];
      return (await Promise.all(twice)).find(({ type }) => type !== "fail") ?? twice[0];
    }
    return this.attempt(operation, random, proc, RETRIES_MAX);
  }

  newOperation(random, choice) {
    const operation = this.chooseOperation(random, choice);
    this.keys += 1;
    operation.key = `${this.run}-${this.seed}-${this.keys}`;
    if (operation.f === "order") operation.body.reference = operation.key;
    if (operation.f === "adjust") operation.body.note = operation.key;
    operation.args = operation.body ?? {};
    if (operation.order) operation.args = { ...operation.args, order: operation.order };
    return operation;
  }

  chooseOperation(random, choice) {
    const short = this.skus.filter((sku) => (this.available.get(sku) ?? this.options.restock) < this.options.low);
    if (short.length > 0 && random(100) < 25) {
      const sku = short[random(short.length)];
      this.available.set(sku, this.options.restock);
      return this.adjustment(sku, this.options.restock, "restock");
    }
    if (choice < 22 && this.orders.length > 0) return this.change("cancel", random);
    if (choice < 36 && this.orders.length > 0) return this.change("fulfil", random);
    if (choice < 40)
      return this.adjustment(this.skus[random(this.skus.length)], random(2) ? 1 : -1 - random(2), "correction");
    return this.order(random);
  }

  order(random) {
    const lines = Array.from({ length: 1 + random(this.options.lines_max) }, () => ({
      sku: this.skus[random(this.skus.length)],
      quantity: 1 + random(this.options.quantity_max),
    }));
    return { f: "order", path: "/api/v1/orders", body: { lines } };
  }

  adjustment(sku, delta, reason) {
    return { f: "adjust", path: "/api/v1/stock/adjustments", body: { sku, location: "MAIN", delta, reason } };
  }

  // Cancels or ships an order that somebody got an answer for; others may do the same at this moment.
  change(f, random) {
    const order = this.orders[random(this.orders.length)];
    const operation = { f, order: order.id, path: `/api/v1/orders/${order.id}/${f}` };
    if (f === "fulfil" && random(3) === 0) {
      const line = order.lines[random(order.lines.length)];
      operation.body = { lines: [{ sku: line.sku, location: line.location, quantity: 1 + random(line.quantity) }] };
    }
    return operation;
  }

  // One request and, after an unknown or a passing failure, its repeats. Returns the last completion.
  async attempt(operation, random, proc, retries = 0) {
    const target = this.targets.choose(random);
    const { f, key, args, path, body } = operation;
    const done = await this.perform(target, { proc, f, key, args, method: "POST", path, body });
    this.learn(operation, done, random);
    if (done.status === undefined) this.targets.suspend(target);
    const passing = done.type === "info" || done.status === undefined || done.status === 503 || done.status === 429;
    if (!passing || retries === 0 || this.stopping) return done;
    if (retries === RETRIES_MAX && random(2) === 0) return done;
    await pause(random(RETRY_PAUSE_MS));
    const again = await this.attempt(operation, random, proc, retries - 1);
    return done.type === "info" && again.type === "fail" && again.status === undefined ? done : again;
  }

  perform(target, request) {
    return this.targets.during(target, () => perform(this.history, target, request));
  }

  learn({ f, path, ...operation }, done, random) {
    if (done.status === undefined) return;
    if (this.old.length < KNOWN_ORDERS_MAX) this.old.push({ f, path, ...operation });
    else this.old[random(KNOWN_ORDERS_MAX)] = { f, path, ...operation };
    if (f === "order" && done.type === "ok") {
      if (this.orders.length < KNOWN_ORDERS_MAX) this.orders.push(done.body);
      else this.orders[random(KNOWN_ORDERS_MAX)] = done.body;
    }
    for (const { sku, available } of done.body?.shortages ?? []) this.available.set(sku, available);
  }

  async read(random, proc) {
    const target = this.targets.choose(random);
    if (this.orders.length > 0 && random(4) === 0) {
      const { id } = this.orders[random(this.orders.length)];
      const path = `/api/v1/orders/${id}`;
      return this.perform(target, { proc, f: "read_order", args: { order: id }, method: "GET", path });
    }
    const sku = this.skus[random(this.skus.length)];
    const path = `/api/v1/stock/${encodeURIComponent(sku)}`;
    const done = await this.perform(target, { proc, f: "read_level", args: { sku }, method: "GET", path });
    if (done.type === "ok") this.available.set(sku, done.body.totals?.available ?? done.body.items[0]?.available ?? 0);
    else if (done.status === undefined) this.targets.suspend(target);
    return done;
  }
}
