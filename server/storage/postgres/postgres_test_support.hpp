#pragma once
// A PostgreSQL database of a test's own, on the server that tests/support/postgres.sh started, dropped at the end; and
// a store on it. ONHAND_TEST_POSTGRES names the folder of that server. Test code.

#include <unistd.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

#include "storage/contract_driver.hpp"
#include "storage/postgres/connection.hpp"
#include "storage/postgres/postgres_storage.hpp"

namespace onhand::storage::postgres {

// `file`: "url" (a socket) or "tcp_url".
inline std::string test_server_url(const std::string& file = "url") {
    const char* folder = std::getenv("ONHAND_TEST_POSTGRES");
    if (!folder) throw std::runtime_error("run this with ctest, or set ONHAND_TEST_POSTGRES (see CMakeLists.txt)");
    std::ifstream in(std::string(folder) + "/" + file);
    std::string url;
    if (!std::getline(in, url)) throw std::runtime_error("no PostgreSQL was started in " + std::string(folder));
    return url;
}

// The same server, another database.
inline std::string with_database(std::string url, const std::string& name) {
    const std::string old = "/postgres";
    return url.replace(url.find(old, url.find('@')), old.size(), "/" + name);
}

class TestDatabase {
  public:
    TestDatabase() : name_("test_" + std::to_string(::getpid()) + "_" + std::to_string(count++)) {
        admin().execute("CREATE DATABASE " + name_);
    }
    ~TestDatabase() {
        try {
            admin().execute("DROP DATABASE " + name_ + " WITH (FORCE)");
        } catch (const SqlError& error) {
            ADD_FAILURE() << "the database stays: " << error.what();
        }
    }
    TestDatabase(const TestDatabase&) = delete;
    TestDatabase& operator=(const TestDatabase&) = delete;

    const std::string& name() const { return name_; }
    std::string url() const { return with_database(test_server_url(), name_); }
    std::string tcp_url() const { return with_database(test_server_url("tcp_url"), name_); }
    // A connection beside the store's, for looking and for meddling.
    std::unique_ptr<Connection> connect() const {
        ConnectOptions options;
        options.url = url();
        return std::make_unique<Connection>(options);
    }

  private:
    static Connection admin() {
        ConnectOptions options;
        options.url = test_server_url();
        return Connection(options);
    }
    static inline std::atomic<int> count{0};
    std::string name_;
};

// The first column of the first row.
inline std::int64_t query_int(Connection& connection, const std::string& sql) {
    return connection.query_text(sql, Params{}).integer(0, 0);
}

class PostgresUnderTest final : public StoreUnderTest {
  public:
    explicit PostgresUnderTest(bool prepared = true) {
        options.url = database.url();
        options.lanes = 1;
        options.prepared = prepared;
        open();
    }

    Store& store() override { return storage->store(0); }
    ReadStore& read_store() override { return storage->read_store(); }
    void reopen() override {
        storage.reset();
        open();
    }
    // What the relay would do; the batch committed last is the last one numbered.
    void number(domain::Changes& changes) override {
        const auto step = storage->outbox().number(numbered, 1000);
        ASSERT_TRUE(step.has_value()) << step.error().detail;
        if (changes.items.empty()) return;
        ASSERT_FALSE(step->batches.empty());
        numbered = step->batches.back().number;
        domain::FeedSeq seq = step->batches.back().first;
        for (auto& item : changes.items) domain::set_seq(item, seq++);
    }

    void open() {
        auto opened = PostgresStorage::open(options, clock);
        ASSERT_TRUE(opened.has_value()) << opened.error().detail;
        storage = std::move(*opened);
    }
    // Why the store cannot be opened; empty when it can.
    std::string refusal() {
        auto opened = PostgresStorage::open(options, clock);
        return opened.has_value() ? "" : opened.error().detail;
    }

    TestDatabase database;
    ManualClock clock;
    PostgresOptions options;
    std::unique_ptr<PostgresStorage> storage;
    std::int64_t numbered = 0;  // number of the last batch
};

}  // namespace onhand::storage::postgres
