// Puts a recorded history together again: attempts with one key become one operation with the time in which it must
// have happened, and the feed becomes the list of its effects. Pure; used by the checker.

// Answers that say nothing about what a key became.
const PASSING_CODES = new Set(["idempotency_in_progress", "rate_limited", "busy", "draining", "storage_unavailable"]);

const isPassing = ({ status, body }) =>
  status === undefined || status === 429 || status === 503 || PASSING_CODES.has(body?.code);

export const CHANGES = new Set(["order", "adjust", "cancel", "fulfil"]);

// {key, f, args, invoked, completed, result, answers, reply}: `invoked` is when its first attempt began, `completed` when the first
// final answer had been read, or Infinity; `result` is `applied`, `refused`, `nothing` (only answers that promise no
// effect) or `unknown`.
export function operationsOf(history) {
  const operations = new Map();
  const begun = new Map();
  for (const event of history) {
    if (event.type === "invoke" && CHANGES.has(event.f)) {
      begun.set(event.attempt, event);
      const known = operations.get(event.key);
      if (known) known.attempts += 1;
      else operations.set(event.key, newOperation(event));
    } else if (begun.has(event.attempt)) {
      begun.delete(event.attempt);
      complete(operations.get(event.key), event);
    }
  }
  // A request that never ended is as unknown as one that was cut off.
  for (const { key } of begun.values()) operations.get(key).unknown += 1;
  for (const operation of operations.values()) operation.result = resultOf(operation);
  return operations;
}

function newOperation({ key, f, args, t }) {
  return { key, f, args, invoked: t, completed: Infinity, attempts: 1, unknown: 0, answers: [], reply: undefined };
}

function complete(operation, event) {
  if (event.type === "info") operation.unknown += 1;
  if (event.type === "info" || isPassing(event)) return;
  operation.answers.push(event);
  if (event.t < operation.completed) {
    operation.completed = event.t;
    operation.reply = event;
  }
}

function resultOf({ answers, unknown }) {
  if (answers.length > 0) return answers.some(({ type }) => type === "ok") ? "applied" : "refused";
  return unknown > 0 ? "unknown" : "nothing";
}

// Reads: {f, args, invoked, completed, instance, incarnation, status, body}.
export function readsOf(history) {
  const begun = new Map();
  const reads = [];
  for (const event of history) {
    if (event.type === "invoke" && !CHANGES.has(event.f)) begun.set(event.attempt, event);
    const start = begun.get(event.attempt);
    if (!start || event === start || event.status === undefined) continue;
    const { f, args, instance, incarnation } = start;
    reads.push({
      f,
      args,
      instance,
      incarnation,
      invoked: start.t,
      completed: event.t,
      status: event.status,
      body: event.body,
    });
  }
  return reads;
}

export const faultsOf = (history) => history.filter(({ type }) => type === "fault");
export const liveOf = (history) => history.filter(({ type }) => type === "live");

const ORDER_EVENTS = { "order.placed": "order", "order.cancelled": "cancel", "order.fulfilled": "fulfil" };

// The effects in feed order: {f, items, order, first, last}; an order's movements come right before its event. Items
// that belong to no whole effect are in `torn`.
export function effectsOf(feed) {
  const effects = [];
  const torn = [];
  let open = [];
  const drop = () => {
    torn.push(...open);
    open = [];
  };
  for (const item of feed) {
    if (item.kind === "stock.changed" && item.cause.type === "order") {
      if (open.length > 0 && open[0].cause.id !== item.cause.id) drop();
      open.push(item);
    } else if (item.kind in ORDER_EVENTS) {
      if (open.length > 0 && open[0].cause.id !== item.order.id) drop();
      effects.push(effectOf(ORDER_EVENTS[item.kind], open, item));
      open = [];
    } else {
      drop();
      effects.push(effectOf(item.kind === "stock.changed" ? item.movement.kind : item.kind, [item], item));
    }
  }
  drop();
  return { effects, torn };
}

function effectOf(f, items, last) {
  const name = f === "adjusted" ? "adjust" : f;
  return {
    f: name,
    items: items.filter(({ level }) => level),
    order: last.order,
    first: items[0]?.seq ?? last.seq,
    last: last.seq,
  };
}
