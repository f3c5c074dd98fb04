#include "storage/postgres/reader.hpp"

#include <gtest/gtest.h>

#include <thread>

#include "storage/postgres/postgres_test_support.hpp"
#include "storage/random_trade.hpp"

// What the reading face does beyond the contract suite: waiting for numbers, lost connections, damaged rows.

namespace onhand::storage::postgres {
namespace {

class ReaderTest : public testing::Test {
  protected:
    ConnectOptions options() const { return {.url = store_.database.url(), .application_name = "onhand reader_test"}; }
    // One order, committed and not numbered.
    domain::Order place_unnumbered() {
        domain::PlaceOrder command;
        command.lines = {{"A", "", 1}};
        std::vector<domain::Outcome> outcomes;
        auto changes = driver_.judge({{command, {}, {}, driver_.actor}}, outcomes);
        EXPECT_EQ(store_.store().commit(changes).status, CommitStatus::committed);
        driver_.set().clear();
        return std::get<domain::OrderDone>(outcomes.front()).order;
    }
    domain::Order place_with(const std::string& reference) {
        domain::PlaceOrder command;
        command.lines = {{"A", "", 1}};
        command.reference = reference;
        return std::get<domain::OrderDone>(driver_.run(command)).order;
    }
    std::int64_t found(const std::string& search) {
        const auto page = store_.read_store().orders({.search = search});
        EXPECT_TRUE(page.has_value()) << page.error().detail;
        return page.has_value() ? page->total : -1;
    }
    void kill_readers() {
        const auto connection = store_.database.connect();
        EXPECT_GT(query_int(*connection,
                            "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity "
                            "WHERE application_name = 'onhand reader_test' AND datname = current_database()"),
                  0);
    }

