// table: the deliberate faults of mutants.mjs. Each names what is wrong, where (texts that stand in a file exactly once),
// the scenario that must notice, and by which invariants; "run" is an instance that ended by itself, or a final phase
// that could not be finished. Or the file of tests, or the C++ test program, that must fail, and the names of those in it.
// Not here: a fault of the expiry of holds, which the product does not have.

const place = "server/domain/place_order.cpp";
const batch = "server/engine/batch.cpp";
const lane = "server/engine/lane.cpp";
const relay = "server/engine/relay.cpp";
const client = "server/transport/live/client.cpp";
const feed = "server/transport/live/feed.cpp";
const loadSql = "server/storage/postgres/load_sql.cpp";
const loader = "server/storage/postgres/row_loader.cpp";
const batchSql = "server/storage/postgres/batch_sql.hpp";
const batchWriter = "server/storage/postgres/batch_writer.cpp";
const writer = "server/storage/postgres/writer.cpp";
const commitOutcome = "server/storage/postgres/commit_outcome.cpp";
const outbox = "server/storage/postgres/outbox.cpp";
const schema = "server/storage/migrations/postgres/0001_initial.sql";
const settings = "server/storage/postgres/settings.cpp";
const rowReader = "server/storage/postgres/row_reader.cpp";
const postgresStorage = "server/storage/postgres/postgres_storage.cpp";
const sqliteStorage = "server/storage/sqlite/sqlite_storage.cpp";
const lockScript = "server/bus/redis/lock_script.cpp";

const rowsAreNotLocked = {
  file: loadSql,
  find: `"location = k.l ORDER BY product, location FOR UPDATE OF stock_level");\nconst std::string lock_levels_and_all_of_text`,
  replace: `"location = k.l ORDER BY product, location");\nconst std::string lock_levels_and_all_of_text`,
};
const versionsAreNotCompared = {
  file: batchSql,
  find: "AND s.version = u.was AND s.fence <= $12::bigint",
  replace: "AND u.was >= 0 AND $12::bigint >= 0",
};
const promisesAreNotGuarded = {
  file: schema,
  find: "  CONSTRAINT promised_fits CHECK (unavailable + held + allocated <= on_hand)\n",
  replace: "  CONSTRAINT promised_fits CHECK (on_hand >= 0)\n",
};

