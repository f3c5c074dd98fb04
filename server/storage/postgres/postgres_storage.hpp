#pragma once
// The shared store: PostgreSQL behind the storage port, for any number of instances. app/wiring opens it, hands a
// store() to each lane, the outbox() to the relay and the read_store() to the readers, and destroys it last. Nothing of
// the database is on this machine: every instance may be stopped at any moment.

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "storage/check.hpp"
#include "storage/storage.hpp"

namespace onhand::storage::postgres {

struct PostgresOptions {
    std::string url;           // postgresql://user:password@host:port/database; libpq's other forms work too
    int lanes = 2;             // stores, each with a connection and a transaction of its own
    int read_connections = 4;  // reading calls that run at the same time
    // False behind a pooler that gives each transaction another server connection (PgBouncer in transaction mode).
    bool prepared = true;
    std::chrono::milliseconds connect_timeout{3'000};
    std::chrono::milliseconds lock_timeout{2'000};                 // waiting for one row; then the batch is a conflict
    std::chrono::milliseconds statement_timeout{10'000};           // of the writers
    std::chrono::milliseconds idle_in_transaction_timeout{1'500};  // a stopped instance gives its rows up after it
    std::chrono::milliseconds tcp_user_timeout{5'000};
    std::chrono::milliseconds outcome_patience{30'000};  // asking what became of a commit
    std::chrono::milliseconds start_patience{0};         // open() waits as long for a server that does not answer yet
};

class PostgresStorage {
  public:
    // Connects, checks the server's settings, migrates and checks the schema. Fails with one clear line. `clock` must
    // outlive the store.
    static Result<std::unique_ptr<PostgresStorage>, StoreError> open(const PostgresOptions& options,
                                                                     const Clock& clock);

    // Closes the connections. Nobody may use the faces any more.
    ~PostgresStorage();
    PostgresStorage(const PostgresStorage&) = delete;
    PostgresStorage& operator=(const PostgresStorage&) = delete;

    // Of the lane, from 0.
    Store& store(int lane);
    ReadStore& read_store();
    Outbox& outbox();

    // Of this database, made when it was; hexadecimal digits and '-'. Two databases never have the same.
    const std::string& database_id() const;

    // Another instance was heard to have given this feed number; raises the stores' head(). Any thread.
    void saw_head(domain::FeedSeq seq);

    // Recomputes every invariant from the stored rows, while the store is in use. One line per invariant.
    std::vector<Check> verify();

  private:
    struct Parts;
    explicit PostgresStorage(std::unique_ptr<Parts> parts);
    std::unique_ptr<Parts> parts_;
};

}  // namespace onhand::storage::postgres
