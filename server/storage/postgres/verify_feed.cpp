#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>

#include "domain/batch_codec.hpp"
#include "storage/ledger_fold.hpp"
#include "storage/postgres/rows.hpp"
#include "storage/postgres/verify_parts.hpp"

// The outbox is what everybody was told; the tables are what is so. Both are read in portions of a few batches, side by
// side, so memory does not grow with the number of orders.

namespace onhand::storage::postgres {

namespace {

constexpr const char* gaps = "feed_has_no_gaps";
constexpr const char* ledger_follows = "ledger_follows_the_feed";
constexpr const char* orders_follow = "orders_follow_their_events";
constexpr const char* keys = "one_result_per_key";
constexpr const char* fold = "fold_of_feed_equals_levels";
constexpr const char* open_lines = "allocated_equals_open_lines";
constexpr const char* counts = "orders_are_counted";

// Batches looked at together.
constexpr const char* numbered_sql =
    "SELECT id, number, first_seq, n, changes FROM outbox WHERE number > $1 ORDER BY number LIMIT 64";
constexpr const char* waiting_sql =
    "SELECT id, number, first_seq, n, changes FROM outbox WHERE number IS NULL AND id > $1 ORDER BY id LIMIT 64";

std::string text_of(std::string_view what, std::int64_t number) {
    return std::string(what) + " " + std::to_string(number);
}

constexpr int batch_column = 20;  // behind the columns of a movement
constexpr int orders_column = 9;  // behind the columns of a level

bool same(const domain::Movement& a, const domain::Movement& b) {
    const auto all = [](const domain::Movement& m) {
        return std::tie(m.id, m.kind, m.quantity, m.from, m.to, m.reason, m.note, m.actor, m.cause, m.after);
    };
    return all(a) == all(b);
}

struct Batch {
    std::int64_t id = 0;
    bool numbered = false;
    std::vector<domain::FeedItem> items;
};

struct StoredOrder {
    domain::Order order;
    std::int64_t batch = 0;
    std::int64_t place = 0;
    Uuid key;
    Uuid fingerprint;
    std::vector<std::int64_t> later;  // batches
};

// What a level's orders amount to.
struct LevelSum {
    domain::Quantity open = 0;
    std::int64_t orders = 0;
};

class FeedWalk {
  public:
    FeedWalk(Connection& connection, Findings& findings)
        : connection_(connection), findings_(findings), ledger_(findings) {
        for (const char* name : {ledger_follows, orders_follow, keys, open_lines, counts}) findings_.begin(name);
    }

    void run();

  private:
    void walk(const std::string& sql);
    bool decode(const SqlResult& rows, int row);
    void check_numbers(const SqlResult& rows, int row);
    void check_movements();
    void check_orders();
    void check_order(const Batch& batch, std::int64_t place, const domain::OrderEvent& event);
    void check_key(const StoredOrder& stored, const domain::OrderEvent& event);
    void add_to_levels(const domain::Order& order);
    void check_levels();
    void check_head();
    void check_totals();
    void check_counts();
    std::unordered_map<Uuid, StoredOrder> stored_orders();
    std::int64_t count(const std::string& sql);

