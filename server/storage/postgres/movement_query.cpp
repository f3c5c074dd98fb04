#include <algorithm>

#include "domain/batch_codec.hpp"
#include "storage/postgres/reader.hpp"
#include "storage/postgres/rows.hpp"

// The ledger by feed number: newest first unless the filter has `after`. That of a product is read from its own table,
// where the batches of one product have the order of its versions, so that their ids and their feed numbers rise
// together. All others are read from the outbox rows of their batches; an order says itself in which it moved.

namespace onhand::storage::postgres {

namespace {

// Batches fetched at a time: few at first, because one may hold the whole page.
constexpr std::int64_t portion_first = 2;
constexpr std::int64_t portion_max = 64;

constexpr Statement of_order_up{
    "movements_of_order",
    "SELECT first_seq, changes FROM outbox WHERE number IS NOT NULL AND id IN "
    "(SELECT unnest(ARRAY[o.batch] || o.later) FROM request_result o WHERE o.id = $1) ORDER BY first_seq"};

// A batch that bounds those of a product: the first one that begins at the feed number $2 or behind it, and the last
// one that begins at it or before. Looked for from the batch on that holds that number.
constexpr Statement product_end{
    "movements_product_end",
    "SELECT m.batch FROM movement m JOIN outbox b ON b.id = m.batch WHERE m.product = $1 AND b.first_seq >= $2 AND "
    "m.batch >= coalesce((SELECT a.id FROM outbox a WHERE a.number IS NOT NULL AND a.first_seq <= $2 "
    "ORDER BY a.first_seq DESC LIMIT 1), 0) ORDER BY m.batch LIMIT 1"};
constexpr Statement product_begin{
    "movements_product_begin",
    "SELECT m.batch FROM movement m JOIN outbox b ON b.id = m.batch WHERE m.product = $1 AND b.first_seq <= $2 AND "
    "m.batch <= coalesce((SELECT a.id FROM outbox a WHERE a.number IS NOT NULL AND a.first_seq <= $2 "
    "ORDER BY a.first_seq DESC LIMIT 1), 0) ORDER BY m.batch DESC LIMIT 1"};

// $1: only batches that begin before or behind this feed number. Batches without items have no feed number of their
// own.
constexpr Statement all_down{"movements_down",
                             "SELECT first_seq, changes FROM outbox WHERE number IS NOT NULL AND n > 0 AND "
                             "first_seq < $1 ORDER BY first_seq DESC LIMIT $2"};
constexpr Statement all_up{"movements_up",
                           "SELECT first_seq, changes FROM outbox WHERE number IS NOT NULL AND n > 0 AND "
                           "first_seq > $1 ORDER BY first_seq LIMIT $2"};
// The first feed number of the batch that holds the number $1.
constexpr Statement first_of{
    "movements_first_of",
    "SELECT coalesce(max(first_seq), 0) FROM outbox WHERE number IS NOT NULL AND first_seq <= $1"};

class MovementQuery {
  public:
    MovementQuery(Connection& connection, const domain::MovementFilter& filter)
        : connection_(connection),
          filter_(filter),
          limit_(static_cast<std::size_t>(std::clamp<std::int64_t>(filter.limit, 0, domain::page_limit_max))) {}

    domain::MovementPage run();

  private:
    void take_order();
    void take_product();
    void take_all();
    std::int64_t product_edge();
    std::int64_t edge();
    void take(const SqlResult& rows, int row);
    bool passes(const domain::Movement& movement) const;
    bool rising() const { return filter_.after.has_value(); }
    bool is_done() const { return found_.size() > limit_ || ended_; }

