// Batches that were judged on rows which an earlier batch left (Store::commit_presumed): what is committed is what a
// loaded batch would have committed, and whatever differs from what was presumed lets nothing of the batch stay.

#include "base/sort_unique.hpp"
#include "domain/batch_codec.hpp"
#include "storage/postgres/postgres_lane_test_support.hpp"

namespace onhand::storage::postgres {
namespace {

constexpr std::size_t numbers_ahead = 20;

// A lane that loads once and presumes from then on.
class PresumingLane {
  public:
    explicit PresumingLane(Store& store, std::uint64_t seed = 1) : store_(store), ids_(std::mt19937_64(seed)) {
        ids_.raise_floor(*store_.prepare(set_));
    }

    // Loads the rows of the orders, and numbers for later ones, and places them.
    void place_loaded(const std::vector<TestLane::Wish>& wishes) {
        set_.clear();
        domain::RowRequest request;
        std::vector<domain::KeyHash> keys;
        for (const auto& wish : wishes) {
            domain::request_rows(wish.command, set_, request);
            keys.push_back(wish.key);
        }
        request.draws.orders += numbers_ahead;
        ASSERT_TRUE(store_.load(keys, request, set_).has_value());
        auto made = judge(wishes);
        ASSERT_EQ(store_.commit(made).status, CommitStatus::committed);
    }
    // On the rows as they are in memory.
    CommitResult place_presumed(const std::vector<TestLane::Wish>& wishes) {
        Presumption rows;
        for (const auto& wish : wishes) add_rows(std::get<domain::PlaceOrder>(wish.command), rows);
        sort_unique(rows.levels);
        sort_unique(rows.products);
        rows.locations.resize(1);
        changes = judge(wishes);
        return store_.commit_presumed(changes, rows, wishes.size(), set_);
    }

    Store& store() { return store_; }
    domain::WorkingSet& set() { return set_; }
    domain::Changes changes;  // of the last presumed batch

  private:
    domain::Changes judge(const std::vector<TestLane::Wish>& wishes) {
        domain::Changes made;
        for (const auto& wish : wishes) {
            const domain::Context context{++now_, domain::AccountId{1}, domain::Role::admin, ids_, wish.key, wish.key};
            const auto outcome = domain::decide(wish.command, set_, context, made);
            EXPECT_EQ(domain::refusal(outcome), nullptr);
        }
        return made;
    }
    void add_rows(const domain::PlaceOrder& order, Presumption& rows) {
        for (const auto& line : order.lines) {
            const auto* product = std::as_const(set_).find_product(line.sku);
            const auto* location = set_.find_location(line.location);
            const auto* level = set_.find_level({product->id, location->id});
            rows.levels.emplace_back(level->key, level->version);
            rows.products.emplace_back(product->id, product->version);
            rows.locations.emplace_back(location->id, location->version);
        }
    }

