#include <algorithm>

#include "storage/sqlite/reader.hpp"

// The ledger. Newest first unless the filter has `after`. Movements of a product or a location are found through the
// lists, up to the feed number they have applied, and by reading the rows themselves beyond it. Movements of an
// order need no list: those of its placing stand right before its placed event, those of each later event right before
// that event, and the events of an order are chained backwards.

namespace onhand::storage::sqlite {

namespace {

constexpr domain::FeedSeq feed_end = INT64_MAX;

class MovementQuery {
  public:
    MovementQuery(ReadSession& session, const domain::MovementFilter& filter)
        : session_(session),
          filter_(filter),
          above_(filter.after.value_or(0)),
          below_(filter.before > 0 ? filter.before : feed_end),
          limit_(std::clamp<std::int64_t>(filter.limit, 0, domain::page_limit_max)) {}

    domain::MovementPage run();

  private:
    void by_order();
    void rising();
    void falling();
    void append_before(domain::FeedSeq event, const Uuid& order, std::vector<domain::FeedSeq>& seqs);
    bool visit_listed(domain::FeedSeq seq);
    void visit_rows(Cursor row);
    bool wanted(const domain::Movement& movement) const;
    bool add(domain::Movement movement);
    bool has_list() const { return filter_.product || filter_.location; }
    Posting list() const { return filter_.product ? Posting::product_movements : Posting::location_movements; }
    std::int64_t list_key() const {
        return filter_.product ? domain::raw(*filter_.product) : domain::raw(*filter_.location);
    }

    ReadSession& session_;
    const domain::MovementFilter& filter_;
    const domain::FeedSeq above_;  // only numbers above it
    const domain::FeedSeq below_;  // only numbers below it
    const std::int64_t limit_;
    domain::FeedSeq applied_ = 0;
    std::optional<NumberList> listed_;  // as of applied_
    domain::MovementPage page_;
};

domain::MovementPage MovementQuery::run() {
    if (has_list() && !filter_.order) {
        const ListMoment moment(session_.lists);
        applied_ = moment.applied();
        listed_ = moment.list(list(), list_key());
    }
    Transaction transaction(session_.main, Transaction::Kind::read);
    if (filter_.order)
        by_order();
    else if (filter_.after)
        rising();
    else
        falling();
    return std::move(page_);
}

void MovementQuery::rising() {
    // With a list, everything up to the applied number comes from it and the rows continue behind it.
    domain::FeedSeq from = above_;
    if (has_list() && applied_ > above_) {
        listed_->walk_up(above_, [this](domain::FeedSeq seq) { return visit_listed(seq); });
        from = applied_;
    }
    if (!page_.more && from < below_ - 1) visit_rows(session_.movements_up.open(from, below_ - 1));
}

void MovementQuery::falling() {
    const domain::FeedSeq listed_to = has_list() ? applied_ : above_;
    if (listed_to < below_) visit_rows(session_.movements_down.open(below_, listed_to));
    if (!has_list() || page_.more) return;
    const domain::FeedSeq before = std::min(below_, applied_ + 1);
    listed_->walk_down(before, 0, [this](domain::FeedSeq seq) { return visit_listed(seq); });
}

bool MovementQuery::visit_listed(domain::FeedSeq seq) {
    if (seq >= below_) return false;
    auto row = session_.movement.open(seq);
    if (!row.next()) throw_corrupt("a list names a movement that is not there");
    return add(read_movement(row));
}

void MovementQuery::visit_rows(Cursor row) {
    while (row.next())
        if (!add(read_movement(row))) return;
}

bool MovementQuery::wanted(const domain::Movement& movement) const {
    return (!filter_.product || *filter_.product == movement.after.key.product) &&
           (!filter_.location || *filter_.location == movement.after.key.location);
}

// False when the page is full.
bool MovementQuery::add(domain::Movement movement) {
    if (!wanted(movement)) return true;
    if (static_cast<std::int64_t>(page_.rows.size()) >= limit_) {
        page_.more = true;
        return false;
    }
    page_.rows.push_back(std::move(movement));
    return true;
}

void MovementQuery::by_order() {
    const auto order = session_.orders.by_uuid(*filter_.order);
    if (!order) return;
    // Falling: the newest event first, the placed event last.
    std::vector<domain::FeedSeq> seqs;
    for (domain::FeedSeq event = order->last_event; event != 0;) {
        append_before(event, *filter_.order, seqs);
        auto row = session_.event_chain.open(event);
        if (!row.next()) throw_corrupt("an event of an order is gone");
        event = row.integer(1);
    }
    append_before(order->seq, *filter_.order, seqs);
    if (filter_.after) std::reverse(seqs.begin(), seqs.end());
    for (const auto seq : seqs) {
        if (seq <= above_ || seq >= below_) continue;
        auto row = session_.movement.open(seq);
        if (row.next() && !add(read_movement(row))) return;
    }
}

// Appends the numbers of the movements that stand right before an event and were caused by the order, falling.
void MovementQuery::append_before(domain::FeedSeq event, const Uuid& order, std::vector<domain::FeedSeq>& seqs) {
    for (domain::FeedSeq seq = event - 1; seq > 0; --seq) {
        auto row = session_.movement.open(seq);
        if (!row.next()) return;
        const domain::Cause cause = read_movement(row).cause;
        if (cause.type != domain::CauseType::order || cause.id != order) return;
        seqs.push_back(seq);
    }
}

}  // namespace

domain::MovementPage query_movements(ReadSession& session, const domain::MovementFilter& filter) {
    return MovementQuery(session, filter).run();
}

}  // namespace onhand::storage::sqlite
