#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "domain/order_search.hpp"
#include "storage/line_codec.hpp"
#include "storage/postgres/reader.hpp"
#include "storage/postgres/rows.hpp"

// The list of orders, newest first: by batch and place in it, which is the order of the feed as far as one batch began
// after the other was committed. Batches that are not numbered yet are left out of the page and of the total. SQL is
// put together from constant parts only; every value is a parameter.
//
// Nothing here counts a whole table. How many orders there are in each state the relay keeps in feed_head, and how many
// have a product stands at the product's levels. Other totals are counted up to order_count_max.

namespace onhand::storage::postgres {

namespace {

// A product's orders are looked through in portions of so many, and to count those that fit, so many in all.
constexpr std::int64_t portion_orders = 512;
constexpr std::int64_t examined_max = 100'000;

constexpr Statement select_tally{
    "orders_tally", "SELECT seq, orders[1], orders[2], orders[3], orders[4], orders[5], orders[6] FROM feed_head"};
constexpr Statement select_waiting{"orders_waiting", "SELECT id FROM outbox WHERE number IS NULL"};
// The batch that holds the feed number $1, or the last one with items before it.
constexpr Statement select_batch_of{"orders_batch_of",
                                    "SELECT id, first_seq FROM outbox WHERE number IS NOT NULL AND n > 0 AND "
                                    "first_seq <= $1 ORDER BY first_seq DESC LIMIT 1"};
constexpr Statement count_of_product{"orders_of_product",
                                     "SELECT coalesce(sum(orders), 0)::bigint FROM stock_level WHERE product = $1"};
// What of that is in batches that wait. Placing an order allocates for each of its lines: kind 4, cause 1.
constexpr Statement waiting_of_product{
    "orders_of_product_waiting",
    "SELECT count(DISTINCT cause_id) FROM movement WHERE product = $1 AND batch = ANY ($2) AND kind = 4 AND "
    "cause_type = 1"};
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

std::string list_of_states() {
    std::string list;
    for (int state = 0; state < order_states; ++state) list += (state == 0 ? "" : ", ") + std::to_string(state);
    return list;
}

// Where an order was placed. Newer ones are greater.
struct Position {
    std::int64_t batch = 0;
    std::int64_t place = 0;
    auto operator<=>(const Position&) const = default;
};
constexpr Position newest{INT64_MAX, 0};

class OrderQuery {
  public:
    OrderQuery(Connection& connection, const domain::OrderFilter& filter)
        : connection_(connection),
          filter_(filter),
          limit_(std::clamp<std::int64_t>(filter.limit, 0, domain::page_limit_max)),
          offset_(std::clamp<std::int64_t>(filter.offset, 0, domain::page_offset_max)) {}

    domain::OrderPage run();

  private:
    void read_moment();
    void read_cursor();
    bool add_conditions();
    bool add_search(const domain::OrderSearch& search);
    // The name of the parameter added last.
    std::string last() const { return "$" + std::to_string(params_.size()); }
    std::string with(std::int64_t value) {
        params_.int64(value);
        return last();
    }
    std::int64_t in_state(domain::OrderStatus status) const { return tally_[static_cast<std::size_t>(status)]; }

    std::int64_t count_listed();
    std::string positions_sql();
    void choose_listed();
    void choose_of_product();
    std::int64_t count_product();
    bool next_of_product();
    bool next_of_state();
    void walk(bool counting, bool taking);
    void take(Position position);
    bool is_full() const { return static_cast<std::int64_t>(chosen_.size()) > limit_; }
    domain::OrderPage page();

