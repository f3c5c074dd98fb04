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

// Batches looked at together.
constexpr const char* numbered_sql =
    "SELECT id, number, first_seq, n, changes FROM outbox WHERE number > $1 ORDER BY number LIMIT 64";
constexpr const char* waiting_sql =
    "SELECT id, number, first_seq, n, changes FROM outbox WHERE number IS NULL AND id > $1 ORDER BY id LIMIT 64";
constexpr int movement_batch_column = 20;

std::string text_of(std::string_view what, std::int64_t number) {
    return std::string(what) + " " + std::to_string(number);
}

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
};

class FeedWalk {
  public:
    FeedWalk(Connection& connection, Findings& findings)
        : connection_(connection), findings_(findings), ledger_(findings) {
        for (const char* name : {ledger_follows, orders_follow, keys}) findings_.begin(name);
    }

    void run();

  private:
    void walk(const std::string& sql);
    bool decode(const SqlResult& rows, int row);
    void check_numbers(const SqlResult& rows, int row);
    void check_movements();
    void check_orders();
    void check_order(const Batch& batch, std::int64_t place, const domain::OrderEvent& event);
    void check_keys();
    void check_head();
    void check_totals();
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
    std::vector<Batch> portion_;
    std::unordered_map<Uuid, StoredOrder> orders_;  // those the portion tells of
};

void FeedWalk::run() {
    walk(numbered_sql);
    numbered_seq_ = last_seq_;
    check_head();
    last_id_ = 0;
    walk(waiting_sql);
    Cursor levels(connection_, std::string("SELECT ") + level_columns + " FROM stock_level", Params{});
    while (levels.next()) ledger_.compare(read_level(levels.result(), levels.row()));
    ledger_.finish();
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
        check_keys();
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

// Every movement of the feed is the row of its batch and place, and there are no others.
void FeedWalk::check_movements() {
    Array ids(Type::int64);
    for (const auto& batch : portion_) ids.add(batch.id);
    Params params;
    const auto rows = connection_.query_text(
        std::string("SELECT ") + movement_columns +
            ", m.batch, m.place FROM movement m JOIN outbox b ON b.id = m.batch WHERE m.batch = ANY ($1)",
        params.array(ids));
    std::unordered_map<std::int64_t, std::unordered_map<std::int64_t, int>> row_of;  // by batch and place
    for (int row = 0; row < rows.rows(); ++row)
        row_of[rows.integer(row, movement_batch_column)][rows.integer(row, movement_batch_column + 1)] = row;
    for (const auto& batch : portion_) {
        const auto& places = row_of[batch.id];
        for (std::size_t place = 0; place < batch.items.size(); ++place) {
            const auto* told = std::get_if<domain::Movement>(&batch.items[place]);
            if (!told) continue;
            ++movements_;
            ledger_.add(*told);
            const auto row = places.find(static_cast<std::int64_t>(place));
            if (row == places.end() || !same(read_movement(rows, row->second), *told))
                findings_.fail(ledger_follows, text_of("another movement in the ledger at feed number", told->seq));
        }
    }
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
        std::string("SELECT ") + order_columns + ", o.batch, o.place FROM orders o WHERE o.id = ANY ($1)", params);
    for (int row = 0; row < rows.rows(); ++row)
        stored[rows.uuid(row, 0)] = {read_order(rows, row), rows.integer(row, order_column_count),
                                     rows.integer(row, order_column_count + 1)};
    const auto lines = connection_.query_text(std::string("SELECT ") + line_columns + " FROM " + lines_from +
                                                  " WHERE l.order_id = ANY ($1) ORDER BY l.order_id, l.position",
                                              params);
    for (int row = 0; row < lines.rows(); ++row)
        if (const auto found = stored.find(lines.uuid(row, 0)); found != stored.end())
            found->second.order.lines.push_back(read_line(lines, row));
    return stored;
}

void FeedWalk::check_orders() {
    orders_ = stored_orders();
    for (const auto& batch : portion_)
        for (std::size_t place = 0; place < batch.items.size(); ++place)
            if (const auto* event = std::get_if<domain::OrderEvent>(&batch.items[place]))
                check_order(batch, static_cast<std::int64_t>(place), *event);
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
    if (event.order.version != stored.order.version) return;
    ++final_;
    if (event.order != stored.order) findings_.fail(orders_follow, name + " is not what its events made of it");
    if (domain::status_of(stored.order.lines) != stored.order.status)
        findings_.fail(orders_follow, "the lines of " + name + " do not amount to its status");
}

// Each placed order with a key is what the key answers.
void FeedWalk::check_keys() {
    Array wanted(Type::uuid);
    std::unordered_map<Uuid, const domain::OrderEvent*> event_of;
    for (const auto& batch : portion_)
        for (const auto& item : batch.items)
            if (const auto* event = std::get_if<domain::OrderEvent>(&item); event && event->key != domain::KeyHash{}) {
                wanted.add_uuid(Uuid{event->key});
                event_of[Uuid{event->key}] = event;
                ++keyed_;
            }
    Params params;
    const auto rows = connection_.query_text("SELECT key, fingerprint, order_id FROM idempotency WHERE key = ANY ($1)",
                                             params.array(wanted));
    for (int row = 0; row < rows.rows(); ++row) {
        const auto& event = *event_of.at(rows.uuid(row, 0));
        if (rows.uuid(row, 2) != event.order.id || rows.fixed<16>(row, 1) != event.fingerprint)
            findings_.fail(keys, text_of("the key of order", event.order.number) + " answers something else");
        event_of.erase(rows.uuid(row, 0));
    }
    for (const auto& [key, event] : event_of)
        findings_.fail(keys, text_of("the key of order", event->order.number) + " answers nothing");
}

std::int64_t FeedWalk::count(const std::string& sql) {
    return connection_.query_text("SELECT " + sql, Params{}).integer(0, 0);
}

// What the walk did not meet must not be there.
void FeedWalk::check_totals() {
    if (count("count(*) FROM movement") != movements_)
        findings_.fail(ledger_follows, "the ledger has movements that the feed does not tell of");
    if (count("count(*) FROM orders") != placed_ || final_ != placed_)
        findings_.fail(orders_follow, "there are orders without events or with two of a version");
    // An order has one event for each version.
    if (count("coalesce(sum(version - 1), 0)::bigint FROM orders") != changed_)
        findings_.fail(orders_follow, "the versions of orders do not count their events");
    if (count("count(*) FROM order_line l WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.id = l.order_id)") != 0)
        findings_.fail(orders_follow, "there are lines without an order");
    if (count("count(*) FROM idempotency WHERE order_id IS NOT NULL") != keyed_)
        findings_.fail(keys, "a key answers with an order that was not placed with it");
}

}  // namespace

void verify_feed(Connection& connection, Findings& findings) {
    findings.begin(gaps);
    findings.guard(fold, [&] { FeedWalk(connection, findings).run(); });
}

}  // namespace onhand::storage::postgres
