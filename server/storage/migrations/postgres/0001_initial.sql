-- The first schema of the shared store. Applied migrations are never edited (their checksum is kept in
-- schema_migration); a change of the schema is a new numbered file, and it only adds, so that instances of the version
-- before go on serving. Kept to what Citus and YugabyteDB also run: no triggers, no advisory locks on the path of an
-- order, no functions.
--
-- Columns of tables that orders write stand so that no byte is lost between them.
--
-- Numbers of the feed are given after the commit (outbox): a row that belongs to the feed says in which outbox row
-- (batch) and where in it (place) it is, and its feed number is outbox.first_seq + place. Times are milliseconds since
-- 1970, UTC. Texts that are keys are compared byte for byte (COLLATE "C").
--
-- What an order writes is kept small (docs/decisions/010-an-order-is-one-row-and-one-movement.md): a row of
-- request_result, a movement a line, the changes of its levels, and its part of the batch's row in outbox.

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
-- last. orders: of how many placed orders the first line with this product is at this level, so that the sum over a
-- product's levels counts its orders. Half of each page stays free, so that updates stay on it.
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
  orders bigint NOT NULL CHECK (orders >= 0),
  PRIMARY KEY (product, location),
  CONSTRAINT promised_fits CHECK (unavailable + held + allocated <= on_hand)
) WITH (fillfactor = 50);

-- One row per committed batch that others must hear of, written after the rows it tells of were locked. changes: see
-- domain/batch_codec.hpp. n: how many feed items. orders: how many orders more or less there are in each state after the
-- batch, in the order of their codes; empty when it moves none. number and first_seq are given by the relay.
CREATE TABLE outbox (
  id bigserial PRIMARY KEY,
  n integer NOT NULL CHECK (n >= 0),
  changes bytea NOT NULL,
  orders integer[] NOT NULL,
  number bigint,
  first_seq bigint
);
ALTER TABLE outbox ALTER COLUMN changes SET STORAGE EXTERNAL;
-- Every row leaves one dead version when it is numbered, and its entry in outbox_waiting, which the relay reads past.
ALTER TABLE outbox SET (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000);
CREATE INDEX outbox_waiting ON outbox (id) WHERE number IS NULL;
CREATE UNIQUE INDEX outbox_number ON outbox (number) WHERE number IS NOT NULL;
CREATE INDEX outbox_first ON outbox (first_seq) WHERE number IS NOT NULL;

-- Locked by the relay while it numbers: one at a time. seq: the highest feed number given; batch: of outbox.number;
-- orders: how many orders the numbered batches left in each state.
CREATE TABLE feed_head (
  id smallint PRIMARY KEY CHECK (id = 1),
  seq bigint NOT NULL CHECK (seq >= 0),
  batch bigint NOT NULL CHECK (batch >= 0),
  orders bigint[] NOT NULL
) WITH (fillfactor = 10);
INSERT INTO feed_head (id, seq, batch, orders) VALUES (1, 0, 0, '{0,0,0,0,0,0}');

-- One row for each request that has a result: a placed order, or the answer that another request with an idempotency key
-- was given, refusals included. They share a table because they share the key: no two requests ever get one key, on
-- whatever instance they are judged. key and fingerprint are hashes of 16 bytes; as uuid they are compared faster than
-- as bytea.
--
-- Of orders: batch and place are those of the placed event; number is for people; lines and progress are described in
-- storage/line_codec.hpp, progress is NULL until something was fulfilled or cancelled; later: the batches of its later
-- events; words: of reference and customer, for searching; empty texts are NULL. Of answers: id, status and all that only orders have are NULL.
CREATE TABLE request_result (
  id uuid UNIQUE,
  key uuid UNIQUE,
  fingerprint uuid,
  batch bigint,
  number bigint,
  version bigint,
  placed_by bigint,
  at bigint NOT NULL,
  updated_at bigint,
  place integer,
  status smallint,
  lines bytea,
  progress bytea,
  later bigint[],
  reference text,
  customer text,
  note text,
  words tsvector,
  answer_status integer,
  answer bytea,
  CONSTRAINT order_or_answer CHECK ((id IS NULL) = (answer_status IS NOT NULL))
);
CREATE INDEX request_result_listed ON request_result (status, batch, place) WHERE status IS NOT NULL;
CREATE INDEX request_result_number ON request_result (number) WHERE number IS NOT NULL;
-- New words wait in a list that whoever fills it has to empty: kept short, so that this takes milliseconds.
CREATE INDEX request_result_words ON request_result USING gin (words) WITH (gin_pending_list_limit = 128) WHERE words IS NOT NULL;

-- For people who ask with SQL. `seq` is the feed number of the placing, NULL until it is given.
CREATE VIEW orders AS
  SELECT r.id, r.number, r.status, r.version, r.placed_by, r.at AS placed_at, r.updated_at, r.reference, r.customer,
    r.note, b.first_seq + r.place AS seq
  FROM request_result r LEFT JOIN outbox b ON b.id = r.batch WHERE r.id IS NOT NULL;

-- The ledger. Rows are never changed or deleted. from_place and to_place: a location id, or a negative virtual place. It
-- has one index, because every order pays for it; the whole ledger by feed number is read from outbox.
CREATE TABLE movement (
  product bigint NOT NULL,
  batch bigint NOT NULL,
  location bigint NOT NULL,
  quantity bigint NOT NULL CHECK (quantity > 0),
  from_place bigint NOT NULL,
  to_place bigint NOT NULL,
  actor bigint NOT NULL,
  on_hand bigint NOT NULL,
  unavailable bigint NOT NULL,
  held bigint NOT NULL,
  allocated bigint NOT NULL,
  incoming bigint NOT NULL,
  version bigint NOT NULL,
  at bigint NOT NULL,
  place integer NOT NULL,
  kind smallint NOT NULL,
  reason smallint NOT NULL,
  cause_type smallint NOT NULL,
  id uuid NOT NULL,
  cause_id uuid,
  note text,
  PRIMARY KEY (product, batch, place)
);
-- For people who ask with SQL: what each order wants of a level, and what became of it, as the ledger tells.
CREATE VIEW order_line AS
  SELECT cause_id AS order_id, product, location, sum(quantity) FILTER (WHERE kind = 4) AS quantity,
    coalesce(sum(quantity) FILTER (WHERE kind = 6), 0) AS fulfilled,
    coalesce(sum(quantity) FILTER (WHERE kind = 5), 0) AS cancelled
  FROM movement WHERE cause_type = 1 GROUP BY cause_id, product, location;

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
