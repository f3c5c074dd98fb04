#include <algorithm>
#include <unordered_map>

#include "domain/order_search.hpp"
#include "storage/sqlite/reader.hpp"

// The list of orders. The derived store answers for everything up to the feed number it has applied; what came after
// is read from the main tables: new orders as they are, and the present state of older orders that changed since. Both
// are read in one moment each, the derived one first, so no order is missed or counted twice.

namespace onhand::storage::sqlite {

namespace {

class OrderQuery {
  public:
    OrderQuery(ReadSession& session, const domain::OrderFilter& filter)
        : session_(session), filter_(filter), search_(domain::parse_search(filter.search)) {}

    domain::OrderPage run();

  private:
    void read_changes_since(domain::FeedSeq applied, domain::FeedSeq head);
    void take_new_orders(domain::FeedSeq applied, domain::FeedSeq head);
    void take_listed();
    void take_all();
    void take_chunk(OrderChunk& chunk, const DerivedReader::Load& load);
    bool passes(const OrderEntry& entry) const;
    std::vector<domain::FeedSeq> listed();
    std::vector<domain::FeedSeq> found_by_search();
    void take(domain::FeedSeq seq);
    bool take_by_count(const OrderChunk& chunk, std::int64_t matching);
    domain::OrderPage page();

    // Orders that matter to the page lie below the cursor.
    bool below_cursor(domain::FeedSeq seq) const { return filter_.before == 0 || seq < filter_.before; }
    bool is_full() const { return static_cast<std::int64_t>(chosen_.size()) > filter_.limit; }

