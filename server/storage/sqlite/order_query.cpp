#include <algorithm>
#include <unordered_map>

#include "domain/order_search.hpp"
#include "storage/sqlite/order_candidates.hpp"
#include "storage/sqlite/reader.hpp"

// The list of orders. The derived store answers for everything up to the feed number it has applied; what came after
// is read from the main tables: new orders as they are, and the present state of older orders that changed since. Both
// are read in one moment each, the derived one first, so no order is missed or counted twice.
//
// Without a search, product or account the page is found by counts of orders per state. Else the page is filled from
// the lists, newest first; the total is exact where a list counts itself or counting on stays within count_effort_max.

namespace onhand::storage::sqlite {

namespace {

// Effort put into counting once the page is full, in numbers read from lists; a look at a state counts as more.
constexpr std::int64_t count_effort_max = 20'000;
constexpr std::int64_t state_effort = 20;
constexpr domain::FeedSeq feed_end = INT64_MAX;

// What the current row, which has order_columns, says of its order without reading all of it.
OrderEntry read_order_entry(const Cursor& row) {
    return {row.integer(0), row.integer(6), row.enumeration(4, domain::OrderStatus::returned)};
}

class OrderQuery {
  public:
    OrderQuery(ReadSession& session, const domain::OrderFilter& filter)
        : session_(session), filter_(filter), search_(domain::parse_search(filter.search)) {}

    domain::OrderPage run();

  private:
    bool is_searched() const { return search_ || filter_.product; }
    bool is_listed() const { return is_searched() || filter_.placed_by; }
    // Whether being on the list does not settle it yet.
    bool needs_entry() const { return filter_.status || (filter_.placed_by && (search_ || filter_.product)); }
    NumberList list_of_filter(const ListMoment& moment) const;
    void read_changes_since(domain::FeedSeq head);
    void take_new_orders(domain::FeedSeq head);
    void take_counted();
    void take_chunk(OrderChunk& chunk, const DerivedReader::Load& load);
    bool take_by_count(const OrderCounts& counts);
    bool has_changes(const OrderCounts& counts) const;
    void take_whole_list(const NumberList& list);
    void take_from_list(const NumberList& list);
    void take_between(const NumberList& list, domain::FeedSeq before, domain::FeedSeq from);
    domain::FeedSeq reach_down(domain::FeedSeq seq) const;
    bool is_passed_over(const OrderCandidates& candidates, std::int64_t batch) const;
    void take_found(OrderCandidates& candidates);
    bool take_batch(OrderCandidates& candidates, std::int64_t batch);
    bool is_found(const domain::Order& order) const;
    bool passes(const OrderEntry& entry) const;
    bool is_wanted(domain::FeedSeq seq);
    void take(domain::FeedSeq seq);
    bool may_count_on();
    domain::OrderPage page();

    // The states of orders are in memory; who placed them is not.
    bool needs_states_only() const { return is_listed() && filter_.status && !filter_.placed_by; }

    // Orders that matter to the page lie below the cursor.
    domain::FeedSeq cursor() const { return filter_.before == 0 ? feed_end : filter_.before; }
    bool is_full() const { return static_cast<std::int64_t>(chosen_.size()) > filter_.limit; }

