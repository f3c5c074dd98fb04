// Placing an order: read and check the request, lock the products, one transaction, tell the others, unlock.

import { createHash, randomUUID } from "node:crypto";
import { ask, inTransaction, pool, withConnection } from "./database.mjs";
import { settings } from "./settings.mjs";

const LINES_MAX = 200;
const QUANTITY_MAX = 1_000_000;
const SKU = /^[A-Za-z0-9._-]{1,64}$/;
const KEY = /^[\x21-\x7e]{1,128}$/;
const KEY_CONSTRAINT = "orders_account_idempotency_key_key";

// What is answered instead of an order.
export class Refusal extends Error {
  constructor(status, code, more = {}) {
    super(code);
    Object.assign(this, { status, code, more });
  }
}

// The order of a request: lines added up by SKU, in the order of the SKUs, and a fingerprint of them.
export function readOrder(body, key) {
  if (!KEY.test(key ?? "")) throw new Refusal(400, "idempotency_key_invalid");
  const given = body?.lines;
  if (!Array.isArray(given) || given.length < 1 || given.length > LINES_MAX) throw new Refusal(400, "invalid_request");
  const quantities = new Map();
  for (const line of given) {
    const good = SKU.test(line?.sku ?? "") && Number.isInteger(line.quantity) && line.quantity >= 1 && line.quantity <= QUANTITY_MAX;
    if (!good) throw new Refusal(400, "invalid_request");
    quantities.set(line.sku, (quantities.get(line.sku) ?? 0) + line.quantity);
  }
  const skus = [...quantities.keys()].sort();
  const lines = skus.map((sku) => ({ sku, quantity: quantities.get(sku) }));
  return { key, lines, skus, fingerprint: createHash("sha256").update(JSON.stringify(lines)).digest("hex") };
}

const LOCK_STOCK = {
  name: "lock_stock",
  text: `SELECT product.sku, stock.product_id AS id, stock.on_hand, stock.version
           FROM product JOIN stock ON stock.product_id = product.id
          WHERE product.sku = ANY ($1::text[]) ORDER BY product.id FOR UPDATE OF stock`,
};
const TAKE_STOCK = {
  name: "take_stock",
  text: `UPDATE stock SET on_hand = stock.on_hand - wanted.quantity, version = stock.version + 1
           FROM unnest($1::int[], $2::bigint[]) AS wanted (id, quantity) WHERE stock.product_id = wanted.id`,
};
const INSERT_ORDER = {
  name: "insert_order",
  text: "INSERT INTO orders (id, account, idempotency_key, fingerprint) VALUES ($1, $2, $3, $4)",
};
const INSERT_LINES = {
  name: "insert_lines",
  text: `INSERT INTO order_line (order_id, place, product_id, quantity)
         SELECT $1, line.place, line.id, line.quantity
           FROM unnest($2::int[], $3::bigint[]) WITH ORDINALITY AS line (id, quantity, place)`,
};
const INSERT_MOVEMENTS = {
  name: "insert_movements",
  text: `INSERT INTO movement (product_id, order_id, delta, balance)
         SELECT line.id, $1, -line.quantity, line.balance
           FROM unnest($2::int[], $3::bigint[], $4::bigint[]) AS line (id, quantity, balance)`,
};
const FIND_ORDER = {
  name: "find_order",
  text: "SELECT id, fingerprint FROM orders WHERE account = $1 AND idempotency_key = $2",
};

// Holds the locked rows against the order. What they will become is known from here on.
function decide(order, rows) {
  const bySku = new Map(rows.map((row) => [row.sku, row]));
  const unknown = order.skus.filter((sku) => !bySku.has(sku));
  if (unknown.length > 0) throw new Refusal(404, "unknown_sku", { skus: unknown });
  const changes = order.lines.map(({ sku, quantity }) => {
    const row = bySku.get(sku);
    return { sku, requested: quantity, available: row.on_hand, left: row.on_hand - quantity, version: row.version + 1 };
  });
  const shortages = changes.filter(({ left }) => left < 0).map(({ sku, requested, available }) => ({ sku, requested, available }));
  if (shortages.length > 0) throw new Refusal(409, "insufficient_stock", { shortages });
  return {
    id: randomUUID(),
    products: order.skus.map((sku) => bySku.get(sku).id),
    quantities: order.lines.map(({ quantity }) => quantity),
    balances: changes.map(({ left }) => left),
    changes: changes.map(({ sku, left, version }) => ({ sku, available: left, version })),
  };
}

// The four writes of an order, in the order in which they are sent.
function writesOf(account, order, { id, products, quantities, balances }) {
  return [
    [TAKE_STOCK, [products, quantities]],
    [INSERT_ORDER, [id, account, order.key, order.fingerprint]],
    [INSERT_LINES, [id, products, quantities]],
    [INSERT_MOVEMENTS, [id, products, quantities, balances]],
  ];
}

// Seven round trips, whatever the number of lines.
function placeInSteps(account, order) {
  return inTransaction(async (connection) => {
    const { rows } = await ask(connection, LOCK_STOCK, [order.skus]);
    const decision = decide(order, rows);
    for (const [statement, values] of writesOf(account, order, decision)) await ask(connection, statement, values);
    return decision;
  });
}

// All of a sending, then the first thing that failed.
async function flight(queries) {
  const answers = await Promise.allSettled(queries);
  const failed = answers.find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
  return answers.map(({ value }) => value);
}

// Two round trips. After a statement that failed, COMMIT itself answers that it took everything back.
const placeInFlights = (account, order) =>
  withConnection(async (connection) => {
    const [, { rows }] = await flight([connection.query("BEGIN"), ask(connection, LOCK_STOCK, [order.skus])]);
    const decision = decide(order, rows);
    const writes = writesOf(account, order, decision).map(([statement, values]) => ask(connection, statement, values));
    const answers = await flight([...writes, connection.query("COMMIT")]);
    if (answers.at(-1).command !== "COMMIT") throw new Error("PostgreSQL took the transaction back");
    return decision;
  });

const place = settings.statements === "flights" ? placeInFlights : placeInSteps;

async function findEarlier(account, order) {
  const { rows } = await ask(pool, FIND_ORDER, [account, order.key]);
  if (rows.length === 0) return undefined;
  if (rows[0].fingerprint !== order.fingerprint) throw new Refusal(422, "idempotency_mismatch");
  return { id: rows[0].id, replayed: true };
}

// Resolves to {id, changes} or, for a key that was used before, {id, replayed}. `locks` may be undefined.
export async function placeOrder(account, order, locks, publish) {
  const free = locks ? await locks.take(order.skus) : () => {};
  try {
    const { id, changes } = await place(account, order);
    // Told before the lock is freed and on the same connection: the events of one product keep their order.
    publish({ order: id, changes });
    return { id, changes };
  } catch (error) {
    // Who sends an order again may also find the shelf empty by now, so the earlier one comes before the refusal.
    if (error.constraint === KEY_CONSTRAINT || error.code === "insufficient_stock") {
      const earlier = await findEarlier(account, order);
      if (earlier) return earlier;
    }
    throw error;
  } finally {
    free();
  }
}
