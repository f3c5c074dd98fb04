// How long the embedded store takes for batches of one-line orders, alone, without engine or network.
//   commit_bench FOLDER [orders per batch] [batches] [products] [lists 0|1] [words 0|1] [checkpoint pages]
// `lists`: with the threads behind the commit; `words`: orders have a customer and a reference.
// Prints time per batch and per order on the lane thread (wall and CPU), the share of each call, and how long opening
// takes afterwards. A folder on a memory file system shows the CPU cost without the disk.

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "storage/sqlite/sqlite_storage.hpp"

namespace {

using namespace onhand;

std::int64_t clock_ns(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return now.tv_sec * 1'000'000'000LL + now.tv_nsec;
}

struct Stopwatch {
    std::int64_t wall = 0;
    std::int64_t cpu = 0;
    template <class Body>
    void measure(Body&& body) {
        const auto wall_before = clock_ns(CLOCK_MONOTONIC);
        const auto cpu_before = clock_ns(CLOCK_THREAD_CPUTIME_ID);
        body();
        wall += clock_ns(CLOCK_MONOTONIC) - wall_before;
        cpu += clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_before;
    }
};

void stop_with(const char* what, const std::string& detail) {
    std::fprintf(stderr, "%s: %s\n", what, detail.c_str());
    std::exit(1);
}

// Makes what the engine would: per order one movement and one placed event, and each touched level once.
class Batches {
  public:
    Batches(int products, bool words) : ids_([this] { return random_(); }), words_(words) {
        for (int i = 1; i <= products; ++i) {
            domain::StockLevel level;
            level.key = {domain::ProductId{i}, domain::main_location};
            level.on_hand = domain::quantity_max;
            levels_.push_back(level);
        }
    }

    domain::Changes catalogue() {
        domain::Changes changes;
        for (auto& level : levels_) {
            domain::ProductEvent event;
            event.product.id = level.key.product;
            event.product.sku = "SKU-" + std::to_string(domain::raw(level.key.product));
            event.product.name = "A product";
            event.product.created_at = event.product.updated_at = now_;
            changes.items.emplace_back(event);
            changes.levels[level.key] = level;
        }
        return changes;
    }

    void fill(int orders, domain::Changes& changes, std::vector<domain::KeyHash>& keys) {
        changes.items.clear();
        changes.levels.clear();
        keys.clear();
        ++now_;
        for (int i = 0; i < orders; ++i) add_order(changes, keys);
    }

  private:
    void add_order(domain::Changes& changes, std::vector<domain::KeyHash>& keys) {
        auto& level = levels_[random_() % levels_.size()];
        domain::OrderEvent event;
        event.order.id = ids_.next(now_);
        event.order.number = next_number_++;
        event.order.placed_by = event.actor = domain::AccountId{1};
        event.order.placed_at = event.order.updated_at = now_;
        domain::OrderLine line;
        line.level = level.key;
        line.quantity = 1;
        event.order.lines = {line};
        if (words_) {
            event.order.customer = "Anna Name" + std::to_string(random_() % 2000);
            event.order.reference = "WEB-" + std::to_string(20'000'000 + event.order.number);
        }
        for (auto& byte : event.key) byte = static_cast<std::uint8_t>(random_());
        event.fingerprint = event.key;
        keys.push_back(event.key);
        level.allocated += 1;
        level.version += 1;
        level.updated_at = now_;
        domain::Movement movement;
        movement.id = ids_.next(now_);
        movement.kind = domain::MovementKind::allocated;
        movement.quantity = 1;
        movement.from = movement.to = domain::raw(domain::main_location);
        movement.reason = domain::Reason::order_placed;
        movement.actor = domain::AccountId{1};
        movement.cause = {domain::CauseType::order, event.order.id};
        movement.after = level;
        changes.items.emplace_back(std::move(movement));
        changes.items.emplace_back(std::move(event));
        changes.levels[level.key] = level;
    }

