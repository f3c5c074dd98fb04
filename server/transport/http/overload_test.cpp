// A storm of orders as its senders see it: some wait, the others are told at once to come again.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "transport/http/routes.hpp"
#include "transport/http/testing/server_world.hpp"
#include "transport/http/wait_limit.hpp"

namespace onhand::http {
namespace {

constexpr std::int64_t slow_ms = 1500;  // longer than anybody should wait

struct OverloadTest : ::testing::Test, ServerWorld {
    OverloadTest() {
        harness.add_product("SKU-1", 1'000'000);
        start();
        for (std::int64_t i = 0; i < WaitLimit::waiting_min + 10; ++i) clients.push_back(connect());
    }
    ~OverloadTest() override { harness.gate.open(); }

    std::string order_text() {
        const auto key = "Idempotency-Key: key-" + std::to_string(++keys) + "\r\nContent-Type: application/json\r\n";
        return request_text("POST", "/api/v1/orders", bearer(domain::Role::clerk) + key,
                            R"({"lines":[{"sku":"SKU-1","quantity":1}]})");
    }

    // Lets that many orders arrive while the store does not answer.
    void hold(std::size_t count) {
        harness.gate.close();
        for (std::size_t i = 0; i < count; ++i) clients[i]->send(order_text());
        const auto line = "\nonhand_http_commands_waiting " + std::to_string(count) + "\n";
        while (!ask(request_text("GET", "/metrics"))->has(line)) {
        }
    }
    // The store answers; all of them are accepted.
    void release(std::size_t count) {
        harness.gate.open();
        for (std::size_t i = 0; i < count; ++i) EXPECT_EQ(clients[i]->receive()->status, 201);
    }
    // The store takes long over all that wait, twice: no more are to wait than it can answer in time.
    void begin_storm() {
        for (int i = 0; i < 2; ++i) {
            hold(clients.size());
            harness.clock.advance_ms(slow_ms);
            release(clients.size());
        }
    }

    std::vector<std::unique_ptr<RawClient>> clients;
    int keys = 0;
};

TEST_F(OverloadTest, who_would_wait_too_long_is_told_at_once_and_keeps_the_connection) {
    begin_storm();
    const auto room = static_cast<std::size_t>(WaitLimit::waiting_min);
    hold(room);
    auto& late = *clients.back();
    const auto refused = late.ask(order_text());
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 503);
    EXPECT_EQ(refused->field("retry-after"), "1");
    EXPECT_TRUE(refused->has("\"code\":\"busy\"")) << refused->body;
    const auto read = late.ask(request_text("GET", "/api/v1/stock", bearer(domain::Role::clerk)));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->status, 200) << "reading is not refused";
    release(room);
}

TEST_F(OverloadTest, orders_are_taken_again_when_the_storm_is_over) {
    begin_storm();
    for (int i = 0; i < 3; ++i) {
        harness.clock.advance_ms(slow_ms);
        EXPECT_EQ(clients.front()->ask(order_text())->status, 201);
    }
    hold(clients.size());
    release(clients.size());
}

TEST_F(OverloadTest, a_single_slow_answer_is_no_storm) {
    for (int i = 0; i < 2; ++i) {
        hold(clients.size());
        harness.clock.advance_ms(slow_ms);
        release(clients.size());
        EXPECT_EQ(clients.front()->ask(order_text())->status, 201);
    }
    hold(clients.size());
    release(clients.size());
}

}  // namespace
}  // namespace onhand::http
