// The statements of the stores: batches of one-line orders loaded and committed, durable each. The embedded store lies
// in a temporary folder ($TMPDIR); PostgreSQL is measured when ONHAND_BENCH_POSTGRES names an empty database. A batch
// is one iteration, so the time for each order is the time shown over the orders of the batch.

#include <benchmark/benchmark.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "micro/order_batch.hpp"
#include "storage/postgres/postgres_storage.hpp"
#include "storage/sqlite/sqlite_storage.hpp"

namespace onhand::bench {
namespace {

constexpr std::size_t products_max = 1000;

class TemporaryFolder {
  public:
    TemporaryFolder() {
        path_ = (std::filesystem::temp_directory_path() / "onhand-micro-XXXXXX").string();
        if (mkdtemp(path_.data()) == nullptr) std::abort();
    }
    ~TemporaryFolder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

void fail(benchmark::State& state, const std::string& why) {
    state.SkipWithError(why.c_str());
}

// Arguments: orders of a batch, products.
void storage_sqlite_commit(benchmark::State& state) {
    const TemporaryFolder folder;
    const SystemClock clock;
    storage::sqlite::SqliteOptions options;
    options.path = folder.path() + "/onhand.db";
    options.background = false;  // the lists are filled beside the commit
    auto opened = storage::sqlite::SqliteStorage::open(options, clock);
    if (!opened) return fail(state, opened.error().detail);
    auto& store = (*opened)->store();
    OrderBatches batches(static_cast<std::size_t>(state.range(1)));
    auto changes = batches.catalogue();
    if (store.commit(changes).status != storage::CommitStatus::committed) return fail(state, "no catalogue");
    std::vector<domain::KeyHash> keys;
    for (auto _ : state) {
        state.PauseTiming();
        batches.fill(static_cast<std::size_t>(state.range(0)), changes, keys);
        state.ResumeTiming();
        domain::WorkingSet none;
        if (!store.load(keys, {}, none)) return fail(state, "load");
        if (store.commit(changes).status != storage::CommitStatus::committed) return fail(state, "commit");
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(storage_sqlite_commit)
    ->Args({1, 1})
    ->Args({64, 1})
    ->Args({256, 1})
    ->Args({256, products_max})
    ->UseRealTime()
    ->Unit(benchmark::kMicrosecond);

// Rows that are not in memory yet, each product with its level.
void storage_sqlite_load(benchmark::State& state) {
    const TemporaryFolder folder;
    const SystemClock clock;
    storage::sqlite::SqliteOptions options;
    options.path = folder.path() + "/onhand.db";
    options.background = false;
    auto opened = storage::sqlite::SqliteStorage::open(options, clock);
    if (!opened) return fail(state, opened.error().detail);
    auto& store = (*opened)->store();
    OrderBatches batches(products_max);
    auto changes = batches.catalogue();
    if (store.commit(changes).status != storage::CommitStatus::committed) return fail(state, "no catalogue");
    std::vector<domain::Command> commands;
    for (std::int64_t i = 0; i < state.range(0); ++i) commands.push_back(batches.order());
    for (auto _ : state) {
        domain::WorkingSet set;
        domain::RowRequest request;
        for (const auto& command : commands) domain::request_rows(command, set, request);
        if (!store.load({}, request, set)) return fail(state, "load");
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(storage_sqlite_load)->Arg(256)->Unit(benchmark::kMicrosecond);

// One store for all its benchmarks: the database is made once.
struct Postgres {
    SystemClock clock;
    std::unique_ptr<storage::postgres::PostgresStorage> storage;
    OrderBatches batches{products_max};
    std::string fault;

    Postgres() {
        const char* const url = std::getenv("ONHAND_BENCH_POSTGRES");
        storage::postgres::PostgresOptions options;
        options.url = url == nullptr ? "" : url;
        options.lanes = 1;
        auto opened = storage::postgres::PostgresStorage::open(options, clock);
        if (!opened) {
            fault = opened.error().detail;
            return;
        }
        storage = std::move(*opened);
        make_products();
    }

    // Through decide(), as a shared store keeps what it reads between load() and commit().
    void make_products() {
        domain::WorkingSet set;
        auto& store = storage->store(0);
        UuidGenerator ids(seeded_random());
        if (!store.prepare(set)) fault = "prepare";
        for (std::size_t index = 0; index < products_max && fault.empty(); ++index) {
            domain::CreateProduct create;
            create.product.sku = create.product.name = product_sku(index);
            create.opening_stock = {{"", 1'000'000'000}};
            const domain::Command command = create;
            domain::RowRequest request;
            domain::request_rows(command, set, request);
            if (!store.load({}, request, set)) fault = "load";
            domain::Changes changes;
            const domain::Context context{clock.wall_ms(), domain::AccountId{1}, domain::Role::admin, ids, {}, {}};
            domain::decide(command, set, context, changes);
            if (store.commit(changes).status != storage::CommitStatus::committed) fault = "commit of products";
            set.clear();
        }
    }

    static std::string product_sku(std::size_t index) {
        const auto digits = std::to_string(index);
        return "S-" + std::string(6 - digits.size(), '0') + digits;
    }
};

// A whole batch: rows locked and read, judged, written, committed. Arguments: orders of a batch, products.
void storage_postgres_batch(benchmark::State& state) {
    static Postgres postgres;
    if (!postgres.fault.empty()) return fail(state, postgres.fault);
    auto& store = postgres.storage->store(0);
    UuidGenerator ids(seeded_random());
    domain::WorkingSet set;
    const auto last_id = store.prepare(set);
    if (!last_id) return fail(state, last_id.error().detail);
    ids.raise_floor(*last_id);
    OrderBatches source(static_cast<std::size_t>(state.range(1)));
    for (auto _ : state) {
        state.PauseTiming();
        std::vector<domain::Command> commands;
        std::vector<domain::KeyHash> keys;
        for (std::int64_t i = 0; i < state.range(0); ++i) {
            commands.push_back(source.order());
            keys.push_back(source.key());
        }
        domain::RowRequest request;
        for (const auto& command : commands) domain::request_rows(command, set, request);
        state.ResumeTiming();
        if (!store.load(keys, request, set)) return fail(state, "load");
        domain::Changes changes;
        const auto now = postgres.clock.wall_ms();
        for (std::size_t i = 0; i < commands.size(); ++i) {
            const domain::Context context{now, domain::AccountId{1}, domain::Role::admin, ids, keys[i], keys[i]};
            domain::decide(commands[i], set, context, changes);
        }
        const auto result = store.commit(changes);
        if (result.status != storage::CommitStatus::committed) return fail(state, result.error.detail);
        set.clear();
    }
    state.SetItemsProcessed(state.iterations() * state.range(0));
}

// Only where there is a PostgreSQL.
const bool with_postgres = [] {
    if (std::getenv("ONHAND_BENCH_POSTGRES") == nullptr) return false;
    benchmark::RegisterBenchmark("storage_postgres_batch", storage_postgres_batch)
        ->Args({1, 1})
        ->Args({64, 1})
        ->Args({256, 1})
        ->Args({256, products_max})
        ->UseRealTime()
        ->Unit(benchmark::kMicrosecond);
    return true;
}();

}  // namespace
}  // namespace onhand::bench

BENCHMARK_MAIN();
