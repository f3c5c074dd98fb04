// The steps of an order in the transport: head, route, JSON in, hashes, JSON out, head of the answer.

#include <benchmark/benchmark.h>

#include <string>

#include "engine/account_book.hpp"
#include "micro/order_batch.hpp"
#include "transport/http/answer_head.hpp"
#include "transport/http/gate.hpp"
#include "transport/http/json_in.hpp"
#include "transport/http/json_out.hpp"
#include "transport/http/request_head.hpp"
#include "transport/http/router.hpp"

namespace onhand::bench {
namespace {

const std::string head_text =
    "POST /api/v1/orders HTTP/1.1\r\nHost: 127.0.0.1:3000\r\n"
    "Authorization: Bearer AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"
    "Content-Type: application/json\r\nIdempotency-Key: load-19a0b1c2d3e-1f2e-123456\r\nContent-Length: 37\r\n\r\n";

void http_find_head(benchmark::State& state) {
    std::size_t length = 0;
    http::HeadRefusal refusal;
    for (auto _ : state) benchmark::DoNotOptimize(http::find_head(head_text, length, refusal));
}
BENCHMARK(http_find_head);

void http_parse_head(benchmark::State& state) {
    http::RequestHead head;
    for (auto _ : state) benchmark::DoNotOptimize(http::parse_head(head_text, head));
}
BENCHMARK(http_parse_head);

void http_answer_head(benchmark::State& state) {
    http::AnswerHead head;
    head.status = 201;
    head.content_type = "application/json";
    head.fields = "Location: /api/v1/orders/01930000-0000-7000-8000-000000000001\r\n";
    head.content_length = 400;
    http::DateLine date;
    std::string out;
    for (auto _ : state) {
        out.clear();
        http::append_answer_head(out, head, date.at(1'700'000'000'000));
        benchmark::DoNotOptimize(out.data());
    }
}
BENCHMARK(http_answer_head);

void http_hash_key(benchmark::State& state) {
    const Uuid account;
    for (auto _ : state) benchmark::DoNotOptimize(http::hash_key(account, "load-19a0b1c2d3e-1f2e-123456"));
}
BENCHMARK(http_hash_key);

void http_fingerprint(benchmark::State& state) {
    const std::string body = R"({"lines":[{"sku":"HOT","quantity":1}]})";
    for (auto _ : state) benchmark::DoNotOptimize(http::fingerprint_of("POST", "/api/v1/orders", body));
}
BENCHMARK(http_fingerprint);

void router_plain_path(benchmark::State& state) {
    const http::Router router(http::routes());
    for (auto _ : state) benchmark::DoNotOptimize(router.match("POST", "/api/v1/orders"));
}
BENCHMARK(router_plain_path);

void router_pattern(benchmark::State& state) {
    const http::Router router(http::routes());
    for (auto _ : state) {
        benchmark::DoNotOptimize(router.match("POST", "/api/v1/orders/01930000-0000-7000-8000-000000000001/cancel"));
    }
}
BENCHMARK(router_pattern);

// A body of so many lines: parsed, its members picked, and written again in the canonical form.
void json_read_order(benchmark::State& state) {
    std::string body = "{\"lines\":[";
    for (std::int64_t line = 0; line < state.range(0); ++line)
        body += (line > 0 ? ",{\"sku\":\"S-00000" : "{\"sku\":\"S-00000") + std::to_string(line) + "\",\"quantity\":1}";
    body += "]}";
    std::string canonical;
    for (auto _ : state) {
        http::JsonDocument document;
        if (document.parse(body)) state.SkipWithError("not JSON");
        http::Errors errors;
        http::Fields fields(document.root(), errors);
        benchmark::DoNotOptimize(fields.objects("lines", 1, 200, http::Need::required));
        fields.finish();
        canonical.clear();
        http::append_json(canonical, document.root());
        benchmark::DoNotOptimize(canonical.data());
    }
}
BENCHMARK(json_read_order)->Arg(1)->Arg(3);

void json_write_order(benchmark::State& state) {
    OrderBatches batches(1000, static_cast<std::size_t>(state.range(0)));
    domain::Changes changes;
    const auto outcome = batches.judge(batches.order(), batches.key(), changes);
    const auto& order = std::get<domain::OrderDone>(outcome).order;
    const engine::AccountBook accounts;
    std::string out;
    for (auto _ : state) {
        out.clear();
        http::append_order(out, order, accounts);
        benchmark::DoNotOptimize(out.data());
    }
    state.counters["bytes"] = static_cast<double>(out.size());
}
BENCHMARK(json_write_order)->Arg(1)->Arg(3);

}  // namespace
}  // namespace onhand::bench
