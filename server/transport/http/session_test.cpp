#include "transport/http/session.hpp"

#include <latch>
#include <stdexcept>
#include <thread>

#include "transport/http/testing/server_world.hpp"

namespace onhand::http {
namespace {

constexpr std::size_t echo_bytes_max = 40'000;

// A gate that the handler of /held waits at, on the read pool.
std::latch* held_gate = nullptr;

void echo(Exchange& exchange) {
    exchange.reply(200, "[" + std::string(exchange.body()) + "]", "text/plain");
}
void get(Exchange& exchange) {
    exchange.reply(200, "got " + std::string(exchange.query("n").value_or("nothing")), "text/plain");
}
void fail(Exchange&) {
    throw std::runtime_error("secret detail");
}
void say_nothing(Exchange&) {}
void pool(Exchange& exchange) {
    exchange.read([](Exchange& given) { given.reply(200, "read"); });
}
void pool_fail(Exchange& exchange) {
    exchange.read([](Exchange&) { throw std::runtime_error("secret detail"); });
}
void held(Exchange& exchange) {
    exchange.read([](Exchange& given) {
        held_gate->wait();
        given.reply(200, "late");
    });
}
void stream(Exchange& exchange) {
    auto count = std::make_shared<int>(0);
    exchange.stream("text/csv", "x.csv", [count](std::string& piece) {
        if (++*count > 3) return Piece::end;
        piece = "row " + std::to_string(*count) + "\n";
        return Piece::more;
    });
}
void broken_stream(Exchange& exchange) {
    auto count = std::make_shared<int>(0);
    exchange.stream("text/csv", "", [count](std::string& piece) {
        piece = "row\n";
        return ++*count > 2 ? Piece::broken : Piece::more;
    });
}
void large(Exchange& exchange) {
    exchange.reply(200, std::string(3'000'000, 'x'), "text/plain");
}
void timed_out(Exchange& exchange) {
    exchange.reply(200, std::to_string(core(exchange).context().gauges.timed_out.load()));
}
void adjust(Exchange& exchange) {
    exchange.submit(engine::Harness::adjustment_of("A", 1),
                    [](const domain::Outcome& outcome, const RenderContext&, std::int32_t& status, std::string& body) {
                        status = domain::refusal(outcome) ? 409 : 201;
                        body = "{}";
                    });
}

// Answers with the request's trace id and so many bytes more: long enough to fill a client's buffers soon, short enough
// to be sent together with other answers.
constexpr std::size_t told_bytes = 12'000;
void tell(Exchange& exchange) {
    exchange.submit(engine::Harness::adjustment_of("A", 1),
                    [](const domain::Outcome&, const RenderContext& context, std::int32_t& status, std::string& body) {
                        status = 201;
                        body = std::string(context.trace_id) + std::string(told_bytes, '.');
                    });
}

constexpr Route rows[] = {
    {"POST", "/echo", Access::open, Body::json, KeyNeed::none, echo_bytes_max, "", echo},
    {"GET", "/get", Access::open, Body::none, KeyNeed::none, 0, "n", get},
    {"GET", "/fail", Access::open, Body::none, KeyNeed::none, 0, "", fail},
    {"GET", "/silent", Access::open, Body::none, KeyNeed::none, 0, "", say_nothing},
    {"GET", "/pool", Access::open, Body::none, KeyNeed::none, 0, "", pool},
    {"GET", "/pool-fail", Access::open, Body::none, KeyNeed::none, 0, "", pool_fail},
    {"GET", "/held", Access::open, Body::none, KeyNeed::none, 0, "", held},
    {"GET", "/stream", Access::open, Body::none, KeyNeed::none, 0, "", stream},
    {"GET", "/broken", Access::open, Body::none, KeyNeed::none, 0, "", broken_stream},
    {"GET", "/large", Access::open, Body::none, KeyNeed::none, 0, "", large},
    {"GET", "/timed-out", Access::open, Body::none, KeyNeed::none, 0, "", timed_out},
    {"POST", "/adjust", Access::manager, Body::json, KeyNeed::required, 1000, "", adjust},
    {"POST", "/tell", Access::manager, Body::json, KeyNeed::required, 1000, "", tell},
};

constexpr std::string_view json_type = "Content-Type: application/json\r\n";

std::string post_echo(std::string_view body) {
    return request_text("POST", "/echo", json_type, body);
}
std::string get_number(int number) {
    return request_text("GET", "/get?n=" + std::to_string(number));
}

std::string trace_of_number(std::size_t number) {
    const auto digits = std::to_string(number + 1);
    return std::string(32 - digits.size(), '0') + digits;
}

struct SessionTest : ::testing::Test, ServerWorld {
    void SetUp() override { start(rows); }