    ReadSession& session_;
    const domain::OrderFilter& filter_;
    const std::optional<domain::OrderSearch> search_;
    domain::FeedSeq applied_ = 0;
    std::vector<domain::FeedSeq> changed_;  // applied orders whose state changed since, rising
    std::unordered_map<domain::FeedSeq, domain::OrderStatus> state_now_;
    std::int64_t total_ = 0;
    std::int64_t position_ = 0;            // matches below the cursor so far
    std::vector<domain::FeedSeq> chosen_;  // at most limit + 1, falling
};

domain::OrderPage OrderQuery::run() {
    const DerivedMoment moment(session_.derived);
    applied_ = session_.derived.begin();
    Transaction transaction(session_.main, Transaction::Kind::read);
    const domain::FeedSeq head = session_.read_head();
    read_changes_since(applied_, head);
    take_new_orders(applied_, head);
    if (search_ || filter_.product)
        take_listed();
    else
        take_all();
    return page();
}

void OrderQuery::read_changes_since(domain::FeedSeq applied, domain::FeedSeq head) {
    auto row = session_.changed_orders.open(applied, head);
    while (row.next()) {
        const domain::FeedSeq seq = row.integer(0);
        if (seq > applied) continue;
        const auto stored = session_.orders.by_seq(seq);
        if (!stored) throw_corrupt("an event of an order that is not there");
        state_now_[seq] = stored->order.status;
        changed_.push_back(seq);
    }
    std::sort(changed_.begin(), changed_.end());
}

void OrderQuery::take_new_orders(domain::FeedSeq applied, domain::FeedSeq head) {
    auto row = session_.orders_down.open(head + 1, applied);
    while (row.next()) {
        const StoredOrder stored = session_.orders.read(row);
        const domain::Order& order = stored.order;
        if (!passes({stored.seq, domain::raw(order.placed_by), order.status})) continue;
        if (search_ && !domain::matches(*search_, order)) continue;
        const auto has_product = [this](const domain::OrderLine& line) {
            return line.level.product == *filter_.product;
        };
        if (filter_.product && std::none_of(order.lines.begin(), order.lines.end(), has_product)) continue;
        take(stored.seq);
    }
}

bool OrderQuery::passes(const OrderEntry& entry) const {
    if (filter_.placed_by && domain::raw(*filter_.placed_by) != entry.account) return false;
    if (!filter_.status) return true;
    const auto changed = state_now_.find(entry.seq);
    return *filter_.status == (changed == state_now_.end() ? entry.status : changed->second);
}

void OrderQuery::take_listed() {
    const auto seqs = listed();
    std::optional<OrderChunk> chunk;
    for (auto seq = seqs.rbegin(); seq != seqs.rend(); ++seq) {
        if (!filter_.status && !filter_.placed_by) {
            take(*seq);
            continue;
        }
        if (!chunk || *seq < chunk->first) chunk = session_.derived.chunk_of(*seq);
        if (!chunk) throw_corrupt("the derived store knows an order without its state");
        const auto entry =
            std::lower_bound(chunk->entries.begin(), chunk->entries.end(), *seq,
                             [](const OrderEntry& one, domain::FeedSeq wanted) { return one.seq < wanted; });
        if (entry == chunk->entries.end() || entry->seq != *seq)
            throw_corrupt("the derived store knows an order without its state");
        if (passes(*entry)) take(*seq);
    }
}

// The applied orders of the product and the search, rising.
std::vector<domain::FeedSeq> OrderQuery::listed() {
    if (!search_) return session_.derived.numbers(Posting::product_orders, domain::raw(*filter_.product));
    auto found = found_by_search();
    if (!filter_.product) return found;
    const auto of_product = session_.derived.numbers(Posting::product_orders, domain::raw(*filter_.product));
    std::vector<domain::FeedSeq> both;
    std::set_intersection(found.begin(), found.end(), of_product.begin(), of_product.end(), std::back_inserter(both));
    return both;
}

std::vector<domain::FeedSeq> OrderQuery::found_by_search() {
    std::vector<domain::FeedSeq> found;
    const auto add_applied = [this, &found](domain::FeedSeq seq) {
        if (seq != 0 && seq <= applied_) found.push_back(seq);
    };
    if (search_->id) {
        add_applied(session_.orders.seq_of(*search_->id));
        return found;
    }
    for (std::size_t i = 0; i < search_->words.size(); ++i) {
        auto of_word = session_.derived.numbers_of_words(search_->words[i]);
        if (i == 0) {
            found = std::move(of_word);
            continue;
        }
        std::vector<domain::FeedSeq> both;
        std::set_intersection(found.begin(), found.end(), of_word.begin(), of_word.end(), std::back_inserter(both));
        found = std::move(both);
    }
    if (search_->number) {
        add_applied(session_.orders.seq_of_number(*search_->number));
        std::sort(found.begin(), found.end());
        found.erase(std::unique(found.begin(), found.end()), found.end());
    }
    return found;
}

void OrderQuery::take_all() {
    session_.derived.chunks_down(
        [this](OrderChunk& chunk, const DerivedReader::Load& load) { take_chunk(chunk, load); });
}

void OrderQuery::take_chunk(OrderChunk& chunk, const DerivedReader::Load& load) {
    const auto changed = std::lower_bound(changed_.begin(), changed_.end(), chunk.first);
    const bool counts_hold = changed == changed_.end() || *changed > chunk.last;
    if (counts_hold && !filter_.placed_by) {
        const auto matching =
            filter_.status ? chunk.in_state[static_cast<std::size_t>(*filter_.status)] : chunk.count();
        if (take_by_count(chunk, matching)) return;
    }
    load();
    for (auto entry = chunk.entries.rbegin(); entry != chunk.entries.rend(); ++entry)
        if (passes(*entry)) take(entry->seq);
}

// Takes a whole chunk by its count when none of its orders can be on the page.
bool OrderQuery::take_by_count(const OrderChunk& chunk, std::int64_t matching) {
    if (!below_cursor(chunk.first)) {
        total_ += matching;
        return true;
    }
    if (!below_cursor(chunk.last)) return matching == 0;
    if (!is_full() && position_ + matching > filter_.offset) return false;
    total_ += matching;
    position_ += matching;
    return true;
}

void OrderQuery::take(domain::FeedSeq seq) {
    ++total_;
    if (!below_cursor(seq)) return;
    if (position_++ >= filter_.offset && !is_full()) chosen_.push_back(seq);
}

domain::OrderPage OrderQuery::page() {
    domain::OrderPage page;
    page.total = total_;
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
    return OrderQuery(session, bounded).run();
}

}  // namespace onhand::storage::sqlite
