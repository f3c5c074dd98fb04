-- The first schema of the shared store. Applied migrations are never edited (their checksum is kept in
-- schema_migration); a change of the schema is a new numbered file, and it only adds, so that instances of the version
-- before go on serving. Kept to what Citus and YugabyteDB also run: no triggers, no advisory locks on the path of an
-- order, no functions.
--
-- Numbers of the feed are given after the commit (outbox): a row that belongs to the feed says in which outbox row
-- (batch) and where in it (place) it is, and its feed number is outbox.first_seq + place. Times are milliseconds since
-- 1970, UTC. Texts that are keys are compared byte for byte (COLLATE "C").

CREATE TABLE store (
  id smallint PRIMARY KEY CHECK (id = 1),
  database_id uuid NOT NULL
);
INSERT INTO store (id, database_id) VALUES (1, gen_random_uuid());

-- Numbers that rise and may have gaps. Cache 1: a cached block would let a later order have the lower number.
CREATE SEQUENCE product_id;
CREATE SEQUENCE location_id START 2;
CREATE SEQUENCE account_id;
CREATE SEQUENCE order_number START 1001;
CREATE SEQUENCE fence;

CREATE TABLE product (
  id bigint PRIMARY KEY,
  sku text COLLATE "C" NOT NULL UNIQUE,
  name text NOT NULL,
  category text NOT NULL,
  barcode text NOT NULL,
  price_amount text NOT NULL,
  price_currency text NOT NULL,
  attributes text NOT NULL,
  reorder_point bigint NOT NULL CHECK (reorder_point BETWEEN 0 AND 1000000000000),
  archived boolean NOT NULL,
  version bigint NOT NULL CHECK (version >= 1),
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL
);

CREATE TABLE location (
  id bigint PRIMARY KEY,
  code text COLLATE "C" NOT NULL UNIQUE,
  name text NOT NULL,
  version bigint NOT NULL CHECK (version >= 1),
  created_at bigint NOT NULL
);
-- The location that serves orders that name none.
INSERT INTO location (id, code, name, version, created_at)
  VALUES (1, 'MAIN', 'Main', 1, (extract(epoch FROM now()) * 1000)::bigint);

-- One row per product and location. The CHECKs are the last guard behind domain::decide. fence: of the batch that wrote
-- last. Half of each page stays free, so that updates stay on it.
CREATE TABLE stock_level (
  product bigint NOT NULL REFERENCES product (id),
  location bigint NOT NULL REFERENCES location (id),
  on_hand bigint NOT NULL CHECK (on_hand BETWEEN 0 AND 1000000000000),
  unavailable bigint NOT NULL CHECK (unavailable BETWEEN 0 AND 1000000000000),
  held bigint NOT NULL CHECK (held BETWEEN 0 AND 1000000000000),
  allocated bigint NOT NULL CHECK (allocated BETWEEN 0 AND 1000000000000),
  incoming bigint NOT NULL CHECK (incoming BETWEEN 0 AND 1000000000000),
  version bigint NOT NULL CHECK (version >= 0),
  fence bigint NOT NULL CHECK (fence >= 0),
  updated_at bigint NOT NULL,
  PRIMARY KEY (product, location),
  CONSTRAINT promised_fits CHECK (unavailable + held + allocated <= on_hand)
) WITH (fillfactor = 50);

-- One row per committed batch that others must hear of, written after the rows it tells of were locked. changes: see
-- domain/batch_codec.hpp. n: how many feed items. number and first_seq are given by the relay.
CREATE TABLE outbox (
  id bigserial PRIMARY KEY,
  n integer NOT NULL CHECK (n >= 0),
  changes bytea NOT NULL,
  number bigint UNIQUE,
  first_seq bigint
);
ALTER TABLE outbox ALTER COLUMN changes SET STORAGE EXTERNAL;
CREATE INDEX outbox_waiting ON outbox (id) WHERE number IS NULL;
CREATE INDEX outbox_first ON outbox (first_seq) WHERE number IS NOT NULL;

-- Locked by the relay while it numbers: one at a time. seq: the highest feed number given; batch: of outbox.number.
CREATE TABLE feed_head (
  id smallint PRIMARY KEY CHECK (id = 1),
  seq bigint NOT NULL CHECK (seq >= 0),
  batch bigint NOT NULL CHECK (batch >= 0)
);
INSERT INTO feed_head (id, seq, batch) VALUES (1, 0, 0);

