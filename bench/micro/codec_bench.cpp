// The binary forms: blobs of the embedded store, and a batch as instances tell it to each other.

#include <benchmark/benchmark.h>

#include "domain/batch_codec.hpp"
#include "micro/order_batch.hpp"
#include "storage/line_codec.hpp"

namespace onhand::bench {
namespace {

constexpr std::size_t batch_orders = 256;

std::vector<domain::OrderLine> lines_of(std::size_t count) {
    std::vector<domain::OrderLine> lines(count);
    for (std::size_t i = 0; i < count; ++i) {
        lines[i].level = {domain::ProductId{static_cast<std::int64_t>(i * 1000 + 7)}, domain::main_location};
        lines[i].quantity = 3;
    }
    return lines;
}

void codec_encode_lines(benchmark::State& state) {
    const auto lines = lines_of(static_cast<std::size_t>(state.range(0)));
    storage::Bytes blob;
    for (auto _ : state) {
        storage::encode_lines(blob, lines);
        benchmark::DoNotOptimize(blob.data());
    }
}
BENCHMARK(codec_encode_lines)->Arg(1)->Arg(3);

void codec_decode_lines(benchmark::State& state) {
    storage::Bytes blob;
    storage::encode_lines(blob, lines_of(static_cast<std::size_t>(state.range(0))));
    std::vector<domain::OrderLine> lines;
    for (auto _ : state) benchmark::DoNotOptimize(storage::decode_lines(blob, lines));
}
BENCHMARK(codec_decode_lines)->Arg(1)->Arg(3);

domain::Changes batch_of_orders() {
    OrderBatches batches;
    domain::Changes changes;
    std::vector<domain::KeyHash> keys;
    batches.fill(batch_orders, changes, keys);
    return changes;
}

// Time for one order of a batch of 256.
void codec_encode_batch(benchmark::State& state) {
    const auto changes = batch_of_orders();
    for (auto _ : state) benchmark::DoNotOptimize(domain::encode_batch(changes));
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch_orders));
}
BENCHMARK(codec_encode_batch);

void codec_decode_batch(benchmark::State& state) {
    const auto bytes = domain::encode_batch(batch_of_orders());
    for (auto _ : state) benchmark::DoNotOptimize(domain::decode_batch(bytes, 1));
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch_orders));
    state.counters["bytes_per_order"] = static_cast<double>(bytes.size()) / static_cast<double>(batch_orders);
}
BENCHMARK(codec_decode_batch);

}  // namespace
}  // namespace onhand::bench
