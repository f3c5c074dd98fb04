// How fast the shared store takes batches of one-line orders, alone, without engine or network.
//   postgres_bench URL [orders per batch] [batches] [products] [lanes] [unprepared]
// URL names an empty database. Each lane loads, judges and commits as the engine would; a relay thread numbers
// meanwhile. Prints orders per second and the times of a batch and of its calls.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "domain/decide.hpp"
#include "storage/postgres/postgres_storage.hpp"

namespace {

using namespace onhand;
using SteadyClock = std::chrono::steady_clock;

void stop_with(const char* what, const std::string& detail) {
    std::fprintf(stderr, "%s: %s\n", what, detail.c_str());
    std::exit(1);
}

struct Arguments {
    std::string url;
    int orders = 256;
    int batches = 1000;
    int products = 1;
    int lanes = 1;
    bool prepared = true;
};

Arguments read_arguments(int argc, char** argv) {
    if (argc < 2) stop_with("usage", "postgres_bench URL [orders per batch] [batches] [products] [lanes] [unprepared]");
    const auto number = [&](int at, int otherwise) { return argc > at ? std::max(1, std::atoi(argv[at])) : otherwise; };
    Arguments arguments{argv[1], number(2, 256), number(3, 1000), number(4, 1), number(5, 1), true};
    arguments.prepared = argc <= 6 || std::strcmp(argv[6], "unprepared") != 0;
    return arguments;
}

std::string sku_of(int product) {
    return "SKU-" + std::to_string(product);
}

struct Times {
    std::vector<double> batch_ms;
    double load_ms = 0;
    double judge_ms = 0;
    double commit_ms = 0;
};

double ms_since(SteadyClock::time_point begin) {
    return std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count();
}

class Lane {
  public:
    Lane(storage::Store& store, const Arguments& arguments, unsigned seed)
        : store_(store), arguments_(arguments), random_(seed), ids_(seeded_random()) {
        if (const auto last = store_.prepare(set_)) ids_.raise_floor(*last);
    }

    void run_batch(Times& times) {
        std::vector<domain::Command> commands;
        std::vector<domain::KeyHash> keys;
        domain::RowRequest request;
        for (int i = 0; i < arguments_.orders; ++i) {
            domain::PlaceOrder order;
            order.lines = {{sku_of(static_cast<int>(random_() % static_cast<unsigned>(arguments_.products))), "", 1}};
            commands.emplace_back(std::move(order));
            domain::KeyHash key{};
            for (auto& byte : key) byte = static_cast<std::uint8_t>(random_());
            keys.push_back(key);
        }
        for (const auto& command : commands) domain::request_rows(command, set_, request);
        const auto begin = SteadyClock::now();
        const auto known = store_.load(keys, request, set_);
        if (!known) stop_with("load", known.error().detail);
        times.load_ms += ms_since(begin);
        const auto judging = SteadyClock::now();
        domain::Changes changes;
        judge(commands, keys, changes);
        times.judge_ms += ms_since(judging);
        const auto committing = SteadyClock::now();
        const auto result = store_.commit(changes);
        if (result.status != storage::CommitStatus::committed) stop_with("commit", result.error.detail);
        times.commit_ms += ms_since(committing);
        times.batch_ms.push_back(ms_since(begin));
        set_.clear();
    }

    // Makes the products with stock.
    void make_products() {
        for (int product = 0; product < arguments_.products; ++product) {
            domain::CreateProduct create;
            create.product.sku = create.product.name = sku_of(product);
            create.opening_stock = {{"", 100'000'000}};
            const domain::Command command = create;
            domain::RowRequest request;
            domain::request_rows(command, set_, request);
            if (!store_.load({}, request, set_)) stop_with("load", "of the products");
            domain::Changes changes;
            judge({command}, {domain::KeyHash{}}, changes);
            if (store_.commit(changes).status != storage::CommitStatus::committed) stop_with("products", "failed");
            set_.clear();
        }
    }

  private:
    void judge(const std::vector<domain::Command>& commands, const std::vector<domain::KeyHash>& keys,
               domain::Changes& changes) {
        const UnixMillis now = SystemClock{}.wall_ms();
        changes.items.reserve(commands.size() * 2);
        for (std::size_t i = 0; i < commands.size(); ++i) {
            const domain::Context context{now, domain::AccountId{1}, domain::Role::admin, ids_, keys[i], keys[i]};
            const auto outcome = domain::decide(commands[i], set_, context, changes);
            if (const auto* refusal = domain::refusal(outcome)) stop_with("refused", refusal->detail);
        }
    }

    storage::Store& store_;
    const Arguments& arguments_;
    std::mt19937_64 random_;
    UuidGenerator ids_;
    domain::WorkingSet set_;
};

void print(const std::vector<Times>& all, const Arguments& arguments, double seconds) {
    std::vector<double> batches;
    Times sum;
    for (const auto& times : all) {
        batches.insert(batches.end(), times.batch_ms.begin(), times.batch_ms.end());
        sum.load_ms += times.load_ms;
        sum.judge_ms += times.judge_ms;
        sum.commit_ms += times.commit_ms;
    }
    std::sort(batches.begin(), batches.end());
    const auto count = static_cast<double>(batches.size());
    const auto percentile = [&](double p) { return batches[static_cast<std::size_t>(p * (count - 1))]; };
    std::printf("%.0f batches of %d orders on %d products, %d lanes: %.0f orders/s\n", count, arguments.orders,
                arguments.products, arguments.lanes, count * arguments.orders / seconds);
    std::printf("ms per batch: load %.3f, judge %.3f, commit %.3f; p50 %.3f p99 %.3f max %.3f\n", sum.load_ms / count,
                sum.judge_ms / count, sum.commit_ms / count, percentile(.5), percentile(.99), percentile(1));
}

}  // namespace

int main(int argc, char** argv) {
    const Arguments arguments = read_arguments(argc, argv);
    storage::postgres::PostgresOptions options;
    options.url = arguments.url;
    options.lanes = arguments.lanes;
    options.prepared = arguments.prepared;
    const SystemClock clock;
    auto opened = storage::postgres::PostgresStorage::open(options, clock);
    if (!opened) stop_with("open", opened.error().detail);
    auto& store = **opened;
    Lane(store.store(0), arguments, 0).make_products();

    std::atomic<bool> done{false};
    std::thread relay([&] {
        std::int64_t last = 0;
        while (!done) {
            const auto step = store.outbox().number(last, 500);
            if (!step) stop_with("relay", step.error().detail);
            if (!step->batches.empty()) last = step->batches.back().number;
            std::this_thread::sleep_for(std::chrono::milliseconds(step->given == 0 ? 5 : 2));
        }
    });
    std::vector<Times> times(static_cast<std::size_t>(arguments.lanes));
    std::vector<std::thread> lanes;
    const auto begin = SteadyClock::now();
    for (int i = 0; i < arguments.lanes; ++i) {
        lanes.emplace_back([&, i] {
            Lane lane(store.store(i), arguments, static_cast<unsigned>(i + 1));
            for (int batch = 0; batch < arguments.batches; ++batch) lane.run_batch(times[static_cast<std::size_t>(i)]);
        });
    }
    for (auto& lane : lanes) lane.join();
    print(times, arguments, ms_since(begin) / 1000);
    done = true;
    relay.join();
}
