#include "engine/relay.hpp"

#include <gtest/gtest.h>

#include <condition_variable>
#include <random>

#include "base/log.hpp"
#include "bus/local/local_bus.hpp"
#include "engine/testing/fake_cluster.hpp"
#include "engine/testing/simulated_store.hpp"

namespace onhand::engine {
namespace {

// One instance: read models, a relay, and what its listeners heard.
struct Instance {
    Instance(FakeOutbox& outbox, SimulatedStore& store, FakeWire* wire)
        : channel(wire != nullptr ? std::make_unique<FakeChannel>(*wire) : nullptr),
          relay(outbox, store, channel.get(), bus, stock, accounts) {
        stock.put_location({.id = domain::main_location, .code = domain::main_location_code, .name = "Main"});
        stock.put_product({.id = domain::ProductId{1}, .sku = "A", .name = "A"});
        stock.set_head(0);
        bus.subscribe([this](const domain::FeedBatchPtr& batch) {
            const std::lock_guard lock(mutex);
            for (const auto& item : batch->items) seqs.push_back(domain::seq_of(item));
            changed.notify_all();
        });
        relay.start({});
    }
    // Blocks until the feed was told up to `head`.
    void wait_for(domain::FeedSeq head) {
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return !seqs.empty() && seqs.back() >= head; });
    }
    // Every number from 1 on, each once, in order.
    void expect_dense(domain::FeedSeq head) {
        const std::lock_guard lock(mutex);
        ASSERT_EQ(seqs.size(), static_cast<std::size_t>(head));
        for (std::size_t i = 0; i < seqs.size(); ++i) EXPECT_EQ(seqs[i], static_cast<domain::FeedSeq>(i) + 1);
        EXPECT_EQ(stock.head(), head);
        EXPECT_EQ(stock.level("A", "")->level.version, head);
    }

    std::unique_ptr<FakeChannel> channel;
    bus::LocalBus bus;
    StockView stock;
    AccountBook accounts;
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<domain::FeedSeq> seqs;
    Relay relay;
};

struct RelayTest : testing::Test {
    RelayTest() { log::set_level("off"); }

    // A batch of `count` movements of the one level.
    domain::Changes movements(int count) {
        domain::Changes changes;
        for (int i = 0; i < count; ++i) {
            domain::Movement movement;
            movement.kind = domain::MovementKind::received;
            movement.quantity = 1;
            movement.from = static_cast<std::int64_t>(domain::Place::supplier);
            movement.to = 1;
            level.on_hand += 1;
            level.version += 1;
            movement.after = level;
            changes.items.emplace_back(movement);
        }
        changes.levels[level.key] = level;
        return changes;
    }

    FakeOutbox outbox;
    SimulatedStore store;
    FakeWire wire;
    domain::StockLevel level{.key = {domain::ProductId{1}, domain::main_location}};
};

TEST_F(RelayTest, numbers_what_was_committed_and_tells_every_instance) {
    Instance first(outbox, store, &wire);
    Instance second(outbox, store, &wire);
    outbox.commit(movements(2));
    first.relay.wake();
    first.wait_for(2);
    second.wait_for(2);
    outbox.commit(movements(3));
    second.relay.wake();
    first.wait_for(5);
    second.wait_for(5);
    first.expect_dense(5);
    second.expect_dense(5);
}

TEST_F(RelayTest, works_without_a_channel_by_looking_at_the_outbox) {
    Instance first(outbox, store, nullptr);
    Instance second(outbox, store, nullptr);
    outbox.commit(movements(2));
    first.relay.wake();
    second.wait_for(2);
    second.expect_dense(2);
    EXPECT_FALSE(second.relay.stats().connected);
    EXPECT_EQ(first.relay.stats().numbered + second.relay.stats().numbered, 1U);
}

TEST_F(RelayTest, numbers_what_an_instance_left_behind_that_ended) {
    outbox.commit(movements(4));
    Instance first(outbox, store, &wire);
    first.wait_for(4);
    first.expect_dense(4);
}

