-- The first schema of the embedded store. Applied migrations are never edited (their checksum is kept in
-- schema_migration); a change of the schema is a new numbered file.
--
-- What every order writes is appended: orders, movement and event are keyed by the feed number, which only rises, and
-- carry no further index. Lists by status, product, customer or text are answered from the derived store beside this
-- file; idempotency keys from a table in memory that is rebuilt from these rows at start.

CREATE TABLE store (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  database_id BLOB NOT NULL CHECK (length(database_id) = 16)
) STRICT;
INSERT INTO store (id, database_id) VALUES (1, randomblob(16));

CREATE TABLE product (
  id INTEGER PRIMARY KEY,
  sku TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  category TEXT NOT NULL,
  barcode TEXT NOT NULL,
  price_amount TEXT NOT NULL,
  price_currency TEXT NOT NULL,
  attributes TEXT NOT NULL,
  reorder_point INTEGER NOT NULL CHECK (reorder_point BETWEEN 0 AND 1000000000000),
  archived INTEGER NOT NULL CHECK (archived IN (0, 1)),
  version INTEGER NOT NULL CHECK (version >= 1),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE location (
  id INTEGER PRIMARY KEY,
  code TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 1),
  created_at INTEGER NOT NULL
) STRICT;
-- The location that serves orders that name none. Its time is set when the database is made.
INSERT INTO location (id, code, name, version, created_at) VALUES (1, 'MAIN', 'Main', 1, 0);

-- One row per product and location. The CHECKs are the last guard behind domain::decide.
CREATE TABLE level (
  product INTEGER NOT NULL REFERENCES product (id),
  location INTEGER NOT NULL REFERENCES location (id),
  on_hand INTEGER NOT NULL CHECK (on_hand BETWEEN 0 AND 1000000000000),
  unavailable INTEGER NOT NULL CHECK (unavailable BETWEEN 0 AND 1000000000000),
  held INTEGER NOT NULL CHECK (held BETWEEN 0 AND 1000000000000),
  allocated INTEGER NOT NULL CHECK (allocated BETWEEN 0 AND 1000000000000),
  incoming INTEGER NOT NULL CHECK (incoming BETWEEN 0 AND 1000000000000),
  version INTEGER NOT NULL CHECK (version >= 0),
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (product, location),
  CONSTRAINT promised_fits CHECK (unavailable + held + allocated <= on_hand)
) STRICT, WITHOUT ROWID;

-- seq: feed number of the placed event. lines never changes; progress is NULL until something was fulfilled or
-- cancelled. last_event: feed number of the newest later event, NULL when there is none.
CREATE TABLE orders (
  seq INTEGER PRIMARY KEY,
  uuid BLOB NOT NULL,
  key BLOB,
  number INTEGER NOT NULL,
  status INTEGER NOT NULL,
  version INTEGER NOT NULL,
  placed_by INTEGER NOT NULL,
  placed_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  last_event INTEGER,
  fingerprint BLOB,
  lines BLOB NOT NULL,
  progress BLOB,
  reference TEXT,
  customer TEXT,
  note TEXT
) STRICT;

-- The ledger. Rows are never changed or deleted. from_place and to_place: a location id, or a negative virtual place.
CREATE TABLE movement (
  seq INTEGER PRIMARY KEY,
  product INTEGER NOT NULL,
  location INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  quantity INTEGER NOT NULL,
  from_place INTEGER NOT NULL,
  to_place INTEGER NOT NULL,
  reason INTEGER NOT NULL,
  actor INTEGER NOT NULL,
  cause_type INTEGER NOT NULL,
  cause_id BLOB,
  id BLOB NOT NULL,
  on_hand INTEGER NOT NULL,
  unavailable INTEGER NOT NULL,
  held INTEGER NOT NULL,
  allocated INTEGER NOT NULL,
  incoming INTEGER NOT NULL,
  version INTEGER NOT NULL,
  at INTEGER NOT NULL,
  note TEXT
) STRICT;

-- All other feed items. kind: 1 order fulfilled, 2 order cancelled, 10 product created, 11 product updated, 12 product
-- archived, 20 location created. data: what the thing was after the event. order_seq: the order's row; previous: the
-- order's event before this one, NULL when that is the placed event.
CREATE TABLE event (
  seq INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  actor INTEGER NOT NULL,
  order_seq INTEGER,
  previous INTEGER,
  data BLOB NOT NULL
) STRICT;

-- Answers given under an idempotency key that did not place an order.
CREATE TABLE answer (
  id INTEGER PRIMARY KEY,
  key BLOB NOT NULL,
  fingerprint BLOB NOT NULL,
  at INTEGER NOT NULL,
  status INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;

CREATE TABLE account (
  id INTEGER PRIMARY KEY,
  uuid BLOB NOT NULL UNIQUE,
  email TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  role INTEGER NOT NULL CHECK (role BETWEEN 0 AND 3),
  disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
  version INTEGER NOT NULL CHECK (version >= 1),
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE TABLE session (
  token_hash BLOB PRIMARY KEY,
  account INTEGER NOT NULL REFERENCES account (id),
  created_at INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX session_by_account ON session (account);
