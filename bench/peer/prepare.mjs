// Makes the peer's schema and catalogue and prints a token: what the load needs. Or, with --check, holds the tables
// against each other after the load and prints what it found.
//
//   node prepare.mjs <skus.txt       one SKU a line; each gets the same stock
//   node prepare.mjs --check

import { stdin } from "node:process";
import { text } from "node:stream/consumers";
import pg from "pg";
import { settings } from "./settings.mjs";
import { makeToken } from "./tokens.mjs";

const STOCK = 1_000_000_000;

const SCHEMA = `
DROP TABLE IF EXISTS movement, order_line, orders, stock, product;
CREATE TABLE product (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sku text NOT NULL UNIQUE, name text NOT NULL);
CREATE TABLE stock (
  product_id int PRIMARY KEY REFERENCES product,
  initial bigint NOT NULL,
  on_hand bigint NOT NULL CHECK (on_hand >= 0),
  version bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
CREATE TABLE orders (
  id uuid PRIMARY KEY,
  account text NOT NULL,
  idempotency_key text NOT NULL,
  fingerprint text NOT NULL,
  placed_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (account, idempotency_key)
);
CREATE TABLE order_line (
  order_id uuid NOT NULL REFERENCES orders,
  place int NOT NULL,
  product_id int NOT NULL REFERENCES product,
  quantity bigint NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (order_id, place)
);
CREATE TABLE movement (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  product_id int NOT NULL REFERENCES product,
  order_id uuid REFERENCES orders,
  delta bigint NOT NULL,
  balance bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX movement_product ON movement (product_id, id);`;

const CHECK = `
SELECT (SELECT coalesce(sum(quantity), 0) FROM order_line)::text AS units,
       (SELECT count(*) FROM stock LEFT JOIN
          (SELECT product_id, sum(quantity) AS sold FROM order_line GROUP BY product_id) AS line USING (product_id)
         WHERE on_hand <> initial - coalesce(sold, 0))::text AS stock_without_order,
       (SELECT count(*) FROM stock LEFT JOIN
          (SELECT product_id, sum(delta) AS moved FROM movement GROUP BY product_id) AS ledger USING (product_id)
         WHERE on_hand <> initial + coalesce(moved, 0))::text AS stock_without_movement,
       (SELECT count(*) FROM orders WHERE NOT EXISTS (SELECT FROM order_line WHERE order_id = orders.id))::text AS orders_without_line`;

const database = new pg.Client({ connectionString: settings.database });
await database.connect();
if (process.argv.includes("--check")) {
  const { units, ...wrong } = (await database.query(CHECK)).rows[0];
  console.log(JSON.stringify({ units: Number(units), wrong: Object.entries(wrong).filter(([, count]) => count !== "0") }));
} else {
  await database.query(SCHEMA);
  const skus = (await text(stdin)).split("\n").filter((sku) => sku !== "");
  await database.query("INSERT INTO product (sku, name) SELECT sku, 'Product ' || sku FROM unnest($1::text[]) AS given (sku)", [skus]);
  await database.query("INSERT INTO stock (product_id, initial, on_hand) SELECT id, $1::bigint, $1::bigint FROM product", [STOCK]);
  await database.query("ANALYZE");
  console.log(makeToken("bench"));
}
await database.end();