    ReadSession& session_;
    const domain::OrderFilter& filter_;
    const std::optional<domain::OrderSearch> search_;
    domain::FeedSeq applied_ = 0;           // what is newer is read from the main tables
    domain::FeedSeq states_applied_ = 0;    // states of newer orders are read from the main tables
    StateSnapshotPtr states_;               // nullptr: the derived store is asked
    std::vector<domain::FeedSeq> changed_;  // orders whose state changed since states_applied_, rising
    std::unordered_map<domain::FeedSeq, domain::OrderStatus> state_now_;
    std::int64_t total_ = 0;
    bool total_is_exact_ = true;
    std::int64_t effort_ = 0;              // spent on counting once the page was full
    std::int64_t position_ = 0;            // matches below the cursor so far
    std::vector<domain::FeedSeq> chosen_;  // at most limit + 1, falling
};

domain::OrderPage OrderQuery::run() {
    std::optional<OrderCandidates> candidates;
    std::optional<NumberList> list;
    if (is_listed()) {
        const ListMoment moment(session_.lists);
        applied_ = moment.applied();
        if (search_)
            candidates.emplace(*search_, filter_.product, moment);
        else
            list = list_of_filter(moment);
    }
    if (needs_states_only()) states_ = session_.lists.states().snapshot();
    const DerivedMoment moment(session_.derived);
    states_applied_ = states_ ? states_->applied : session_.derived.begin();
    if (!is_listed()) applied_ = states_applied_;
    Transaction transaction(session_.main, Transaction::Kind::read);
    const domain::FeedSeq head = session_.read_head();
    if (filter_.status) read_changes_since(head);
    take_new_orders(head);
    if (candidates) {
        candidates->look_up(session_.orders);
        take_found(*candidates);
    } else if (list) {
        needs_entry() ? take_from_list(*list) : take_whole_list(*list);
    } else {
        take_counted();
    }
    return page();
}

NumberList OrderQuery::list_of_filter(const ListMoment& moment) const {
    if (filter_.product) return moment.list(Posting::product_orders, domain::raw(*filter_.product));
    return moment.list(Posting::account_orders, domain::raw(*filter_.placed_by));
}

void OrderQuery::read_changes_since(domain::FeedSeq head) {
    auto row = session_.changed_orders.open(states_applied_, head);
    while (row.next()) {
        const domain::FeedSeq seq = row.integer(0);
        if (seq > states_applied_) continue;
        const auto stored = session_.orders.by_seq(seq);
        if (!stored) throw_corrupt("an event of an order that is not there");
        state_now_[seq] = stored->order.status;
        changed_.push_back(seq);
    }
    std::sort(changed_.begin(), changed_.end());
}

void OrderQuery::take_new_orders(domain::FeedSeq head) {
    auto row = session_.orders_down.open(head + 1, applied_);
    while (row.next()) {
        const OrderEntry entry = read_order_entry(row);
        if (passes(entry) && (!is_searched() || is_found(session_.orders.read(row).order))) take(entry.seq);
    }
}

bool OrderQuery::is_found(const domain::Order& order) const {
    if (search_ && !domain::matches(*search_, order)) return false;
    const auto has_product = [this](const domain::OrderLine& line) { return line.level.product == *filter_.product; };
    return !filter_.product || std::any_of(order.lines.begin(), order.lines.end(), has_product);
}

bool OrderQuery::passes(const OrderEntry& entry) const {
    if (filter_.placed_by && domain::raw(*filter_.placed_by) != entry.account) return false;
    if (!filter_.status) return true;
    const auto changed = state_now_.find(entry.seq);
    return *filter_.status == (changed == state_now_.end() ? entry.status : changed->second);
}

// Whether an order of a list has the state and the account that are asked for.
bool OrderQuery::is_wanted(domain::FeedSeq seq) {
    if (!needs_entry()) return true;
    if (is_full()) effort_ += state_effort;
    if (seq <= states_applied_ && states_) {
        const auto status = states_->status(seq);
        if (!status) throw_corrupt("a list names an order without a state");
        return passes({seq, 0, *status});
    }
    if (seq <= states_applied_) {
        const auto entry = session_.derived.entry(seq);
        if (!entry) throw_corrupt("a list names an order without a state");
        return passes(*entry);
    }
    const auto stored = session_.orders.by_seq(seq);
    if (!stored) throw_corrupt("a list names an order that is not there");
    return passes({seq, domain::raw(stored->order.placed_by), stored->order.status});
}

// ---- by counts

void OrderQuery::take_counted() {
    session_.derived.groups_down([this](const OrderCounts& group) {
        if (take_by_count(group)) return;
        session_.derived.chunks_down(group, [this](OrderChunk& chunk, const DerivedReader::Load& load) {
            if (!take_by_count(chunk)) take_chunk(chunk, load);
        });
    });
}

void OrderQuery::take_chunk(OrderChunk& chunk, const DerivedReader::Load& load) {
    load();
    for (auto entry = chunk.entries.rbegin(); entry != chunk.entries.rend(); ++entry)
        if (passes(*entry)) take(entry->seq);
}

bool OrderQuery::has_changes(const OrderCounts& counts) const {
    const auto changed = std::lower_bound(changed_.begin(), changed_.end(), counts.first);
    return changed != changed_.end() && *changed <= counts.last;
}

// Takes a whole stretch by its count when none of its orders can be on the page.
bool OrderQuery::take_by_count(const OrderCounts& counts) {
    if (has_changes(counts)) return false;
    const auto matching = filter_.status ? counts.in_state[static_cast<std::size_t>(*filter_.status)] : counts.count();
    if (counts.first >= cursor()) {
        total_ += matching;
        return true;
    }
    if (counts.last >= cursor()) return matching == 0;
    if (!is_full() && position_ + matching > filter_.offset) return false;
    total_ += matching;
    position_ += matching;
    return true;
}

// ---- from lists

// Every order of the list is wanted, and the list knows how many there are.
void OrderQuery::take_whole_list(const NumberList& list) {
    total_ += list.count();
    const std::int64_t skip = std::max<std::int64_t>(0, filter_.offset - position_);
    position_ += list.walk_down(cursor(), skip, [this](domain::FeedSeq seq) {
        ++position_;
        if (!is_full()) chosen_.push_back(seq);
        return !is_full();
    });
}

void OrderQuery::take_from_list(const NumberList& list) {
    take_between(list, cursor(), 0);
    // What lies above the cursor counts as well.
    if (filter_.before != 0 && may_count_on()) take_between(list, feed_end, cursor());
}

// Goes down the list from below `before` to `from`, and passes over stretches where no order is in the state wanted.
void OrderQuery::take_between(const NumberList& list, domain::FeedSeq before, domain::FeedSeq from) {
    while (before > from) {
        domain::FeedSeq next = 0;  // where it goes on behind such a stretch
        const auto visit = [this, from, &next](domain::FeedSeq seq) {
            if (seq < from) return false;
            const auto reached = reach_down(seq);
            if (reached < seq) {
                next = reached + 1;
                return false;
            }
            if (is_wanted(seq)) take(seq);
            return may_count_on();
        };
        list.walk_down(before, 0, visit);
        before = next;
    }
}

// The highest number, `seq` or below, that may be an order in the state wanted; 0 = none. Exact enough to pass over
// stretches of some thousand numbers.
domain::FeedSeq OrderQuery::reach_down(domain::FeedSeq seq) const {
    if (!states_ || seq > states_applied_) return seq;
    const auto reached = states_->reach_down(seq, *filter_.status);
    if (reached == seq) return seq;
    const auto above = std::upper_bound(changed_.begin(), changed_.end(), seq);
    return above == changed_.begin() ? reached : std::max(reached, *(above - 1));
}

void OrderQuery::take_found(OrderCandidates& candidates) {
    const std::int64_t top = candidates.top_batch();
    const std::int64_t begin = std::min(top, candidates.batch_of(cursor() - 1));
    for (std::int64_t batch = begin; batch >= 0; --batch)
        if (!is_passed_over(candidates, batch) && !take_batch(candidates, batch)) return;
    for (std::int64_t batch = top; batch > begin; --batch)
        if (!is_passed_over(candidates, batch) && !take_batch(candidates, batch)) return;
}

bool OrderQuery::is_passed_over(const OrderCandidates& candidates, std::int64_t batch) const {
    if (!states_ || batch == candidates.top_batch()) return false;
    return reach_down((batch + 1) << slice_bits) <= batch << slice_bits;
}

bool OrderQuery::take_batch(OrderCandidates& candidates, std::int64_t batch) {
    const auto& found = candidates.in_batch(batch);
    if (is_full()) effort_ += candidates.numbers_read();
    for (auto seq = found.rbegin(); seq != found.rend(); ++seq)
        if (is_wanted(*seq)) take(*seq);
    return may_count_on();
}

// False when counting any further costs too much. As long as the page is not full it must go on.
bool OrderQuery::may_count_on() {
    if (!is_full()) return true;
    if (++effort_ <= count_effort_max) return true;
    total_is_exact_ = false;
    return false;
}

void OrderQuery::take(domain::FeedSeq seq) {
    ++total_;
    if (seq >= cursor()) return;
    if (position_++ >= filter_.offset && !is_full()) chosen_.push_back(seq);
}

domain::OrderPage OrderQuery::page() {
    domain::OrderPage page;
    page.total = total_;
    page.total_is_exact = total_is_exact_;
    page.more = is_full();
    if (page.more) chosen_.pop_back();
    page.rows.reserve(chosen_.size());
    for (const auto seq : chosen_) {
        auto stored = session_.orders.by_seq(seq);
        if (!stored) throw_corrupt("the derived store names an order that is not there");
        page.rows.push_back({std::move(stored->order), seq});
    }
    return page;
}

}  // namespace

domain::OrderPage query_orders(ReadSession& session, const domain::OrderFilter& filter) {
    domain::OrderFilter bounded = filter;
    bounded.limit = std::clamp<std::int64_t>(filter.limit, 0, domain::page_limit_max);
    bounded.offset = std::clamp<std::int64_t>(filter.offset, 0, domain::page_offset_max);
    try {
        return OrderQuery(session, bounded).run();
    } catch (const RunError&) {
        throw;  // the run is marked, and made again
    } catch (const SqlError& error) {
        if (to_store_error(error).code == StoreErrc::corrupt) session.lists.report_states_damaged();
        throw;
    }
}

}  // namespace onhand::storage::sqlite