    std::mt19937_64 random_{1};
    UuidGenerator ids_;
    const bool words_;
    UnixMillis now_ = SystemClock{}.wall_ms();
    std::int64_t next_number_ = domain::first_order_number;
    std::vector<domain::StockLevel> levels_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) stop_with("usage", "see the head of commit_bench.cpp");
    const int orders = argc > 2 ? std::atoi(argv[2]) : 117;
    const int batches = argc > 3 ? std::atoi(argv[3]) : 2000;
    const int products = argc > 4 ? std::atoi(argv[4]) : 1;
    storage::sqlite::SqliteOptions options;
    options.path = std::string(argv[1]) + "/bench.db";
    options.background = argc <= 5 || std::atoi(argv[5]) != 0;
    const bool words = argc > 6 && std::atoi(argv[6]) != 0;
    if (argc > 7) options.checkpoint_pages = std::atoi(argv[7]);
    const SystemClock clock;
    auto opened = storage::sqlite::SqliteStorage::open(options, clock);
    if (!opened) stop_with("open", opened.error().detail);
    auto& sqlite = **opened;
    Batches source(products, words);
    domain::Changes changes = source.catalogue();
    if (sqlite.store().commit(changes).status != storage::CommitStatus::committed) stop_with("catalogue", "failed");

    Stopwatch find;
    Stopwatch commit;
    std::vector<std::int64_t> times;
    std::vector<domain::KeyHash> keys;
    domain::WorkingSet none;
    const auto process_before = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    const auto begin = clock_ns(CLOCK_MONOTONIC);
    for (int i = 0; i < batches; ++i) {
        source.fill(orders, changes, keys);
        const auto before = clock_ns(CLOCK_MONOTONIC);
        find.measure([&] {
            if (!sqlite.store().load(keys, {}, none)) stop_with("load", "failed");
        });
        commit.measure([&] {
            const auto result = sqlite.store().commit(changes);
            if (result.status != storage::CommitStatus::committed) stop_with("commit", result.error.detail);
        });
        times.push_back(clock_ns(CLOCK_MONOTONIC) - before);
        auto batch = std::make_shared<domain::FeedBatch>();
        batch->first = sqlite.store().head() + 1;
        sqlite.on_batch(batch);
    }
    const double seconds = static_cast<double>(clock_ns(CLOCK_MONOTONIC) - begin) / 1e9;
    const double process = static_cast<double>(clock_ns(CLOCK_PROCESS_CPUTIME_ID) - process_before) / 1e9;
    std::sort(times.begin(), times.end());
    const auto percentile = [&](double p) {
        return static_cast<double>(times[static_cast<std::size_t>(p * static_cast<double>(times.size() - 1))]) / 1e6;
    };
    const auto per_batch = [&](std::int64_t ns) { return static_cast<double>(ns) / 1e6 / batches; };
    std::printf("%d batches of %d orders on %d products: %.0f orders/s\n", batches, orders, products,
                batches * static_cast<double>(orders) / seconds);
    std::printf("per batch: commit %.3f ms wall, %.3f ms cpu; load %.4f ms; whole process %.3f ms cpu\n",
                per_batch(commit.wall), per_batch(commit.cpu), per_batch(find.wall), process * 1e3 / batches);
    std::printf("batch ms: p50 %.3f p99 %.3f p99.9 %.3f max %.3f\n", percentile(.5), percentile(.99), percentile(.999),
                percentile(1));
    const auto close_begin = clock_ns(CLOCK_MONOTONIC);
    opened->reset();
    const auto open_begin = clock_ns(CLOCK_MONOTONIC);
    const auto open_cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    auto again = storage::sqlite::SqliteStorage::open(options, clock);
    if (!again) stop_with("open again", again.error().detail);
    const auto end = clock_ns(CLOCK_MONOTONIC);
    std::printf("close %.1f ms; open again with %zu keys %.1f ms, %.1f ms cpu\n",
                static_cast<double>(open_begin - close_begin) / 1e6, (*again)->known_keys(),
                static_cast<double>(end - open_begin) / 1e6,
                static_cast<double>(clock_ns(CLOCK_THREAD_CPUTIME_ID) - open_cpu) / 1e6);
}
