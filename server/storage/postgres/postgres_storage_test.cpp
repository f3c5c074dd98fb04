// The shared store as a whole: opening, refusing to open, and what loading does beyond the contract suite.

#include <gmock/gmock.h>

#include <future>

#include "storage/postgres/migrations.hpp"
#include "storage/postgres/postgres_lane_test_support.hpp"
#include "storage/postgres/sql_error.hpp"

namespace onhand::storage::postgres {
namespace {

class PostgresStore : public testing::Test {
  protected:
    void SetUp() override {
        options_.url = database_.url();
        options_.lanes = 2;
        meddler_ = database_.connect();
    }
    void open() {
        auto opened = PostgresStorage::open(options_, clock_);
        ASSERT_TRUE(opened.has_value()) << opened.error().detail;
        storage_ = std::move(*opened);
    }
    std::string refusal() {
        auto opened = PostgresStorage::open(options_, clock_);
        return opened.has_value() ? "" : opened.error().detail;
    }
    Store& store(int lane = 0) { return storage_->store(lane); }

    TestDatabase database_;
    ManualClock clock_;
    PostgresOptions options_;
    std::unique_ptr<PostgresStorage> storage_;
    std::unique_ptr<Connection> meddler_;
};

// ---- opening

TEST_F(PostgresStore, migrates_once_however_many_instances_start_at_the_same_time) {
    std::vector<std::thread> starts;
    for (int i = 0; i < 4; ++i) starts.emplace_back([this] { EXPECT_EQ(refusal(), ""); });
    for (auto& start : starts) start.join();
    EXPECT_EQ(query_int(*meddler_, "SELECT count(*) FROM schema_migration"), 2);
    EXPECT_EQ(query_int(*meddler_, "SELECT count(*) FROM location"), 1);
}

TEST_F(PostgresStore, changes_tables_without_making_others_wait_behind_a_long_reader) {
    ASSERT_EQ(migrate(*meddler_, embedded_migrations().first(1), 1), std::nullopt);
    meddler_->execute("BEGIN");
    meddler_->execute("SELECT count(*) FROM stock_level");
    auto opening = std::async(std::launch::async, [this] { return refusal(); });
    const auto other = database_.connect();
    other->execute("SET statement_timeout = '60s'");
    while (query_int(*other, "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'") == 0)
        std::this_thread::yield();
    // It stands behind who wants the table for itself, who stands behind the reader.
    EXPECT_EQ(query_int(*other, "SELECT count(*) FROM stock_level"), 0);
    meddler_->execute("COMMIT");
    EXPECT_EQ(opening.get(), "");
    EXPECT_EQ(query_int(*meddler_, "SELECT count(*) FROM schema_migration"), 2);
}

TEST_F(PostgresStore, is_not_opened_when_a_newer_version_made_it) {
    open();
    meddler_->execute("INSERT INTO schema_migration VALUES (3, '0003_of_the_future', 'x', 1)");
    EXPECT_THAT(refusal(), testing::HasSubstr("made by a newer onhand: it has migration 0003_of_the_future"));
}

TEST_F(PostgresStore, is_not_opened_when_a_migration_was_edited) {
    open();
    meddler_->execute("UPDATE schema_migration SET checksum = 'another'");
    EXPECT_THAT(refusal(), testing::HasSubstr("was changed after it was applied"));
}

TEST_F(PostgresStore, is_not_opened_without_its_constraints) {
    open();
    meddler_->execute("ALTER TABLE stock_level DROP CONSTRAINT promised_fits");
    EXPECT_THAT(refusal(), testing::HasSubstr("lacks the constraint promised_fits"));
    meddler_->execute(
        "ALTER TABLE stock_level ADD CONSTRAINT promised_fits CHECK (unavailable + held + allocated <= on_hand) "
        "NOT VALID");
    EXPECT_THAT(refusal(), testing::HasSubstr("lacks the constraint promised_fits")) << "not checked on all rows";
    meddler_->execute("ALTER TABLE stock_level VALIDATE CONSTRAINT promised_fits");
    EXPECT_EQ(refusal(), "");
}

TEST_F(PostgresStore, is_not_opened_when_commits_would_not_be_durable) {
    meddler_->execute("ALTER DATABASE " + database_.name() + " SET synchronous_commit = off");
    EXPECT_THAT(refusal(), testing::HasSubstr("synchronous_commit = off"));
    meddler_->execute("ALTER DATABASE " + database_.name() + " SET synchronous_commit = local");
    EXPECT_EQ(refusal(), "");
}

TEST_F(PostgresStore, is_not_opened_in_another_encoding) {
    const std::string name = database_.name() + "_latin";
    meddler_->execute("CREATE DATABASE " + name + " ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    options_.url = with_database(test_server_url(), name);
    EXPECT_THAT(refusal(), testing::HasSubstr("encoding LATIN1; onhand needs UTF8"));
    meddler_->execute("DROP DATABASE " + name);
}

TEST_F(PostgresStore, says_why_when_there_is_no_server) {
    options_.url = "postgresql://onhand@127.0.0.1:1/onhand";
    EXPECT_THAT(refusal(), testing::HasSubstr("cannot open the PostgreSQL database"));
}

TEST_F(PostgresStore, reads_safely_whatever_isolation_is_the_default) {
    meddler_->execute("ALTER DATABASE " + database_.name() + " SET default_transaction_isolation = serializable");
    open();
    TestLane first(store(0), 1);
    TestLane second(store(1), 2);
    ASSERT_TRUE(first.run({product_of("A", 10)})) << first.error.detail;
    // In a serializable transaction the second would fail where this one sees what the first has committed.
    auto changes = first.judge({order_of("A", 4)});
    ASSERT_TRUE(changes.has_value());
    std::thread other([&] { EXPECT_TRUE(second.run({order_of("A", 4)})) << second.error.detail; });
    while (query_int(*meddler_, "SELECT count(*) FROM pg_locks WHERE NOT granted") == 0) std::this_thread::yield();
    EXPECT_EQ(first.commit(*changes), CommitStatus::committed);
    other.join();
    EXPECT_EQ(query_int(*meddler_, "SELECT allocated FROM stock_level"), 8);
}

// A server of this test's own, whose settings it may change.
class PrivateServer {
  public:
    PrivateServer() : folder_(::testing::TempDir() + "onhand-pg-" + std::to_string(::getpid())) { run("start"); }
    ~PrivateServer() { run("stop"); }
    PrivateServer(const PrivateServer&) = delete;
    PrivateServer& operator=(const PrivateServer&) = delete;

    void run(const std::string& what) {
        const std::string script = std::string(ONHAND_SOURCE_DIR) + "/tests/support/postgres.sh ";
        ASSERT_EQ(std::system((script + what + " " + folder_).c_str()), 0) << what;
    }
    std::string url() const {
        std::ifstream in(folder_ + "/url");
        std::string url;
        std::getline(in, url);
        return url;
    }
    const std::string& folder() const { return folder_; }

  private:
    std::string folder_;
};

class PostgresServer : public testing::Test {
  protected:
    PostgresServer() { options_.url = server_.url(); }
    std::string refusal() {
        auto opened = PostgresStorage::open(options_, clock_);
        return opened.has_value() ? "" : opened.error().detail;
    }
    // Sets it for the whole server and waits until it holds.
    void set(const std::string& name, const std::string& value) {
        ConnectOptions options;
        options.url = options_.url;
        Connection connection(options);
        connection.execute("ALTER SYSTEM SET " + name + " = " + value);
        connection.execute("SELECT pg_reload_conf()");
        while (connection.query_text("SELECT current_setting('" + name + "')", Params{}).text(0, 0) != value)
            std::this_thread::yield();
    }

    PrivateServer server_;
    ManualClock clock_;
    PostgresOptions options_;
};

TEST_F(PostgresServer, is_refused_without_fsync_and_without_full_pages) {
    set("fsync", "off");
    EXPECT_THAT(refusal(), testing::HasSubstr("fsync = off"));
    set("fsync", "on");
    set("full_page_writes", "off");
    EXPECT_THAT(refusal(), testing::HasSubstr("full_page_writes = off"));
    set("full_page_writes", "on");
    EXPECT_EQ(refusal(), "");
}

TEST_F(PostgresServer, that_crashes_keeps_every_order_and_is_used_again_when_it_is_back) {
    auto opened = PostgresStorage::open(options_, clock_);
    ASSERT_TRUE(opened.has_value());
    TestLane lane((*opened)->store(0));
    ASSERT_TRUE(lane.run({product_of("A", 100)}));
    for (std::uint64_t key = 1; key <= 20; ++key) ASSERT_TRUE(lane.run({order_of("A", 1, key)}));
    server_.run("kill");
    EXPECT_FALSE(lane.run({order_of("A", 1, 21)}));
    EXPECT_EQ(lane.error.code, StoreErrc::unavailable);
    EXPECT_FALSE((*opened)->outbox().number(0, 10).has_value());
    EXPECT_FALSE((*opened)->read_store().ping().has_value());
    server_.run("start");
    std::vector<TestLane::Wish> wishes;
    for (std::uint64_t key = 1; key <= 21; ++key) wishes.push_back(order_of("A", 1, key));
    ASSERT_TRUE(lane.run(wishes)) << lane.error.detail;
    for (std::size_t i = 0; i < wishes.size(); ++i) EXPECT_EQ(lane.known[i].has_value(), i < 20) << i;
    expect_verified(**opened);
}

TEST_F(PostgresServer, is_waited_for_when_it_starts_later) {
    server_.run("kill");
    EXPECT_THAT(refusal(), testing::HasSubstr("cannot open the PostgreSQL database")) << "nobody said to wait";
    options_.start_patience = std::chrono::minutes(2);
    // It begins long before a server can be up.
    auto opening = std::async(std::launch::async, [this] { return refusal(); });
    server_.run("start");
    EXPECT_EQ(opening.get(), "");
}

TEST_F(PostgresServer, is_not_waited_for_when_it_refuses_the_account) {
    // Waiting for another answer would take longer than any test may.
    options_.start_patience = std::chrono::hours(24);
    options_.url += (options_.url.find('?') == std::string::npos ? "?" : "&") + std::string("user=nobody_of_this_name");
    EXPECT_THAT(refusal(), testing::HasSubstr("nobody_of_this_name"));
}

TEST_F(PostgresServer, is_refused_while_it_is_a_standby) {
    auto opened = PostgresStorage::open(options_, clock_);
    ASSERT_TRUE(opened.has_value());
    TestLane lane((*opened)->store(0));
    ASSERT_TRUE(lane.run({product_of("A", 100)}));
    server_.run("kill");
    std::ofstream(server_.folder() + "/data/standby.signal").flush();
    server_.run("start");
    EXPECT_THAT(refusal(), testing::HasSubstr("is a standby"));
    // A store that was open meets the same server again after a fail-over to nowhere.
    EXPECT_FALSE(lane.run({order_of("A", 1)}));
    EXPECT_EQ(lane.error.code, StoreErrc::unavailable);
    ConnectOptions connect;
    connect.url = options_.url;
    Connection(connect).execute("SELECT pg_promote()");
    EXPECT_TRUE(lane.run({order_of("A", 1)})) << lane.error.detail;
    expect_verified(**opened);
}

// ---- loading

TEST_F(PostgresStore, numbers_left_over_are_used_before_new_ones) {
    open();
    TestLane lane(store());
    ASSERT_TRUE(lane.run({product_of("A", 1)}));
    // Of five orders one can be served: four numbers stay.
    ASSERT_TRUE(lane.run({order_of("A", 1), order_of("A", 1), order_of("A", 1), order_of("A", 1), order_of("A", 1)}));
    EXPECT_EQ(lane.placed(), 1);
    EXPECT_EQ(lane.set().sequences.order_number.reserved(), 4U);
    ASSERT_TRUE(lane.run({order_of("A", 1), order_of("A", 1), order_of("A", 1)}));
    EXPECT_EQ(lane.set().sequences.order_number.reserved(), 4U);
    EXPECT_EQ(query_int(*meddler_, "SELECT last_value FROM order_number"), domain::first_order_number + 4);
}

TEST_F(PostgresStore, a_second_load_of_a_batch_does_not_count_on_numbers_promised_to_the_first) {
    open();
    TestLane lane(store());
    ASSERT_TRUE(lane.run({product_of("A", 10)}));
    domain::RowRequest request;
    const auto wish = order_of("A", 1);
    domain::request_rows(wish.command, lane.set(), request);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(store().load({}, request, lane.set()).has_value());
    EXPECT_EQ(lane.set().sequences.order_number.reserved(), 3U);
    store().abandon();
}

TEST_F(PostgresStore, rows_that_the_batch_changed_stay_as_they_are_when_loaded_again) {
    open();
    TestLane lane(store());
    ASSERT_TRUE(lane.run({product_of("A", 10)}));
    auto changes = lane.judge({order_of("A", 4)});
    ASSERT_TRUE(changes.has_value());
    domain::RowRequest request;
    request.products = {"A"};
    request.levels = {{"A", ""}};
    ASSERT_TRUE(store().load({}, request, lane.set()).has_value());
    EXPECT_EQ(lane.set().find_level(changes->levels.begin()->first)->allocated, 4);
    EXPECT_TRUE(lane.set().has_all_levels("A"));
    EXPECT_EQ(lane.commit(*changes), CommitStatus::committed) << lane.error.detail;
}

TEST_F(PostgresStore, makes_a_new_level_only_under_the_lock_of_its_product) {
    open();
    TestLane lane(store(0), 1);
    TestLane other(store(1), 2);
    ASSERT_TRUE(lane.run({product_of("A", 0), {domain::CreateLocation{"SHOP", "The shop"}, {}}}));
    const TestLane::Wish found{domain::AdjustStock{"A", "SHOP", 5, domain::Reason::found, "", {}}, {}};
    auto changes = lane.judge({found});
    ASSERT_TRUE(changes.has_value());
    // Both want to be the first with stock of A in the shop; the second waits and then adds to what the first made.
    std::thread second([&] { EXPECT_TRUE(other.run({found})) << other.error.detail; });
    while (query_int(*meddler_, "SELECT count(*) FROM pg_locks WHERE NOT granted") == 0) std::this_thread::yield();
    EXPECT_EQ(lane.commit(*changes), CommitStatus::committed) << lane.error.detail;
    second.join();
    EXPECT_EQ(query_int(*meddler_, "SELECT on_hand FROM stock_level WHERE location = 2"), 10);
    EXPECT_EQ(query_int(*meddler_, "SELECT version FROM stock_level WHERE location = 2"), 2);
    expect_verified(*storage_);
}

TEST_F(PostgresStore, an_order_that_waited_for_an_archiving_sees_the_product_archived) {
    open();
    TestLane lane(store(0), 1);
    TestLane other(store(1), 2);
    ASSERT_TRUE(lane.run({product_of("A", 0)}));
    ASSERT_TRUE(other.run({order_of("A", 1)})) << "the name is known, nothing is in stock";
    auto changes = lane.judge({{domain::ArchiveProduct{"A", 1}, {}}});
    ASSERT_TRUE(changes.has_value());
    std::thread waiting([&] { EXPECT_TRUE(other.run({order_of("A", 1)})) << other.error.detail; });
    while (query_int(*meddler_, "SELECT count(*) FROM pg_locks WHERE NOT granted") == 0) std::this_thread::yield();
    EXPECT_EQ(lane.commit(*changes), CommitStatus::committed) << lane.error.detail;
    waiting.join();
    const auto* refused = domain::refusal(other.outcomes.at(0));
    ASSERT_NE(refused, nullptr);
    EXPECT_NE(refused->code, domain::RefusalCode::insufficient_stock);
}

TEST_F(PostgresStore, a_session_is_not_opened_for_an_account_that_is_being_disabled) {
    open();
    TestLane lane(store(0), 1);
    TestLane other(store(1), 2);
    domain::CreateAccount create;
    create.account.email = "a@example.com";
    create.account.name = create.account.password_hash = "someone";
    create.account.role = domain::Role::admin;
    ASSERT_TRUE(lane.run({{create, {}}}));
    create.account.email = "b@example.com";
    create.account.role = domain::Role::clerk;
    ASSERT_TRUE(lane.run({{create, {}}}));
    const auto account = std::get<domain::AccountDone>(lane.outcomes.at(0)).account;
    domain::UpdateAccount disable;
    disable.account = account.uuid;
    disable.disabled = true;
    auto changes = lane.judge({{disable, {}}});
    ASSERT_TRUE(changes.has_value());
    domain::OpenSession open_session;
    open_session.session.account = account.id;
    open_session.session.token_hash.fill(7);
    open_session.session.expires_at = 2'000'000'000'000;
    std::thread waiting([&] { other.run({{open_session, {}}}); });
    while (query_int(*meddler_, "SELECT count(*) FROM pg_locks WHERE NOT granted") == 0) std::this_thread::yield();
    EXPECT_EQ(lane.commit(*changes), CommitStatus::committed) << lane.error.detail;
    waiting.join();
    EXPECT_EQ(query_int(*meddler_, "SELECT count(*) FROM session"), 0);
}

TEST_F(PostgresStore, two_first_accounts_are_not_both_the_first) {
    open();
    TestLane lane(store(0), 1);
    TestLane other(store(1), 2);
    domain::RegisterAccount first;
    first.account.email = "a@example.com";
    first.account.name = first.account.password_hash = "someone";
    first.session.token_hash.fill(1);
    domain::RegisterAccount second;
    second.account.email = "b@example.com";
    second.account.name = second.account.password_hash = "someone";
    second.session.token_hash.fill(2);
    auto changes = lane.judge({{first, {}}});
    ASSERT_TRUE(changes.has_value());
    std::thread waiting([&] { other.run({{second, {}}}); });
    while (query_int(*meddler_, "SELECT count(*) FROM pg_locks WHERE NOT granted") == 0) std::this_thread::yield();
    EXPECT_EQ(lane.commit(*changes), CommitStatus::committed) << lane.error.detail;
    waiting.join();
    EXPECT_EQ(query_int(*meddler_, "SELECT count(*) FROM account WHERE role = 3"), 1);
}

TEST_F(PostgresStore, words_cut_inside_a_character_are_stored_and_found) {
    open();
    TestLane lane(store());
    ASSERT_TRUE(lane.run({product_of("A", 10)}));
    domain::PlaceOrder place;
    place.lines = {{"A", "", 1}};
    // 63 bytes of letters, then characters of two bytes: the cut at word_bytes_max falls inside the first of them.
    place.reference = std::string(63, 'x') + "ØØØ";
    ASSERT_TRUE(lane.run({{place, {}}})) << lane.error.detail;
    expect_verified(*storage_);
    domain::OrderFilter filter;
    filter.search = place.reference;
    const auto page = storage_->read_store().orders(filter);
    ASSERT_TRUE(page.has_value()) << page.error().detail;
    EXPECT_EQ(page->total, 1);
}

TEST_F(PostgresStore, head_follows_what_other_instances_numbered) {
    open();
    auto other = PostgresStorage::open(options_, clock_);
    ASSERT_TRUE(other.has_value());
    TestLane lane(store());
    ASSERT_TRUE(lane.run({product_of("A", 10)}));
    const auto numbered = (*other)->outbox().number(0, 10);
    ASSERT_TRUE(numbered.has_value() && numbered->given == 1);
    EXPECT_EQ(store().head(), 0);
    storage_->saw_head(2);
    EXPECT_EQ(store().head(), 2);
    storage_->saw_head(1);
    EXPECT_EQ(store(1).head(), 2) << "it never goes back";
    EXPECT_EQ((*other)->store(0).head(), 2);
    ASSERT_TRUE(storage_->outbox().read(0, 10).has_value());
    EXPECT_EQ(store().head(), 2);
}

// ---- errors as the port tells them

TEST(StoreErrorOfPostgres, is_told_by_the_state) {
    const auto code = [](const char* state, bool lost = false) {
        return to_store_error(SqlError(state, "text", lost)).code;
    };
    for (const char* conflict : {"40001", "40P01", "55P03", "23505"}) EXPECT_EQ(code(conflict), StoreErrc::conflict);
    EXPECT_EQ(code("53100"), StoreErrc::full);
    for (const char* unfit : {"23514", "23503", "22003", "22021"}) EXPECT_EQ(code(unfit), StoreErrc::rejected);
    for (const char* away : {"57014", "57P01", "08006", "53300", "53200", "25006", "42P01", "XX000"})
        EXPECT_EQ(code(away), StoreErrc::unavailable) << away;
    EXPECT_EQ(code("", true), StoreErrc::unavailable);
    EXPECT_EQ(code("XX001"), StoreErrc::corrupt);
}

}  // namespace
}  // namespace onhand::storage::postgres
