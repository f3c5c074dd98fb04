#pragma once
// The rooms without the network, put together: store, read models, engine, and with a shared store the relay and what
// is known of the other instances. `serve` stands on it, and the commands that work on the database directly (import,
// user, verify …) run on it alone. Built top-down in the constructor's order and destroyed in reverse. Main thread.

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config.hpp"
#include "app/redis_parts.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "bus/local/local_bus.hpp"
#include "engine/cluster.hpp"
#include "engine/engine.hpp"
#include "engine/queries.hpp"
#include "engine/relay.hpp"
#include "storage/check.hpp"
#include "storage/postgres/postgres_storage.hpp"
#include "storage/sqlite/sqlite_storage.hpp"

namespace onhand::app {

class Core {
  public:
    // Opens (and migrates) the database and fills the read models. The engine is not started yet, so that listeners can
    // still subscribe to the bus. A PostgreSQL that does not answer yet is waited for as long as `patience`. The error
    // is one line for the terminal. `clock` must outlive the core.
    static Result<std::unique_ptr<Core>, std::string> open(const Config& config, const Clock& clock,
                                                           std::chrono::milliseconds patience = {});

    // Starts the engine and, with a shared store, the relay.
    Result<void, std::string> start();
    // Stops the engine after answering what it took, then the relay. Idempotent.
    void stop();

    // Gives one command to the started engine and waits for its outcome. Not on the lane. For the command line.
    Result<domain::Outcome, engine::Failure> run(domain::Command command);

    // Recomputes every invariant from the stored rows.
    std::vector<storage::Check> verify();

  private:
    explicit Core(std::unique_ptr<storage::sqlite::SqliteStorage> opened, const Clock& clock);
    Core(std::unique_ptr<storage::postgres::PostgresStorage> opened, const Config& config, const Clock& clock);
    static Result<std::unique_ptr<Core>, std::string> make(const Config& config, const Clock& clock,
                                                           std::chrono::milliseconds patience);
    storage::ReadStore& read_store();
    Result<void, std::string> fill();

  public:
    // In the order they are made. One of the two stores is there; what is below `engine` comes with the shared one.
    std::unique_ptr<storage::sqlite::SqliteStorage> sqlite;
    std::unique_ptr<storage::postgres::PostgresStorage> postgres;
    std::unique_ptr<RedisParts> redis;
    bus::LocalBus bus;
    engine::StockView stock;
    engine::AccountBook accounts;
    engine::Queries queries;
    engine::Engine engine;
    std::unique_ptr<engine::Relay> relay;
    std::unique_ptr<engine::Cluster> cluster;

  private:
    storage::ReadStore::Moment filled_;
};

}  // namespace onhand::app
