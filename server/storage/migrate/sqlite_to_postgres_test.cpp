#include "storage/migrate/sqlite_to_postgres.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "storage/postgres/postgres_test_support.hpp"
#include "storage/random_trade.hpp"
#include "storage/sqlite/database.hpp"
#include "storage/sqlite/sqlite_test_support.hpp"

namespace onhand::storage {
namespace {

// A SQLite store with something of everything, and an empty database.
class MigrateTest : public testing::Test {
  protected:
    MigrateTest() {
        trade_.set_up();
        for (int i = 0; i < 60; ++i) trade_.step(12);
        domain::CreateAccount account;
        account.account.email = "a@example.com";
        account.account.name = "Ada";
        account.account.password_hash = "hash";
        account.account.role = domain::Role::admin;
        const auto made = std::get<domain::AccountDone>(driver_.run(account)).account;
        domain::OpenSession session;
        session.session.account = made.id;
        session.session.token_hash.fill(7);
        session.session.expires_at = INT64_MAX;
        driver_.run(session);
        domain::Changes answers;
        for (std::uint64_t i = 0; i < 1500; ++i)
            answers.answers.push_back({key_hash(i), key_hash(i + 1), 5, 409, std::string("\0body", 5)});
        EXPECT_EQ(source_.store().commit(answers).status, CommitStatus::committed);
        known_ = driver_.place("P0", 1, key_hash(99'999));
        // A level without any movement: the feed does not tell of it.
        driver_.make_product("EMPTY", 0);
        driver_.run(domain::UpdateProduct{.sku = "P1", .expected_version = 1, .name = "Better"});
        driver_.run(domain::FulfilOrder{known_.id, {}});
        source_.close();
    }

    Result<MigrationReport, std::string> migrate() {
        return migrate_sqlite_to_postgres(source_.options.path, target_.url(), {});
    }
    std::string refusal() {
        const auto report = migrate();
        return report.has_error() ? report.error() : "";
    }
    std::int64_t rows_in_target(const std::string& table) {
        return postgres::query_int(*target_.connect(), "SELECT count(*) FROM " + table);
    }

    sqlite::SqliteUnderTest source_;
    Driver driver_{source_};
    RandomTrade trade_{driver_, 11};
    domain::Order known_;
    postgres::TestDatabase target_;
};

TEST_F(MigrateTest, moves_everything_with_its_numbers) {
    std::vector<std::int64_t> steps;
    const auto report = migrate_sqlite_to_postgres(source_.options.path, target_.url(),
                                                   [&](std::int64_t done, std::int64_t) { steps.push_back(done); });
    ASSERT_TRUE(report.has_value()) << report.error();
    EXPECT_EQ(report->items, static_cast<std::int64_t>(driver_.items.size()));
    EXPECT_EQ(report->accounts, 1);
    EXPECT_EQ(report->sessions, 1);
    EXPECT_EQ(report->answers, 1500);
    EXPECT_EQ(report->levels, static_cast<std::int64_t>(driver_.levels.size()));
    EXPECT_EQ(steps.back(), report->items);
    for (const auto& check : report->checks) EXPECT_TRUE(check.ok) << check.name << ": " << check.finding;

    const ManualClock clock;
    auto opened = postgres::PostgresStorage::open({.url = target_.url()}, clock);
    ASSERT_TRUE(opened.has_value()) << opened.error().detail;
    ReadStore& read = (*opened)->read_store();
    EXPECT_EQ(texts_of(read.feed(0, 1'000'000)->items), texts_of(driver_.items));
    for (int question = 0; question < 60; ++question) {
        const auto orders = trade_.order_filter(report->items);
        const auto page = read.orders(orders);
        const auto expected = naive_orders(driver_.items, orders);
        ASSERT_EQ(texts_of(page->rows), texts_of(expected.rows));
        ASSERT_EQ(page->total, expected.total);
        const auto movements = trade_.movement_filter(report->items);
        ASSERT_EQ(texts_of(read.movements(movements)->rows), texts_of(naive_movements(driver_.items, movements).rows));
    }
    EXPECT_EQ((*opened)->outbox().number(0, 100)->given, 0);
}

// The shared store as the driver needs it.
class Opened final : public StoreUnderTest {
  public:
    explicit Opened(postgres::PostgresStorage& storage) : storage_(storage) {}
    Store& store() override { return storage_.store(0); }
    ReadStore& read_store() override { return storage_.read_store(); }
    void reopen() override {}
    void number(domain::Changes& changes) override {
        const auto step = storage_.outbox().number(numbered_, 10);
        ASSERT_EQ(step->given, 1);
        numbered_ = step->batches.back().number;
        auto seq = step->batches.back().first;
        for (auto& item : changes.items) domain::set_seq(item, seq++);
    }

  private:
    postgres::PostgresStorage& storage_;
    std::int64_t numbered_ = 0;
};

TEST_F(MigrateTest, work_goes_on_where_it_ended) {
    ASSERT_EQ(refusal(), "");
    const ManualClock clock;
    auto opened = postgres::PostgresStorage::open({.url = target_.url()}, clock);
    ASSERT_TRUE(opened.has_value()) << opened.error().detail;
    Opened under_test(**opened);
    Driver driver(under_test);
    // A repeated key gets the answer it got before.
    domain::WorkingSet none;
    const std::array keys = {key_hash(99'999), key_hash(3)};
    const auto found = under_test.store().load(keys, {}, none);
    under_test.store().abandon();
    ASSERT_TRUE(found.has_value() && found->at(0) && found->at(1));
    EXPECT_EQ(text_of(std::get<domain::Order>(found->at(0)->answer)), text_of(known_));
    EXPECT_EQ(std::get<domain::StoredAnswer>(found->at(1)->answer).body, std::string("\0body", 5));
    // New numbers are above all old ones.
    EXPECT_GT(driver.place("P0", 1).number, known_.number);
    driver.make_product("NEW", 3);
    EXPECT_EQ(domain::seq_of(driver.items.front()), static_cast<domain::FeedSeq>(driver_.items.size()) + 1);
    driver.run(domain::CreateLocation{"YARD", "The yard"});
    driver.run(domain::AdjustStock{"P2", "", 4, domain::Reason::found, "", {}});
    for (const auto& check : (*opened)->verify()) EXPECT_TRUE(check.ok) << check.name << ": " << check.finding;
}

TEST_F(MigrateTest, refuses_a_database_that_is_not_empty) {
    ASSERT_EQ(refusal(), "");
    EXPECT_THAT(refusal(), testing::HasSubstr("not empty"));
}

TEST_F(MigrateTest, refuses_a_source_that_is_in_use) {
    source_.open();
    EXPECT_THAT(refusal(), testing::HasSubstr("another process is using"));
    source_.close();
    EXPECT_EQ(refusal(), "");
}

TEST_F(MigrateTest, refuses_a_target_that_is_in_use) {
    const ManualClock clock;
    {
        auto opened = postgres::PostgresStorage::open({.url = target_.url()}, clock);
        ASSERT_TRUE(opened.has_value()) << opened.error().detail;
        EXPECT_THAT(refusal(), testing::HasSubstr("another onhand is connected"));
    }
    const auto connection = target_.connect();
    connection->begin(postgres::Isolation::read_committed);
    connection->execute("LOCK TABLE product IN ROW EXCLUSIVE MODE");
    EXPECT_THAT(refusal(), testing::HasSubstr("lock timeout"));
}

TEST_F(MigrateTest, refuses_a_source_that_is_not_there) {
    const auto report = migrate_sqlite_to_postgres(source_.folder.file("none.db"), target_.url(), {});
    ASSERT_TRUE(report.has_error());
    EXPECT_FALSE(std::filesystem::exists(source_.folder.file("none.db")));
}

// A damaged source is found out before anything stays in the target.
TEST_F(MigrateTest, leaves_nothing_behind_when_the_source_is_damaged) {
    for (const char* damage :
         {"UPDATE level SET on_hand = on_hand + 1 WHERE product = 2",
          "UPDATE product SET name = 'changed' WHERE id = 2",
          "UPDATE orders SET status = 3 WHERE seq = (SELECT max(seq) FROM orders WHERE status = 2)",
          "UPDATE movement SET quantity = quantity + 1 WHERE seq = (SELECT max(seq) FROM movement)",
          "DELETE FROM movement WHERE seq = (SELECT max(seq) FROM movement)"}) {
        SCOPED_TRACE(damage);
        sqlite::SqliteUnderTest copy(false);
        copy.close();
        std::filesystem::copy_file(source_.options.path, copy.options.path,
                                   std::filesystem::copy_options::overwrite_existing);
        std::filesystem::remove(copy.options.path + ".mark");
        {
            sqlite::Connection(copy.options.path, sqlite::Connection::Mode::write).execute(damage);
        }
        const auto report = migrate_sqlite_to_postgres(copy.options.path, target_.url(), {});
        EXPECT_TRUE(report.has_error());
        for (const char* table : {"product", "account", "outbox", "request_result", "movement"})
            EXPECT_EQ(rows_in_target(table), 0) << table;
    }
    EXPECT_EQ(refusal(), "");
}

}  // namespace
}  // namespace onhand::storage