export const mutants = [
  {
    number: 1,
    about: "nobody looks at the stock before an order is accepted",
    scenario: "calm",
    by: ["I2", "I10", "run"],
    edits: [
      { file: place, find: "if (available < want.quantity)", replace: "if (available + 1'000'000 < want.quantity)" },
    ],
  },
  {
    number: 2,
    about: "the schema lacks the guard of promised stock",
    program: "postgres_faults_test",
    by: ["PostgresFaults.what_the_database_refuses_is_rejected_and_nothing_of_the_batch_stays"],
    edits: [promisesAreNotGuarded],
  },
  {
    number: 3,
    about: "stock rows are read without FOR UPDATE, and written without a look at their version",
    scenario: "locks_off",
    by: ["I8", "I10", "I2", "run"],
    edits: [rowsAreNotLocked, versionsAreNotCompared],
  },
  {
    number: 4,
    about: "the key is not written with what it did",
    scenario: "kill_instance",
    by: ["I4", "I5", "I7"],
    edits: [
      { file: batchWriter, find: "c[1].add_uuid_or_null(Uuid{event->key});", replace: "c[1].add_null();" },
      { file: batchWriter, find: "c[0].add_bytes(answer->key);", replace: "c[0].add_null();" },
    ],
  },
  {
    number: 5,
    about: "keys are looked up and need not be unique",
    test: "races.test.mjs",
    by: ["let one of two bodies have a key"],
    edits: [
      { file: schema, find: "  key uuid UNIQUE,\n", replace: "  key uuid,\n" },
    ],
  },
  {
    number: 6,
    about: "readers see a batch before it is committed",
    scenario: "commit_cut",
    by: ["I11"],
    edits: [
      {
        file: lane,
        find: "    const auto begin = context_.clock.mono_ns();\n    storage::CommitResult result;",
        replace:
          "    context_.stock.apply(batch.changes, 0);\n    const auto begin = context_.clock.mono_ns();\n    storage::CommitResult result;",
      },
    ],
  },
  {
    number: 7,
    about: "SQLite does not wait for the disk (synchronous = NORMAL)",
    program: "sqlite_test",
    by: ["SqliteFaults.a_failed_sync_leaves_the_outcome_unknown_and_stops_the_store"],
    edits: [
      { file: sqliteStorage, find: "PRAGMA synchronous = FULL;", replace: "PRAGMA synchronous = NORMAL;" },
      { file: sqliteStorage, find: "synchronous_full = 2;", replace: "synchronous_full = 1;" },
    ],
  },
  {
    number: 8,
    about: "PostgreSQL does not wait for the disk (synchronous_commit = off)",
    scenario: "kill_postgres",
    by: ["I4", "I8", "I11", "run"],
    edits: [
      { file: settings, find: 'if (row.text(0, 2) == "off")', replace: 'if (row.text(0, 2) == "never")' },
      {
        file: postgresStorage,
        find: '        {"lock_timeout",',
        replace: '        {"synchronous_commit", "off"},\n        {"lock_timeout",',
      },
    ],
  },
  {
    number: 9,
    about: "a lock is given up without a look at its owner",
    program: "bus_redis_locks_test",
    by: ["ProductLocksTest.a_lock_that_another_has_meanwhile_is_refused_and_not_given_away"],
    edits: [
      {
        file: lockScript,
        find: "deed[byte('r')] = function(lock, holder, line)\n    if holder ~= owner then return 5 end\n",
        replace: "deed[byte('r')] = function(lock, holder, line)\n",
      },
    ],
  },
  {
    number: 10,
    about: "the lock in Redis, for a moment, is all there is: no row locks, fences, versions or guards in the schema",
    scenario: "short_lease",
    by: ["I1", "I2", "I8", "I10", "run"],
    edits: [
      rowsAreNotLocked,
      versionsAreNotCompared,
      {
        file: settings,
        find: "    if (missing.empty()) return std::nullopt;\n",
        replace: "    if (missing.rows() >= 0) return std::nullopt;\n",
      },
      promisesAreNotGuarded,
    ],
  },
  {
    number: 11,
    about: "the relay goes on behind the highest id that it has seen",
    scenario: "calm",
    by: ["I4", "I8", "I9", "run"],
    edits: [
      {
        file: outbox,
        find: 'FROM outbox WHERE number IS NULL ORDER BY id LIMIT $1), "',
        replace:
          'FROM outbox WHERE number IS NULL AND id > (SELECT coalesce(max(id), 0) FROM outbox WHERE number IS NOT NULL) ORDER BY id LIMIT $1), "',
      },
    ],
  },
  {
    number: 12,
    about: "the relay numbers in the order of the transactions' ids",
    scenario: "locks_off",
    by: ["I8", "I10", "run"],
    edits: [
      { file: outbox, find: "row_number() OVER (ORDER BY id) AS place", replace: "row_number() OVER (ORDER BY x) AS place" },
      { file: outbox, find: "sum(n) OVER (ORDER BY id) - n AS before", replace: "sum(n) OVER (ORDER BY x) - n AS before" },
      {
        file: outbox,
        find: "waiting AS (SELECT id, n FROM outbox",
        replace: "waiting AS (SELECT id, n, xmin::text::bigint AS x FROM outbox",
      },
    ],
  },
  {
    number: 13,
    about: "an error of COMMIT is taken for success",
    scenario: "commit_cut",
    by: ["I4", "I11"],
    edits: [
      {
        file: writer,
        find: "            return {CommitStatus::unknown, to_store_error(error)};",
        replace: "            return {CommitStatus::committed, {}};",
      },
    ],
  },
  {
    number: 14,
    about: "an unknown commit is taken for one that did nothing",
    scenario: "commit_cut",
    by: ["I5"],
    edits: [
      {
        file: lane,
        find: "    const auto status = store_.resolve(batch.changes);",
        replace: "    const auto status = storage::CommitStatus::not_committed;",
      },
    ],
  },
  {
    number: 15,
    about: "rows are locked in any order, and a conflict is not tried again",
    scenario: "locks_off",
    by: ["I14"],
    edits: [
      {
        ...rowsAreNotLocked,
        replace: rowsAreNotLocked.find.replace("ORDER BY product, location", "ORDER BY random()"),
      },
      { file: lane, find: "attempt >= context_.options.retries_max", replace: "attempt >= 0" },
    ],
  },
  {
    number: 17,
    about: "an order is accepted with the lines that can be served",
    scenario: "calm",
    by: ["I3", "I10"],
    edits: [
      {
        file: place,
        find: "    if (auto refusal = refuse_shortages(basket)) return std::move(*refusal);\n",
        replace: `    std::size_t kept = 0;
    for (auto& want : basket.all())
        if (want.available() >= want.quantity) basket.wants[kept++] = want;
    if (kept > 0) basket.size = kept;
    if (auto refusal = refuse_shortages(basket)) return std::move(*refusal);
`,
      },
    ],
  },
  {
    number: 18,
    about: "what waits for a slow watcher is dropped silently",
    scenario: "kill_instance",
    by: ["I9"],
    edits: [
      {
        file: client,
        find: "    if (backlog_.size() <= backlog_max) return;\n    overflowed_ = true;",
        replace:
          "    if (backlog_.size() % 7 == 6) backlog_.clear();\n    if (backlog_.size() <= backlog_max) return;\n    overflowed_ = true;",
      },
    ],
  },
  {
    number: 19,
    about: "a client that resumes is not told what it missed",
    scenario: "calm",
    by: ["I9"],
    edits: [
      { file: feed, find: "    if (!after || *after == head) {", replace: "    if (!after || *after <= head) {" },
    ],
  },
  {
    number: 20,
    about: "a refusal is not kept under its key",
    scenario: "calm",
    by: ["I7"],
    edits: [
      {
        file: batch,
        find: "    batch.changes.answers.push_back({request.key, request.fingerprint, now, bytes.status, bytes.body});\n",
        replace: "",
      },
    ],
  },
  {
    number: 21,
    about: "the outbox id is drawn before the rows are locked",
    scenario: "kill_postgres",
    by: ["I8", "I10"],
    edits: [
      {
        file: loader,
        find: "    ask_levels();\n    // The stamp",
        replace: "    ask_stamp();\n    ask_levels();\n    // The stamp",
      },
      { file: loader, find: "greater numbers.\n    ask_stamp();\n", replace: "greater numbers.\n" },
    ],
  },
  {
    number: 22,
    about: "the relay counts one number per batch",
    scenario: "calm",
    by: ["I8", "I9", "run"],
    edits: [
      {
        file: outbox,
        find: "sum(n) OVER (ORDER BY id) - n AS before",
        replace: "row_number() OVER (ORDER BY id) - 1 AS before",
      },
    ],
  },
  {
    number: 23,
    about: "each order of a batch is judged on the rows as first read",
    scenario: "calm",
    by: ["I2", "I8", "I10", "run"],
    edits: [
      {
        file: batch,
        find: "        judge(request, batch, set, ids, now);\n",
        replace: "        auto first_read = set;\n        judge(request, batch, first_read, ids, now);\n",
      },
    ],
  },
  {
    number: 24,
    about: "the fence of a row is not compared",
    program: "postgres_faults_test",
    by: ["PostgresFaults.a_holder_of_a_lock_who_comes_late_is_refused"],
    edits: [
      {
        file: rowReader,
        find: "        if (fence_ > 0 && rows.integer(row, fence_column) > fence_)",
        replace: "        if (fence_ > 0 && rows.integer(row, fence_column) < 0)",
      },
    ],
  },
  {
    number: 101,
    about: "what pub/sub lost is not read from the outbox",
    scenario: "lost_hints",
    by: ["I8", "I9", "run"],
    edits: [
      { file: relay, find: "if (!was_down_ && (looking_due_ || gap_is_old())) catch_up();", replace: "gap_is_old();" },
      {
        file: relay,
        find: "message_of(batch));\n        add_early(std::move(batch));",
        replace: "message_of(batch));\n        if (is_given) add_early(std::move(batch));",
      },
    ],
  },
  {
    number: 102,
    about: "an unknown commit is taken for one that was done",
    scenario: "commit_cut",
    by: ["I4", "I11"],
    edits: [
      {
        file: lane,
        find: "    const auto status = store_.resolve(batch.changes);",
        replace: "    const auto status = storage::CommitStatus::committed;",
      },
    ],
  },
  {
    number: 103,
    about: "levels of a presumed batch are written whatever became of them",
    program: "postgres_faults_test",
    by: ["PostgresPresumption.another_writer_of_a_level_is_a_conflict"],
    edits: [versionsAreNotCompared],
  },
  {
    number: 104,
    about: "the products of a presumed batch are not compared",
    program: "postgres_faults_test",
    by: ["PostgresPresumption.a_product_or_location_that_changed_is_a_conflict"],
    edits: [{ file: batchSql, find: "AND p.version = k.version", replace: "AND p.version > 0" }],
  },
  {
    number: 105,
    about: "the outcome of a presumed commit is asked for while it can still happen",
    program: "postgres_faults_test",
    by: ["UnknownPresumedCommit.that_could_still_happen_is_stopped_first"],
    edits: [
      {
        file: commitOutcome,
        find: "if (!connection.query(end_named_session, params).empty()) return CommitStatus::unknown;",
        replace: "",
      },
    ],
  },
];
