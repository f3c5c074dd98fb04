// The business: judging orders on loaded rows.

#include <benchmark/benchmark.h>

#include "micro/order_batch.hpp"

namespace onhand::bench {
namespace {

constexpr std::size_t orders_between_clears = 256;  // as in a batch

// Arguments: products, lines of an order.
void decide_place_order(benchmark::State& state) {
    OrderBatches batches(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
    std::vector<domain::Command> commands;
    for (std::size_t i = 0; i < orders_between_clears; ++i) commands.push_back(batches.order());
    const auto key = batches.key();
    domain::Changes changes;
    std::size_t at = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(batches.judge(commands[at], key, changes));
        if (++at < orders_between_clears) continue;
        at = 0;
        changes.items.clear();
        changes.levels.clear();
    }
}
BENCHMARK(decide_place_order)->Args({1, 1})->Args({1000, 1})->Args({1000, 3})->Args({100'000, 3});

// What the rows of a command cost to ask for, when all are there.
void decide_request_rows(benchmark::State& state) {
    OrderBatches batches(1000, 3);
    const auto command = batches.order();
    domain::RowRequest request;
    for (auto _ : state) {
        request.clear();
        domain::request_rows(command, batches.set(), request);
        benchmark::DoNotOptimize(request.empty());
    }
}
BENCHMARK(decide_request_rows);

}  // namespace
}  // namespace onhand::bench
