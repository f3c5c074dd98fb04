#pragma once
// A connection to PostgreSQL: a thin owner of libpq, for the files of this folder only. Statements are sent in
// pipelines: any number of send(), one sync(), then as many next_result(). Blocking, with a bound on every wait; one
// thread at a time. Failures are thrown as SqlError. SQL texts are constants; data always goes through Params.

#include <libpq-fe.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include "storage/postgres/params.hpp"
#include "storage/postgres/sql_error.hpp"
#include "storage/postgres/sql_result.hpp"

namespace onhand::storage::postgres {

// A text that is prepared once per connection, under its name. Statements are constants with static lifetime: a
// connection knows them by their address.
struct Statement {
    const char* name;
    const char* sql;
};

struct ConnectOptions {
    std::string url;  // postgresql://…; what it says goes before what is here
    // False behind a pooler that gives each transaction another server connection: statements are then sent without a
    // name, and the settings with every transaction.
    bool prepared = true;
    std::chrono::milliseconds connect_timeout{3000};   // per host, whole seconds, at least 2
    std::chrono::milliseconds tcp_user_timeout{5000};  // until sent data must be acknowledged
    // For one answer of the server; above every time-out of the server itself. The connection is given up after it.
    std::chrono::milliseconds answer_timeout{15000};
    // Parameters of the server for every transaction: {"lock_timeout", "2000"}.
    std::vector<std::pair<std::string, std::string>> settings;
    std::string application_name = "onhand";
};

enum class Isolation {
    read_committed,        // the writers'
    repeatable_read_only,  // the readers': one moment, nothing written
};

class Connection {
  public:
    // Connects. Throws SqlError.
    explicit Connection(ConnectOptions options);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // Puts the statement into the pipeline. Each send() gives one result to read. Nothing need be sent yet: sync()
    // does that. `params` and its arrays may be reused at once.
    void send(const Statement& statement, const Params& params);
    void send(const Statement& statement);
    // A text that was put together for this call; never prepared.
    void send_text(const std::string& sql, const Params& params);
    // BEGIN, and the settings when they do not hold for the session. Gives no result to read.
    void send_begin(Isolation isolation = Isolation::read_committed);
    // Lets the server begin with what was sent so far. Does not wait; what the socket does not take goes out later.
    void push();
    // Ends the round trip: everything is on its way to the server when it returns.
    void sync();
    // The result of the oldest send() that was not read yet, waiting for it. After the last one the pipeline is over
    // and another may begin. Throws SqlError when that statement failed, or one before it: then everything up to
    // the end of the pipeline was read and dropped, an open transaction has to be rolled back, and nothing is left to
    // read.
    SqlResult next_result();
    // Results not read yet.
    std::size_t expected() const { return readable_; }

    // One statement, sent and answered.
    SqlResult query(const Statement& statement, const Params& params);
    SqlResult query(const Statement& statement);
    SqlResult query_text(const std::string& sql, const Params& params);
    // One statement whose rows are of no interest.
    void execute(const std::string& sql);
    // Any number of statements in one text, in one transaction when it does not say otherwise. For migrations.
    void execute_script(const std::string& sql);

    // Sends BEGIN and waits for it.
    void begin(Isolation isolation);
    // Sends COMMIT. Throws SqlError also when the server rolled back instead.
    void commit();
    // Rolls back what is open; never throws. False when the connection cannot be used any more.
    bool rollback() noexcept;

    // True while the connection can be used. It may be lost without this object knowing.
    bool ok() const;
    // True between BEGIN and its end, also in a failed transaction.
    bool in_transaction() const;
    bool prepared() const { return options_.prepared; }
    // Of the server's process; behind a pooler the pooler's, which is of no use.
    int backend_pid() const;
    int server_version() const;  // 150018 is 15.18
    const ConnectOptions& options() const { return options_; }

    // Closes. All later calls but reset() throw.
    void close() noexcept;
    // Closes, if it is open, and connects anew. Throws SqlError.
    void reset();

  private:
    // What the server still owes. `statement`: a preparation of it. `wanted`: the caller reads the result.
    struct Expected {
        const Statement* statement = nullptr;
        bool wanted = false;
    };
    void connect();
    void enter_pipeline();
    void require_open() const;
    void prepare(const Statement& statement, const Params& params);
    void send_wanted(const Statement& statement, const Params& params, bool wanted);
    void send_unnamed(const char* sql, const Params& params, bool wanted);
    void expect(Expected expected);
    // The next message of the server that is a result; null at the end of one statement's results.
    PGresult* wait_for_result();
    void wait_for_socket(bool also_writable, std::chrono::steady_clock::time_point deadline);
    // The result of the oldest entry, good or bad.
    SqlResult take_oldest();
    // Reads what is left of a pipeline whose results were all read, the end included.
    void finish_pipeline();
    // The same after a failure; closes when that fails too.
    void drain() noexcept;
    [[noreturn]] void fail(const SqlResult& result);
    [[noreturn]] void lose(const char* what);

    ConnectOptions options_;
    struct Finish {
        void operator()(PGconn* handle) const { PQfinish(handle); }
    };
    std::unique_ptr<PGconn, Finish> handle_;
    std::unordered_set<const Statement*> statements_;  // prepared, or about to be
    Params settings_params_;
    std::deque<Expected> expected_;
    std::size_t readable_ = 0;
    bool synced_ = false;
};

// The rows of a select, in portions, so that a table never is in memory as a whole. Inside a transaction of
// `connection`, open cursors need different names; other statements may run in between.
class Cursor {
  public:
    // `sql`: a SELECT, with `params`.
    Cursor(Connection& connection, const std::string& sql, const Params& params, const char* name = "portions",
           int portion = 4096);
    // Goes to the next row; false after the last.
    bool next();
    const SqlResult& result() const { return result_; }
    int row() const { return row_; }

  private:
    bool finish();

    Connection& connection_;
    std::string name_;
    SqlResult result_{nullptr};
    int row_ = -1;
    int portion_;
    bool fetched_ = false;
    bool done_ = false;
};

}  // namespace onhand::storage::postgres
