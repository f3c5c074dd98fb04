// I1, I2, I13 and the tables of the database: the ledger adds up to the levels, what is allocated is what open orders
// want, every effect has its row once, and the outbox is numbered without a gap. Pure; used by the checker.

import { isDeepStrictEqual } from "node:util";
import { sameLevels } from "./check_feed.mjs";
import { availableOf, levelName } from "./model.mjs";

const openOf = (line) => line.quantity - line.fulfilled - line.cancelled;

// I1: what came and went is what is there. `movements` as the API tells them.
export function checkLedger({ movements, fold }, report) {
  const sums = new Map();
  for (const movement of movements) {
    const name = levelName(movement);
    sums.set(name, (sums.get(name) ?? 0) + movement.delta);
  }
  for (const [name, level] of fold) {
    const sum = sums.get(name) ?? 0;
    if (sum !== level.on_hand) report("I1", `${name}: ${level.on_hand} on hand, the ledger adds up to ${sum}`);
  }
}

// I2: allocated is the sum of what orders still want. `orders` are all of them; `what` says when.
export function checkAllocated({ levels, orders, what }, report) {
  const open = new Map();
  for (const line of orders.flatMap(({ lines }) => lines)) {
    open.set(levelName(line), (open.get(levelName(line)) ?? 0) + openOf(line));
  }
  for (const level of levels) {
    const name = levelName(level);
    if (level.allocated !== (open.get(name) ?? 0)) {
      report("I2", `${what}: ${name} has ${level.allocated} allocated, open orders want ${open.get(name) ?? 0}`);
    }
  }
  checkBounds({ levels, what }, report);
}

// I2 for any set of levels: never more promised than there is.
export function checkBounds({ levels, what }, report) {
  for (const level of levels) {
    const isSound = level.held >= 0 && level.allocated >= 0 && level.unavailable >= 0 && availableOf(level) >= 0;
    if (!isSound) report("I2", `${what}: ${levelName(level)} is ${JSON.stringify(level)}`);
  }
}

// I13: one row of the ledger for every change of a level, and nothing else.
export function checkMovements({ feed, movements }, report) {
  const wanted = feed.filter((item) => item.level);
  const rows = new Map(movements.map((movement) => [movement.seq, movement]));
  if (rows.size !== movements.length) report("I13", "the ledger has two rows with one feed number");
  if (movements.length !== wanted.length)
    report("I13", `the ledger has ${movements.length} rows, the feed ${wanted.length} changes`);
  for (const { seq, movement, level } of wanted) {
    const row = rows.get(seq);
    const same =
      row?.id === movement.id &&
      row.delta === movement.delta &&
      row.version === level.version &&
      row.after.on_hand === level.on_hand &&
      row.after.allocated === level.allocated &&
      levelName(row) === levelName(level);
    if (!same) report("I13", `feed ${seq} has the ledger row ${JSON.stringify(row)}`);
  }
}

// I4 once more, from the list of orders: each order of the feed as it was told last, and no other.
export function checkOrderList({ orders, effects }, report) {
  const last = new Map();
  for (const { order } of effects.filter((effect) => effect.order)) last.set(order.id, order);
  const listed = new Map(orders.map((order) => [order.id, order]));
  if (listed.size !== orders.length) report("I4", "an order is listed twice");
  for (const [id, order] of last) {
    if (!isDeepStrictEqual(listed.get(id), order))
      report("I4", `order ${id} is listed as ${JSON.stringify(listed.get(id))}`);
  }
  for (const id of listed.keys()) if (!last.has(id)) report("I4", `order ${id} is not in the feed`);
}

// The tables of a shared store, dumped in one moment (database.mjs).
export function checkDatabase({ database, feed, fold, head }, report) {
  const { levels, lines, movements, outbox, idempotency, deadlocks, feed_head: given } = database;
  sameLevels(fold, levels, (text) => report("I8", `the table stock_level: ${text}`));
  checkAllocated({ levels, orders: [{ lines }], what: "the tables at the end" }, report);
  checkOutbox({ outbox, head, given }, report);
  // All transactions lock their rows in one order, so none ever waits for another in a circle.
  if (deadlocks !== 0) report("I14", `PostgreSQL broke ${deadlocks} deadlocks`);
  checkMovementRows({ movements, feed }, report);
  const seen = new Set();
  for (const { order_id: id } of idempotency.filter((row) => row.order_id)) {
    if (seen.has(id)) report("I4", `two keys have order ${id}`);
    seen.add(id);
  }
  const placed = feed.filter(({ kind }) => kind === "order.placed");
  for (const { order } of placed) if (!seen.has(order.id)) report("I4", `no key has order ${order.id}`);
  if (seen.size !== placed.length) report("I4", `${seen.size} keys have an order, there are ${placed.length} orders`);
}

// I8: the batches' ranges tile 1 to head, and their numbers 1 to N.
function checkOutbox({ outbox, head, given }, report) {
  const numbered = outbox.filter(({ number }) => number !== null).sort((a, b) => a.number - b.number);
  if (numbered.length !== outbox.length) report("I8", `${outbox.length - numbered.length} batches were never numbered`);
  let next = 1;
  for (const [i, batch] of numbered.entries()) {
    if (batch.number !== i + 1) report("I8", `batch ${batch.number} stands in place ${i + 1}`);
    if (batch.first_seq !== next) report("I8", `batch ${batch.number} begins at ${batch.first_seq} instead of ${next}`);
    next = batch.first_seq + batch.n;
  }
  if (next - 1 !== head) report("I8", `the batches end at ${next - 1}, the head is ${head}`);
  if (given.seq !== head || given.batch !== numbered.length)
    report("I8", `feed_head says ${given.seq} and ${given.batch}`);
}

function checkMovementRows({ movements, feed }, report) {
  const rows = new Map(movements.map((row) => [row.seq, row]));
  const wanted = feed.filter((item) => item.level);
  if (rows.size !== movements.length || rows.size !== wanted.length) {
    report("I13", `the table movement has ${movements.length} rows, the feed ${wanted.length} changes`);
  }
  for (const { seq, movement, level } of wanted) {
    const row = rows.get(seq);
    const same =
      row?.id === movement.id &&
      row.version === level.version &&
      row.on_hand === level.on_hand &&
      row.allocated === level.allocated;
    if (!same) report("I13", `feed ${seq} has the row ${JSON.stringify(row)} in the table movement`);
  }
}
