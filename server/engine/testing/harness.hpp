#pragma once
// An engine on a simulated store, with requests that wait for their answers. For tests of the engine. The test thread
// submits; a gate can hold the lane inside a commit, so that what is submitted meanwhile forms the next batch.

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/ensure.hpp"
#include "base/log.hpp"
#include "bus/local/local_bus.hpp"
#include "engine/engine.hpp"
#include "engine/testing/simulated_store.hpp"

namespace onhand::engine {

// Counts the answers of each request, so that a second answer would be seen.
class TestRequest final : public Request {
  public:
    void render(const domain::Outcome& outcome, StoredBytes& bytes) const override {
        const auto* refused = domain::refusal(outcome);
        bytes.status = refused ? 409 : 200;
        bytes.body = refused ? std::string(domain::name(refused->code)) : "done";
    }
    int answers = 0;

    const Failure* failure() const { return std::get_if<Failure>(&answer.value); }
    const StoredBytes* bytes() const { return std::get_if<StoredBytes>(&answer.value); }
    const domain::Refusal* refused() const {
        const auto* outcome = std::get_if<domain::Outcome>(&answer.value);
        return outcome ? domain::refusal(*outcome) : nullptr;
    }
    // The placed or changed order, or nullptr.
    const domain::Order* order() const {
        const auto* outcome = std::get_if<domain::Outcome>(&answer.value);
        const auto* done = outcome ? std::get_if<domain::OrderDone>(outcome) : nullptr;
        return done ? &done->order : nullptr;
    }
};

class TestSink final : public CompletionSink {
  public:
    void complete(Request* first) override {
        const std::lock_guard lock(mutex_);
        ++calls_;
        for (auto* request = first; request != nullptr; request = request->next) {
            ++static_cast<TestRequest*>(request)->answers;
            ++completed_;
        }
        changed_.notify_all();
    }
    // Blocks until `count` requests in all have come back.
    void wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return completed_ >= count; });
    }
    std::size_t calls() const {
        const std::lock_guard lock(mutex_);
        return calls_;
    }

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t completed_ = 0;
    std::size_t calls_ = 0;
};

// Holds the lane inside a commit until it is opened.
class Gate {
  public:
    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    void open() {
        const std::lock_guard lock(mutex_);
        closed_ = false;
        changed_.notify_all();
    }
    void pass() {
        std::unique_lock lock(mutex_);
        waiting_ = true;
        changed_.notify_all();
        changed_.wait(lock, [&] { return !closed_; });
        waiting_ = false;
    }
    // Blocks until the lane stands at the closed gate.
    void wait_until_reached() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return waiting_; });
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool closed_ = false;
    bool waiting_ = false;
};

struct Harness {
    explicit Harness(const Options& options = {}, bus::LockService* locks = nullptr)
        : engine(options, stores, locks, bus, stock, accounts, clock) {
        log::set_level("off");  // faults are meant here
        stock.put_location(main_location());
        stock.set_head(0);
        store.on_commit = [this](std::uint64_t number) {
            gate.pass();
            return fault ? fault(number) : CommitFault::none;
        };
        bus.subscribe([this](const domain::FeedBatchPtr& batch) { published.push_back(batch); });
        ensure(static_cast<bool>(engine.start()), "the engine starts on the simulated store");
    }

    static domain::Location main_location() {
        domain::Location main;
        main.id = domain::main_location;
        main.code = domain::main_location_code;
        return main;
    }

    // Makes a request; the harness owns it.
    TestRequest& make(domain::Command command, int key = 0, int body = 0) {
        auto& request = *requests.emplace_back(std::make_unique<TestRequest>());
        request.command = std::move(command);
        request.role = domain::Role::admin;
        request.sink = &sink;
        if (key != 0) {
            request.key.fill(static_cast<std::uint8_t>(key));
            request.key[0] = static_cast<std::uint8_t>(key >> 8);
            request.fingerprint.fill(static_cast<std::uint8_t>(body));
        }
        return request;
    }

    bool submit(TestRequest& request) {
        Request* const one[] = {&request};
        const bool taken = engine.submit(one) == 1;
        if (taken) ++submitted;
        return taken;
    }

    // Submits and waits for the answer of everything submitted so far.
    TestRequest& ask(domain::Command command, int key = 0, int body = 0) {
        auto& request = make(std::move(command), key, body);
        ensure(submit(request), "the queue has room");
        sink.wait_for(submitted);
        return request;
    }

    void add_product(const std::string& sku, domain::Quantity stock_quantity) {
        domain::CreateProduct create;
        create.product.sku = sku;
        create.product.name = "Product " + sku;
        create.opening_stock.push_back({"", stock_quantity});
        const auto& request = ask(create);
        ensure(std::holds_alternative<domain::Outcome>(request.answer.value) && !request.refused(),
               "the product was made");
    }

    static domain::PlaceOrder order_of(const std::string& sku, domain::Quantity quantity) {
        domain::PlaceOrder order;
        order.lines.push_back({sku, "", quantity});
        return order;
    }

    static domain::AdjustStock adjustment_of(const std::string& sku, domain::Quantity delta) {
        domain::AdjustStock adjust;
        adjust.sku = sku;
        adjust.delta = delta;
        adjust.reason = domain::Reason::correction;
        return adjust;
    }

    domain::Quantity available(const std::string& sku) { return stock.level(sku, "")->level.available(); }

    std::function<CommitFault(std::uint64_t)> fault;
    Gate gate;
    SimulatedStore store;
    bus::LocalBus bus;
    StockView stock;
    AccountBook accounts;
    ManualClock clock;
    TestSink sink;
    std::vector<domain::FeedBatchPtr> published;  // lane thread writes; read after stop() or while the lane is idle
    std::vector<std::unique_ptr<TestRequest>> requests;
    std::size_t submitted = 0;
    const std::array<storage::Store*, 1> stores{&store};
    Engine engine;  // last: stopped before what it uses goes
};

}  // namespace onhand::engine
