#pragma once
// The rooms without the network, put together: store, read models, engine. `serve` stands on it, and the commands that
// work on the database directly (import, user, verify …) run on it alone. Built top-down in the constructor's order
// and destroyed in reverse. Main thread.

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "bus/local/local_bus.hpp"
#include "engine/engine.hpp"
#include "engine/queries.hpp"
#include "storage/sqlite/sqlite_storage.hpp"

namespace onhand::app {

class Core {
  public:
    // Opens (and migrates) the database and fills the read models. The engine is not started yet, so that listeners can
    // still subscribe to the bus. The error is one line for the terminal. `clock` must outlive the core.
    static Result<std::unique_ptr<Core>, std::string> open(const std::string& path, const Clock& clock);

    // Starts the engine.
    Result<void, std::string> start();
    // Stops the engine after answering what it took. Idempotent.
    void stop() { engine.stop(); }

    // Gives one command to the started engine and waits for its outcome. Not on the lane. For the command line.
    Result<domain::Outcome, engine::Failure> run(domain::Command command);

  private:
    explicit Core(std::unique_ptr<storage::sqlite::SqliteStorage> opened, const Clock& clock);
    Result<void, std::string> fill();

  public:
    // In the order they are made.
    std::unique_ptr<storage::sqlite::SqliteStorage> storage;
    bus::LocalBus bus;
    engine::StockView stock;
    engine::AccountBook accounts;
    engine::Queries queries;
    engine::Engine engine;
};

}  // namespace onhand::app
