#include "storage/sqlite/order_states.hpp"

#include <random>

#include "storage/sqlite/derived_index.hpp"
#include "storage/sqlite/sqlite_test_support.hpp"

namespace onhand::storage::sqlite {
namespace {

using domain::OrderStatus;

constexpr domain::FeedSeq part_numbers = 1 << StateBlock::part_bits;

// A file of states as the derived store has one, and the states in memory.
class OrderStatesTest : public testing::Test {
  protected:
    OrderStatesTest() {
        DerivedIndex::create(connection_, {});
        index_.emplace(connection_);
    }

    void add(domain::FeedSeq seq, OrderStatus status) {
        index_->add_order({seq, 1, status});
        expected_[seq] = status;
    }
    void change(domain::FeedSeq seq, OrderStatus status) {
        index_->change_state(seq, status);
        expected_[seq] = status;
    }
    void write(domain::FeedSeq applied) {
        states_.apply(index_->new_orders(), index_->new_states(), applied);
        index_->flush(applied);
    }
    void load() {
        DerivedReader reader(path_);
        states_.load(reader);
    }
    void expect_as_written() {
        const auto snapshot = states_.snapshot();
        ASSERT_TRUE(snapshot);
        for (domain::FeedSeq seq = 1; seq <= expected_.rbegin()->first + 2; ++seq) {
            const auto found = expected_.find(seq);
            const auto status = snapshot->status(seq);
            ASSERT_EQ(status.has_value(), found != expected_.end()) << seq;
            if (status) ASSERT_EQ(*status, found->second) << seq;
        }
    }
    // Orders at random places of a stretch; a tenth of them, at random, changed.
    void trade(domain::FeedSeq from, domain::FeedSeq to) {
        for (domain::FeedSeq seq = from; seq < to; seq += 1 + static_cast<domain::FeedSeq>(random_() % 7))
            add(seq, OrderStatus::placed);
        std::vector<domain::FeedSeq> all;
        for (const auto& [seq, status] : expected_) all.push_back(seq);
        for (std::size_t i = 0; i < all.size() / 10; ++i)
            change(all[random_() % all.size()], static_cast<OrderStatus>(random_() % order_states));
        write(to);
    }

