#include "transport/live/audience.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <map>
#include <memory>
#include <vector>

namespace onhand::live {
namespace {

// What one group was told in one turn.
struct Turn {
    const Audience::Sockets* sockets = nullptr;
    std::size_t changes = 0;
    domain::FeedSeq to = 0;
};

struct AudienceTest : testing::Test {
    // A client without a connection; returns its group.
    std::size_t join() {
        clients.push_back(std::make_shared<socketio::Socket>(socketio::Socket::Parts{}));
        return audience.add(clients.back());
    }
    void join(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) join();
    }

    // A batch with one change of each of these products.
    void commit(const std::vector<int>& products) {
        auto batch = std::make_shared<domain::FeedBatch>();
        batch->first = head + 1;
        for (const int product : products) {
            domain::Movement movement;
            movement.seq = ++head;
            movement.after.key = {domain::ProductId{product}, domain::main_location};
            batch->items.emplace_back(movement);
        }
        audience.take({batch});
    }

    // Until every group was told everything.
    void settle() {
        for (std::size_t group = 0; group < groups_max; ++group)
            while (audience.told(group) < head) io.run_one();
    }

    boost::asio::io_context io{1};
    std::vector<socketio::SocketPtr> clients;
    std::vector<Turn> turns;
    domain::FeedSeq head = 0;
    Audience audience{io, 0, [this](const auto& sockets, const auto& changes, domain::FeedSeq to) {
                          turns.push_back({&sockets, changes.size(), to});
                      }};
};

TEST_F(AudienceTest, tells_a_first_change_at_once) {
    join();
    commit({1});
    ASSERT_EQ(turns.size(), 1u);
    EXPECT_EQ(turns[0].to, 1);
    EXPECT_EQ(audience.told(0), 1);
}

TEST_F(AudienceTest, tells_together_what_comes_before_the_next_turn) {
    join();
    commit({1});
    commit({2});
    commit({2, 3});
    EXPECT_EQ(turns.size(), 1u);
    settle();
    ASSERT_EQ(turns.size(), 2u);
    EXPECT_EQ(turns[1].changes, 2u);
    EXPECT_EQ(turns[1].to, 4);
}

TEST_F(AudienceTest, keeps_few_clients_in_one_group) {
    for (std::size_t i = 0; i < group_clients; ++i) EXPECT_EQ(join(), 0u);
    EXPECT_EQ(join(), 1u);
    audience.remove(*clients.front(), 0);
    EXPECT_EQ(join(), 0u);
}

TEST_F(AudienceTest, spreads_many_clients_evenly) {
    std::map<std::size_t, std::size_t> sizes;
    for (std::size_t i = 0; i < 10 * groups_max * group_clients; ++i) ++sizes[join()];
    EXPECT_EQ(sizes.size(), groups_max);
    for (const auto& [group, size] : sizes) EXPECT_EQ(size, 10 * group_clients) << group;
}

TEST_F(AudienceTest, tells_one_group_a_turn_and_each_everything) {
    join(3 * group_clients);
    commit({1});
    EXPECT_EQ(turns.size(), 1u);
    commit({2});
    settle();
    std::map<const Audience::Sockets*, std::size_t> told;
    std::map<const Audience::Sockets*, domain::FeedSeq> up_to;
    for (const auto& turn : turns) {
        EXPECT_GT(turn.to, up_to[turn.sockets]);
        up_to[turn.sockets] = turn.to;
        told[turn.sockets] += turn.changes;
    }
    EXPECT_EQ(told.size(), 3u);
    for (const auto& [sockets, changes] : told) EXPECT_EQ(changes, 2u);
    for (const auto& [sockets, to] : up_to) EXPECT_EQ(to, 2);
}

TEST_F(AudienceTest, a_group_without_clients_is_up_to_date) {
    commit({1, 2});
    EXPECT_TRUE(turns.empty());
    EXPECT_EQ(audience.told(0), 2);
    join();
    commit({3});
    ASSERT_EQ(turns.size(), 1u);
    EXPECT_EQ(turns[0].changes, 1u);
}

TEST_F(AudienceTest, tells_nobody_anything_after_the_end) {
    join();
    commit({1});
    commit({2});
    audience.stop();
    io.run();
    commit({3});
    EXPECT_EQ(turns.size(), 1u);
}

}  // namespace
}  // namespace onhand::live
