// What only the embedded store does: files beside the database, settings, migrations, its guards, the derived store,
// verification and backup. What every store does is in storage/contract_test.hpp.

#include <fstream>
#include <thread>

#include "storage/random_trade.hpp"
#include "storage/sqlite/database.hpp"
#include "storage/sqlite/mark_file.hpp"
#include "storage/sqlite/migrations.hpp"
#include "storage/sqlite/sqlite_test_support.hpp"

namespace onhand::storage::sqlite {
namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// ---- opening

TEST(SqliteOpen, a_second_store_on_the_same_file_is_refused_until_the_first_is_closed) {
    SqliteUnderTest first;
    EXPECT_TRUE(contains(first.refusal(), "another process is using")) << first.refusal();
    first.close();
    EXPECT_EQ(first.refusal(), "");
}

TEST(SqliteOpen, a_folder_that_cannot_be_made_is_told_in_one_line) {
    SqliteUnderTest store;
    store.close();
    store.options.path = "/proc/nowhere/onhand.db";
    EXPECT_TRUE(contains(store.refusal(), "cannot make the folder /proc/nowhere"));
    EXPECT_FALSE(contains(store.refusal(), "\n"));
}

TEST(SqliteOpen, a_missing_folder_is_made) {
    SqliteUnderTest store;
    store.close();
    store.options.path = store.folder.file("a/b/onhand.db");
    EXPECT_EQ(store.refusal(), "");
}

TEST(SqliteOpen, a_file_that_is_no_database_is_refused_and_left_alone) {
    SqliteUnderTest store;
    store.close();
    store.options.path = store.folder.file("other.db");
    std::ofstream(store.options.path) << std::string(10'000, 'x');
    EXPECT_TRUE(contains(store.refusal(), "not a database")) << store.refusal();
    EXPECT_EQ(std::filesystem::file_size(store.options.path), 10'000U);
}

TEST(SqliteOpen, a_database_below_the_mark_is_refused_with_both_numbers) {
    SqliteUnderTest store;
    Driver driver(store);
    driver.make_product("A", 5);
    store.close();
    const MarkFile mark(store.options.path);
    EXPECT_EQ(*mark.read().head, 2);
    ASSERT_TRUE(mark.write(3));
    EXPECT_TRUE(contains(store.refusal(), "ends at 2 but 3 was acknowledged: the log lost its end"));
    ASSERT_TRUE(mark.write(2));
    EXPECT_EQ(store.refusal(), "");
}

TEST(SqliteOpen, expired_sessions_are_forgotten) {
    SqliteUnderTest store;
    domain::Changes changes;
    domain::Account account;
    account.id = domain::AccountId{1};
    account.uuid.bytes[0] = 1;
    account.email = "a@example.com";
    changes.accounts = {account};
    domain::Session session;
    session.account = account.id;
    for (int i = 0; i < 2; ++i) {
        session.token_hash.fill(static_cast<std::uint8_t>(i));
        session.expires_at = store.clock.wall_ms() + (i == 0 ? 1000 : 100'000);
        changes.sessions.push_back({session, false});
    }
    ASSERT_EQ(store.store().commit(changes).status, CommitStatus::committed);
    store.clock.advance_ms(50'000);
    store.reopen();
    std::vector<int> left;
    ReadStore::Visitor visitor;
    visitor.session = [&](const domain::Session& one) { left.push_back(one.token_hash[0]); };
    ASSERT_TRUE(store.read_store().visit_all(visitor).has_value());
    EXPECT_EQ(left, std::vector<int>{1});
}

// ---- migrations

class SqliteMigrations : public testing::Test {
  protected:
    std::optional<std::string> apply(const std::vector<Migration>& migrations) {
        Connection connection(folder_.file("m.db"), Connection::Mode::write);
        return migrate(connection, migrations, 5);
    }
    TemporaryFolder folder_;
    Migration first_{1, "0001_first", "aa", "CREATE TABLE one (id INTEGER PRIMARY KEY);"};
    Migration second_{2, "0002_second", "bb", "CREATE TABLE two (id INTEGER PRIMARY KEY); INSERT INTO one VALUES (1);"};
};

TEST_F(SqliteMigrations, are_applied_once_and_continued_later) {
    EXPECT_EQ(apply({first_}), std::nullopt);
    EXPECT_EQ(apply({first_}), std::nullopt);
    EXPECT_EQ(apply({first_, second_}), std::nullopt);
    Connection connection(folder_.file("m.db"), Connection::Mode::read);
    EXPECT_EQ(connection.query_int("SELECT count(*) FROM one"), 1);
    EXPECT_EQ(connection.query_int("SELECT max(number) FROM schema_migration"), 2);
}

TEST_F(SqliteMigrations, that_were_edited_after_they_were_applied_are_refused) {
    ASSERT_EQ(apply({first_}), std::nullopt);
    Migration edited = first_;
    edited.checksum = "cc";
    EXPECT_TRUE(contains(apply({edited, second_}).value_or(""), "0001_first was changed"));
}

TEST_F(SqliteMigrations, of_a_newer_program_are_refused) {
    ASSERT_EQ(apply({first_, second_}), std::nullopt);
    EXPECT_TRUE(contains(apply({first_}).value_or(""), "newer onhand: it has migration 0002_second"));
}

TEST_F(SqliteMigrations, that_fail_leave_nothing_behind) {
    Migration broken = second_;
    broken.sql = "CREATE TABLE two (id INTEGER PRIMARY KEY); INSERT INTO nowhere VALUES (1);";
    EXPECT_THROW(apply({first_, broken}), SqlError);
    Connection connection(folder_.file("m.db"), Connection::Mode::read);
    EXPECT_EQ(connection.query_int("SELECT count(*) FROM sqlite_schema WHERE name = 'two'"), 0);
    EXPECT_EQ(connection.query_int("SELECT max(number) FROM schema_migration"), 1);
}

TEST_F(SqliteMigrations, that_are_embedded_rise_by_one_and_have_checksums) {
    int expected = 0;
    for (const Migration& migration : embedded_migrations()) {
        EXPECT_EQ(migration.number, ++expected);
        EXPECT_EQ(std::string_view(migration.checksum).size(), 64U);
    }
    EXPECT_GE(expected, 1);
}

// ---- guards

TEST(SqliteGuards, a_level_that_breaks_its_check_takes_the_whole_batch_down) {
    SqliteUnderTest store;
    Driver driver(store);
    driver.make_product("A", 5);
    std::vector<domain::Outcome> outcomes;
    domain::PlaceOrder command;
    command.lines = {{"A", "", 1}};
    domain::Changes changes = driver.judge({{command, key_hash(1), {}, {}}}, outcomes);
    changes.answers.push_back({key_hash(2), {}, 1, 200, "x"});
    changes.levels.begin()->second.allocated = 6;
    const auto head = store.store().head();
    EXPECT_EQ(store.store().commit(changes).status, CommitStatus::not_committed);
    EXPECT_EQ(store.store().head(), head);
    const std::vector<domain::KeyHash> keys = {key_hash(1), key_hash(2)};
    domain::WorkingSet none;
    const auto known = store.store().load(keys, {}, none);
    ASSERT_TRUE(known.has_value());
    for (const auto& each : *known) EXPECT_FALSE(each.has_value());
    driver.prepare();
    driver.place("A", 1);
    EXPECT_EQ(store.store().head(), head + 2);
    for (const auto& check : store.storage->verify()) EXPECT_TRUE(check.ok) << check.name << check.finding;
}

TEST(SqliteGuards, a_lock_held_by_another_program_is_a_conflict_that_passes) {
    SqliteUnderTest store(false);
    store.options.busy_ms = 0;
    store.reopen();
    Driver driver(store);
    driver.make_product("A", 5);
    Connection other(store.options.path, Connection::Mode::write);
    other.execute("BEGIN IMMEDIATE");
    std::vector<domain::Outcome> outcomes;
    domain::PlaceOrder command;
    command.lines = {{"A", "", 1}};
    domain::Changes changes = driver.judge({{command, {}, {}, {}}}, outcomes);
    const auto result = store.store().commit(changes);
    EXPECT_EQ(result.status, CommitStatus::not_committed);
    EXPECT_EQ(result.error.code, StoreErrc::conflict);
    other.execute("ROLLBACK");
    EXPECT_EQ(store.store().commit(changes).status, CommitStatus::committed);
}

TEST(SqliteGuards, a_change_by_another_program_stops_the_store) {
    SqliteUnderTest store(false);
    Driver driver(store);
    driver.make_product("A", 5);
    {
        Connection other(store.options.path, Connection::Mode::write);
        other.execute("UPDATE product SET name = 'changed behind the back'");
    }
    std::vector<domain::Outcome> outcomes;
    domain::PlaceOrder command;
    command.lines = {{"A", "", 1}};
    domain::Changes changes = driver.judge({{command, {}, {}, {}}}, outcomes);
    const auto result = store.store().commit(changes);
    EXPECT_EQ(result.status, CommitStatus::not_committed);
    EXPECT_EQ(result.error.code, StoreErrc::corrupt);
    EXPECT_TRUE(contains(result.error.detail, "another program changed the database"));
}

TEST(SqliteGuards, a_deleted_file_stops_the_store) {
    SqliteUnderTest store;
    std::filesystem::remove(store.options.path);
    // The background thread looks once a second; until then commits may pass.
    for (std::uint64_t i = 1; i < 10'000; ++i) {
        domain::Changes changes;
        changes.answers.push_back({key_hash(i), {}, 1, 200, ""});
        const auto result = store.store().commit(changes);
        if (result.status == CommitStatus::committed) {
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
            continue;
        }
        EXPECT_EQ(result.error.code, StoreErrc::corrupt);
        return;
    }
    FAIL() << "commits went on without a file";
}

TEST(SqliteGuards, the_log_is_emptied_while_the_store_is_in_use) {
    SqliteUnderTest store;
    store.options.checkpoint_pages = 20;
    store.reopen();
    for (std::uint64_t i = 1; i <= 300; ++i) {
        domain::Changes changes;
        changes.answers.push_back({key_hash(i), {}, 1, 200, std::string(3000, 'x')});
        ASSERT_EQ(store.store().commit(changes).status, CommitStatus::committed);
    }
    constexpr std::size_t page_bytes = 4096 + 24;
    EXPECT_LT(std::filesystem::file_size(store.options.path + "-wal"), 60 * page_bytes);
}

// ---- the derived store

class SqliteDerived : public testing::Test {
  protected:
    void SetUp() override {
        driver_.make_product("A", 100);
        for (int i = 0; i < 3; ++i) driver_.place("A", 1);
    }
    std::int64_t orders_of_a() {
        domain::OrderFilter filter;
        filter.product = domain::ProductId{1};
        const auto page = store_.read_store().orders(filter);
        EXPECT_TRUE(page.has_value());
        return page ? page->total : -1;
    }
    void expect_sound() {
        for (const auto& check : store_.storage->verify()) EXPECT_TRUE(check.ok) << check.name << check.finding;
    }
    std::string derived() const { return store_.options.path + ".derived"; }

    SqliteUnderTest store_;
    Driver driver_{store_};
};

TEST_F(SqliteDerived, is_made_again_when_it_is_missing) {
    store_.close();
    ASSERT_TRUE(std::filesystem::remove(derived()));
    store_.open();
    EXPECT_EQ(orders_of_a(), 3);
    expect_sound();
}

TEST_F(SqliteDerived, is_made_again_when_it_is_garbage) {
    store_.close();
    std::ofstream(derived(), std::ios::trunc) << std::string(50'000, 'z');
    store_.open();
    EXPECT_EQ(orders_of_a(), 3);
    expect_sound();
}

TEST_F(SqliteDerived, is_made_again_when_a_page_is_damaged) {
    store_.close();
    {
        std::fstream file(derived(), std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(4096 + 100);
        file << std::string(3900, '\x7f');
    }
    store_.open();
    EXPECT_EQ(orders_of_a(), 3);
    expect_sound();
}

TEST_F(SqliteDerived, is_made_again_when_it_is_ahead_of_the_database_or_of_another_format) {
    for (const char* change : {"UPDATE meta SET applied_seq = 1000", "UPDATE meta SET format = 99",
                               "UPDATE meta SET database_id = zeroblob(16)", "DROP TABLE order_group"}) {
        SCOPED_TRACE(change);
        store_.close();
        {
            Connection connection(derived(), Connection::Mode::write);
            connection.execute(change);
        }
        store_.open();
        EXPECT_EQ(orders_of_a(), 3);
        expect_sound();
    }
}

TEST_F(SqliteDerived, follows_within_moments_of_a_batch) {
    driver_.place("A", 1);
    auto batch = std::make_shared<domain::FeedBatch>();
    batch->first = store_.store().head() + 1;
    store_.storage->on_batch(batch);
    const auto applied = [this] {
        Connection connection(derived(), Connection::Mode::read);
        return connection.query_int("SELECT applied_seq FROM meta");
    };
    for (int i = 0; i < 5000 && applied() < store_.store().head(); ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(applied(), store_.store().head());
}

TEST_F(SqliteDerived, can_be_made_again_while_it_is_in_use) {
    ASSERT_TRUE(store_.storage->rebuild_derived().has_value());
    EXPECT_EQ(orders_of_a(), 3);
    expect_sound();
}

// ---- verification

struct Damage {
    const char* sql;
    const char* check;  // that must find it
    bool derived = false;
};

std::ostream& operator<<(std::ostream& out, const Damage& damage) {
    return out << damage.sql;
}

class SqliteVerify : public testing::TestWithParam<Damage> {};

TEST_P(SqliteVerify, finds_what_is_wrong_and_names_it) {
    SqliteUnderTest store;
    Driver driver(store);
    RandomTrade trade(driver, 1);
    trade.set_up();
    for (int i = 0; i < 20; ++i) trade.step(10);
    store.reopen();
    ASSERT_TRUE(store.storage->catch_up_derived(store.store().head()).has_value());
    for (const auto& check : store.storage->verify()) ASSERT_TRUE(check.ok) << check.name << ": " << check.finding;
    {
        const std::string path = store.options.path + (GetParam().derived ? ".derived" : "");
        Connection connection(path, Connection::Mode::write);
        connection.set_busy_timeout(5'000);
        connection.execute("PRAGMA ignore_check_constraints = ON");
        connection.execute(GetParam().sql);
    }
    bool found = false;
    for (const auto& check : store.storage->verify())
        if (check.name == GetParam().check) {
            found = !check.ok;
            EXPECT_NE(check.finding, "");
        }
    EXPECT_TRUE(found);
}

INSTANTIATE_TEST_SUITE_P(
    Each, SqliteVerify,
    testing::Values(
        Damage{"UPDATE level SET on_hand = on_hand + 1 WHERE product = 1", "fold_of_feed_equals_levels"},
        Damage{"UPDATE level SET on_hand = on_hand + 1 WHERE product = 1", "units_conserved"},
        Damage{"UPDATE level SET version = version + 1 WHERE product = 2", "fold_of_feed_equals_levels"},
        Damage{"UPDATE level SET allocated = on_hand + 1 WHERE product = 1", "available_never_negative"},
        Damage{"UPDATE level SET allocated = allocated + 1 WHERE product = 1", "allocated_equals_open_lines"},
        Damage{"INSERT INTO level VALUES (1, 99, 0, 0, 0, 0, 0, 0, 0)", "database_is_sound"},
        Damage{"DELETE FROM movement WHERE seq = (SELECT max(seq) FROM movement WHERE kind = 4)", "feed_has_no_gaps"},
        Damage{"DELETE FROM orders WHERE seq = (SELECT min(seq) FROM orders)", "feed_has_no_gaps"},
        Damage{"UPDATE movement SET version = version + 1 WHERE seq = 40", "versions_step_by_one"},
        Damage{"UPDATE movement SET quantity = quantity + 1 WHERE seq = 40", "fold_of_feed_equals_levels"},
        Damage{"UPDATE orders SET status = 2 WHERE seq = (SELECT min(seq) FROM orders WHERE status = 0)",
               "orders_follow_their_events"},
        Damage{"UPDATE orders SET version = version + 1 WHERE last_event IS NOT NULL", "orders_follow_their_events"},
        Damage{"UPDATE event SET previous = 1 WHERE seq = (SELECT max(seq) FROM event WHERE kind = 1)",
               "orders_follow_their_events"},
        Damage{"UPDATE orders SET number = number + 1 WHERE seq = (SELECT max(seq) FROM orders)", "ids_rise"},
        Damage{"UPDATE orders SET uuid = zeroblob(16) WHERE seq = (SELECT max(seq) FROM orders)", "ids_rise"},
        Damage{"UPDATE orders SET key = (SELECT key FROM orders LIMIT 1) WHERE seq = (SELECT max(seq) FROM orders)",
               "one_result_per_key"},
        Damage{"UPDATE orders SET lines = x'00' WHERE seq = (SELECT max(seq) FROM orders)",
               "allocated_equals_open_lines"},
        Damage{"UPDATE order_group SET n0 = n0 + 1", "derived_store_equals_recomputation", true},
        Damage{"UPDATE order_chunk SET n0 = n0 + 1, n1 = n1 - 1", "derived_store_equals_recomputation", true}));

// ---- backup

TEST(SqliteBackup, is_a_whole_database_made_while_the_store_is_in_use) {
    SqliteUnderTest store;
    Driver driver(store);
    RandomTrade trade(driver, 3);
    trade.set_up();
    trade.step(20);
    const std::string copy = store.folder.file("copy.db");
    ASSERT_TRUE(store.storage->backup_to(copy).has_value());
    const auto head = store.store().head();
    trade.step(20);
    EXPECT_FALSE(store.storage->backup_to(copy).has_value());
    EXPECT_FALSE(std::filesystem::exists(copy + ".part"));
    SqliteOptions options = store.options;
    options.path = copy;
    const auto opened = SqliteStorage::open(options, store.clock);
    ASSERT_TRUE(opened.has_value()) << opened.error().detail;
    EXPECT_EQ((*opened)->store().head(), head);
    for (const auto& check : (*opened)->verify()) EXPECT_TRUE(check.ok) << check.name << check.finding;
}

TEST(SqliteBackup, into_a_folder_that_is_not_there_is_refused) {
    SqliteUnderTest store;
    EXPECT_FALSE(store.storage->backup_to(store.folder.file("none/copy.db")).has_value());
}

}  // namespace
}  // namespace onhand::storage::sqlite
