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

std::vector<storage::Store*> stores_of(storage::postgres::PostgresStorage& postgres, unsigned lanes) {
    std::vector<storage::Store*> stores;
    for (unsigned lane = 0; lane < lanes; ++lane) stores.push_back(&postgres.store(static_cast<int>(lane)));
    return stores;
}

std::unique_ptr<RedisParts> make_redis(const Config& config, const storage::postgres::PostgresStorage& postgres,
                                       const Clock& clock) {
    if (!config.redis) return nullptr;
    return std::make_unique<RedisParts>(*config.redis, postgres.database_id(),
                                        std::chrono::milliseconds(config.lock_lease_ms), clock);
}

}  // namespace

Core::Core(std::unique_ptr<storage::sqlite::SqliteStorage> opened, const Clock& clock)
    : sqlite(std::move(opened)),
      queries(sqlite->read_store()),
      engine({}, std::vector{&sqlite->store()}, nullptr, bus, stock, accounts, clock) {
    bus.subscribe([this](const domain::FeedBatchPtr& batch) { sqlite->on_batch(batch); });
}

Core::Core(std::unique_ptr<storage::postgres::PostgresStorage> opened, const Config& config, const Clock& clock)
    : postgres(std::move(opened)),
      redis(make_redis(config, *postgres, clock)),
      queries(postgres->read_store()),
      engine({}, stores_of(*postgres, config.lanes), redis && config.locks ? &redis->locks : nullptr, bus, stock,
             accounts, clock),
      relay(std::make_unique<engine::Relay>(postgres->outbox(), postgres->read_store(),
                                            redis ? &redis->channel : nullptr, bus, stock, accounts)),
      cluster(std::make_unique<engine::Cluster>(postgres->read_store(), accounts, *relay,
                                                redis ? &redis->counter : nullptr,
                                                redis && config.locks ? &redis->locks : nullptr, redis != nullptr)) {
    engine.on_committed([this] { relay->wake(); });
    bus.subscribe([this](const domain::FeedBatchPtr& batch) { postgres->saw_head(batch->last()); });
}

Result<std::unique_ptr<Core>, std::string> Core::make(const Config& config, const Clock& clock,
                                                      std::chrono::milliseconds patience) {
    using Made = Result<std::unique_ptr<Core>, std::string>;
    if (config.is_shared()) {
        storage::postgres::PostgresOptions options;
        options.url = config.database;
        options.lanes = static_cast<int>(config.lanes);
        options.prepared = !config.transaction_pooler;
        options.start_patience = patience;
        auto opened = storage::postgres::PostgresStorage::open(options, clock);
        if (!opened) return Made(boost::system::in_place_error, opened.error().detail);
        return std::unique_ptr<Core>(new Core(std::move(*opened), config, clock));
    }
    storage::sqlite::SqliteOptions options;
    options.path = config.sqlite_path();
    auto opened = storage::sqlite::SqliteStorage::open(options, clock);
    if (!opened) return Made(boost::system::in_place_error, opened.error().detail);
    return std::unique_ptr<Core>(new Core(std::move(*opened), clock));
}

Result<std::unique_ptr<Core>, std::string> Core::open(const Config& config, const Clock& clock,
                                                      std::chrono::milliseconds patience) {
    auto core = make(config, clock, patience);
    if (!core) return core;
    if (auto filled = (*core)->fill(); !filled)
        return Result<std::unique_ptr<Core>, std::string>(boost::system::in_place_error, filled.error());
    return core;
}

storage::ReadStore& Core::read_store() {
    return sqlite ? sqlite->read_store() : postgres->read_store();
}

Result<void, std::string> Core::fill() {
    storage::ReadStore::Visitor visitor;
    visitor.location = [this](domain::Location&& location) { stock.put_location(location); };
    visitor.product = [this](domain::Product&& product) { stock.put_product(product); };
    visitor.level = [this](const domain::StockLevel& level) { stock.put_level(level); };
    visitor.account = [this](domain::Account&& account) { accounts.put_account(std::move(account)); };
    visitor.session = [this](const domain::Session& session) { accounts.put_session(session); };
    const auto moment = read_store().visit_all(visitor);
    if (!moment) return moment.error().detail;
    filled_ = *moment;
    stock.set_head(filled_.head);
    return {};
}

Result<void, std::string> Core::start() {
    if (auto started = engine.start(); !started) return started.error().detail;
    if (relay) relay->start(filled_);
    if (redis) redis->channel.start();
    return {};
}

void Core::stop() {
    engine.stop();
    if (relay) relay->stop();
    if (redis) redis->channel.stop();
}

std::vector<storage::Check> Core::verify() {
    return sqlite ? sqlite->verify() : postgres->verify();
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
