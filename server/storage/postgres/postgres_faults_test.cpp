// What the shared store does when things go wrong between it, its server and other writers. Every case ends with a
// store that works and data that verifies.

#include "domain/batch_codec.hpp"
#include "storage/postgres/batch_writer.hpp"
#include "storage/postgres/postgres_lane_test_support.hpp"

namespace onhand::storage::postgres {
namespace {

class PostgresFaults : public PostgresLanes {
  protected:
    std::int64_t available(const std::string& sku) {
        return query_int(
            *meddler_,
            "SELECT on_hand - allocated FROM stock_level JOIN product p ON p.id = product WHERE p.sku = '" + sku + "'");
    }
    // Ends the session of a lane as an operator or a crash would.
    void kill_lanes() {
        query_int(*meddler_,
                  "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = "
                  "current_database() AND application_name = 'onhand lane'");
    }
};

// ---- unknown commits

class UnknownCommit : public PostgresFaults {
  protected:
    // Commits an order while the proxy cuts the connection; returns what resolve() found out.
    CommitStatus cut(CuttingProxy::Cut how) {
        const std::string url = database_.tcp_url();
        const auto at = url.find(':', url.find('@'));
        proxy_ = std::make_unique<CuttingProxy>(std::stoi(url.substr(at + 1)));
        const auto end = url.find('/', at);
        options_.url = url.substr(0, at + 1) + std::to_string(proxy_->port()) + url.substr(end);
        open();
        make_products({"A"}, 10);
        lane_ = std::make_unique<TestLane>(storage_->store(0));
        // Statements are prepared now, so that the next commit is one round trip.
        EXPECT_TRUE(lane_->run({order_of("A", 1, 1)}));
        auto changes = lane_->judge({order_of("A", 1, 2)});
        EXPECT_TRUE(changes.has_value());
        proxy_->arm(how);
        EXPECT_EQ(lane_->commit(*changes), CommitStatus::unknown);
        EXPECT_EQ(lane_->error.code, StoreErrc::unavailable);
        return storage_->store(0).resolve(*changes);
    }
    void expect_order_is_there(bool is_there) {
        EXPECT_EQ(available("A"), is_there ? 8 : 9);
        // The same key again: answered from what is stored, or placed now.
        ASSERT_TRUE(lane_->run({order_of("A", 1, 2)})) << lane_->error.detail;
        EXPECT_EQ(lane_->known[0].has_value(), is_there);
        EXPECT_EQ(available("A"), 8);
        expect_verified(*storage_);
    }

