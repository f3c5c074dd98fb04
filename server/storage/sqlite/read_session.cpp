#include "storage/sqlite/read_session.hpp"

#include <chrono>

namespace onhand::storage::sqlite {

namespace {

constexpr int steps_between_time_checks = 20'000;
constexpr const char* reader_settings =
    "PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY; PRAGMA query_only = ON; PRAGMA trusted_schema = OFF;";

MonoNanos now_ns() {
    return SystemClock{}.mono_ns();
}

// Called by SQLite now and then while a statement runs; anything but 0 interrupts it.
int check_deadline(void* session) {
    const MonoNanos deadline = static_cast<const ReadSession*>(session)->deadline;
    return deadline != 0 && now_ns() > deadline ? 1 : 0;
}

Connection& prepared(Connection& connection) {
    connection.execute(reader_settings);
    return connection;
}

std::string select(const char* columns, const char* rest) {
    return std::string("SELECT ") + columns + " FROM " + rest;
}

}  // namespace

ReadSession::ReadSession(const std::string& path, const std::string& derived_path, const Lists& shared_lists)
    : lists(shared_lists),
      main(path, Connection::Mode::read),
      orders(prepared(main)),
      derived(derived_path),
      head(main,
           "SELECT max(coalesce((SELECT max(seq) FROM orders), 0), coalesce((SELECT max(seq) FROM movement), 0), "
           "coalesce((SELECT max(seq) FROM event), 0))"),
      products(main, select(product_columns, "product WHERE id = ?")),
      movement(main, select(movement_columns, "movement WHERE seq = ?")),
      movements_up(main, select(movement_columns, "movement WHERE seq > ?1 AND seq <= ?2 ORDER BY seq")),
      movements_down(main, select(movement_columns, "movement WHERE seq < ?1 AND seq > ?2 ORDER BY seq DESC")),
      orders_up(main, select(order_columns, "orders WHERE seq > ?1 AND seq <= ?2 ORDER BY seq")),
      orders_down(main, select(order_columns, "orders WHERE seq < ?1 AND seq > ?2 ORDER BY seq DESC")),
      events_up(main, select("seq, kind, actor, order_seq, data", "event WHERE seq > ?1 AND seq <= ?2 ORDER BY seq")),
      event_chain(main, "SELECT order_seq, previous FROM event WHERE seq = ?"),
      changed_orders(main,
                     "SELECT DISTINCT order_seq FROM event WHERE seq > ?1 AND seq <= ?2 AND order_seq IS NOT NULL") {
    sqlite3_progress_handler(main.handle(), steps_between_time_checks, check_deadline, this);
}

domain::FeedSeq ReadSession::read_head() {
    auto row = head.open();
    return row.next() ? row.integer(0) : 0;
}

ReadPool::ReadPool(const std::string& path, const std::string& derived_path, const Lists& lists, LogGate& gate,
                   int sessions)
    : gate_(gate) {
    for (int i = 0; i < sessions; ++i) {
        sessions_.push_back(std::make_unique<ReadSession>(path, derived_path, lists));
        free_.push_back(sessions_.back().get());
    }
}

ReadPool::Lease ReadPool::borrow(bool limited) {
    std::unique_lock lock(mutex_);
    if (!freed_.wait_for(lock, std::chrono::milliseconds(session_wait_ms), [this] { return !free_.empty(); }))
        throw SqlError(SQLITE_INTERRUPT, "all read connections are in use");
    ReadSession* session = free_.back();
    free_.pop_back();
    session->deadline = limited ? now_ns() + read_time_max_ns : 0;
    return {*this, session};
}

void ReadPool::give_back(ReadSession* session) {
    {
        const std::lock_guard lock(mutex_);
        free_.push_back(session);
    }
    freed_.notify_one();
}

}  // namespace onhand::storage::sqlite
