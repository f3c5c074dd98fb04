#include <algorithm>

#include "domain/order_search.hpp"
#include "storage/postgres/reader.hpp"
#include "storage/postgres/rows.hpp"

// The list of orders, newest first by the feed number of the placed event. Batches that are not numbered yet are left
// out of the page and of the total. SQL is put together from constant parts only; every value is a parameter.

namespace onhand::storage::postgres {

namespace {

// What finds orders with every word of `search` as a beginning: the text of a tsquery. nullopt when no order can match.
std::optional<std::string> tsquery_of(const domain::OrderSearch& search) {
    std::string query;
    for (const auto& word : search.words) {
        const auto lexeme = lexeme_of(word);
        if (!lexeme) return std::nullopt;
        // Words are letters, digits and bytes above 0x7f, so nothing in them needs quoting inside the quotes.
        if (!query.empty()) query += " & ";
        query += "'" + *lexeme + "':*";
    }
    if (query.empty()) return std::nullopt;
    return query;
}

constexpr const char* every_order = "true";
// The orders of batches numbered above $1, and the last number there is.
constexpr Statement count_later{"count_orders",
                                "SELECT (SELECT count(*) FROM outbox b JOIN orders o ON o.batch = b.id "
                                "WHERE b.number > $1), batch FROM feed_head"};

// Collects conditions and their parameters.
class OrderQuery {
  public:
    OrderQuery(Connection& connection, const domain::OrderFilter& filter, OrderTotal& total)
        : connection_(connection), filter_(filter), total_(total) {}

    domain::OrderPage run() {
        if (!add_conditions()) return {};
        return page();
    }

  private:
    bool add_conditions();
    bool add_search(const domain::OrderSearch& search);
    // The name of the parameter added last.
    std::string last() const { return "$" + std::to_string(params_.size()); }
    void send_count();
    std::int64_t count_from(const SqlResult& rows);
    std::string page_sql();
    domain::OrderPage page();

    Connection& connection_;
    const domain::OrderFilter& filter_;
    OrderTotal& total_;
    OrderTotal::Known known_;
    bool counts_all_ = false;
    std::string conditions_ = every_order;
    Params params_;
};

// False when no order can match.
bool OrderQuery::add_conditions() {
    if (filter_.status) {
        params_.int16(static_cast<std::int16_t>(*filter_.status));
        conditions_ += " AND o.status = " + last();
    }
    if (filter_.placed_by) {
        params_.int64(domain::raw(*filter_.placed_by));
        conditions_ += " AND o.placed_by = " + last();
    }
    if (filter_.product) {
        params_.int64(domain::raw(*filter_.product));
        // Placing an order allocates for each of its lines: kind 4, cause 1.
        conditions_ +=
            " AND o.id IN (SELECT m.cause_id FROM movement m WHERE m.kind = 4 AND m.cause_type = 1 AND "
            "m.product = " +
            last() + ")";
    }
    const auto search = domain::parse_search(filter_.search);
    return !search || add_search(*search);
}

bool OrderQuery::add_search(const domain::OrderSearch& search) {
    if (search.id) {
        params_.uuid(*search.id);
        conditions_ += " AND o.id = " + last();
        return true;
    }
    const auto words = tsquery_of(search);
    if (!words && !search.number) return false;
    std::string either;
    if (words) {
        params_.text(*words);
        either = "o.words @@ " + last() + "::tsquery";
    }
    if (search.number) {
        params_.int64(*search.number);
        either += (words ? " OR o.number = " : "o.number = ") + last();
    }
    conditions_ += " AND (" + either + ")";
    return true;
}

void OrderQuery::send_count() {
    counts_all_ = conditions_ == every_order;
    if (counts_all_) {
        known_ = total_.get();
        Params params;
        connection_.send(count_later, params.int64(known_.batch));
        return;
    }
    const std::string matching = "(SELECT count(*) FROM orders o WHERE " + conditions_;
    connection_.send_text("SELECT " + matching + ") - " + matching +
                              " AND o.batch IN (SELECT w.id FROM outbox w WHERE w.number IS NULL))",
                          params_);
}

std::int64_t OrderQuery::count_from(const SqlResult& rows) {
    if (!counts_all_) return rows.integer(0, 0);
    const auto batch = rows.integer(0, 1);
    // A database that lost its end, after a fail-over, is counted anew.
    if (batch < known_.batch) {
        Params params;
        known_ = {batch, connection_.query(count_later, params.int64(0)).integer(0, 0)};
    } else {
        known_ = {batch, known_.orders + rows.integer(0, 0)};
    }
    total_.set(known_);
    return known_.orders;
}

// Adds its own parameters behind those of the conditions.
std::string OrderQuery::page_sql() {
    std::string sql = std::string("SELECT ") + order_columns +
                      ", b.first_seq + o.place FROM outbox b JOIN orders o ON o.batch = b.id "
                      "WHERE b.number IS NOT NULL AND " +
                      conditions_;
    if (filter_.before != 0) {
        params_.int64(filter_.before);
        // The first condition follows from the second; it can use the index.
        sql += " AND b.first_seq < " + last() + " AND b.first_seq + o.place < " + last();
    }
    params_.int64(std::clamp<std::int64_t>(filter_.limit, 0, domain::page_limit_max) + 1);
    sql += " ORDER BY b.first_seq DESC, o.place DESC LIMIT " + last();
    params_.int64(std::clamp<std::int64_t>(filter_.offset, 0, domain::page_offset_max));
    return sql + " OFFSET " + last();
}

domain::OrderPage OrderQuery::page() {
    send_count();
    connection_.send_text(page_sql(), params_);
    connection_.sync();
    domain::OrderPage page;
    const auto count = connection_.next_result();
    const auto rows = connection_.next_result();
    page.total = count_from(count);
    const auto limit = static_cast<int>(std::clamp<std::int64_t>(filter_.limit, 0, domain::page_limit_max));
    page.more = rows.rows() > limit;
    for (int row = 0; row < std::min(rows.rows(), limit); ++row)
        page.rows.push_back({read_order(rows, row), rows.integer(row, order_column_count)});
    read_lines(connection_, page.rows);
    return page;
}

}  // namespace

domain::OrderPage query_orders(Connection& connection, const domain::OrderFilter& filter, OrderTotal& total) {
    return OrderQuery(connection, filter, total).run();
}

}  // namespace onhand::storage::postgres