    Connection& connection_;
    const domain::MovementFilter& filter_;
    const std::size_t limit_;
    bool ended_ = false;  // what follows lies outside the range that is asked for
    std::vector<domain::Movement> found_;
};

domain::MovementPage MovementQuery::run() {
    if (filter_.order)
        take_order();
    else if (filter_.product)
        take_product();
    else
        take_all();
    domain::MovementPage page;
    page.more = found_.size() > limit_;
    if (page.more) found_.resize(limit_);
    page.rows = std::move(found_);
    return page;
}

void MovementQuery::take_order() {
    Params params;
    const auto rows = connection_.query(of_order_up, params.uuid(*filter_.order));
    for (int i = 0; i < rows.rows() && found_.size() <= limit_; ++i) take(rows, rising() ? i : rows.rows() - 1 - i);
}

void MovementQuery::take_product() {
    Params params;
    const auto edge = product_edge();
    params.int64(domain::raw(*filter_.product)).int64(edge).int64(static_cast<std::int64_t>(limit_ + 1));
    std::string sql = std::string("SELECT ") + movement_columns +
                      " FROM movement m JOIN outbox b ON b.id = m.batch WHERE m.product = $1 AND b.number IS NOT NULL";
    sql += rising() ? " AND m.batch >= $2" : " AND m.batch <= $2";
    const auto add = [&](const char* condition, std::int64_t value) {
        params.int64(value);
        sql += condition + std::to_string(params.size());
    };
    if (filter_.location) add(" AND m.location = $", domain::raw(*filter_.location));
    if (filter_.after) add(" AND b.first_seq + m.place > $", *filter_.after);
    if (filter_.before != 0) add(" AND b.first_seq + m.place < $", filter_.before);
    sql += rising() ? " ORDER BY m.batch, m.place LIMIT $3" : " ORDER BY m.batch DESC, m.place DESC LIMIT $3";
    const auto rows = connection_.query_text(sql, params);
    for (int row = 0; row < rows.rows(); ++row) found_.push_back(read_movement(rows, row));
}

// Batch after batch.
void MovementQuery::take_all() {
    const auto deadline = std::chrono::steady_clock::now() + read_statement_max;
    auto from = edge();
    for (auto portion = portion_first; !is_done(); portion = std::min(portion * 4, portion_max)) {
        if (std::chrono::steady_clock::now() > deadline)
            throw SqlError("57014", "a list of movements took too long", false);
        Params params;
        const auto rows = connection_.query(rising() ? all_up : all_down, params.int64(from).int64(portion));
        for (int row = 0; row < rows.rows() && !is_done(); ++row) take(rows, row);
        if (rows.rows() < portion) return;
        from = rows.integer(rows.rows() - 1, 0);
    }
}

// The batch from which on, or up to which, those of the product lie that are asked for.
std::int64_t MovementQuery::product_edge() {
    Params params;
    params.int64(domain::raw(*filter_.product));
    if (rising()) {
        const auto begin = connection_.query(product_begin, params.int64(*filter_.after + 1));
        return begin.empty() ? 0 : begin.integer(0, 0);
    }
    if (filter_.before == 0) return INT64_MAX;
    const auto end = connection_.query(product_end, params.int64(filter_.before));
    return end.empty() ? INT64_MAX : end.integer(0, 0);
}

// The same for all of them, as a feed number.
std::int64_t MovementQuery::edge() {
    if (!rising()) return filter_.before == 0 ? INT64_MAX : filter_.before;
    Params params;
    return connection_.query(first_of, params.int64(*filter_.after + 1)).integer(0, 0) - 1;
}

// The movements of one batch that are asked for, until there are enough.
void MovementQuery::take(const SqlResult& rows, int row) {
    const auto first = rows.integer(row, 0);
    if (rising() && filter_.before != 0 && first >= filter_.before) ended_ = true;
    auto batch = domain::decode_batch(rows.text(row, 1), first);
    if (!batch) throw_corrupt("a batch of the outbox cannot be read");
    if (!rising()) std::reverse(batch->items.begin(), batch->items.end());
    for (auto& item : batch->items) {
        auto* const movement = std::get_if<domain::Movement>(&item);
        if (!movement || !passes(*movement)) continue;
        found_.push_back(std::move(*movement));
        if (found_.size() > limit_) return;
    }
}

bool MovementQuery::passes(const domain::Movement& movement) const {
    const auto& key = movement.after.key;
    // Of an order that has both.
    if (filter_.product && key.product != *filter_.product) return false;
    if (filter_.location && key.location != *filter_.location) return false;
    if (filter_.order && movement.cause != domain::Cause{domain::CauseType::order, *filter_.order}) return false;
    if (filter_.after && movement.seq <= *filter_.after) return false;
    return filter_.before == 0 || movement.seq < filter_.before;
}

}  // namespace

domain::MovementPage query_movements(Connection& connection, const domain::MovementFilter& filter) {
    return MovementQuery(connection, filter).run();
}

}  // namespace onhand::storage::postgres