    Store& store_;
    UuidGenerator ids_;
    domain::WorkingSet set_;
    UnixMillis now_ = 1'800'000'000'000;
};

class PostgresPresumption : public PostgresLanes {
  protected:
    void open(int lanes = 2) {
        PostgresLanes::open(lanes);
        make_products({"A", "B"}, 1000);
    }
    std::int64_t count(const std::string& sql) { return query_int(*meddler_, sql.c_str()); }
    std::int64_t orders() { return count("SELECT count(*) FROM orders"); }
    void expect_conflict(const CommitResult& result) {
        EXPECT_EQ(result.status, CommitStatus::not_committed);
        EXPECT_EQ(result.error.code, StoreErrc::conflict) << result.error.detail;
    }
};

TEST_F(PostgresPresumption, what_is_as_presumed_is_committed_whole) {
    open();
    PresumingLane lane(storage_->store(0));
    lane.place_loaded({order_of("A", 1, 1), order_of("B", 1, 2)});
    for (std::uint64_t key = 3; key < 30; key += 2) {
        const auto result = lane.place_presumed({order_of("B", 2, key), order_of("A", 1, key + 1), order_of("B", 1)});
        ASSERT_EQ(result.status, CommitStatus::committed) << result.error.detail;
    }
    EXPECT_EQ(orders(), 2 + 14 * 3);
    EXPECT_EQ(count("SELECT count(DISTINCT number) FROM orders"), orders());
    EXPECT_EQ(count("SELECT sum(allocated)::bigint FROM stock_level"), 2 + 14 * 4);
    expect_verified(*storage_);
}

TEST_F(PostgresPresumption, another_writer_of_a_level_is_a_conflict) {
    open();
    PresumingLane lane(storage_->store(0));
    lane.place_loaded({order_of("A", 1), order_of("B", 1)});
    TestLane other(storage_->store(1), 2);
    ASSERT_TRUE(other.run({order_of("B", 1)}));
    expect_conflict(lane.place_presumed({order_of("A", 1), order_of("B", 1)}));
    EXPECT_EQ(orders(), 3);
    EXPECT_EQ(count("SELECT count(*) FROM movement"), 2 + 3);
    // Once it has loaded, it may presume again.
    lane.place_loaded({order_of("A", 1), order_of("B", 1)});
    EXPECT_EQ(lane.place_presumed({order_of("A", 1), order_of("B", 1)}).status, CommitStatus::committed);
    expect_verified(*storage_);
}

TEST_F(PostgresPresumption, a_writer_who_is_not_done_is_waited_for_and_then_a_conflict) {
    open();
    PresumingLane lane(storage_->store(0));
    lane.place_loaded({order_of("A", 1)});
    TestLane other(storage_->store(1), 2);
    auto changes = other.judge({order_of("A", 1)});
    ASSERT_TRUE(changes.has_value());
    CommitResult result;
    std::thread waiting([&] { result = lane.place_presumed({order_of("A", 1)}); });
    while (count("SELECT count(*) FROM pg_locks WHERE NOT granted") == 0) std::this_thread::yield();
    EXPECT_EQ(other.commit(*changes), CommitStatus::committed);
    waiting.join();
    expect_conflict(result);
    EXPECT_EQ(orders(), 2);
    expect_verified(*storage_);
}

TEST_F(PostgresPresumption, a_product_or_location_that_changed_is_a_conflict) {
    open();
    PresumingLane lane(storage_->store(0));
    lane.place_loaded({order_of("A", 1)});
    meddler_->execute("UPDATE product SET version = version + 1 WHERE sku = 'A'");
    expect_conflict(lane.place_presumed({order_of("A", 1)}));
    lane.place_loaded({order_of("A", 1)});
    meddler_->execute("UPDATE location SET version = version + 1");
    expect_conflict(lane.place_presumed({order_of("A", 1)}));
    EXPECT_EQ(orders(), 2);
}

TEST_F(PostgresPresumption, a_later_fence_on_a_level_is_a_conflict) {
    open();
    PresumingLane lane(storage_->store(0));
    lane.place_loaded({order_of("A", 1)});
    lane.store().set_fence(lane.store().fence_of_batch());
    EXPECT_EQ(lane.place_presumed({order_of("A", 1)}).status, CommitStatus::committed);
    // The same version, written by somebody who had the lock later.
    meddler_->execute("UPDATE stock_level SET fence = fence + 1");
    expect_conflict(lane.place_presumed({order_of("A", 1)}));
    EXPECT_EQ(orders(), 2);
}

TEST_F(PostgresPresumption, a_used_key_is_a_conflict_and_nothing_of_the_batch_stays) {
    open();
    PresumingLane lane(storage_->store(0));
    lane.place_loaded({order_of("A", 1)});
    TestLane other(storage_->store(1), 2);
    ASSERT_TRUE(other.run({order_of("B", 1, 7)}));
    expect_conflict(lane.place_presumed({order_of("A", 1, 6), order_of("A", 1, 7), order_of("A", 1, 8)}));
    EXPECT_EQ(orders(), 2);
    EXPECT_EQ(count("SELECT sum(allocated)::bigint FROM stock_level"), 2);
    expect_verified(*storage_);
}

TEST_F(PostgresPresumption, a_presumed_batch_has_an_outbox_id_above_those_of_all_who_wrote_before) {
    open();
    PresumingLane lane(storage_->store(0));
    lane.place_loaded({order_of("A", 1)});
    TestLane other(storage_->store(1), 2);
    for (std::uint64_t round = 0; round < 5; ++round) {
        ASSERT_TRUE(other.run({order_of("B", 1)}));
        ASSERT_EQ(lane.place_presumed({order_of("A", 1)}).status, CommitStatus::committed);
        // Both wait for their numbers; what was committed first has the lower one.
        EXPECT_EQ(count("SELECT max(m.batch) FROM movement m JOIN product p ON p.id = m.product WHERE p.sku = 'A'"),
                  count("SELECT max(id) FROM outbox"));
    }
    expect_verified(*storage_);
}

TEST_F(PostgresPresumption, a_lane_whose_session_ended_writes_nothing_and_knows_it) {
    open();
    PresumingLane lane(storage_->store(0));
    lane.place_loaded({order_of("A", 1)});
    count(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = current_database() AND "
        "application_name = 'onhand lane'");
    const auto result = lane.place_presumed({order_of("A", 1)});
    ASSERT_NE(result.status, CommitStatus::committed);
    if (result.status == CommitStatus::unknown) {
        EXPECT_EQ(lane.store().resolve(lane.changes), CommitStatus::not_committed);
    }
    EXPECT_EQ(orders(), 1);
    lane.place_loaded({order_of("A", 1)});
    expect_verified(*storage_);
}

class UnknownPresumedCommit : public PostgresPresumption {
  protected:
    CommitStatus cut(CuttingProxy::Cut how) {
        const std::string url = database_.tcp_url();
        const auto at = url.find(':', url.find('@'));
        proxy_ = std::make_unique<CuttingProxy>(std::stoi(url.substr(at + 1)));
        options_.url = url.substr(0, at + 1) + std::to_string(proxy_->port()) + url.substr(url.find('/', at));
        open();
        lane_ = std::make_unique<PresumingLane>(storage_->store(0));
        lane_->place_loaded({order_of("A", 1, 1)});
        // Statements are prepared now, so that the next commit is one round trip.
        EXPECT_EQ(lane_->place_presumed({order_of("A", 1, 2)}).status, CommitStatus::committed);
        proxy_->arm(how);
        const auto result = lane_->place_presumed({order_of("A", 1, 3)});
        EXPECT_EQ(result.status, CommitStatus::unknown) << result.error.detail;
        return lane_->store().resolve(lane_->changes);
    }
    std::unique_ptr<CuttingProxy> proxy_;
    std::unique_ptr<PresumingLane> lane_;
};

TEST_F(UnknownPresumedCommit, that_holds_is_found) {
    EXPECT_EQ(cut(CuttingProxy::Cut::after), CommitStatus::committed);
    EXPECT_EQ(orders(), 3);
    expect_verified(*storage_);
}

TEST_F(UnknownPresumedCommit, that_never_arrived_is_found) {
    EXPECT_EQ(cut(CuttingProxy::Cut::before), CommitStatus::not_committed);
    EXPECT_EQ(orders(), 2);
    lane_->place_loaded({order_of("A", 1, 3)});
    expect_verified(*storage_);
}

// The server does not know that nobody listens any more, so it would go on: its session is ended before anything is
// said.
TEST_F(UnknownPresumedCommit, that_could_still_happen_is_stopped_first) {
    EXPECT_EQ(cut(CuttingProxy::Cut::before_and_hold), CommitStatus::not_committed);
    EXPECT_EQ(orders(), 2);
    EXPECT_EQ(count("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = "
                    "'onhand lane' AND state <> 'idle'"),
              0);
    expect_verified(*storage_);
}

}  // namespace
}  // namespace onhand::storage::postgres
