// The tables of the shared store in one moment, as the checker wants them. The only place of the fault runs that knows
// the schema.

const LEVELS = `SELECT p.sku, l.code AS location, s.on_hand, s.unavailable, s.held, s.allocated, s.incoming, s.version
  FROM stock_level s JOIN product p ON p.id = s.product JOIN location l ON l.id = s.location`;
const LINES = `SELECT encode(lines, 'base64') AS lines, encode(progress, 'base64') AS progress
  FROM request_result WHERE id IS NOT NULL`;
// Of orders that still want something: placed, or fulfilled in part.
const OPEN = `${LINES} AND status IN (0, 1)`;
const MOVEMENTS = `SELECT b.first_seq + m.place AS seq, m.id, m.version, m.on_hand, m.allocated
  FROM movement m JOIN outbox b ON b.id = m.batch`;
const OUTBOX = "SELECT id, n, number, first_seq FROM outbox";
const IDEMPOTENCY = "SELECT id AS order_id FROM request_result WHERE key IS NOT NULL";

// One statement sees one moment.
const listOf = (select) => `(SELECT coalesce(json_agg(t), '[]') FROM (${select}) t)`;

async function ask(postgres, parts) {
  const fields = Object.entries(parts).map(([name, select]) => `'${name}', ${select}`);
  const found = JSON.parse(await postgres.sql(`SELECT json_build_object(${fields.join(", ")})`));
  return { ...found, lines: found.lines.flatMap(linesOf) };
}

// Reads the bytes that server/storage/line_codec.hpp describes.
class Blob {
  constructor(base64) {
    this.bytes = Buffer.from(base64, "base64");
    this.at = 0;
    if (this.bytes[this.at++] !== 1) throw new Error("a blob of another format");
  }

  number() {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw new Error("a blob that is cut");
      value += (byte % 128) * scale;
      if (byte < 128) return value;
    }
  }

  text() {
    const size = this.number();
    this.at += size;
    return this.bytes.toString("utf8", this.at - size, this.at);
  }
}

function linesOf({ lines, progress }) {
  const blob = new Blob(lines);
  const found = Array.from({ length: blob.number() }, () => {
    blob.number(); // the ids of product and location
    blob.number();
    const quantity = blob.number();
    return { sku: blob.text(), location: blob.text(), quantity, fulfilled: 0, cancelled: 0, returned: 0 };
  });
  if (progress === null) return found;
  const ended = new Blob(progress);
  if (ended.number() !== found.length) throw new Error("progress of other lines");
  for (const line of found) {
    line.fulfilled = ended.number();
    line.cancelled = ended.number();
    line.returned = ended.number();
  }
  return found;
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
    deadlocks: "(SELECT deadlocks FROM pg_stat_database WHERE datname = current_database())",
    feed_head: "(SELECT row_to_json(feed_head) FROM feed_head)",
  });
}