    Connection& connection_;
    const domain::OrderFilter& filter_;
    const std::int64_t limit_;
    const std::int64_t offset_;
    domain::FeedSeq head_ = 0;
    std::array<std::int64_t, order_states> tally_{};
    Array waiting_{Type::int64};      // batches without a number, which are left out
    std::optional<Position> before_;  // only orders placed before this one
    bool is_simple_ = true;           // conditions_ has nothing but the state
    bool searches_ = false;
    bool by_state_ = false;            // a product's orders are looked for among those in the state
    std::string conditions_ = "true";  // of o, the order
    Params params_;                    // of conditions_
    // Of a product: those of the next portion that match, and how far it was looked: at which order in that state, or
    // at which movement of which order.
    std::vector<Position> found_;
    Position seen_ = newest;
    Uuid seen_order_;
    std::int64_t portion_ = portion_orders;
    // What was found.
    std::int64_t total_ = 0;
    bool total_is_exact_ = true;
    std::int64_t position_ = 0;     // matches below the cursor so far
    std::vector<Position> chosen_;  // at most limit + 1, falling
};

domain::OrderPage OrderQuery::run() {
    read_moment();
    read_cursor();
    if (!add_conditions()) return {};
    if (filter_.product)
        choose_of_product();
    else
        choose_listed();
    return page();
}

void OrderQuery::read_moment() {
    connection_.send(select_tally);
    connection_.send(select_waiting);
    connection_.sync();
    const auto tally = connection_.next_result();
    const auto waiting = connection_.next_result();
    head_ = tally.integer(0, 0);
    for (int state = 0; state < order_states; ++state)
        tally_[static_cast<std::size_t>(state)] = tally.integer(0, state + 1);
    for (int row = 0; row < waiting.rows(); ++row) waiting_.add(waiting.integer(row, 0));
}

void OrderQuery::read_cursor() {
    if (filter_.before == 0 || filter_.before > head_) return;
    Params params;
    const auto rows = connection_.query(select_batch_of, params.int64(filter_.before - 1));
    before_ = rows.empty() ? Position{} : Position{rows.integer(0, 0), filter_.before - rows.integer(0, 1)};
}

// False when no order can match.
bool OrderQuery::add_conditions() {
    if (filter_.status) {
        params_.int16(static_cast<std::int16_t>(*filter_.status));
        conditions_ += " AND o.status = " + last();
    }
    if (waiting_.size() > 0) {
        params_.array(waiting_);
        conditions_ += " AND o.batch <> ALL (" + last() + ")";
    }
    if (filter_.placed_by) {
        is_simple_ = false;
        conditions_ += " AND o.placed_by = " + with(domain::raw(*filter_.placed_by));
    }
    const auto search = domain::parse_search(filter_.search);
    searches_ = search.has_value();
    if (searches_) is_simple_ = false;
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
    if (search.number) either += (words ? " OR o.number = " : "o.number = ") + with(*search.number);
    conditions_ += " AND (" + either + ")";
    return true;
}

// ---- by state, account or words

std::int64_t OrderQuery::count_listed() {
    if (is_simple_ && filter_.status) return in_state(*filter_.status);
    if (is_simple_) return std::accumulate(tally_.begin(), tally_.end(), std::int64_t{0});
    const std::string sql = "SELECT count(*) FROM (SELECT FROM request_result o WHERE o.status IS NOT NULL AND " +
                            conditions_ + " LIMIT " + std::to_string(order_count_max + 1) + ") AS counted";
    const auto count = connection_.query_text(sql, params_).integer(0, 0);
    total_is_exact_ = count <= order_count_max;
    return std::min(count, order_count_max);
}

// Adds its own parameters behind those of the conditions.
std::string OrderQuery::positions_sql() {
    std::string rest = " AND " + conditions_;
    if (before_) {
        const auto batch = with(before_->batch);
        rest += " AND (o.batch, o.place) < (" + batch + ", " + with(before_->place) + ")";
    }
    rest += " ORDER BY o.batch DESC, o.place DESC LIMIT " + with(offset_ + limit_ + 1);
    const std::string from = "SELECT o.batch, o.place FROM request_result o WHERE ";
    if (filter_.status || searches_) return from + "o.status IS NOT NULL" + rest;
    // State by state, because the index that holds them in their order begins with the state.
    std::string sql;
    for (int state = 0; state < order_states; ++state)
        sql += (state == 0 ? "(" : " UNION ALL (") + from + "o.status = " + std::to_string(state) + rest + ")";
    return sql;
}

void OrderQuery::choose_listed() {
    total_ = count_listed();
    const auto positions = positions_sql();
    const std::string sql = "SELECT k.batch, k.place FROM (" + positions +
                            ") AS k ORDER BY k.batch DESC, k.place DESC OFFSET " + with(offset_) + " LIMIT " +
                            with(limit_ + 1);
    const auto rows = connection_.query_text(sql, params_);
    for (int row = 0; row < rows.rows(); ++row) chosen_.push_back({rows.integer(row, 0), rows.integer(row, 1)});
}

// ---- of a product

void OrderQuery::choose_of_product() {
    const auto count = count_product();
    const bool is_whole = is_simple_ && !filter_.status;
    by_state_ = filter_.status && in_state(*filter_.status) < count;
    // The total is that of the whole list, wherever the page is.
    if (before_ && !is_whole) walk(/*counting=*/true, /*taking=*/false);
    // The movements of an order stand before its event.
    if (before_) seen_ = *before_;
    seen_order_ = Uuid{};
    walk(/*counting=*/!before_ && !is_whole, /*taking=*/true);
    if (is_whole) total_ = count;
}

// Looks through the orders of the product, newest first: until the page is full, and to count, until order_count_max
// fit.
void OrderQuery::walk(bool counting, bool taking) {
    const auto deadline = std::chrono::steady_clock::now() + read_statement_max;
    // To fill a page of all of them, no more than fit on it have to be read.
    portion_ = counting ? portion_orders : std::min(portion_orders, offset_ + limit_ + 1);
    for (std::int64_t examined = 0; by_state_ ? next_of_state() : next_of_product(); examined += portion_) {
        if (std::chrono::steady_clock::now() > deadline)
            throw SqlError("57014", "a list of orders took too long", false);
        if (counting) total_ += static_cast<std::int64_t>(found_.size());
        if (taking)
            for (const auto position : found_) take(position);
        const bool is_counted = !counting || total_ >= order_count_max || examined >= examined_max;
        if (!is_counted || (taking && !is_full())) continue;
        total_is_exact_ = !counting;
        return;
    }
}

void OrderQuery::take(Position position) {
    if (before_ && !(position < *before_)) return;
    if (position_++ >= offset_ && !is_full()) chosen_.push_back(position);
}

std::int64_t OrderQuery::count_product() {
    Params params;
    auto count = connection_.query(count_of_product, params.int64(domain::raw(*filter_.product))).integer(0, 0);
    if (waiting_.size() == 0) return count;
    params.array(waiting_);
    return count - connection_.query(waiting_of_product, params).integer(0, 0);
}

// Looks at the next portion of the product's placings, newest first. False when there are no more.
bool OrderQuery::next_of_product() {
    found_.clear();
    Params params = params_;
    const auto next = [&params](std::size_t at) { return "$" + std::to_string(params.size() + at); };
    // Whether one fits is a column and not a condition, so that the portion is bounded by what is looked at.
    const std::string sql =
        "SELECT k.batch, k.place, k.cause_id, o.batch, o.place, (" + conditions_ +
        ") IS TRUE FROM (SELECT m.batch, m.place, m.cause_id FROM movement m WHERE m.product = " + next(1) +
        " AND (m.batch, m.place) < (" + next(2) + ", " + next(3) +
        ") AND m.kind = 4 AND m.cause_type = 1 ORDER BY m.batch DESC, m.place DESC LIMIT " + next(4) +
        ") AS k JOIN request_result o ON o.id = k.cause_id ORDER BY k.batch DESC, k.place DESC";
    params.int64(domain::raw(*filter_.product)).int64(seen_.batch).int64(seen_.place).int64(portion_);
    const auto rows = connection_.query_text(sql, params);
    for (int row = 0; row < rows.rows(); ++row) {
        seen_ = {rows.integer(row, 0), rows.integer(row, 1)};
        // Lines of one order with the product at several locations stand side by side.
        const Uuid order = rows.uuid(row, 2);
        if (std::exchange(seen_order_, order) == order || !rows.boolean(row, 5)) continue;
        found_.push_back({rows.integer(row, 3), rows.integer(row, 4)});
    }
    return rows.rows() > 0;
}

// The same from the orders in the state, of which there are fewer.
bool OrderQuery::next_of_state() {
    found_.clear();
    Params params = params_;
    const auto next = [&params](std::size_t at) { return "$" + std::to_string(params.size() + at); };
    const std::string sql = "SELECT k.batch, k.place, k.lines, k.fits FROM (SELECT o.batch, o.place, o.lines, (" +
                            conditions_ + ") IS TRUE AS fits FROM request_result o WHERE o.status = " + next(1) +
                            " AND (o.batch, o.place) < (" + next(2) + ", " + next(3) +
                            ") ORDER BY o.batch DESC, o.place DESC LIMIT " + next(4) + ") AS k";
    params.int16(static_cast<std::int16_t>(*filter_.status)).int64(seen_.batch).int64(seen_.place);
    const auto rows = connection_.query_text(sql, params.int64(portion_));
    std::vector<domain::OrderLine> lines;
    for (int row = 0; row < rows.rows(); ++row) {
        seen_ = {rows.integer(row, 0), rows.integer(row, 1)};
        if (!rows.boolean(row, 3)) continue;
        if (!decode_named_lines(rows.bytes(row, 2), lines)) throw_corrupt("the lines of an order cannot be read");
        const auto has_product = [this](const auto& line) { return line.level.product == *filter_.product; };
        if (std::any_of(lines.begin(), lines.end(), has_product)) found_.push_back(seen_);
    }
    return rows.rows() > 0;
}

domain::OrderPage OrderQuery::page() {
    domain::OrderPage page;
    page.total = total_;
    page.total_is_exact = total_is_exact_;
    page.more = is_full();
    if (page.more) chosen_.pop_back();
    if (chosen_.empty()) return page;
    Array batches(Type::int64);
    Array places(Type::int64);
    for (const auto& [batch, place] : chosen_) {
        batches.add(batch);
        places.add(place);
    }
    static const std::string sql =
        std::string("SELECT ") + order_columns +
        ", b.first_seq + o.place FROM unnest($1::bigint[], $2::bigint[]) AS k (batch, place) JOIN request_result o "
        "ON o.status IN (" +
        list_of_states() +
        ") AND o.batch = k.batch AND o.place = k.place JOIN outbox b ON b.id = k.batch "
        "ORDER BY o.batch DESC, o.place DESC";
    Params params;
    const auto rows = connection_.query_text(sql, params.array(batches).array(places));
    for (int row = 0; row < rows.rows(); ++row)
        page.rows.push_back({read_order(rows, row), rows.integer(row, order_column_count)});
    return page;
}

}  // namespace

domain::OrderPage query_orders(Connection& connection, const domain::OrderFilter& filter) {
    return OrderQuery(connection, filter).run();
}

}  // namespace onhand::storage::postgres
