// Feeds orders to the real engine from memory, with no network between: what the store and the engine can do, and so
// the upper line for orders that come by HTTP. The database must have the products of bench/prepare.mjs and an account,
// and no other program may have it open.
//   onhand-memory DATABASE IN_FLIGHT SECONDS [hot|spread] [REDIS]
// Prints one line of JSON. Exit code 1 when an order was not accepted.

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <mutex>
#include <random>
#include <string>
#include <vector>

#include "app/core.hpp"
#include "base/log.hpp"
#include "processor_time.hpp"

namespace {

using namespace onhand;
using Clock = std::chrono::steady_clock;

constexpr double warmup_s = 1.0;
constexpr unsigned spread_products = 1000;  // as in bench/prepare.mjs
constexpr std::size_t in_flight_max = 16'384;

class MemoryRequest final : public engine::Request {
  public:
    // Never asked: a placed order is not stored as bytes, and every order here is placed.
    void render(const domain::Outcome&, engine::StoredBytes&) const override {}
    Clock::time_point sent;
};

// Where the lanes put what is done. The feeder takes it from here, as an io thread would.
class Done final : public engine::CompletionSink {
  public:
    void complete(engine::Request* first) override {
        {
            const std::lock_guard lock(mutex_);
            lists_.push_back(first);
        }
        wake_.notify_one();
    }

    // All that is done; waits until there is something.
    void take(std::vector<MemoryRequest*>& requests) {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return !lists_.empty(); });
        for (auto* request : lists_)
            for (; request != nullptr; request = request->next)
                requests.push_back(static_cast<MemoryRequest*>(request));
        lists_.clear();
    }

  private:
    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<engine::Request*> lists_;
};

// Keeps a number of orders on their way for a while and counts those that were placed.
class Feeder {
  public:
    Feeder(app::Core& core, std::size_t in_flight, bool spread)
        : core_(core), spread_(spread), actor_(core.accounts.accounts().front().id), requests_(in_flight) {
        random_.seed(std::random_device()());
    }

    int run(double seconds) {
        std::vector<MemoryRequest*> ready;
        for (auto& request : requests_) ready.push_back(&request);
        const auto begin = Clock::now();
        const auto from = begin + in_nanoseconds(warmup_s);
        const auto to = from + in_nanoseconds(seconds);
        double cpu_from = 0.0;
        std::uint64_t batches_from = 0;
        std::size_t out = 0;
        for (auto now = begin; now < to || out > 0; now = Clock::now()) {
            if (cpu_from == 0.0 && now >= from) {
                cpu_from = bench::processor_seconds();
                batches_from = core_.engine.stats().batches;
            }
            if (now >= to) ready.clear();
            if (!ready.empty()) out += send(ready, now);
            ready.clear();
            done_.take(ready);
            out -= ready.size();
            const auto seen = Clock::now();
            for (auto* request : ready) count(*request, seen >= from && seen < to, seen);
        }
        report(seconds, bench::processor_seconds() - cpu_from, core_.engine.stats().batches - batches_from);
        return wrong_ == 0 ? 0 : 1;
    }

  private:
    static std::chrono::nanoseconds in_nanoseconds(double seconds) {
        return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
    }

    std::size_t send(const std::vector<MemoryRequest*>& ready, Clock::time_point now) {
        std::vector<engine::Request*> given;
        for (auto* request : ready) {
            prepare(*request);
            request->sent = now;
            given.push_back(request);
        }
        const auto taken = core_.engine.submit(given);
        wrong_ += given.size() - taken;
        return taken;
    }

    void prepare(MemoryRequest& request) {
        domain::PlaceOrder order;
        const auto lines = spread_ ? 1 + random_() % 3 : 1;
        for (std::size_t line = 0; line < lines; ++line) {
            // Neighbours are different products, so an order names each once.
            const auto sku = spread_ ? fmt::format("S-{:06}", (random_() % (spread_products / 3)) * 3 + line) : "HOT";
            order.lines.push_back({.sku = sku, .location = {}, .quantity = 1});
        }
        units_ += order.lines.size();
        request.command = std::move(order);
        request.actor = actor_;
        request.role = domain::Role::admin;
        for (auto& byte : request.key) byte = static_cast<std::uint8_t>(random_());
        request.fingerprint = request.key;
        request.deadline = 0;
        request.sink = &done_;
        request.answer = engine::Answer();
    }

    void count(const MemoryRequest& request, bool measured, Clock::time_point now) {
        const auto* const outcome = std::get_if<domain::Outcome>(&request.answer.value);
        if (outcome == nullptr || !std::holds_alternative<domain::OrderDone>(*outcome)) {
            ++wrong_;
        } else if (measured) {
            ++placed_;
            waited_s_ += std::chrono::duration<double>(now - request.sent).count();
        }
    }

    void report(double seconds, double cpu_s, std::uint64_t batches) const {
        const auto orders = static_cast<double>(placed_);
        fmt::print(
            "{{\"orders_per_second\":{:.1f},\"units\":{},\"wrong\":{},\"mean_ms\":{:.3f},\"cpu_us\":{:.2f},"
            "\"orders_per_batch\":{:.1f}}}\n",
            orders / seconds, units_, wrong_, placed_ == 0 ? 0.0 : waited_s_ * 1e3 / orders,
            placed_ == 0 ? 0.0 : cpu_s * 1e6 / orders, batches == 0 ? 0.0 : orders / static_cast<double>(batches));
    }

    app::Core& core_;
    const bool spread_;
    const domain::AccountId actor_;
    std::deque<MemoryRequest> requests_;
    Done done_;
    std::mt19937_64 random_;
    std::uint64_t placed_ = 0;
    std::uint64_t units_ = 0;
    std::uint64_t wrong_ = 0;
    double waited_s_ = 0.0;
};

int fail(const std::string& why) {
    fmt::print(stderr, "onhand-memory: {}\n", why);
    return 2;
}

}  // namespace

int main(int count, char** values) {
    if (count < 4) return fail("usage: onhand-memory DATABASE IN_FLIGHT SECONDS [hot|spread] [REDIS]");
    app::Values flags{{"DATABASE_URL", values[1]}};
    if (count > 5) flags["REDIS_URL"] = values[5];
    const auto config = app::make_config(flags, {}, {});
    if (!config) return fail(config.error());
    log::set_level("warn");
    const auto in_flight = static_cast<std::size_t>(std::atoi(values[2]));
    const double seconds = std::atof(values[3]);
    if (in_flight < 1 || in_flight > in_flight_max || seconds <= 0) return fail("IN_FLIGHT and SECONDS are positive");
    const SystemClock clock;
    auto core = app::Core::open(*config, clock);
    if (!core) return fail(core.error());
    if ((*core)->accounts.empty()) return fail("the database has no account");
    if (auto started = (*core)->start(); !started) return fail(started.error());
    const bool spread = count > 4 && std::string(values[4]) == "spread";
    const int code = Feeder(**core, in_flight, spread).run(seconds);
    (*core)->stop();
    return code;
}
