// A pretended server with a clock of its own: makes small histories that are right, for the tests of the checker to
// spoil. Judges by the model, numbers like a server, and writes the answers that a server would give.

import { availableOf, Model, statusOf } from "./model.mjs";

const MS = 1e6;
const START = 1_000_000 * MS;

export class Pretend {
  constructor() {
    this.model = new Model();
    this.now = START;
    this.history = [
      { t: START, type: "note", about: {} },
      { t: START, type: "note", phase: "load" },
    ];
    this.feed = [];
    this.attempts = 0;
    this.answers = new Map();
    this.batches = [];
    this.ids = new Map();
  }

  tick(ms = 1) {
    this.now += ms * MS;
    return this.now;
  }

  add(event) {
    this.history.push({ t: this.tick(), ...event });
    return this.history.at(-1);
  }

  push(items) {
    this.batches.push({
      id: this.batches.length + 1,
      number: this.batches.length + 1,
      first_seq: this.feed.length + 1,
      n: items.length,
    });
    for (const item of items) this.feed.push({ seq: this.feed.length + 1, ...item });
  }

  product(sku, quantity) {
    const change = { on_hand: quantity };
    const step = { kind: "received", sku, location: "MAIN", quantity, change };
    this.model.apply({ steps: [step] });
    this.push([
      { kind: "product.created", cause: { type: "product", id: null }, product: { sku } },
      this.item(step, { type: "product", id: null }),
    ]);
  }

  item({ kind, sku, location, quantity, change }, cause, note = null) {
    const level = this.model.level({ sku, location });
    const id = `m${this.feed.length}-${sku}-${level.version}`;
    const movement = { id, kind, quantity, delta: change.on_hand ?? 0, from: "x", to: "y", note };
    return {
      kind: "stock.changed",
      cause,
      movement,
      level: { sku, location, ...level, available: availableOf(level) },
    };
  }

  // Does what `operation` asks and returns the answer of its key.
  judge({ f, args, key }) {
    if (this.answers.has(key)) return this.answers.get(key);
    const id = args.order ?? `o-${key}`;
    const decision = this.model.decide({ f, args }, id);
    const answer = decision.refusal ? this.refuse(f, args, decision) : this.apply(f, key, decision);
    answer.text = JSON.stringify(answer.body);
    this.answers.set(key, answer);
    return answer;
  }

  refuse(f, args, { refusal }) {
    const lines = f === "order" ? args.lines : [{ sku: args.sku, quantity: -args.delta }];
    const shortages = lines
      .map(({ sku, quantity }) => ({
        sku,
        location: "MAIN",
        requested: quantity,
        available: availableOf(this.model.level({ sku })),
      }))
      .filter(({ requested, available }) => available < requested);
    return {
      type: "fail",
      status: 409,
      body: { code: refusal, ...(refusal === "insufficient_stock" ? { shortages } : {}) },
    };
  }

  apply(f, key, decision) {
    const items = [];
    const cause = decision.order ? { type: "order", id: decision.order.id } : { type: "adjustment", id: "a" };
    for (const step of decision.steps) {
      this.model.apply({ steps: [step] });
      items.push(this.item(step, cause, f === "adjust" ? key : null));
    }
    if (!decision.order) {
      this.push(items);
      return { type: "ok", status: 201, body: { movement: items[0].movement, level: items[0].level } };
    }
    this.model.apply({ steps: [], order: decision.order });
    const order = told(decision.order);
    const kinds = { order: "order.placed", cancel: "order.cancelled", fulfil: "order.fulfilled" };
    this.push([...items, { kind: kinds[f], cause, order }]);
    return { type: "ok", status: f === "order" ? 201 : 200, body: structuredClone(order) };
  }

  // One attempt: invoke, judge, answer. With `lost` the answer never came; with `unapplied` the server did nothing;
  // `during` happens while the request is on its way.
  send(f, key, args, { lost = false, unapplied = false, during = () => {} } = {}) {
    this.attempts += 1;
    const attempt = this.attempts;
    const fields = { attempt, proc: 1, f, key, instance: "a", incarnation: 1 };
    this.add({ type: "invoke", args, ...fields });
    during();
    const answer = unapplied ? { type: "fail", status: 503, body: { code: "busy" } } : this.judge({ f, key, args });
    this.add({ ...fields, ...(lost ? { type: "info", error: "ECONNRESET" } : answer) });
    return answer;
  }

  order(key, lines, options) {
    return this.send("order", key, { lines, reference: key }, options);
  }

  adjust(key, sku, delta, options) {
    return this.send("adjust", key, { sku, location: "MAIN", delta, note: key }, options);
  }

  read(sku) {
    this.attempts += 1;
    const fields = { attempt: this.attempts, proc: 1, f: "read_level", instance: "a", incarnation: 1 };
    this.add({ type: "invoke", args: { sku }, ...fields });
    const level = { sku, location: "MAIN", ...this.model.level({ sku }) };
    return this.add({ ...fields, type: "ok", status: 200, body: { items: [level] } });
  }

  readOrder(id) {
    this.attempts += 1;
    const fields = { attempt: this.attempts, proc: 1, f: "read_order", instance: "a", incarnation: 1 };
    this.add({ type: "invoke", args: { order: id }, ...fields });
    return this.add({ ...fields, type: "ok", status: 200, body: told(this.model.orders.get(id)) });
  }

  fault(phase, what) {
    this.add({ type: "fault", phase, what });
  }

  live(watcher, what, fields = {}) {
    this.add({ type: "live", watcher, connection: 1, what, ...fields });
  }

  // Tells a watcher everything after `after`, as one round of the server.
  tell(watcher, after) {
    const items = this.feed.slice(after);
    for (const { seq, order } of items.filter((item) => item.order))
      this.live(watcher, "order", { seq, order: structuredClone(order) });
    const newest = new Map();
    for (const { seq, level } of items.filter((item) => item.level)) newest.set(level.sku, { seq, ...level });
    this.live(watcher, "stock", { from: after + 1, to: this.feed.length, changes: [...newest.values()] });
  }

  table() {
    return [...this.model.levels].map(([name, level]) => ({ sku: name.split(" @ ")[0], location: "MAIN", ...level }));
  }

  final(setupHead) {
    this.add({ type: "note", phase: "stop" });
    const moves = this.feed.filter((item) => item.level);
    const movements = moves.map(({ seq, movement, level }) => ({
      ...movement,
      seq,
      sku: level.sku,
      location: "MAIN",
      version: level.version,
      after: level,
    }));
    const orders = [...this.model.orders.values()].map(told);
    const database = {
      levels: this.table(),
      lines: orders.flatMap(({ lines }) => structuredClone(lines)),
      movements: moves.map(({ seq, movement, level }) => ({
        seq,
        id: movement.id,
        version: level.version,
        on_hand: level.on_hand,
        allocated: level.allocated,
      })),
      outbox: structuredClone(this.batches),
      deadlocks: 0,
      feed_head: { seq: this.feed.length, batch: this.batches.length },
      idempotency: [...orders.map(({ id }) => ({ order_id: id })), { order_id: null }],
    };
    const snapshots = [{ levels: this.table(), orders: structuredClone(orders) }];
    const final = {
      setupHead,
      feed: this.feed,
      head: this.feed.length,
      tables: { a: this.table() },
      orders,
      movements,
      database,
      snapshots,
    };
    return structuredClone(final);
  }
}

function told(order) {
  const lines = order.lines.map((line) => ({ ...line, allocated: line.quantity - line.fulfilled - line.cancelled }));
  return structuredClone({ ...order, status: statusOf(order.lines), lines });
}
