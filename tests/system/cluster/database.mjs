// The tables of the shared store in one moment, as the checker wants them. The only place of the fault runs that knows
// the schema.

const LEVELS = `SELECT p.sku, l.code AS location, s.on_hand, s.unavailable, s.held, s.allocated, s.incoming, s.version
  FROM stock_level s JOIN product p ON p.id = s.product JOIN location l ON l.id = s.location`;
const LINES = `SELECT p.sku, l.code AS location, o.quantity, o.fulfilled, o.cancelled, o.returned
  FROM order_line o JOIN product p ON p.id = o.product JOIN location l ON l.id = o.location`;
// What all open orders together want of a level, as one line.
const OPEN = `SELECT p.sku, l.code AS location, sum(o.quantity - o.fulfilled - o.cancelled) AS quantity, 0 AS fulfilled, 0 AS cancelled
  FROM order_line o JOIN product p ON p.id = o.product JOIN location l ON l.id = o.location GROUP BY p.sku, l.code`;
const MOVEMENTS = `SELECT b.first_seq + m.place AS seq, m.id, m.version, m.on_hand, m.allocated
  FROM movement m JOIN outbox b ON b.id = m.batch`;
const OUTBOX = "SELECT id, n, number, first_seq FROM outbox";
const IDEMPOTENCY = "SELECT order_id FROM idempotency";

// One statement sees one moment.
const listOf = (select) => `(SELECT coalesce(json_agg(t), '[]') FROM (${select}) t)`;

async function ask(postgres, parts) {
  const fields = Object.entries(parts).map(([name, select]) => `'${name}', ${select}`);
  return JSON.parse(await postgres.sql(`SELECT json_build_object(${fields.join(", ")})`));
}

export async function snapshotOf(postgres) {
  const { levels, lines } = await ask(postgres, { levels: listOf(LEVELS), lines: listOf(OPEN) });
  return { levels, orders: [{ lines }] };
}

export function dumpOf(postgres) {
  return ask(postgres, {
    levels: listOf(LEVELS),
    lines: listOf(LINES),
    movements: listOf(MOVEMENTS),
    outbox: listOf(OUTBOX),
    idempotency: listOf(IDEMPOTENCY),
    feed_head: "(SELECT row_to_json(feed_head) FROM feed_head)",
  });
}
