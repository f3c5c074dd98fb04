#include "transport/http/call.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/json/parse.hpp>
#include <future>

#include "transport/http/testing/server_world.hpp"

namespace onhand::http {
namespace {

constexpr std::string_view one_unit = R"({"lines":[{"sku":"A","quantity":1}]})";

// A whole server with ten units of A, and calls to it like those of the live feed.
struct CallTest : ::testing::Test, ServerWorld {
    void SetUp() override {
        options.io_threads = 2;
        start();
        harness.add_product("A", 10);
    }

    std::shared_ptr<const engine::Identity> who(domain::Role role) {
        return harness.accounts.find_session(hash_token(token_of(role)), harness.clock.wall_ms());
    }
    Call order_call(std::string_view body, std::optional<std::string> key, domain::Role role = domain::Role::clerk) {
        Call call;
        call.method = "POST";
        call.path = "/api/v1/orders";
        call.body = body;
        call.idempotency_key = std::move(key);
        call.caller = who(role);
        return call;
    }
    // Makes the call on its io thread.
    std::future<CallAnswer> begin(Call call, std::size_t io_index = 0) {
        const auto promise = std::make_shared<std::promise<CallAnswer>>();
        auto answer = promise->get_future();
        auto* const io = server->io_contexts().at(io_index);
        boost::asio::post(*io, [this, call = std::move(call), promise, io_index]() mutable {
            auto calling = std::make_shared<bool>(true);
            server->call(io_index, std::move(call), [promise, calling, io_index, this](CallAnswer given) {
                EXPECT_FALSE(*calling) << "the answer came from inside the call";
                EXPECT_TRUE(server->io_contexts().at(io_index)->get_executor().running_in_this_thread());
                promise->set_value(std::move(given));
            });
            *calling = false;
        });
        return answer;
    }
    CallAnswer ask(Call call) { return begin(std::move(call)).get(); }
    std::optional<HttpAnswer> post_order(std::string_view body, const std::string& key,
                                         domain::Role role = domain::Role::clerk) {
        const auto fields = bearer(role) + "Content-Type: application/json\r\nIdempotency-Key: " + key + "\r\n";
        return connect()->ask(request_text("POST", "/api/v1/orders", fields, body));
    }
    static std::string code_of(const CallAnswer& answer) {
        return std::string(boost::json::parse(answer.body).at("code").as_string());
    }
};

TEST_F(CallTest, answers_like_http) {
    const auto placed = ask(order_call(one_unit, "one"));
    EXPECT_EQ(placed.status, 201);
    const auto order = boost::json::parse(placed.body);
    EXPECT_EQ(order.at("lines").at(0).at("allocated").as_int64(), 1);
    EXPECT_EQ(order.at("placed_by").as_string(), "01930000-0000-7000-8000-000000000002");
    EXPECT_EQ(harness.available("A"), 9);
    const auto short_of = ask(order_call(R"({"lines":[{"sku":"A","quantity":11}]})", "two"));
    EXPECT_EQ(short_of.status, 409);
    EXPECT_EQ(code_of(short_of), "insufficient_stock");
    EXPECT_EQ(boost::json::parse(short_of.body).at("trace_id").as_string().size(), 32U);
    EXPECT_EQ(short_of.retry_after, 0);
}

TEST_F(CallTest, one_key_is_one_order_whichever_way_it_comes) {
    const auto by_call = ask(order_call(one_unit, "first by call"));
    const auto by_http = post_order(one_unit, "first by call");
    ASSERT_TRUE(by_http);
    EXPECT_EQ(by_http->status, 201);
    EXPECT_EQ(by_http->body, by_call.body);
    EXPECT_EQ(by_http->field("idempotency-replayed"), "true");
    const auto first = post_order(one_unit, "first by http");
    ASSERT_TRUE(first);
    EXPECT_EQ(ask(order_call(one_unit, "first by http")).body, first->body);
    EXPECT_EQ(harness.available("A"), 8);
}

TEST_F(CallTest, one_key_is_one_order_however_its_json_is_written) {
    const auto compact = ask(order_call(R"({"lines":[{"sku":"A","quantity":1}],"customer":"Zo\u00eb"})", "key"));
    EXPECT_EQ(compact.status, 201);
    const auto spaced =
        post_order("{ \"lines\": [ {\"sku\": \"A\",\n\"quantity\": 1} ], \"customer\": \"Zo\xC3\xAB\" }", "key");
    ASSERT_TRUE(spaced);
    EXPECT_EQ(spaced->body, compact.body);
    const auto other = ask(order_call(R"({"lines":[{"sku":"A","quantity":1}],"customer":"Zoe"})", "key"));
    EXPECT_EQ(other.status, 422);
    EXPECT_EQ(code_of(other), "idempotency_mismatch");
    EXPECT_EQ(harness.available("A"), 9);
}

TEST_F(CallTest, passes_the_same_gate_as_a_request) {
    const auto refused = [this](Call call, std::int32_t status, std::string_view code) {
        const auto answer = ask(std::move(call));
        EXPECT_EQ(answer.status, status) << answer.body;
        EXPECT_EQ(code_of(answer), code);
    };
    auto nobody = order_call(one_unit, "key");
    nobody.caller = nullptr;
    refused(nobody, 401, "unauthenticated");
    refused(order_call(one_unit, "key", domain::Role::viewer), 403, "forbidden");
    refused(order_call(one_unit, std::nullopt), 400, "idempotency_key_missing");
    refused(order_call(one_unit, ""), 400, "idempotency_key_invalid");
    refused(order_call(one_unit, std::string(129, 'k')), 400, "idempotency_key_invalid");
    refused(order_call("[]", "key"), 400, "invalid_request");
    refused(order_call("{", "key"), 400, "malformed_json");
    refused(order_call("", "key"), 400, "malformed_json");
    refused(order_call(R"({"lines":[{"sku":"A","quantity":0}],"surprise":1})", "key"), 400, "invalid_request");
    refused(order_call(std::string(128 * 1024 + 1, ' '), "key"), 413, "body_too_large");
    EXPECT_EQ(harness.available("A"), 10);
}

TEST_F(CallTest, puts_a_refusal_into_words) {
    auto call = order_call(one_unit, "key");
    call.refused.emplace();
    call.refused->status = 429;
    call.refused->code = "rate_limited";
    call.refused->retry_after = 3;
    const auto answer = ask(call);
    EXPECT_EQ(answer.status, 429);
    EXPECT_EQ(answer.retry_after, 3);
    EXPECT_EQ(code_of(answer), "rate_limited");
    EXPECT_EQ(harness.available("A"), 10);
}

TEST_F(CallTest, notes_that_the_session_is_in_use) {
    const auto commands_of_two_orders = [this](const std::string& key) {
        const auto before = harness.engine.stats().commands;
        EXPECT_EQ(ask(order_call(one_unit, key + "1")).status, 201);
        EXPECT_EQ(ask(order_call(one_unit, key + "2")).status, 201);
        return harness.engine.stats().commands - before;
    };
    EXPECT_LE(commands_of_two_orders("fresh"), 2U);
    harness.clock.advance_ms(engine::session_touch_ms);
    EXPECT_GE(commands_of_two_orders("stale"), 3U);
}

TEST_F(CallTest, is_counted_with_the_route_it_names) {
    EXPECT_EQ(ask(order_call(one_unit, "one")).status, 201);
    const auto metrics = connect()->ask(request_text("GET", "/metrics"));
    ASSERT_TRUE(metrics);
    EXPECT_TRUE(metrics->has(R"(onhand_http_requests_total{method="POST",route="/api/v1/orders",status="2xx"} 1)"))
        << metrics->body;
}

TEST_F(CallTest, draining_waits_for_those_in_hand_and_refuses_others) {
    harness.gate.close();
    auto first = begin(order_call(one_unit, "first"), 1);
    harness.gate.wait_until_reached();
    std::promise<void> drained;
    server->drain([&drained] { drained.set_value(); });
    const auto late = begin(order_call(one_unit, "late"), 1).get();
    EXPECT_EQ(late.status, 503);
    EXPECT_EQ(code_of(late), "draining");
    EXPECT_GT(late.retry_after, 0);
    auto end = drained.get_future();
    EXPECT_EQ(end.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
    harness.gate.open();
    EXPECT_EQ(first.get().status, 201);
    end.get();
    EXPECT_EQ(harness.available("A"), 9);
}

TEST_F(CallTest, stopping_waits_for_those_in_hand) {
    harness.gate.close();
    auto answer = begin(order_call(one_unit, "key"));
    harness.gate.wait_until_reached();
    std::thread stopping([this] { server->stop(); });
    harness.gate.open();
    stopping.join();
    ASSERT_EQ(answer.wait_for(std::chrono::seconds(0)), std::future_status::ready) << "the call was dropped";
    EXPECT_EQ(answer.get().status, 201);
}

TEST_F(CallTest, tells_when_the_engine_takes_no_more) {
    harness.engine.stop();
    const auto answer = ask(order_call(one_unit, "key"));
    EXPECT_EQ(answer.status, 503);
    EXPECT_EQ(code_of(answer), "draining");
    EXPECT_GT(answer.retry_after, 0);
}

}  // namespace
}  // namespace onhand::http
