#include "app/core.hpp"

#include <semaphore>
#include <utility>

namespace onhand::app {

namespace {

// A request of this thread's own, which waits for it.
class OwnRequest final : public engine::Request, public engine::CompletionSink {
  public:
    explicit OwnRequest(domain::Command given) {
        command = std::move(given);
        role = domain::Role::admin;
        sink = this;
    }
    // Never asked: the request has no idempotency key.
    void render(const domain::Outcome&, engine::StoredBytes&) const override {}
    void complete(engine::Request*) override { done_.release(); }
    void wait() { done_.acquire(); }

  private:
    std::binary_semaphore done_{0};
};

}  // namespace

Core::Core(std::unique_ptr<storage::sqlite::SqliteStorage> opened, const Clock& clock)
    : storage(std::move(opened)),
      queries(storage->read_store()),
      engine({}, storage->store(), bus, stock, accounts, clock) {
    bus.subscribe([this](const domain::FeedBatchPtr& batch) { storage->on_batch(batch); });
}

Result<std::unique_ptr<Core>, std::string> Core::open(const std::string& path, const Clock& clock) {
    using Opened = Result<std::unique_ptr<Core>, std::string>;
    storage::sqlite::SqliteOptions options;
    options.path = path;
    auto opened = storage::sqlite::SqliteStorage::open(options, clock);
    if (!opened) return Opened(boost::system::in_place_error, opened.error().detail);
    std::unique_ptr<Core> core(new Core(std::move(*opened), clock));
    if (auto filled = core->fill(); !filled) return Opened(boost::system::in_place_error, filled.error());
    return core;
}

Result<void, std::string> Core::fill() {
    storage::ReadStore::Visitor visitor;
    visitor.location = [this](domain::Location&& location) { stock.put_location(location); };
    visitor.product = [this](domain::Product&& product) { stock.put_product(product); };
    visitor.level = [this](const domain::StockLevel& level) { stock.put_level(level); };
    visitor.account = [this](domain::Account&& account) { accounts.put_account(std::move(account)); };
    visitor.session = [this](const domain::Session& session) { accounts.put_session(session); };
    const auto head = storage->read_store().visit_all(visitor);
    if (!head) return head.error().detail;
    stock.set_head(*head);
    return {};
}

Result<void, std::string> Core::start() {
    if (auto started = engine.start(); !started) return started.error().detail;
    return {};
}

Result<domain::Outcome, engine::Failure> Core::run(domain::Command command) {
    OwnRequest request(std::move(command));
    engine::Request* const one[] = {&request};
    if (engine.submit(one) == 0) return engine::Failure::busy;
    request.wait();
    if (auto* outcome = std::get_if<domain::Outcome>(&request.answer.value)) return std::move(*outcome);
    return std::get<engine::Failure>(request.answer.value);
}

}  // namespace onhand::app
