#include <algorithm>

#include "storage/postgres/reader.hpp"
#include "storage/postgres/rows.hpp"

// The ledger by feed number: newest first unless the filter has `after`. Movements of an order need no index of their
// own for its placing, which is most of them: they stand in the batch of the placed event, before it. Those of its
// later events are in a small partial index.

namespace onhand::storage::postgres {

namespace {

// Where the movements of the order $1 are. The condition of the second part is that of the index movement_of_order.
constexpr const char* of_order =
    "WITH found AS ("
    "SELECT m.batch, m.place FROM orders o JOIN movement m ON m.batch = o.batch AND m.place < o.place "
    "WHERE o.id = $1 AND m.cause_id = $1 AND m.cause_type = 1 AND m.kind = 4 "
    "UNION ALL "
    "SELECT m.batch, m.place FROM movement m WHERE m.cause_id = $1 AND m.cause_type = 1 AND m.kind <> 4) ";

class MovementQuery {
  public:
    explicit MovementQuery(const domain::MovementFilter& filter)
        : filter_(filter), limit_(std::clamp<std::int64_t>(filter.limit, 0, domain::page_limit_max)) {}

    domain::MovementPage run(Connection& connection);

  private:
    std::string sql();
    std::string with(std::int64_t value) {
        params_.int64(value);
        return "$" + std::to_string(params_.size());
    }

    const domain::MovementFilter& filter_;
    const std::int64_t limit_;
    Params params_;
};

std::string MovementQuery::sql() {
    std::string sql;
    std::string from = "outbox b JOIN movement m ON m.batch = b.id";
    if (filter_.order) {
        params_.uuid(*filter_.order);
        sql = of_order;
        from = "found f JOIN movement m ON m.batch = f.batch AND m.place = f.place JOIN outbox b ON b.id = m.batch";
    }
    sql += std::string("SELECT ") + movement_columns + " FROM " + from + " WHERE b.number IS NOT NULL";
    if (filter_.product) sql += " AND m.product = " + with(domain::raw(*filter_.product));
    if (filter_.location) sql += " AND m.location = " + with(domain::raw(*filter_.location));
    // The conditions on first_seq alone follow from the exact ones beside them; they can use the index.
    if (filter_.after) {
        const auto after = with(*filter_.after);
        sql += " AND b.first_seq + m.place > " + after +
               " AND b.first_seq >= (SELECT coalesce(max(a.first_seq), 0) FROM outbox a WHERE a.number IS NOT NULL AND "
               "a.first_seq <= " +
               after + ")";
    }
    if (filter_.before != 0) {
        const auto before = with(filter_.before);
        sql += " AND b.first_seq + m.place < " + before + " AND b.first_seq < " + before;
    }
    sql += filter_.after ? " ORDER BY b.first_seq, m.place" : " ORDER BY b.first_seq DESC, m.place DESC";
    return sql + " LIMIT " + with(limit_ + 1);
}

domain::MovementPage MovementQuery::run(Connection& connection) {
    const auto text = sql();
    const auto rows = connection.query_text(text, params_);
    domain::MovementPage page;
    page.more = rows.rows() > limit_;
    for (int row = 0; row < std::min<std::int64_t>(rows.rows(), limit_); ++row)
        page.rows.push_back(read_movement(rows, row));
    return page;
}

}  // namespace

domain::MovementPage query_movements(Connection& connection, const domain::MovementFilter& filter) {
    return MovementQuery(filter).run(connection);
}

}  // namespace onhand::storage::postgres