    std::unique_ptr<CuttingProxy> proxy_;
    std::unique_ptr<TestLane> lane_;
};

TEST_F(UnknownCommit, is_found_committed_when_only_the_answer_was_lost) {
    EXPECT_EQ(cut(CuttingProxy::Cut::after), CommitStatus::committed);
    expect_order_is_there(true);
}

TEST_F(UnknownCommit, is_found_not_committed_when_commit_never_arrived) {
    EXPECT_EQ(cut(CuttingProxy::Cut::before), CommitStatus::not_committed);
    expect_order_is_there(false);
}

TEST_F(UnknownCommit, ends_a_transaction_that_the_server_still_keeps_open) {
    options_.idle_in_transaction_timeout = std::chrono::minutes(5);
    EXPECT_EQ(cut(CuttingProxy::Cut::before_and_hold), CommitStatus::not_committed);
    expect_order_is_there(false);
}

TEST_F(UnknownCommit, of_answers_alone_is_told_by_their_keys) {
    const std::string url = database_.tcp_url();
    const auto at = url.find(':', url.find('@'));
    CuttingProxy proxy(std::stoi(url.substr(at + 1)));
    options_.url = url.substr(0, at + 1) + std::to_string(proxy.port()) + url.substr(url.find('/', at));
    open(1);
    domain::Changes first;
    first.answers.push_back({key_hash(1), key_hash(1), 5, 409, "no"});
    ASSERT_EQ(storage_->store(0).commit(first).status, CommitStatus::committed);
    for (const auto how : {CuttingProxy::Cut::after, CuttingProxy::Cut::before}) {
        const bool arrives = how == CuttingProxy::Cut::after;
        domain::Changes changes;
        changes.answers.push_back({key_hash(arrives ? 2 : 3), key_hash(4), 6, 409, "no"});
        proxy.arm(how);
        ASSERT_EQ(storage_->store(0).commit(changes).status, CommitStatus::unknown);
        EXPECT_EQ(storage_->store(0).resolve(changes), arrives ? CommitStatus::committed : CommitStatus::not_committed);
        EXPECT_EQ(query_int(*meddler_, "SELECT count(*) FROM request_result"), 2);
    }
}

TEST_F(UnknownCommit, stays_unknown_when_the_server_cannot_be_asked) {
    options_.outcome_patience = std::chrono::milliseconds(50);
    {
        const std::string url = database_.tcp_url();
        const auto at = url.find(':', url.find('@'));
        proxy_ = std::make_unique<CuttingProxy>(std::stoi(url.substr(at + 1)));
        options_.url = url.substr(0, at + 1) + std::to_string(proxy_->port()) + url.substr(url.find('/', at));
    }
    open(1);
    domain::Changes changes;
    changes.answers.push_back({key_hash(1), key_hash(1), 5, 409, "no"});
    proxy_->arm(CuttingProxy::Cut::after);
    ASSERT_EQ(storage_->store(0).commit(changes).status, CommitStatus::unknown);
    proxy_.reset();
    EXPECT_EQ(storage_->store(0).resolve(changes), CommitStatus::unknown);
}

// ---- sessions that end

TEST_F(PostgresFaults, a_session_that_ended_between_batches_is_made_anew_unnoticed) {
    open(1);
    make_products({"A"}, 10);
    kill_lanes();
    TestLane lane(storage_->store(0));
    EXPECT_TRUE(lane.run({order_of("A", 1)})) << lane.error.detail;
    expect_verified(*storage_);
}

TEST_F(PostgresFaults, a_session_that_ends_within_a_batch_leaves_nothing_behind) {
    open(1);
    make_products({"A"}, 10);
    TestLane lane(storage_->store(0));
    auto changes = lane.judge({order_of("A", 1)});
    ASSERT_TRUE(changes.has_value());
    kill_lanes();
    auto status = lane.commit(*changes);
    if (status == CommitStatus::unknown) status = storage_->store(0).resolve(*changes);
    EXPECT_EQ(status, CommitStatus::not_committed);
    EXPECT_EQ(available("A"), 10);
    EXPECT_TRUE(lane.run({order_of("A", 1)})) << lane.error.detail;
    EXPECT_EQ(available("A"), 9);
    expect_verified(*storage_);
}

TEST_F(PostgresFaults, a_database_that_became_read_only_is_unavailable_until_it_is_writable) {
    open(1);
    make_products({"A"}, 10);
    meddler_->execute("ALTER DATABASE " + database_.name() + " SET default_transaction_read_only = on");
    kill_lanes();
    TestLane lane(storage_->store(0));
    EXPECT_FALSE(lane.run({order_of("A", 1)}));
    EXPECT_EQ(lane.error.code, StoreErrc::unavailable) << lane.error.detail;
    meddler_->execute("SET default_transaction_read_only = off");
    meddler_->execute("ALTER DATABASE " + database_.name() + " RESET default_transaction_read_only");
    EXPECT_TRUE(lane.run({order_of("A", 1)})) << lane.error.detail;
    expect_verified(*storage_);
}

// ---- other writers

TEST_F(PostgresFaults, a_row_that_stays_locked_is_a_conflict) {
    options_.lock_timeout = std::chrono::milliseconds(50);
    open(1);
    make_products({"A"}, 10);
    meddler_->begin(Isolation::read_committed);
    meddler_->execute("SELECT * FROM stock_level FOR UPDATE");
    TestLane lane(storage_->store(0));
    EXPECT_FALSE(lane.run({order_of("A", 1)}));
    EXPECT_EQ(lane.error.code, StoreErrc::conflict) << lane.error.detail;
    meddler_->rollback();
    EXPECT_TRUE(lane.run({order_of("A", 1)})) << lane.error.detail;
    expect_verified(*storage_);
}

TEST_F(PostgresFaults, a_deadlock_is_a_conflict) {
    options_.lock_timeout = std::chrono::seconds(9);
    open(1);
    make_products({"A", "B"}, 10);
    // The other side looks for deadlocks much later, so the lane is the one that finds it.
    meddler_->execute("SET deadlock_timeout = '60s'");
    meddler_->begin(Isolation::read_committed);
    meddler_->execute("SELECT * FROM stock_level WHERE product = 2 FOR UPDATE");
    TestLane lane(storage_->store(0));
    std::thread batch([&] { EXPECT_FALSE(lane.run({order_of("A", 1), order_of("B", 1)})); });
    auto looker = database_.connect();
    while (query_int(*looker, "SELECT count(*) FROM pg_locks WHERE NOT granted") == 0) std::this_thread::yield();
    meddler_->execute("SELECT * FROM stock_level WHERE product = 1 FOR UPDATE");
    batch.join();
    EXPECT_EQ(lane.error.code, StoreErrc::conflict) << lane.error.detail;
    meddler_->rollback();
    EXPECT_TRUE(lane.run({order_of("A", 1), order_of("B", 1)})) << lane.error.detail;
    expect_verified(*storage_);
}

TEST_F(PostgresFaults, a_key_that_another_writer_used_meanwhile_is_a_conflict_and_then_known) {
    open();
    make_products({"A", "B"}, 10);
    TestLane first(storage_->store(0), 1);
    TestLane second(storage_->store(1), 2);
    auto changes = first.judge({order_of("A", 1, 7)});
    auto others = second.judge({order_of("B", 1, 7)});
    ASSERT_TRUE(changes && others);
    EXPECT_EQ(first.commit(*changes), CommitStatus::committed);
    EXPECT_EQ(second.commit(*others), CommitStatus::not_committed);
    EXPECT_EQ(second.error.code, StoreErrc::conflict) << second.error.detail;
    EXPECT_TRUE(second.run({order_of("B", 1, 7)}));
    EXPECT_TRUE(second.known[0].has_value());
    EXPECT_EQ(available("B"), 10);
    expect_verified(*storage_);
}

TEST_F(PostgresFaults, two_who_make_the_same_product_do_not_both_succeed) {
    open();
    TestLane first(storage_->store(0), 1);
    TestLane second(storage_->store(1), 2);
    auto changes = first.judge({product_of("A", 5)});
    auto others = second.judge({product_of("A", 5)});
    ASSERT_TRUE(changes && others);
    EXPECT_EQ(second.commit(*others), CommitStatus::committed);
    EXPECT_EQ(first.commit(*changes), CommitStatus::not_committed);
    EXPECT_EQ(first.error.code, StoreErrc::conflict) << first.error.detail;
    EXPECT_TRUE(first.run({product_of("A", 5)}));
    EXPECT_NE(domain::refusal(first.outcomes[0]), nullptr);
    expect_verified(*storage_);
}

TEST_F(PostgresFaults, a_holder_of_a_lock_who_comes_late_is_refused) {
    open();
    make_products({"A"}, 10);
    TestLane late(storage_->store(0), 1);
    TestLane next(storage_->store(1), 2);
    // The first batch under a lock draws the fence.
    const auto get_lock_and_order = [](TestLane& lane) {
        lane.store().set_fence(0);
        EXPECT_TRUE(lane.run({order_of("A", 1)})) << lane.error.detail;
        lane.store().set_fence(lane.store().fence_of_batch());
    };
    get_lock_and_order(late);
    get_lock_and_order(next);
    EXPECT_TRUE(next.run({order_of("A", 1)})) << next.error.detail;
    EXPECT_FALSE(late.judge({order_of("A", 1)}).has_value()) << "refused before anything is decided";
    EXPECT_EQ(late.error.code, StoreErrc::conflict) << late.error.detail;
    EXPECT_EQ(available("A"), 7);
    // With the lock again, or without one, it goes on.
    get_lock_and_order(late);
    EXPECT_TRUE(late.run({order_of("A", 1)})) << late.error.detail;
    late.store().set_fence(0);
    EXPECT_TRUE(late.run({order_of("A", 1)})) << late.error.detail;
    EXPECT_FALSE(next.run({order_of("A", 1)}));
    EXPECT_EQ(available("A"), 4);
    expect_verified(*storage_);
}

TEST_F(PostgresFaults, what_the_database_refuses_is_rejected_and_nothing_of_the_batch_stays) {
    open(1);
    make_products({"A"}, 10);
    TestLane lane(storage_->store(0));
    auto changes = lane.judge({order_of("A", 1, 3)});
    ASSERT_TRUE(changes.has_value());
    for (auto& [key, level] : changes->levels) level.allocated = level.on_hand + 1;
    EXPECT_EQ(lane.commit(*changes), CommitStatus::not_committed);
    EXPECT_EQ(lane.error.code, StoreErrc::rejected) << lane.error.detail;
    EXPECT_EQ(query_int(*meddler_, "SELECT count(*) FROM request_result"), 0);
    EXPECT_TRUE(lane.run({order_of("A", 1, 3)})) << lane.error.detail;
    EXPECT_FALSE(lane.known[0].has_value());
    expect_verified(*storage_);
}

TEST_F(PostgresFaults, a_level_that_is_not_as_it_was_read_is_a_conflict) {
    open(1);
    make_products({"A"}, 10);
    TestLane lane(storage_->store(0));
    auto changes = lane.judge({order_of("A", 1)});
    ASSERT_TRUE(changes.has_value());
    // A writer without locks: the version that was read is then one that the row does not have.
    storage_->store(0).abandon();
    BatchWriter writer;
    Connection& connection = *meddler_;
    connection.begin(Isolation::read_committed);
    const auto stamp = query_int(connection, "SELECT nextval('outbox_id_seq')");
    const LockedLevels wrong = {{changes->levels.begin()->first, 7}};
    writer.send(connection, *changes, {0, stamp, 1'000'000}, wrong, nullptr);
    connection.sync();
    try {
        while (connection.expected() > 0) connection.next_result();
        FAIL() << "the batch was written";
    } catch (const SqlError& error) {
        EXPECT_EQ(error.sqlstate(), "22012");
    }
    connection.rollback();
    EXPECT_EQ(available("A"), 10);
    expect_verified(*storage_);
}

// A key belongs to one request, whatever it asked for: two instances may judge two of them at the same time.
TEST_F(PostgresFaults, a_key_is_never_given_to_an_order_and_to_another_command) {
    open(2);
    make_products({"A"}, 10);
    TestLane orders(storage_->store(0), 1);
    TestLane others(storage_->store(1), 2);
    const auto answer_of = [](std::uint64_t key) {
        domain::Changes changes;
        changes.answers.push_back({key_hash(key), key_hash(99), 5, 409, "no"});
        return changes;
    };
    // Neither knows of the other when it decides. Whoever commits first has the key.
    auto order = orders.judge({order_of("A", 1, 1)});
    ASSERT_TRUE(order.has_value());
    auto answer = answer_of(1);
    EXPECT_EQ(others.commit(answer), CommitStatus::committed);
    EXPECT_EQ(orders.commit(*order), CommitStatus::not_committed);
    EXPECT_EQ(orders.error.code, StoreErrc::conflict) << orders.error.detail;
    EXPECT_TRUE(orders.run({order_of("A", 1, 1)})) << "the second try finds the answer";
    ASSERT_TRUE(orders.known[0].has_value());
    EXPECT_TRUE(std::holds_alternative<domain::StoredAnswer>(orders.known[0]->answer));

    EXPECT_TRUE(orders.run({order_of("A", 1, 2)})) << orders.error.detail;
    answer = answer_of(2);
    EXPECT_EQ(others.commit(answer), CommitStatus::not_committed);
    EXPECT_EQ(others.error.code, StoreErrc::conflict) << others.error.detail;
    EXPECT_EQ(available("A"), 9);
    expect_verified(*storage_);
}

// ---- crowds

TEST_F(PostgresFaults, several_writers_on_one_product_never_oversell) {
    constexpr int stock = 300;
    open(3);
    make_products({"A"}, stock);
    std::atomic<int> placed{0};
    std::vector<std::thread> writers;
    for (int i = 0; i < 3; ++i) {
        writers.emplace_back([&, i] {
            TestLane lane(storage_->store(i), static_cast<std::uint64_t>(i + 1));
            std::mt19937_64 random(static_cast<std::uint64_t>(i + 1));
            for (int batch = 0; batch < 25; ++batch) {
                std::vector<TestLane::Wish> wishes;
                for (std::uint64_t size = 1 + random() % 12; size > 0; --size) wishes.push_back(order_of("A", 1));
                lane.insist(wishes);
                placed += lane.placed();
            }
        });
    }
    for (auto& writer : writers) writer.join();
    EXPECT_EQ(placed, stock);
    EXPECT_EQ(available("A"), 0);
    EXPECT_EQ(query_int(*meddler_, "SELECT count(DISTINCT number) FROM request_result"), stock);
    expect_verified(*storage_);
}

class Relays : public PostgresFaults {
  protected:
    void write_in_all_lanes() {
        std::vector<std::thread> writers;
        for (int lane = 0; lane < 3; ++lane) writers.emplace_back([this, lane] { write(lane, 40); });
        for (auto& writer : writers) writer.join();
        EXPECT_GT(query_int(*meddler_, "SELECT max(id) - count(*) FROM outbox"), 0) << "some ids were not used";
    }
    void expect_dense_and_in_order() {
        expect_verified(*storage_);
        const auto batches = storage_->outbox().read(0, 1'000'000);
        ASSERT_TRUE(batches.has_value());
        std::int64_t number = 0;
        domain::FeedSeq seq = 1;
        std::map<domain::LevelKey, std::int64_t> versions;
        for (const auto& batch : *batches) {
            ASSERT_EQ(batch.number, ++number);
            ASSERT_EQ(batch.first, seq);
            const auto news = domain::decode_batch(batch.bytes, batch.first);
            ASSERT_TRUE(news.has_value());
            seq += static_cast<domain::FeedSeq>(news->items.size());
            for (const auto& item : news->items) {
                const auto* movement = std::get_if<domain::Movement>(&item);
                if (!movement) continue;
                ASSERT_EQ(movement->after.version, ++versions[movement->after.key]);
            }
        }
        EXPECT_EQ(storage_->store(0).head(), seq - 1);
    }
    void write(int lane_number, int batches) {
        TestLane lane(storage_->store(lane_number), static_cast<std::uint64_t>(lane_number + 1));
        std::mt19937_64 random(static_cast<std::uint64_t>(lane_number + 77));
        for (int batch = 0; batch < batches; ++batch) {
            std::vector<TestLane::Wish> wishes;
            for (std::uint64_t size = 1 + random() % 5; size > 0; --size)
                wishes.push_back(order_of("P" + std::to_string(random() % 5), 1));
            if (random() % 5 == 0) {
                lane.judge(wishes);
                lane.store().abandon();
            } else {
                lane.insist(wishes);
            }
        }
    }
};

TEST_F(Relays, of_several_instances_number_densely_and_in_the_order_of_versions) {
    open(3);
    make_products({"P0", "P1", "P2", "P3", "P4"}, 100'000);
    auto other = PostgresStorage::open(options_, clock_);
    ASSERT_TRUE(other.has_value());
    std::atomic<bool> writing{true};
    std::vector<std::thread> relays;
    for (Outbox* outbox : {&storage_->outbox(), &(*other)->outbox()}) {
        relays.emplace_back([&, outbox] {
            while (writing) ASSERT_TRUE(outbox->number(0, 3).has_value());
        });
    }
    write_in_all_lanes();
    writing = false;
    for (auto& relay : relays) relay.join();
    expect_dense_and_in_order();
}

// The first batch waits for a product and so gets the second one last; the other batch is through before it.
TEST_F(Relays, number_a_batch_that_waited_after_the_one_it_waited_for) {
    open(2);
    make_products({"P0", "P1"}, 100);
    meddler_->begin(Isolation::read_committed);
    meddler_->execute("SELECT * FROM stock_level WHERE product = 1 FOR UPDATE");
    TestLane lane(storage_->store(0), 1);
    TestLane other(storage_->store(1), 2);
    std::thread waiting([&] { EXPECT_TRUE(lane.run({order_of("P0", 1), order_of("P1", 1)})) << lane.error.detail; });
    auto looker = database_.connect();
    while (query_int(*looker, "SELECT count(*) FROM pg_locks WHERE NOT granted") == 0) std::this_thread::yield();
    EXPECT_TRUE(other.run({order_of("P1", 1)})) << other.error.detail;
    meddler_->rollback();
    waiting.join();
    expect_dense_and_in_order();
}

// Then the order is that of the ids alone, and what was committed first does not happen to be seen first.
TEST_F(Relays, that_come_late_number_in_the_order_of_versions) {
    open(3);
    make_products({"P0", "P1", "P2", "P3", "P4"}, 100'000);
    write_in_all_lanes();
    expect_dense_and_in_order();
}

}  // namespace
}  // namespace onhand::storage::postgres
