// A single-threaded model of the stock: a map of integers. It judges each operation alone, in the order in which the
// server says they happened, and predicts what the server must have done. Pure; used by the checker.

const UNTOUCHED = { on_hand: 0, unavailable: 0, held: 0, allocated: 0, incoming: 0, version: 0 };

export const levelName = ({ sku, location = "MAIN" }) => `${sku} @ ${location}`;
export const availableOf = (level) => level.on_hand - level.unavailable - level.held - level.allocated;

// Lines of one level are added up before they are judged.
export function mergeLines(lines) {
  const merged = new Map();
  for (const line of lines) {
    const name = levelName(line);
    const before = merged.get(name)?.quantity ?? 0;
    merged.set(name, { sku: line.sku, location: line.location ?? "MAIN", quantity: before + line.quantity });
  }
  return [...merged.values()];
}

const openOf = (line) => line.quantity - line.fulfilled - line.cancelled;

export function statusOf(lines) {
  const open = lines.some((line) => openOf(line) > 0);
  const shipped = lines.some((line) => line.fulfilled > 0);
  if (open) return shipped ? "partially_fulfilled" : "placed";
  return shipped ? "fulfilled" : "cancelled";
}

export class Model {
  constructor() {
    this.levels = new Map();
    this.orders = new Map();
  }

  level(line) {
    return this.levels.get(levelName(line)) ?? UNTOUCHED;
  }

  // What `operation` {f, args} must do now: {steps} to apply, or {refusal: code}. A step changes one level by one
  // version. `id` is that of the order it makes.
  decide({ f, args }, id) {
    if (f === "order") return this.decideOrder(args, id);
    if (f === "adjust") return this.decideAdjustment(args);
    return this.decideEnd(f, args);
  }

  decideOrder({ lines, reference }, id) {
    const wanted = mergeLines(lines);
    if (wanted.some((line) => availableOf(this.level(line)) < line.quantity)) return { refusal: "insufficient_stock" };
    const steps = wanted.map((line) => ({ kind: "allocated", ...line, change: { allocated: line.quantity } }));
    const order = { id, reference, version: 1, lines: wanted.map((line) => ({ ...line, fulfilled: 0, cancelled: 0 })) };
    return { steps, order };
  }

  decideAdjustment({ sku, location = "MAIN", delta, expected_version: expected }) {
    const level = this.level({ sku, location });
    if (expected !== undefined && expected !== level.version) return { refusal: "version_mismatch" };
    if (availableOf(level) + delta < 0) return { refusal: "insufficient_stock" };
    const kind = "adjusted";
    return { steps: [{ kind, sku, location, quantity: Math.abs(delta), change: { on_hand: delta } }] };
  }

  decideEnd(f, { order: id, lines }) {
    const order = this.orders.get(id);
    if (order === undefined) return { refusal: "not_found" };
    const open = order.lines.filter((line) => openOf(line) > 0);
    const all = open.map((line) => ({ sku: line.sku, location: line.location, quantity: openOf(line) }));
    const wanted = lines === undefined ? all : mergeLines(lines);
    const fits = (line) => openOf(order.lines.find((own) => levelName(own) === levelName(line))) >= line.quantity;
    if (wanted.length === 0 || !wanted.every(fits)) return { refusal: "invalid_state" };
    const ends = f === "cancel" ? "cancelled" : "fulfilled";
    const next = structuredClone(order);
    next.version += 1;
    for (const line of wanted) next.lines.find((own) => levelName(own) === levelName(line))[ends] += line.quantity;
    const kind = f === "cancel" ? "deallocated" : "fulfilled";
    const change = (quantity) =>
      f === "cancel" ? { allocated: -quantity } : { allocated: -quantity, on_hand: -quantity };
    return { steps: wanted.map((line) => ({ kind, ...line, change: change(line.quantity) })), order: next };
  }

  apply({ steps, order }) {
    for (const step of steps) {
      const level = { ...this.level(step) };
      for (const [name, delta] of Object.entries(step.change)) level[name] += delta;
      level.version += 1;
      this.levels.set(levelName(step), level);
    }
    if (order) this.orders.set(order.id, order);
  }
}

// The form in which balances are compared; `available` follows from the others.
export function balances(level) {
  const { on_hand, unavailable, held, allocated, incoming, version } = level;
  return { on_hand, unavailable, held, allocated, incoming, version };
}

export const sameBalances = (a, b) => Object.keys(UNTOUCHED).every((name) => a[name] === b[name]);

// An order as the model has it, in the form of the API's.
export function sameOrder(model, told) {
  const lines = (order) =>
    order.lines.map((line) => [line.sku, line.location, line.quantity, line.fulfilled, line.cancelled]);
  return (
    model.id === told.id &&
    model.version === told.version &&
    model.reference === told.reference &&
    statusOf(model.lines) === told.status &&
    told.lines.every((line) => line.allocated === openOf(line)) &&
    JSON.stringify(lines(model)) === JSON.stringify(lines(told))
  );
}