    // A request for /tell that is told apart by its number.
    std::string tell_request(std::size_t number) const {
        const auto trace = "traceparent: 00-" + trace_of_number(number) + "-b7ad6b7169203331-01\r\n";
        const auto key = "Idempotency-Key: k" + std::to_string(number) + "\r\n";
        return request_text("POST", "/tell", bearer(domain::Role::manager) + std::string(json_type) + trace + key,
                            "{}");
    }

    // Sends one request on a connection of its own and expects the answer to be the last.
    void expect_refused(std::string_view request, int status, std::string_view what) {
        auto client = connect();
        client->send(request);
        const auto answer = client->receive();
        ASSERT_TRUE(answer) << what;
        EXPECT_EQ(answer->status, status) << what << ": " << answer->body;
        EXPECT_EQ(answer->field("connection"), "close") << what;
        client->finish_sending();
        EXPECT_TRUE(client->closed()) << what;
    }
};

TEST_F(SessionTest, answers_and_keeps_the_connection) {
    auto client = connect();
    for (int i = 0; i < 3; ++i) {
        const auto answer = client->ask(post_echo("{}" + std::string(static_cast<std::size_t>(i), ' ')));
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 200);
        EXPECT_EQ(answer->body.size(), 4U + static_cast<std::size_t>(i));
        EXPECT_EQ(answer->fields.count("connection"), 0U);
    }
}

TEST_F(SessionTest, every_answer_carries_the_security_fields) {
    for (const std::string& request : {get_number(1), request_text("GET", "/nothing"), request_text("DELETE", "/echo"),
                                       request_text("GET", "/fail"), std::string("GET / HTTP/1.1\r\n\r\n")}) {
        const auto answer = ask(request);
        ASSERT_TRUE(answer) << request;
        EXPECT_NE(answer->field("content-security-policy").find("frame-ancestors 'none'"), std::string::npos);
        EXPECT_EQ(answer->field("x-content-type-options"), "nosniff");
        EXPECT_EQ(answer->field("referrer-policy"), "no-referrer");
        EXPECT_EQ(answer->field("cache-control"), "no-store");
        EXPECT_EQ(answer->field("date").size(), 29U);
    }
}

TEST_F(SessionTest, refuses_bad_framing_and_closes) {
    const std::string chunked = "0\r\n\r\n";
    expect_refused("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked, 411, "chunked");
    expect_refused("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 411, "xchunked");
    expect_refused("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked, 411, "chunked in 1.0");
    expect_refused("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 400, "two");
    expect_refused("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2,2\r\n\r\n{}", 400, "2,2");
    expect_refused("GET /get HTTP/1.1\r\n\r\n", 400, "no host");
    expect_refused("GET /get HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "two hosts");
    expect_refused("GET http://evil/get HTTP/1.1\r\nHost: a\r\n\r\n", 400, "absolute form");
    expect_refused("GET /get HTTP/1.1\r\nHost: a\r\nX: 1\r\n 2\r\n\r\n", 400, "folded");
    expect_refused("GET /get HTTP/1.1\nHost: a\n\n", 400, "bare line feeds");
    expect_refused("GET /\xff HTTP/1.1\r\nHost: a\r\n\r\n", 400, "not ASCII");
    expect_refused("GET /get HTTP/1.1\r\nHost: a\r\nExpect: nonsense\r\n\r\n", 417, "expectation");
    expect_refused(std::string("\x16\x03\x01\x02\x00\x01", 6), 400, "TLS");
    expect_refused("GET /get HTTP/1.1\r\nHost: a\r\nX: " + std::string(9000, 'x') + "\r\n\r\n", 431, "9 KiB");
}

TEST_F(SessionTest, a_refused_request_hides_no_second_one) {
    auto client = connect();
    client->send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n" + get_number(7));
    client->finish_sending();
    const auto all = client->rest();
    EXPECT_EQ(all.rfind("HTTP/1.1 411", 0), 0U);
    EXPECT_EQ(all.find("got 7"), std::string::npos);
}

TEST_F(SessionTest, method_problems_leave_the_connection_open) {
    auto client = connect();
    for (const std::string method : {"TRACE", "PROPFIND", "DELETE", "OPTIONS"}) {
        const auto answer = client->ask(request_text(method, "/get"));
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->status, 405) << method;
        EXPECT_EQ(answer->field("allow"), "GET, HEAD");
    }
    EXPECT_EQ(client->ask(request_text("GET", "/get"))->status, 200);
}

TEST_F(SessionTest, answers_a_thousand_pipelined_requests_in_order) {
    constexpr int count = 1000;
    std::string all;
    for (int i = 0; i < count; ++i) all += get_number(i);
    auto client = connect();
    ASSERT_TRUE(client->send(all));
    for (int i = 0; i < count; ++i) {
        const auto answer = client->receive();
        ASSERT_TRUE(answer) << i;
        ASSERT_EQ(answer->body, "got " + std::to_string(i));
    }
}

TEST_F(SessionTest, keeps_the_order_when_some_answers_come_from_elsewhere) {
    auto client = connect();
    client->send(get_number(1) + request_text("GET", "/pool") + get_number(2) + request_text("GET", "/large") +
                 get_number(3));
    EXPECT_EQ(client->receive()->body, "got 1");
    EXPECT_EQ(client->receive()->body, "read");
    EXPECT_EQ(client->receive()->body, "got 2");
    EXPECT_EQ(client->receive()->body.size(), 3'000'000U);
    EXPECT_EQ(client->receive()->body, "got 3");
}

TEST_F(SessionTest, reads_bodies_that_come_in_pieces) {
    auto client = connect();
    const auto text = post_echo("{\"a\":1}");
    for (std::size_t i = 0; i < text.size(); ++i) client->send(std::string_view(text).substr(i, 1));
    const auto answer = client->receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "[{\"a\":1}]");
}

TEST_F(SessionTest, the_body_limit_is_exact) {
    auto client = connect();
    for (const std::size_t size :
         {std::size_t(1), std::size_t(2000), std::size_t(16'000), echo_bytes_max - 1, echo_bytes_max}) {
        const auto answer = client->ask(post_echo(std::string(size, 'x')));
        ASSERT_TRUE(answer) << size;
        EXPECT_EQ(answer->status, 200);
        EXPECT_EQ(answer->body.size(), size + 2);
    }
    expect_refused("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 40001\r\n\r\n",
                   413, "before the body is sent");
}

TEST_F(SessionTest, a_refused_body_is_dropped_and_the_connection_goes_on) {
    auto client = connect();
    const auto refused = client->ask(request_text("POST", "/echo", "Content-Type: text/plain\r\n", "hello"));
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->status, 415);
    EXPECT_EQ(client->ask(get_number(1))->body, "got 1");
}

TEST_F(SessionTest, takes_bodies_of_requests_that_need_none) {
    auto client = connect();
    EXPECT_EQ(client->ask("GET /get?n=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")->body, "got 1");
    EXPECT_EQ(client->ask(get_number(2))->body, "got 2");
}

TEST_F(SessionTest, says_continue_when_asked_and_only_for_good_requests) {
    auto client = connect();
    const std::string fields = std::string(json_type) + "Expect: 100-continue\r\nContent-Length: 2\r\n";
    client->send("POST /echo HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
    ASSERT_EQ(client->receive()->status, 100);
    EXPECT_EQ(client->ask("{}")->body, "[{}]");
    expect_refused(
        "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nExpect: 100-continue\r\n"
        "Content-Length: 2\r\n\r\n",
        415, "refused before continue");
}

TEST_F(SessionTest, answers_head_without_a_body) {
    auto client = connect();
    client->send(request_text("HEAD", "/get") + request_text("HEAD", "/nothing") + request_text("HEAD", "/stream"));
    const auto answer = client->receive(true);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 200);
    EXPECT_EQ(answer->field("content-length"), "11");
    EXPECT_EQ(client->receive(true)->status, 404);
    EXPECT_EQ(client->receive(true)->status, 200);
    EXPECT_EQ(client->ask(get_number(5))->body, "got 5") << "nothing was left in between";
}

TEST_F(SessionTest, speaks_http_1_0) {
    auto client = connect();
    const auto answer = client->ask("GET /get HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->field("connection"), "keep-alive");
    const auto last = client->ask("GET /get HTTP/1.0\r\n\r\n");
    ASSERT_TRUE(last);
    EXPECT_EQ(last->field("connection"), "close");
    client->finish_sending();
    EXPECT_TRUE(client->closed());
}

TEST_F(SessionTest, closes_when_asked) {
    auto client = connect();
    EXPECT_EQ(client->ask(request_text("GET", "/get", "Connection: close\r\n"))->status, 200);
    client->finish_sending();
    EXPECT_TRUE(client->closed());
}

TEST_F(SessionTest, answers_a_client_that_has_finished_sending) {
    auto client = connect();
    client->send(get_number(1));
    client->finish_sending();
    EXPECT_EQ(client->receive()->body, "got 1");
    EXPECT_TRUE(client->closed());
}

TEST_F(SessionTest, failing_handlers_say_nothing_of_the_cause) {
    auto client = connect();
    for (const auto* path : {"/fail", "/silent", "/pool-fail"}) {
        const auto answer = client->ask(request_text("GET", path));
        ASSERT_TRUE(answer) << path;
        EXPECT_EQ(answer->status, 500);
        EXPECT_TRUE(answer->has("\"code\":\"internal\""));
        EXPECT_FALSE(answer->has("secret"));
    }
    EXPECT_EQ(client->ask(get_number(1))->status, 200);
}

TEST_F(SessionTest, streams_in_chunks_and_cuts_broken_streams_off) {
    auto client = connect();
    const auto answer = client->ask(request_text("GET", "/stream"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->body, "row 1\nrow 2\nrow 3\n");
    EXPECT_EQ(answer->field("content-disposition"), "attachment; filename=\"x.csv\"");
    EXPECT_EQ(client->ask(get_number(1))->status, 200);
    client->send(request_text("GET", "/broken"));
    EXPECT_FALSE(client->receive()) << "a part must not look like the whole";

    auto old = connect();
    old->send("GET /stream HTTP/1.0\r\n\r\n");
    const auto all = old->rest();
    EXPECT_NE(all.find("\r\n\r\nrow 1\nrow 2\nrow 3\n"), std::string::npos);
}

TEST_F(SessionTest, goes_through_the_engine_and_replays) {
    harness.add_product("A", 10);
    auto client = connect();
    const auto fields = bearer(domain::Role::manager) + std::string(json_type) + "Idempotency-Key: k1\r\n";
    const auto first = client->ask(request_text("POST", "/adjust", fields, "{}"));
    ASSERT_TRUE(first);
    EXPECT_EQ(first->status, 201);
    EXPECT_EQ(first->field("idempotency-replayed"), "");
    const auto again = client->ask(request_text("POST", "/adjust", fields, "{}"));
    EXPECT_EQ(again->status, 201);
    EXPECT_EQ(again->field("idempotency-replayed"), "true");
    const auto other = client->ask(request_text("POST", "/adjust", fields, "{ }"));
    EXPECT_EQ(other->status, 409) << "refused under this test's rendering";
}

// What waits while a commit is held is answered in one batch.
TEST_F(SessionTest, answers_of_one_batch_go_to_their_own_clients) {
    harness.add_product("A", 10);
    constexpr std::size_t clients_count = 300;
    std::vector<std::unique_ptr<RawClient>> clients;
    for (std::size_t i = 0; i < clients_count; ++i) clients.push_back(connect());
    harness.gate.close();
    for (std::size_t i = 0; i < clients_count; ++i) clients[i]->send(tell_request(i));
    harness.gate.wait_until_reached();
    harness.gate.open();
    for (std::size_t i = 0; i < clients_count; ++i) {
        const auto answer = clients[i]->receive();
        ASSERT_TRUE(answer) << i;
        EXPECT_EQ(answer->status, 201);
        EXPECT_EQ(answer->body.substr(0, 32), trace_of_number(i));
        EXPECT_EQ(answer->body.size(), 32 + told_bytes);
    }
    for (std::size_t i = 0; i < clients_count; ++i) EXPECT_EQ(clients[i]->ask(get_number(1))->body, "got 1");
}

// One client that reads nothing shares its batches with one that does, until no buffer takes any more; from then on the
// server reads no request of it either.
TEST_F(SessionTest, a_client_that_reads_late_gets_all_and_holds_up_nobody) {
    harness.add_product("A", 10);
    constexpr std::size_t rounds = 700;  // 8 MB, more than the network's buffers
    auto late = connect();
    auto prompt = connect();
    for (std::size_t round = 0; round < rounds; ++round) {
        harness.gate.close();
        auto first = connect();
        first->send(tell_request(round * 3));
        harness.gate.wait_until_reached();
        late->send(tell_request(round * 3 + 1));
        prompt->send(tell_request(round * 3 + 2));
        while (harness.engine.stats().queue_length < 1) std::this_thread::yield();
        harness.gate.open();
        ASSERT_EQ(prompt->receive()->body.substr(0, 32), trace_of_number(round * 3 + 2));
        ASSERT_EQ(first->receive()->status, 201);
    }
    for (std::size_t round = 0; round < rounds; ++round) {
        const auto answer = late->receive();
        ASSERT_TRUE(answer) << round;
        EXPECT_EQ(answer->body.substr(0, 32), trace_of_number(round * 3 + 1));
        EXPECT_EQ(answer->body.size(), 32 + told_bytes);
    }
    EXPECT_EQ(late->ask(get_number(1))->body, "got 1");
}

TEST_F(SessionTest, tells_that_the_engine_is_stopping) {
    harness.engine.stop();
    const auto fields = bearer(domain::Role::manager) + std::string(json_type) + "Idempotency-Key: k1\r\n";
    const auto answer = ask(request_text("POST", "/adjust", fields, "{}"));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503);
    EXPECT_TRUE(answer->has("draining"));
    EXPECT_NE(answer->field("retry-after"), "");
}

TEST_F(SessionTest, trace_ids_are_taken_from_traceparent) {
    const auto given = ask(
        request_text("GET", "/nothing", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n"));
    EXPECT_TRUE(given->has("\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\""));
    const auto invalid = ask(request_text("GET", "/nothing", "traceparent: 00-<script>-b7ad6b7169203331-01\r\n"));
    EXPECT_FALSE(invalid->has("script"));
}

TEST_F(SessionTest, slow_heads_are_answered_408) {
    auto client = connect();
    client->send(get_number(1) + "GET /get HTTP/1.1\r\nHost: a");
    ASSERT_EQ(client->receive()->status, 200);
    const auto answer = wait_out(*client, options.header_ms);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 408);
}

TEST_F(SessionTest, a_byte_now_and_then_does_not_buy_time) {
    auto client = connect();
    client->send(get_number(1) + "GET /get HTTP/1.1\r\n");
    ASSERT_EQ(client->receive()->status, 200);
    client->patience_ms(20);
    std::optional<HttpAnswer> answer;
    for (int i = 0; i < 500 && !answer; ++i) {
        client->send("X");
        harness.clock.advance_ms(options.header_ms / 10);
        server->sweep_soon();
        answer = client->receive();
    }
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 408);
}

TEST_F(SessionTest, slow_bodies_are_answered_408) {
    auto client = connect();
    client->send(get_number(1) +
                 "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                 "Content-Length: 30000\r\n\r\n{");
    ASSERT_EQ(client->receive()->status, 200);
    const auto answer = wait_out(*client, options.body_ms + 1000);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 408);
}

TEST_F(SessionTest, idle_connections_are_closed_without_a_word) {
    auto client = connect();
    ASSERT_EQ(client->ask(get_number(1))->status, 200);
    EXPECT_FALSE(wait_out(*client, options.idle_ms));
    auto silent = connect();
    EXPECT_FALSE(wait_out(*silent, options.idle_ms));
}

TEST_F(SessionTest, a_client_that_stops_reading_is_dropped) {
    auto client = connect();
    for (int i = 0; i < 8; ++i) client->send(request_text("GET", "/large"));
    // 24 MB do not fit the network's buffers, so the server has to wait for the client, in vain.
    auto observer = connect();
    std::string timed_out = "0";
    for (int tries = 0; tries < 1000 && timed_out == "0"; ++tries) {
        harness.clock.advance_ms(options.write_stall_ms);
        server->sweep_soon();
        timed_out = observer->ask(request_text("GET", "/timed-out"))->body;
    }
    EXPECT_EQ(timed_out, "1");
    EXPECT_LT(client->rest().size(), 24'000'000U);
}

TEST_F(SessionTest, drains_gracefully) {
    std::latch gate(1);
    held_gate = &gate;
    auto idle = connect();
    ASSERT_EQ(idle->ask(get_number(1))->status, 200);
    auto busy = connect();
    // The first answer shows that the second request has arrived too.
    busy->send(get_number(1) + request_text("GET", "/held"));
    ASSERT_EQ(busy->receive()->status, 200);
    std::latch drained(1);
    server->drain([&drained] { drained.count_down(); });
    EXPECT_TRUE(idle->closed());
    EXPECT_FALSE(drained.try_wait()) << "a request is still in hand";
    gate.count_down();
    const auto late = busy->receive();
    ASSERT_TRUE(late);
    EXPECT_EQ(late->body, "late");
    EXPECT_EQ(late->field("connection"), "close");
    busy->finish_sending();
    EXPECT_TRUE(busy->closed());
    drained.wait();
}

TEST_F(SessionTest, stops_at_once_when_told) {
    auto client = connect();
    ASSERT_EQ(client->ask(get_number(1))->status, 200);
    server->stop();
    EXPECT_TRUE(client->closed());
}

struct LimitTest : ::testing::Test, ServerWorld {};

TEST_F(LimitTest, connections_beyond_the_limit_get_503) {
    options.connections_max = 3;
    start(rows);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 3; ++i) {
        clients.push_back(connect());
        ASSERT_EQ(clients.back()->ask(get_number(i))->status, 200);
    }
    auto refused = connect();
    const auto answer = refused->receive();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503);
    EXPECT_EQ(clients[0]->ask(get_number(1))->status, 200);
}

TEST_F(LimitTest, several_threads_share_the_port) {
    options.io_threads = 3;
    start(rows);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(ask(get_number(i))->body, "got " + std::to_string(i));
}

TEST_F(LimitTest, a_port_in_use_is_an_error) {
    start(rows);
    for (const unsigned threads : {1U, 2U}) {
        Options second;
        second.port = server->port();
        second.io_threads = threads;
        HttpServer other(second, services, StaticFiles(), rows);
        const auto result = other.start();
        ASSERT_FALSE(result.has_value());
        EXPECT_NE(result.error().detail.find(std::to_string(second.port)), std::string::npos);
    }
}

}  // namespace
}  // namespace onhand::http