-- batch, place: of the placed event. words: of reference and customer, for searching.
CREATE TABLE orders (
  id uuid PRIMARY KEY,
  batch bigint NOT NULL,
  place integer NOT NULL,
  number bigint NOT NULL,
  status smallint NOT NULL,
  version bigint NOT NULL CHECK (version >= 1),
  placed_by bigint NOT NULL,
  placed_at bigint NOT NULL,
  updated_at bigint NOT NULL,
  reference text NOT NULL,
  customer text NOT NULL,
  note text NOT NULL,
  words tsvector
);
CREATE INDEX orders_by_batch ON orders (batch, place);
CREATE INDEX orders_by_number ON orders (number);
CREATE INDEX orders_by_words ON orders USING gin (words) WHERE words IS NOT NULL;

CREATE TABLE order_line (
  order_id uuid NOT NULL,
  position smallint NOT NULL,
  product bigint NOT NULL,
  location bigint NOT NULL,
  quantity bigint NOT NULL CHECK (quantity > 0),
  fulfilled bigint NOT NULL CHECK (fulfilled >= 0),
  cancelled bigint NOT NULL CHECK (cancelled >= 0),
  returned bigint NOT NULL CHECK (returned >= 0),
  PRIMARY KEY (order_id, position),
  CONSTRAINT ended_fits CHECK (fulfilled + cancelled <= quantity AND returned <= fulfilled)
);

-- The ledger. Rows are never changed or deleted. from_place and to_place: a location id, or a negative virtual place.
CREATE TABLE movement (
  batch bigint NOT NULL,
  place integer NOT NULL,
  id uuid NOT NULL,
  product bigint NOT NULL,
  location bigint NOT NULL,
  kind smallint NOT NULL,
  quantity bigint NOT NULL CHECK (quantity > 0),
  from_place bigint NOT NULL,
  to_place bigint NOT NULL,
  reason smallint NOT NULL,
  actor bigint NOT NULL,
  cause_type smallint NOT NULL,
  cause_id uuid,
  on_hand bigint NOT NULL,
  unavailable bigint NOT NULL,
  held bigint NOT NULL,
  allocated bigint NOT NULL,
  incoming bigint NOT NULL,
  version bigint NOT NULL,
  at bigint NOT NULL,
  note text NOT NULL,
  PRIMARY KEY (batch, place)
);
CREATE INDEX movement_by_product ON movement (product, batch, place);
-- The later movements of an order. Those of its placing (kind 4) stand in its own batch, before the placed event.
CREATE INDEX movement_of_order ON movement (cause_id) WHERE cause_type = 1 AND kind <> 4;

-- The answer of every request that had an idempotency key: the order it placed, or the bytes it was answered. Key and
-- fingerprint are hashes of 16 bytes; as uuid they are compared faster than as bytea.
CREATE TABLE idempotency (
  key uuid PRIMARY KEY,
  fingerprint uuid NOT NULL,
  order_id uuid,
  at bigint NOT NULL,
  status integer,
  body bytea,
  CHECK ((order_id IS NULL) = (status IS NOT NULL AND body IS NOT NULL))
);

CREATE TABLE account (
  id bigint PRIMARY KEY,
  uuid uuid NOT NULL UNIQUE,
  email text COLLATE "C" NOT NULL UNIQUE,
  name text NOT NULL,
  password_hash text NOT NULL,
  role smallint NOT NULL CHECK (role BETWEEN 0 AND 3),
  disabled boolean NOT NULL,
  version bigint NOT NULL CHECK (version >= 1),
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL
);
-- Locked by every batch that makes or changes accounts, so that "the first account" and "the last admin" hold.
CREATE TABLE account_guard (id smallint PRIMARY KEY CHECK (id = 1));
INSERT INTO account_guard (id) VALUES (1);

CREATE TABLE session (
  token_hash bytea PRIMARY KEY,
  account bigint NOT NULL REFERENCES account (id),
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  seen_at bigint NOT NULL
);
CREATE INDEX session_by_account ON session (account);