    TemporaryFolder folder_;
    const std::string path_ = folder_.file("derived");
    Connection connection_{path_, Connection::Mode::write};
    std::optional<DerivedIndex> index_;
    OrderStates states_;
    std::map<domain::FeedSeq, OrderStatus> expected_;
    std::mt19937_64 random_{7};
};

TEST_F(OrderStatesTest, are_missing_until_they_are_read_and_after_they_were_dropped) {
    add(5, OrderStatus::placed);
    write(5);
    EXPECT_FALSE(states_.snapshot());
    load();
    expect_as_written();
    states_.drop();
    EXPECT_FALSE(states_.snapshot());
}

TEST_F(OrderStatesTest, are_what_the_file_says_and_follow_it) {
    trade(1, 100'000);
    load();
    expect_as_written();
    EXPECT_EQ(states_.snapshot()->applied, 100'000);
    trade(100'000, 150'000);
    expect_as_written();
    trade(300'000, 310'000);  // a slice without any orders lies between
    expect_as_written();
    EXPECT_EQ(states_.snapshot()->applied, 310'000);
    load();
    expect_as_written();
}

TEST_F(OrderStatesTest, a_snapshot_never_changes) {
    add(5, OrderStatus::placed);
    write(5);
    load();
    const auto before = states_.snapshot();
    change(5, OrderStatus::cancelled);
    add(9, OrderStatus::placed);
    write(9);
    EXPECT_EQ(before->status(5), OrderStatus::placed);
    EXPECT_FALSE(before->status(9));
    EXPECT_EQ(before->applied, 5);
    expect_as_written();
}

TEST_F(OrderStatesTest, stretches_without_a_state_are_passed_over) {
    for (domain::FeedSeq seq = 1; seq < 400'000; seq += 3)
        if (seq < 70'000 || seq > 340'000) add(seq, OrderStatus::placed);
    change(1 + 3 * 1000, OrderStatus::cancelled);
    change(1 + 3 * 20'000, OrderStatus::cancelled);
    write(400'000);
    load();
    const auto snapshot = states_.snapshot();
    const auto reach = [&](domain::FeedSeq seq) { return snapshot->reach_down(seq, OrderStatus::cancelled); };
    const auto end_of_part = [](domain::FeedSeq seq) { return ((seq - 1) / part_numbers + 1) * part_numbers; };
    EXPECT_EQ(reach(400'000), end_of_part(60'001));
    EXPECT_EQ(reach(60'001), 60'001);
    EXPECT_EQ(reach(end_of_part(60'001) - part_numbers), end_of_part(3001));
    EXPECT_EQ(reach(2), 2) << "its part has one";
    change(3001, OrderStatus::placed);
    write(400'000);
    EXPECT_EQ(states_.snapshot()->reach_down(50'000, OrderStatus::cancelled), 0);
    EXPECT_EQ(states_.snapshot()->reach_down(400'000, OrderStatus::returned), 0);
}

// Lists of orders with and without the states in memory, against a look at every order.
class OrderListTest : public testing::Test {
  protected:
    OrderListTest() {
        driver_.make_product("A", 1'000'000);
        driver_.make_product("B", 1'000'000);
        for (int i = 0; i < 6000; i += 500) place(i, i + 500);
        for (const int i : {3, 2000, 2001, 5990}) cancel(i);
    }

    void place(int from, int to) {
        std::vector<Driver::Wish> wishes;
        for (int i = from; i < to; ++i) {
            domain::PlaceOrder command;
            command.lines = {{i % 100 == 3 ? "A" : "B", "", 1}};
            command.customer = i % 2 == 0 ? "Anna" : "Ben Common";
            wishes.push_back({command, {}, {}, driver_.actor});
        }
        for (const auto& outcome : driver_.run(wishes)) placed_.push_back(std::get<domain::OrderDone>(outcome).order);
    }
    void cancel(int i) {
        domain::CancelOrder command;
        command.order = placed_[static_cast<std::size_t>(i)].id;
        const auto outcome = driver_.run(command);
        ASSERT_NE(std::get_if<domain::OrderDone>(&outcome), nullptr);
        placed_[static_cast<std::size_t>(i)] = std::get<domain::OrderDone>(outcome).order;
    }
    void catch_up() { ASSERT_TRUE(store_.storage->catch_up_derived(store_.store().head()).has_value()); }

    void expect_list(const domain::OrderFilter& filter, const std::string& word) {
        std::vector<Uuid> expected;
        for (auto order = placed_.rbegin(); order != placed_.rend(); ++order) {
            const bool has_product = !filter.product || order->lines.front().level.product == *filter.product;
            const bool has_word = word.empty() || order->customer.starts_with(word);
            if (order->status == *filter.status && has_product && has_word) expected.push_back(order->id);
        }
        const auto page = store_.read_store().orders(filter);
        ASSERT_TRUE(page.has_value()) << page.error().detail;
        if (page->total_is_exact)
            EXPECT_EQ(page->total, static_cast<std::int64_t>(expected.size()));
        else
            EXPECT_LE(page->total, static_cast<std::int64_t>(expected.size()));
        std::vector<Uuid> found;
        for (const auto& row : page->rows) found.push_back(row.order.id);
        expected.resize(std::min(expected.size(), static_cast<std::size_t>(filter.limit)));
        EXPECT_EQ(found, expected);
    }
    void expect_lists() {
        for (const auto status : {OrderStatus::cancelled, OrderStatus::fulfilled, OrderStatus::placed}) {
            for (const std::string word : {"", "Anna", "Ben", "Nobody"}) {
                for (const int product : {0, 1, 2}) {
                    SCOPED_TRACE(std::to_string(static_cast<int>(status)) + " " + word + " " + std::to_string(product));
                    domain::OrderFilter filter;
                    filter.status = status;
                    filter.search = word == "Ben" ? "ben common" : word;
                    if (product != 0) filter.product = domain::ProductId{product};
                    expect_list(filter, word);
                }
            }
        }
    }

    SqliteUnderTest store_{false, 4096};
    Driver driver_{store_};
    std::vector<domain::Order> placed_;
};

TEST_F(OrderListTest, in_a_state_are_the_same_from_the_file_from_memory_and_behind_both) {
    expect_lists();  // all of it from the rows
    catch_up();
    expect_lists();
    for (const int i : {4, 103, 3003, 3004}) cancel(i);
    place(6003, 6004);
    expect_lists();  // the states in memory, and changes behind them
    catch_up();
    expect_lists();
    store_.reopen();
    driver_.prepare();
    expect_lists();  // from the file
}

}  // namespace
}  // namespace onhand::storage::sqlite
