#include <unordered_map>

#include "storage/sqlite/verify_parts.hpp"

// Orders against the levels, their own events and the idempotency keys.

namespace onhand::storage::sqlite {

namespace {

constexpr const char* open_lines = "allocated_equals_open_lines";
constexpr const char* follow = "orders_follow_their_events";
constexpr const char* rise = "ids_rise";
constexpr const char* keys = "one_result_per_key";

class Orders {
  public:
    Orders(Connection& connection, Findings& findings)
        : connection_(connection), findings_(findings), lookup_(connection) {}
    void read_orders();
    void compare_allocated();
    void compare_events();

  private:
    void check_one(const StoredOrder& stored);

    Connection& connection_;
    Findings& findings_;
    OrderLookup lookup_;
    std::unordered_map<domain::LevelKey, domain::Quantity> open_;  // what order lines still hold of each level
    Uuid last_id_;
    std::int64_t last_number_ = domain::first_order_number - 1;
};

std::string name_of(const domain::Order& order) {
    return "order " + std::to_string(order.number);
}

void Orders::read_orders() {
    Statement select(connection_, std::string("SELECT ") + order_columns + " FROM orders ORDER BY seq");
    for (auto row = select.open(); row.next();) check_one(lookup_.read(row));
}

void Orders::check_one(const StoredOrder& stored) {
    const domain::Order& order = stored.order;
    if (!(last_id_ < order.id)) findings_.fail(rise, "the id of " + name_of(order) + " is not above the one before");
    if (order.number != last_number_ + 1) findings_.fail(rise, name_of(order) + " does not follow the one before");
    last_id_ = order.id;
    last_number_ = order.number;
    if (domain::status_of(order.lines) != order.status)
        findings_.fail(follow, "the lines of " + name_of(order) + " do not amount to its status");
    if (stored.last_event == 0 && (order.version != 1 || order.status != domain::OrderStatus::placed))
        findings_.fail(follow, name_of(order) + " changed without an event");
    for (const auto& line : order.lines) open_[line.level] += line.allocated();
}

void Orders::compare_allocated() {
    Statement select(connection_, std::string("SELECT ") + level_columns + " FROM level");
    for (auto row = select.open(); row.next();) {
        const domain::StockLevel level = read_level(row);
        const auto found = open_.find(level.key);
        const domain::Quantity open = found == open_.end() ? 0 : found->second;
        if (found != open_.end()) open_.erase(found);
        if (level.allocated != open)
            findings_.fail(open_lines, "product " + std::to_string(domain::raw(level.key.product)) + " at location " +
                                           std::to_string(domain::raw(level.key.location)) + ": allocated " +
                                           std::to_string(level.allocated) + ", open lines " + std::to_string(open));
    }
    for (const auto& [key, open] : open_)
        if (open != 0) findings_.fail(open_lines, "open lines of a level that is not there");
}

// The last event of each order says what the order is, and its version counts its events.
void Orders::compare_events() {
    Statement groups(connection_,
                     "SELECT order_seq, count(*), max(seq), count(previous) FROM event WHERE order_seq IS NOT NULL "
                     "GROUP BY order_seq");
    Statement data(connection_, "SELECT data FROM event WHERE seq = ?");
    for (auto group = groups.open(); group.next();) {
        const auto stored = lookup_.by_seq(group.integer(0));
        if (!stored) {
            findings_.fail(follow, "an event of an order that is not there");
            return;
        }
        domain::Order by_event = domain::as_placed(stored->order);
        auto last = data.open(group.integer(2));
        const bool readable = last.next() && decode_order_state(last.blob(0), by_event);
        const bool alike = readable && by_event == stored->order && stored->last_event == group.integer(2);
        // Every event but the first names the one before it.
        const bool counted = stored->order.version == 1 + group.integer(1) && group.integer(3) == group.integer(1) - 1;
        if (!alike || !counted) findings_.fail(follow, name_of(stored->order) + " is not what its events made of it");
    }
}

void check_keys(Connection& connection, Findings& findings) {
    // SQLite sorts outside of memory when there are many.
    Statement select(connection,
                     "SELECT hex(key) FROM (SELECT key FROM orders WHERE key IS NOT NULL UNION ALL SELECT key FROM "
                     "answer) GROUP BY key HAVING count(*) > 1 LIMIT 1");
    auto row = select.open();
    if (row.next()) findings.fail(keys, "key " + row.string(0) + " has several answers");
}

}  // namespace

void verify_orders(Connection& connection, Findings& findings) {
    Orders orders(connection, findings);
    findings.begin(rise);
    findings.begin(follow);
    findings.guard(open_lines, [&] {
        orders.read_orders();
        orders.compare_allocated();
        orders.compare_events();
    });
    findings.guard(keys, [&] { check_keys(connection, findings); });
}

}  // namespace onhand::storage::sqlite
