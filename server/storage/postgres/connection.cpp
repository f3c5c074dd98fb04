#include "storage/postgres/connection.hpp"

#include <poll.h>

#include <cerrno>
#include <optional>

#include "base/ensure.hpp"
#include "base/log.hpp"

namespace onhand::storage::postgres {

namespace {

constexpr Statement begin_writing{"begin_writing", "BEGIN ISOLATION LEVEL READ COMMITTED"};
constexpr Statement begin_reading{"begin_reading", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"};
constexpr Statement commit_statement{"commit", "COMMIT"};
constexpr Statement rollback_statement{"rollback", "ROLLBACK"};

const Params no_params;

void log_notice(void*, const PGresult* result) {
    const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (text) log::debug("postgres", text);
}

// Without the trailing newline of libpq.
std::string trimmed(const char* text) {
    std::string trimmed_text = text ? text : "";
    while (!trimmed_text.empty() && trimmed_text.back() == '\n') trimmed_text.pop_back();
    return trimmed_text;
}

// SELECT set_config('name', 'value', …), … for all settings.
std::string settings_sql(std::size_t count, bool local) {
    std::string sql = "SELECT ";
    for (std::size_t at = 0; at < count; ++at) {
        if (at > 0) sql += ", ";
        sql += "set_config($" + std::to_string(2 * at + 1) + ", $" + std::to_string(2 * at + 2) +
               (local ? ", true)" : ", false)");
    }
    return sql;
}

// The server says by these that it ends the connection.
bool ends_connection(std::string_view sqlstate) {
    return sqlstate.empty() || sqlstate.starts_with("08") || sqlstate == "57P01" || sqlstate == "57P02" ||
           sqlstate == "57P03";
}

}  // namespace

Connection::Connection(ConnectOptions options) : options_(std::move(options)) {
    for (const auto& [name, value] : options_.settings) settings_params_.text(name).text(value);
    connect();
}

Connection::~Connection() = default;

void Connection::connect() {
    const auto seconds = std::to_string(std::chrono::ceil<std::chrono::seconds>(options_.connect_timeout).count());
    const auto unacknowledged_ms = std::to_string(options_.tcp_user_timeout.count());
    // What comes later goes before what comes earlier, so the URL has the last word.
    const char* const keywords[] = {"connect_timeout",     "tcp_user_timeout", "keepalives_idle",
                                    "keepalives_interval", "keepalives_count", "client_encoding",
                                    "application_name",    "dbname",           nullptr};
    const char* const values[] = {seconds.c_str(),
                                  unacknowledged_ms.c_str(),
                                  "5",
                                  "2",
                                  "3",
                                  "UTF8",
                                  options_.application_name.c_str(),
                                  options_.url.c_str(),
                                  nullptr};
    handle_.reset(PQconnectdbParams(keywords, values, /*expand_dbname=*/1));
    if (!handle_) throw SqlError("", "no memory for a connection", true);
    if (PQstatus(handle_.get()) != CONNECTION_OK || PQsetnonblocking(handle_.get(), 1) != 0)
        lose(trimmed(PQerrorMessage(handle_.get())).c_str());
    PQsetNoticeReceiver(handle_.get(), log_notice, nullptr);
    if (options_.prepared && !options_.settings.empty())
        query_text(settings_sql(options_.settings.size(), /*local=*/false), settings_params_);
}

void Connection::close() noexcept {
    handle_.reset();
    statements_.clear();
    expected_.clear();
    readable_ = 0;
    synced_ = false;
}

void Connection::reset() {
    close();
    connect();
}

bool Connection::ok() const {
    return handle_ && PQstatus(handle_.get()) == CONNECTION_OK;
}

bool Connection::in_transaction() const {
    if (!ok()) return false;
    const auto status = PQtransactionStatus(handle_.get());
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

int Connection::backend_pid() const {
    return handle_ ? PQbackendPID(handle_.get()) : 0;
}

int Connection::server_version() const {
    return handle_ ? PQserverVersion(handle_.get()) : 0;
}

void Connection::require_open() const {
    if (!handle_) throw SqlError("", "the connection is closed", true);
}

void Connection::enter_pipeline() {
    require_open();
    ensure(!synced_, "results are read before more is sent");
    if (PQpipelineStatus(handle_.get()) == PQ_PIPELINE_OFF && PQenterPipelineMode(handle_.get()) != 1)
        lose("no pipeline could be started");
}

void Connection::expect(Expected expected) {
    expected_.push_back(expected);
    if (expected.wanted) ++readable_;
}

void Connection::send(const Statement& statement, const Params& params) {
    send_wanted(statement, params, /*wanted=*/true);
}

void Connection::send(const Statement& statement) {
    send_wanted(statement, no_params, /*wanted=*/true);
}

void Connection::send_text(const std::string& sql, const Params& params) {
    send_unnamed(sql.c_str(), params, /*wanted=*/true);
}

void Connection::prepare(const Statement& statement, const Params& params) {
    if (statements_.contains(&statement)) return;
    if (PQsendPrepare(handle_.get(), statement.name, statement.sql, static_cast<int>(params.size()),
                      params.types_.data()) != 1)
        lose(PQerrorMessage(handle_.get()));
    statements_.insert(&statement);
    expect({&statement, false});
}

void Connection::send_wanted(const Statement& statement, const Params& params, bool wanted) {
    if (!options_.prepared) return send_unnamed(statement.sql, params, wanted);
    enter_pipeline();
    prepare(statement, params);
    params.finish();
    if (PQsendQueryPrepared(handle_.get(), statement.name, static_cast<int>(params.size()), params.pointers_.data(),
                            params.lengths_.data(), params.formats_.data(), /*resultFormat=*/1) != 1)
        lose(PQerrorMessage(handle_.get()));
    expect({nullptr, wanted});
}

void Connection::send_unnamed(const char* sql, const Params& params, bool wanted) {
    enter_pipeline();
    params.finish();
    if (PQsendQueryParams(handle_.get(), sql, static_cast<int>(params.size()), params.types_.data(),
                          params.pointers_.data(), params.lengths_.data(), params.formats_.data(),
                          /*resultFormat=*/1) != 1)
        lose(PQerrorMessage(handle_.get()));
    expect({nullptr, wanted});
}

void Connection::send_begin(Isolation isolation) {
    send_wanted(isolation == Isolation::read_committed ? begin_writing : begin_reading, no_params, /*wanted=*/false);
    if (options_.prepared || options_.settings.empty()) return;
    send_unnamed(settings_sql(options_.settings.size(), /*local=*/true).c_str(), settings_params_, /*wanted=*/false);
}

void Connection::push() {
    require_open();
    if (PQflush(handle_.get()) < 0) lose(PQerrorMessage(handle_.get()));
}

void Connection::sync() {
    require_open();
    ensure(!synced_ && !expected_.empty(), "a pipeline has something in it and ends once");
    if (PQpipelineSync(handle_.get()) != 1) lose(PQerrorMessage(handle_.get()));
    synced_ = true;
    const auto deadline = std::chrono::steady_clock::now() + options_.answer_timeout;
    while (true) {
        const int left = PQflush(handle_.get());
        if (left == 0) return;
        if (left < 0) lose(PQerrorMessage(handle_.get()));
        // Answers are read meanwhile: a server that cannot get rid of them stops reading.
        wait_for_socket(/*also_writable=*/true, deadline);
        if (PQconsumeInput(handle_.get()) != 1) lose(PQerrorMessage(handle_.get()));
    }
}

void Connection::wait_for_socket(bool also_writable, std::chrono::steady_clock::time_point deadline) {
    pollfd waiting{PQsocket(handle_.get()), static_cast<short>(also_writable ? POLLIN | POLLOUT : POLLIN), 0};
    while (true) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0) lose("the server did not answer in time");
        const int ready = poll(&waiting, 1, static_cast<int>(left.count()));
        if (ready > 0) return;
        if (ready < 0 && errno != EINTR) lose("poll() failed");
    }
}

PGresult* Connection::wait_for_result() {
    const auto deadline = std::chrono::steady_clock::now() + options_.answer_timeout;
    while (PQisBusy(handle_.get()) != 0) {
        wait_for_socket(/*also_writable=*/false, deadline);
        if (PQconsumeInput(handle_.get()) != 1) lose(PQerrorMessage(handle_.get()));
    }
    return PQgetResult(handle_.get());
}

SqlResult Connection::take_oldest() {
    const auto expected = expected_.front();
    SqlResult result(wait_for_result());
    if (result.status() == PGRES_FATAL_ERROR && PQstatus(handle_.get()) != CONNECTION_OK) fail(result);
    // A null ends the results of one statement.
    while (PGresult* more = wait_for_result()) PQclear(more);
    expected_.pop_front();
    if (expected.wanted) --readable_;
    // What was not prepared because of a failure before it will be prepared when it is next sent.
    if (expected.statement && result.status() != PGRES_COMMAND_OK) statements_.erase(expected.statement);
    return result;
}

SqlResult Connection::next_result() {
    require_open();
    ensure(synced_ && readable_ > 0, "a result is read for each statement sent");
    while (true) {
        const bool wanted = expected_.front().wanted;
        auto result = take_oldest();
        if (!result.good()) {
            drain();
            fail(result);
        }
        if (!wanted) continue;
        if (readable_ == 0) finish_pipeline();
        return result;
    }
}

void Connection::finish_pipeline() {
    while (!expected_.empty()) {
        const auto result = take_oldest();
        if (result.good()) continue;
        drain();
        fail(result);
    }
    const SqlResult end(wait_for_result());
    if (end.status() != PGRES_PIPELINE_SYNC) fail(end);
    synced_ = false;
    if (PQexitPipelineMode(handle_.get()) != 1) lose(PQerrorMessage(handle_.get()));
}

void Connection::drain() noexcept {
    try {
        if (!synced_) sync();
        while (!expected_.empty()) take_oldest();
        finish_pipeline();
    } catch (const SqlError&) {
        close();
    }
}

SqlResult Connection::query(const Statement& statement, const Params& params) {
    send(statement, params);
    sync();
    return next_result();
}

SqlResult Connection::query(const Statement& statement) {
    return query(statement, no_params);
}

SqlResult Connection::query_text(const std::string& sql, const Params& params) {
    send_text(sql, params);
    sync();
    return next_result();
}

void Connection::execute(const std::string& sql) {
    query_text(sql, no_params);
}

void Connection::execute_script(const std::string& sql) {
    require_open();
    ensure(expected_.empty() && !synced_, "no pipeline is open");
    if (PQsendQuery(handle_.get(), sql.c_str()) != 1) lose(PQerrorMessage(handle_.get()));
    const auto deadline = std::chrono::steady_clock::now() + options_.answer_timeout;
    while (PQflush(handle_.get()) == 1) wait_for_socket(/*also_writable=*/true, deadline);
    std::optional<SqlResult> failed;
    while (PGresult* next = wait_for_result()) {
        SqlResult result(next);
        if (!result.good()) failed = std::move(result);
    }
    if (failed) fail(*failed);
}

void Connection::begin(Isolation isolation) {
    send_begin(isolation);
    sync();
    finish_pipeline();
}

void Connection::commit() {
    const auto result = query(commit_statement);
    // COMMIT of a transaction in which something had failed answers ROLLBACK, without an error.
    if (result.command_tag() != "COMMIT") throw SqlError("25P02", "the transaction was rolled back", false);
}

bool Connection::rollback() noexcept {
    if (!ok()) return false;
    if (synced_ || !expected_.empty()) drain();
    try {
        if (in_transaction()) query(rollback_statement);
    } catch (const SqlError&) {
        close();
    }
    return ok();
}

void Connection::fail(const SqlResult& result) {
    const auto sqlstate = result.error_field(PG_DIAG_SQLSTATE);
    auto text = result.error_field(PG_DIAG_MESSAGE_PRIMARY);
    const auto constraint = result.error_field(PG_DIAG_CONSTRAINT_NAME);
    if (!constraint.empty()) text += " (" + constraint + ")";
    if (text.empty() && handle_) text = trimmed(PQerrorMessage(handle_.get()));
    const bool lost = ends_connection(sqlstate) || !ok();
    if (lost) close();
    throw SqlError(sqlstate, text, lost);
}

void Connection::lose(const char* what) {
    const std::string text = trimmed(what);
    close();
    throw SqlError("", text, true);
}

Cursor::Cursor(Connection& connection, const std::string& sql, const Params& params, const char* name, int portion)
    : connection_(connection), name_(name), portion_(portion) {
    connection_.query_text("DECLARE " + name_ + " NO SCROLL CURSOR FOR " + sql, params);
}

bool Cursor::next() {
    if (done_) return false;
    if (row_ + 1 < result_.rows()) {
        ++row_;
        return true;
    }
    if (fetched_ && result_.rows() < portion_) return finish();
    result_ = connection_.query_text("FETCH " + std::to_string(portion_) + " FROM " + name_, Params{});
    fetched_ = true;
    row_ = 0;
    return result_.empty() ? finish() : true;
}

bool Cursor::finish() {
    done_ = true;
    connection_.execute("CLOSE " + name_);
    return false;
}

}  // namespace onhand::storage::postgres