    PostgresUnderTest store_;
    Driver driver_{store_};
};

TEST_F(ReaderTest, leaves_out_what_is_not_numbered_in_time) {
    driver_.make_product("A", 10);
    driver_.place("A", 1);
    const auto order = place_unnumbered();
    Reader reader(options(), 1, std::chrono::milliseconds(1));
    EXPECT_EQ(reader.orders({})->total, 1);
    EXPECT_EQ(reader.orders({})->rows.size(), 1U);
    EXPECT_EQ(reader.movements({})->rows.size(), 2U);
    EXPECT_EQ(reader.order(order.id)->value().placed_seq, 0);
    ASSERT_EQ(store_.storage->outbox().number(0, 10)->given, 1);
    EXPECT_EQ(reader.orders({})->total, 2);
    EXPECT_EQ(reader.orders({})->rows.size(), 2U);
    EXPECT_EQ(reader.movements({})->rows.size(), 3U);
    EXPECT_GT(reader.order(order.id)->value().placed_seq, 0);
}

TEST_F(ReaderTest, waits_for_the_relay) {
    driver_.make_product("A", 1000);
    Reader reader(options(), 1, std::chrono::seconds(60));
    std::atomic<bool> stop = false;
    std::thread relay([&] {
        while (!stop) EXPECT_TRUE(store_.storage->outbox().number(0, 10).has_value());
    });
    for (int count = 1; count <= 20; ++count) {
        const auto order = place_unnumbered();
        EXPECT_GT(reader.order(order.id)->value().placed_seq, 0);
        const auto another = place_unnumbered();
        const auto page = reader.orders({.limit = 1});
        EXPECT_EQ(page->total, count * 2);
        EXPECT_EQ(page->rows.at(0).order.id, another.id);
    }
    stop = true;
    relay.join();
}

TEST_F(ReaderTest, leaves_out_of_every_total_what_is_not_numbered) {
    driver_.make_product("A", 100);
    for (int i = 0; i < 3; ++i) driver_.place("A", 1);
    place_unnumbered();
    Reader reader(options(), 1, std::chrono::milliseconds(0));
    const domain::ProductId product{1};
    for (const auto& filter : {domain::OrderFilter{}, domain::OrderFilter{.status = domain::OrderStatus::placed},
                               domain::OrderFilter{.product = product}, domain::OrderFilter{.placed_by = driver_.actor},
                               domain::OrderFilter{.status = domain::OrderStatus::placed, .product = product}}) {
        const auto page = reader.orders(filter);
        ASSERT_TRUE(page.has_value()) << page.error().detail;
        EXPECT_EQ(page->total, 3);
        EXPECT_EQ(page->rows.size(), 3U);
    }
}

// What nobody keeps a count of is counted to a bound, and pages lie beyond it nevertheless.
TEST_F(ReaderTest, counts_up_to_a_bound) {
    driver_.make_product("A", 1'000'000);
    constexpr std::size_t batch = 1200;
    constexpr std::int64_t batches = order_count_max / batch + 1;
    domain::PlaceOrder place;
    place.lines = {{"A", "", 1}};
    place.reference = "same";
    for (int i = 0; i < batches; ++i)
        driver_.run(std::vector<Driver::Wish>(batch, Driver::Wish{place, {}, {}, driver_.actor}));
    Reader& reader = dynamic_cast<Reader&>(store_.read_store());
    constexpr std::int64_t all = batch * batches;
    static_assert(all > order_count_max);
    const domain::ProductId product{1};
    EXPECT_EQ(reader.orders({})->total, all);
    EXPECT_EQ(reader.orders({.status = domain::OrderStatus::placed})->total, all);
    EXPECT_EQ(reader.orders({.product = product})->total, all);
    const auto oldest = [&](domain::OrderFilter filter) {
        filter.offset = all - 2;
        filter.limit = 5;
        const auto page = reader.orders(filter);
        EXPECT_EQ(page->rows.size(), 2U);
        EXPECT_EQ(page->rows.back().order.number, domain::first_order_number);
        EXPECT_EQ(page->total_is_exact, page->total == all);
        return page->total;
    };
    EXPECT_EQ(oldest({}), all);
    EXPECT_EQ(oldest({.product = product}), all);
    EXPECT_EQ(oldest({.search = "same"}), order_count_max);
    EXPECT_EQ(oldest({.placed_by = driver_.actor}), order_count_max);
    EXPECT_GE(oldest({.search = "same", .product = product}), order_count_max);
    const auto counted = reader.orders({.search = "same", .product = product});
    EXPECT_LT(counted->total, all);
    EXPECT_FALSE(counted->total_is_exact);
}

TEST_F(ReaderTest, serves_many_threads_on_few_connections) {
    driver_.make_product("A", 10);
    const auto order = driver_.place("A", 1);
    Reader reader(options(), 2);
    std::vector<std::thread> threads;
    for (int i = 0; i < 6; ++i)
        threads.emplace_back([&] {
            for (int round = 0; round < 20; ++round) {
                EXPECT_EQ(reader.orders({})->total, 1);
                EXPECT_EQ(reader.order(order.id)->value().order.id, order.id);
                EXPECT_EQ(reader.feed(0, 10)->items.size(), 4U);
                EXPECT_TRUE(reader.ping().has_value());
            }
        });
    for (auto& thread : threads) thread.join();
}

TEST_F(ReaderTest, reads_on_after_its_connections_were_lost) {
    driver_.make_product("A", 10);
    Reader reader(options(), 2);
    ASSERT_TRUE(reader.ping().has_value());
    kill_readers();
    EXPECT_TRUE(reader.ping().has_value());
    kill_readers();
    EXPECT_EQ(reader.products(std::array{domain::ProductId{1}})->size(), 1U);
    kill_readers();
    int products = 0;
    ReadStore::Visitor visitor;
    visitor.product = [&](domain::Product&&) { ++products; };
    EXPECT_TRUE(reader.visit_all(visitor).has_value());
    EXPECT_EQ(products, 1);
}

TEST_F(ReaderTest, does_not_show_a_visitor_rows_twice) {
    driver_.make_product("A", 10);
    Reader reader(options(), 1);
    int products = 0;
    ReadStore::Visitor visitor;
    visitor.product = [&](domain::Product&&) {
        ++products;
        kill_readers();
    };
    const auto moment = reader.visit_all(visitor);
    ASSERT_TRUE(moment.has_error());
    EXPECT_EQ(moment.error().code, StoreErrc::unavailable);
    EXPECT_EQ(products, 1);
}

TEST_F(ReaderTest, tells_of_a_server_that_is_not_there) {
    Reader reader({.url = "postgresql://127.0.0.1:1/nothing"}, 1);
    const auto answer = reader.ping();
    ASSERT_TRUE(answer.has_error());
    EXPECT_EQ(answer.error().code, StoreErrc::unavailable);
    // The session went back: another call does not wait for it.
    EXPECT_EQ(reader.orders({}).error().code, StoreErrc::unavailable);
}

TEST_F(ReaderTest, gives_up_when_all_connections_are_in_use) {
    ReadPool pool(options(), 1, std::chrono::milliseconds(1));
    {
        const auto lease = pool.borrow();
        EXPECT_THROW(pool.borrow(), SqlError);
    }
    EXPECT_TRUE((*pool.borrow()).ok());
}

TEST_F(ReaderTest, finds_long_words_that_are_cut_inside_a_character) {
    driver_.make_product("A", 10);
    std::string word = "x";
    for (int i = 0; i < 40; ++i) word += "å";
    place_with(word + " second");
    EXPECT_EQ(found(word), 1);
    EXPECT_EQ(found(word.substr(0, 21)), 1);
    EXPECT_EQ(found(word + " sec"), 1);
    EXPECT_EQ(found("x" + word), 0);
}

TEST_F(ReaderTest, takes_any_text_to_search_for) {
    driver_.make_product("A", 10);
    place_with("O'Brien & Søn: \"two\"");
    for (const char* search : {"o'brien", "O'BRIEN", "søn:*", "&", "o' | zzz", "\"two", "(two)", "two\\", "!two"})
        EXPECT_EQ(found(search), std::string(search) == "&" || std::string(search) == "o' | zzz" ? 0 : 1) << search;
    EXPECT_EQ(found("\xff\xfe"), 0);
    // Half of a character: what it may be the beginning of is found.
    EXPECT_EQ(found("s\xc3"), 1);
}

TEST_F(ReaderTest, tells_of_a_damaged_feed) {
    driver_.make_product("A", 10);
    for (int i = 0; i < 3; ++i) driver_.place("A", 1);
    const auto connection = store_.database.connect();
    const auto feed_after = [&](domain::FeedSeq after) { return store_.read_store().feed(after, 100); };
    connection->execute("UPDATE outbox SET changes = changes || '\\x00' WHERE number = 4");
    EXPECT_EQ(feed_after(0).error().code, StoreErrc::corrupt);
    connection->execute("DELETE FROM outbox WHERE number = 4");
    EXPECT_EQ(feed_after(0).error().code, StoreErrc::corrupt);
    connection->execute("DELETE FROM outbox WHERE number = 2");
    EXPECT_EQ(feed_after(0).error().code, StoreErrc::corrupt);
}

}  // namespace
}  // namespace onhand::storage::postgres