    Connection& connection_;
    Findings& findings_;
    LedgerFold ledger_;
    std::int64_t last_number_ = 0;
    domain::FeedSeq last_seq_ = 0;
    std::int64_t last_id_ = 0;
    domain::FeedSeq numbered_seq_ = 0;  // the head
    std::int64_t movements_ = 0;
    std::int64_t placed_ = 0;
    std::int64_t changed_ = 0;  // events of orders after their placing
    std::int64_t final_ = 0;    // events that tell the order's version of now
    std::int64_t keyed_ = 0;
    std::int64_t later_ = 0;  // orders that batches changed, over all batches
    std::unordered_map<domain::LevelKey, LevelSum> sums_;
    std::vector<Batch> portion_;
    std::unordered_map<Uuid, StoredOrder> orders_;  // those the portion tells of
};

void FeedWalk::run() {
    walk(numbered_sql);
    numbered_seq_ = last_seq_;
    check_head();
    last_id_ = 0;
    walk(waiting_sql);
    check_levels();
    check_totals();
}

// `sql` gives the batches behind the last number, or behind the last id.
void FeedWalk::walk(const std::string& sql) {
    const bool numbered = sql == numbered_sql;
    while (true) {
        Params params;
        const auto rows = connection_.query_text(sql, params.int64(numbered ? last_number_ : last_id_));
        if (rows.empty()) return;
        portion_.clear();
        for (int row = 0; row < rows.rows(); ++row)
            if (!decode(rows, row)) findings_.fail(gaps, text_of("cannot be read: batch", rows.integer(row, 0)));
        check_movements();
        check_orders();
    }
}

bool FeedWalk::decode(const SqlResult& rows, int row) {
    Batch batch{.id = rows.integer(row, 0), .numbered = !rows.is_null(row, 1)};
    if (batch.numbered) check_numbers(rows, row);
    last_id_ = batch.id;
    auto news = domain::decode_batch(rows.text(row, 4), last_seq_ + 1);
    const auto n = rows.integer(row, 3);
    last_seq_ += n;
    if (!news || static_cast<std::int64_t>(news->items.size()) != n) return false;
    batch.items = std::move(news->items);
    portion_.push_back(std::move(batch));
    return true;
}

void FeedWalk::check_numbers(const SqlResult& rows, int row) {
    const auto number = rows.integer(row, 1);
    const auto first = rows.integer(row, 2);
    if (number != last_number_ + 1) findings_.fail(gaps, text_of("missing before batch number", number));
    if (first != last_seq_ + 1)
        findings_.fail(gaps, text_of("batch number", number) + text_of(" begins at", first) +
                                 text_of(" and should begin at", last_seq_ + 1));
    last_number_ = number;
    last_seq_ = first - 1;
}

void FeedWalk::check_head() {
    const auto rows = connection_.query_text("SELECT seq, batch FROM feed_head", Params{});
    if (rows.rows() != 1 || rows.integer(0, 0) != last_seq_ || rows.integer(0, 1) != last_number_)
        findings_.fail(gaps, text_of("the head is not where the last batch ends,", last_seq_));
}

// Every movement of the feed is the row of its product, batch and place, and there are no others.
void FeedWalk::check_movements() {
    std::map<std::pair<std::int64_t, std::int64_t>, const domain::Movement*> told;  // by batch and place
    Array products(Type::int64);
    Array batches(Type::int64);
    Array places(Type::int64);
    for (const auto& batch : portion_) {
        for (std::size_t place = 0; place < batch.items.size(); ++place) {
            const auto* movement = std::get_if<domain::Movement>(&batch.items[place]);
            if (!movement) continue;
            ledger_.add(*movement);
            told[{batch.id, static_cast<std::int64_t>(place)}] = movement;
            products.add(domain::raw(movement->after.key.product));
            batches.add(batch.id);
            places.add(static_cast<std::int64_t>(place));
        }
    }
    movements_ += static_cast<std::int64_t>(told.size());
    Params params;
    const auto rows = connection_.query_text(
        std::string("SELECT ") + movement_columns +
            ", m.batch, m.place FROM unnest($1::bigint[], $2::bigint[], $3::bigint[]) AS k (product, batch, place) "
            "JOIN movement m ON m.product = k.product AND m.batch = k.batch AND m.place = k.place "
            "JOIN outbox b ON b.id = m.batch",
        params.array(products).array(batches).array(places));
    for (int row = 0; row < rows.rows(); ++row) {
        const auto found = told.find({rows.integer(row, batch_column), rows.integer(row, batch_column + 1)});
        if (found != told.end() && same(read_movement(rows, row), *found->second)) told.erase(found);
    }
    for (const auto& [place, movement] : told)
        findings_.fail(ledger_follows, text_of("another movement in the ledger at feed number", movement->seq));
}

std::unordered_map<Uuid, StoredOrder> FeedWalk::stored_orders() {
    Array ids(Type::uuid);
    for (const auto& batch : portion_)
        for (const auto& item : batch.items)
            if (const auto* event = std::get_if<domain::OrderEvent>(&item)) ids.add_uuid(event->order.id);
    Params params;
    params.array(ids);
    std::unordered_map<Uuid, StoredOrder> stored;
    const auto rows = connection_.query_text(
        std::string("SELECT ") + order_columns +
            ", o.batch, o.place, o.key, o.fingerprint FROM request_result o WHERE o.id = ANY ($1)",
        params);
    for (int row = 0; row < rows.rows(); ++row) {
        StoredOrder& order = stored[rows.uuid(row, 0)];
        order.order = read_order(rows, row);
        order.batch = rows.integer(row, order_column_count);
        order.place = rows.integer(row, order_column_count + 1);
        order.key = rows.uuid(row, order_column_count + 2);
        order.fingerprint = rows.uuid(row, order_column_count + 3);
    }
    const auto later = connection_.query_text(
        "SELECT o.id, unnest(o.later) FROM request_result o WHERE o.id = ANY ($1) AND o.later IS NOT NULL", params);
    for (int row = 0; row < later.rows(); ++row) stored[later.uuid(row, 0)].later.push_back(later.integer(row, 1));
    return stored;
}

void FeedWalk::check_orders() {
    orders_ = stored_orders();
    for (const auto& batch : portion_) {
        std::set<Uuid> changed;
        for (std::size_t place = 0; place < batch.items.size(); ++place) {
            const auto* event = std::get_if<domain::OrderEvent>(&batch.items[place]);
            if (!event) continue;
            check_order(batch, static_cast<std::int64_t>(place), *event);
            if (event->kind != domain::OrderEvent::Kind::placed) changed.insert(event->order.id);
        }
        later_ += static_cast<std::int64_t>(changed.size());
    }
}

void FeedWalk::check_order(const Batch& batch, std::int64_t place, const domain::OrderEvent& event) {
    const bool placed = event.kind == domain::OrderEvent::Kind::placed;
    ++(placed ? placed_ : changed_);
    const auto name = text_of("order", event.order.number);
    const auto found = orders_.find(event.order.id);
    if (found == orders_.end()) return findings_.fail(orders_follow, name + " has events and is not there");
    const StoredOrder& stored = found->second;
    if (placed && (stored.batch != batch.id || stored.place != place))
        findings_.fail(orders_follow, name + " was not placed where it says");
    if (placed && event.order != domain::as_placed(stored.order))
        findings_.fail(orders_follow, name + " is not what was placed");
    if (placed) check_key(stored, event);
    if (!placed && std::ranges::count(stored.later, batch.id) != 1)
        findings_.fail(orders_follow, name + " does not say where it was changed");
    if (event.order.version != stored.order.version) return;
    ++final_;
    add_to_levels(stored.order);
    if (event.order != stored.order) findings_.fail(orders_follow, name + " is not what its events made of it");
    if (domain::status_of(stored.order.lines) != stored.order.status)
        findings_.fail(orders_follow, "the lines of " + name + " do not amount to its status");
}

// A placed order with a key is what the key answers.
void FeedWalk::check_key(const StoredOrder& stored, const domain::OrderEvent& event) {
    if (event.key != domain::KeyHash{}) ++keyed_;
    if (stored.key.bytes != event.key || stored.fingerprint.bytes != event.fingerprint)
        findings_.fail(keys, text_of("order", event.order.number) + " does not have the key it was placed with");
}

void FeedWalk::add_to_levels(const domain::Order& order) {
    for (std::size_t at = 0; at < order.lines.size(); ++at) {
        LevelSum& sum = sums_[order.lines[at].level];
        sum.open += order.lines[at].allocated();
        if (is_first_of_product(order.lines, at)) ++sum.orders;
    }
}

void FeedWalk::check_levels() {
    Cursor levels(connection_, std::string("SELECT ") + level_columns + ", orders FROM stock_level", Params{});
    while (levels.next()) {
        const auto level = read_level(levels.result(), levels.row());
        ledger_.compare(level);
        const LevelSum sum = sums_[level.key];
        sums_.erase(level.key);
        const auto name = text_of("product", domain::raw(level.key.product)) +
                          text_of(" at location", domain::raw(level.key.location)) + ": ";
        if (level.allocated != sum.open)
            findings_.fail(open_lines,
                           name + text_of("allocated", level.allocated) + text_of(", open lines", sum.open));
        const auto orders = levels.result().integer(levels.row(), orders_column);
        if (orders != sum.orders)
            findings_.fail(counts, name + text_of("it counts", orders) + text_of(" orders, there are", sum.orders));
    }
    if (!sums_.empty()) findings_.fail(open_lines, "there are orders of a level that is not there");
    ledger_.finish();
}

std::int64_t FeedWalk::count(const std::string& sql) {
    return connection_.query_text("SELECT " + sql, Params{}).integer(0, 0);
}

// What the walk did not meet must not be there.
void FeedWalk::check_totals() {
    if (count("count(*) FROM movement") != movements_)
        findings_.fail(ledger_follows, "the ledger has movements that the feed does not tell of");
    if (count("count(*) FROM request_result WHERE id IS NOT NULL") != placed_ || final_ != placed_)
        findings_.fail(orders_follow, "there are orders without events or with two of a version");
    // An order has one event for each version.
    if (count("coalesce(sum(version - 1), 0)::bigint FROM request_result") != changed_)
        findings_.fail(orders_follow, "the versions of orders do not count their events");
    if (count("coalesce(sum(cardinality(later)), 0)::bigint FROM request_result") != later_)
        findings_.fail(orders_follow, "an order says that it was changed where it was not");
    if (count("count(*) FROM request_result WHERE id IS NOT NULL AND key IS NOT NULL") != keyed_)
        findings_.fail(keys, "an order has a key that it was not placed with");
    check_counts();
}

// What the lists say: the orders in each state, as the relay and the batches that wait for it tell.
void FeedWalk::check_counts() {
    Params params;
    const auto rows = connection_.query_text(
        "SELECT s, coalesce(h.orders[s + 1], 0) + (SELECT coalesce(sum(b.orders[s + 1]), 0)::bigint FROM outbox b "
        "WHERE b.number IS NULL), (SELECT count(*) FROM request_result r WHERE r.status = s) "
        "FROM generate_series(0, $1::integer - 1) AS s, feed_head h",
        params.int32(order_states));
    for (int row = 0; row < rows.rows(); ++row)
        if (rows.integer(row, 1) != rows.integer(row, 2))
            findings_.fail(counts, text_of("state", rows.integer(row, 0)) + text_of(" counts", rows.integer(row, 1)) +
                                       text_of(" orders, there are", rows.integer(row, 2)));
    if (rows.rows() != order_states) findings_.fail(counts, "the orders in each state are not counted");
}

}  // namespace

void verify_feed(Connection& connection, Findings& findings) {
    findings.begin(gaps);
    findings.guard(fold, [&] { FeedWalk(connection, findings).run(); });
}

}  // namespace onhand::storage::postgres