TEST_F(RelayTest, lost_doubled_and_crossed_messages_change_nothing) {
    std::minstd_rand random(7);
    std::minstd_rand dices(8);  // thrown by the threads that publish, one at a time
    std::vector<std::string> held_back;
    Instance first(outbox, store, &wire);
    Instance second(outbox, store, &wire);
    Instance third(outbox, store, &wire);
    // What it numbers itself when it starts needs no message.
    outbox.commit(movements(1));
    first.relay.wake();
    for (auto* instance : {&first, &second, &third}) instance->wait_for(1);
    wire.set_faults([&](std::string message) {
        std::vector<std::string> delivered;
        const auto dice = dices() % 10;
        if (dice == 0) return delivered;  // lost
        if (dice < 4) {
            held_back.push_back(std::move(message));
            return delivered;
        }
        delivered.push_back(message);
        if (dice == 4) delivered.push_back(std::move(message));  // doubled
        delivered.insert(delivered.end(), held_back.begin(), held_back.end());
        held_back.clear();
        return delivered;
    });
    constexpr int batches = 300;
    domain::FeedSeq head = 1;
    for (int i = 0; i < batches; ++i) {
        const int count = 1 + static_cast<int>(random() % 3);
        head += count;
        outbox.commit(movements(count));
        (i % 2 == 0 ? first : second).relay.wake();
    }
    for (auto* instance : {&first, &second, &third}) {
        instance->wait_for(head);
        instance->expect_dense(head);
    }
    EXPECT_GT(third.relay.stats().caught_up, 0U) << "nothing was lost, so this tests nothing";
}

TEST_F(RelayTest, garbage_on_the_channel_is_left_out) {
    Instance first(outbox, store, &wire);
    for (const char* garbage : {"", "short", "0123456789abcdef", "\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0garbage"})
        wire.publish(bus::Topic::feed, std::string(garbage, garbage[0] == '\1' ? 23 : std::strlen(garbage)));
    outbox.commit(movements(1));
    first.relay.wake();
    first.wait_for(1);
    first.expect_dense(1);
}

TEST_F(RelayTest, goes_on_where_it_was_when_the_database_comes_back) {
    Instance first(outbox, store, &wire);
    outbox.down = true;
    outbox.commit(movements(2));
    first.relay.wake();
    while (first.relay.stats().failures == 0) std::this_thread::yield();
    outbox.down = false;
    first.wait_for(2);
    first.expect_dense(2);
}

TEST_F(RelayTest, reads_what_it_missed_when_the_channel_comes_back) {
    Instance first(outbox, store, &wire);
    Instance second(outbox, store, &wire);
    second.channel->is_connected = false;
    wire.set_faults([](std::string) { return std::vector<std::string>{}; });
    outbox.commit(movements(2));
    first.relay.wake();
    first.wait_for(2);
    second.channel->reconnect();
    second.wait_for(2);
    second.expect_dense(2);
}

TEST_F(RelayTest, stopping_numbers_what_is_left) {
    auto first = std::make_unique<Instance>(outbox, store, &wire);
    Instance second(outbox, store, &wire);
    outbox.commit(movements(2));
    first->relay.stop();
    second.wait_for(2);
    second.expect_dense(2);
}

TEST_F(RelayTest, brings_accounts_and_sessions_up_to_date_from_the_database) {
    Instance first(outbox, store, &wire);
    domain::Changes stored;
    domain::Account account;
    account.id = domain::AccountId{1};
    account.uuid = *parse_uuid("01930000-0000-7000-8000-000000000001");
    account.email = "ann@example.com";
    domain::Session session;
    session.token_hash.fill(5);
    session.account = account.id;
    session.expires_at = 1'000'000;
    stored.accounts = {account};
    stored.sessions = {{session, false}};
    ASSERT_EQ(store.commit(stored).status, storage::CommitStatus::committed);
    outbox.commit(stored);
    first.relay.wake();
    while (first.relay.stats().batch < 1) std::this_thread::yield();
    ASSERT_NE(first.accounts.find_session(session.token_hash, 1), nullptr);
    EXPECT_EQ(first.accounts.find_session(session.token_hash, 1)->email, "ann@example.com");

    domain::Changes ended;
    ended.sessions = {{session, true}};
    ASSERT_EQ(store.commit(ended).status, storage::CommitStatus::committed);
    outbox.commit(ended);
    first.relay.wake();
    while (first.relay.stats().batch < 2) std::this_thread::yield();
    EXPECT_EQ(first.accounts.find_session(session.token_hash, 1), nullptr);
}

}  // namespace
}  // namespace onhand::engine
