#pragma once
// For tests of storage adapters: a small engine without threads that judges commands on what the store loads and
// commits each batch, and a naive model that keeps every feed item and answers the readers' questions by looking at
// all of them. Knows only the port and the domain. Test code.

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "domain/decide.hpp"
#include "storage/storage.hpp"

namespace onhand::storage {

// A store as the suite needs it: can be closed and opened again.
class StoreUnderTest {
  public:
    virtual ~StoreUnderTest() = default;
    virtual Store& store() = 0;
    virtual ReadStore& read_store() = 0;
    // Closes and opens again on the same data.
    virtual void reopen() = 0;
    // Gives the items of a committed batch the numbers that the outbox gave them, where one numbers.
    virtual void number(domain::Changes& changes) { static_cast<void>(changes); }
    // Lets an adapter bring whatever it does behind the commit into some state chosen by `random`.
    virtual void shake(std::uint64_t random) { static_cast<void>(random); }
};

inline domain::KeyHash key_hash(std::uint64_t number) {
    domain::KeyHash key{};
    std::mt19937_64 mixed(number);
    for (auto& byte : key) byte = static_cast<std::uint8_t>(mixed());
    return key;
}

// Commands in, outcomes out, everything committed remembered.
class Driver {
  public:
    explicit Driver(StoreUnderTest& under_test) : under_test_(under_test), ids_(Counter{}) { prepare(); }

    struct Wish {
        domain::Command command;
        domain::KeyHash key{};
        domain::Fingerprint fingerprint{};
        domain::AccountId actor{};
    };

    void prepare() {
        set_.clear();
        const auto last = under_test_.store().prepare(set_);
        ASSERT_TRUE(last.has_value()) << last.error().detail;
        ids_.raise_floor(*last);
        last_id_ = *last;
    }

    // One batch: loads, judges in order, commits. Fails the test when the store does not commit.
    std::vector<domain::Outcome> run(const std::vector<Wish>& wishes) {
        std::vector<domain::Outcome> outcomes;
        domain::Changes changes = judge(wishes, outcomes);
        const auto result = under_test_.store().commit(changes);
        EXPECT_EQ(result.status, CommitStatus::committed) << result.error.detail;
        under_test_.number(changes);
        for (auto& item : changes.items) items.push_back(item);
        for (auto& [key, level] : changes.levels) levels[key] = level;
        if (under_test_.store().rows_stay_valid())
            set_.forget_documents();
        else
            set_.clear();
        return outcomes;
    }
    domain::Outcome run(const domain::Command& command) { return run({Wish{command, {}, {}, actor}}).front(); }

    // Loads and judges without committing.
    domain::Changes judge(const std::vector<Wish>& wishes, std::vector<domain::Outcome>& outcomes) {
        domain::Changes changes;
        now += 1;
        for (const auto& wish : wishes) {
            load(wish.command);
            const domain::Context context{now, wish.actor, domain::Role::admin, ids_, wish.key, wish.fingerprint};
            outcomes.push_back(domain::decide(wish.command, set_, context, changes));
        }
        return changes;
    }

    void load(const domain::Command& command) {
        domain::RowRequest request;
        domain::request_rows(command, set_, request);
        const auto loaded = under_test_.store().load({}, request, set_);
        ASSERT_TRUE(loaded.has_value()) << loaded.error().detail;
    }

    void reopen() {
        under_test_.reopen();
        prepare();
    }

    // Makes a product with stock at MAIN.
    void make_product(const std::string& sku, domain::Quantity quantity) {
        domain::CreateProduct command;
        command.product.sku = sku;
        command.product.name = "Name of " + sku;
        if (quantity > 0) command.opening_stock = {{"", quantity}};
        const auto outcome = run(command);
        ASSERT_NE(std::get_if<domain::ProductDone>(&outcome), nullptr);
    }

    domain::Order place(const std::string& sku, domain::Quantity quantity, domain::KeyHash key = {}) {
        domain::PlaceOrder command;
        command.lines = {{sku, "", quantity}};
        const auto outcome = run({Wish{command, key, key, actor}}).front();
        const auto* done = std::get_if<domain::OrderDone>(&outcome);
        EXPECT_NE(done, nullptr);
        return done ? done->order : domain::Order{};
    }

    domain::WorkingSet& set() { return set_; }
    Uuid last_id() const { return last_id_; }

    UnixMillis now = 1'800'000'000'000;
    domain::AccountId actor{7};
    std::vector<domain::FeedItem> items;  // all of them, in feed order
    std::map<domain::LevelKey, domain::StockLevel> levels;

  private:
    // Not random, so that a failure replays.
    struct Counter {
        std::uint64_t value = 0;
        std::uint64_t operator()() { return ++value; }
    };
    StoreUnderTest& under_test_;
    UuidGenerator ids_;
    Uuid last_id_;
    domain::WorkingSet set_;
};

// ---- the naive model

inline std::vector<std::string> naive_words(const std::string& text) {
    std::vector<std::string> words(1);
    for (const char byte : fold_case(text)) {
        const bool in_word = std::isalnum(static_cast<unsigned char>(byte)) != 0 || (byte & 0x80) != 0;
        if (in_word)
            words.back() += byte;
        else if (!words.back().empty())
            words.emplace_back();
    }
    if (words.back().empty()) words.pop_back();
    return words;
}

inline bool naive_search_matches(const std::string& search, const domain::Order& order) {
    if (search.find_first_not_of(' ') == std::string::npos) return true;
    if (const auto id = parse_uuid(search)) return *id == order.id;
    const auto wanted = naive_words(search);
    if (wanted.size() == 1 && wanted[0] == std::to_string(order.number)) return true;
    auto words = naive_words(order.reference);
    for (const auto& word : naive_words(order.customer)) words.push_back(word);
    return !wanted.empty() && std::all_of(wanted.begin(), wanted.end(), [&](const std::string& prefix) {
        return std::any_of(words.begin(), words.end(), [&](const auto& word) { return word.starts_with(prefix); });
    });
}

inline domain::OrderPage naive_orders(const std::vector<domain::FeedItem>& items, const domain::OrderFilter& filter) {
    std::map<domain::FeedSeq, domain::Order> by_seq;
    std::map<Uuid, domain::FeedSeq> seqs;
    for (const auto& item : items) {
        const auto* event = std::get_if<domain::OrderEvent>(&item);
        if (!event) continue;
        if (event->kind == domain::OrderEvent::Kind::placed) seqs[event->order.id] = event->seq;
        by_seq[seqs[event->order.id]] = event->order;
    }
    domain::OrderPage page;
    std::int64_t position = 0;
    for (auto entry = by_seq.rbegin(); entry != by_seq.rend(); ++entry) {
        const auto& [seq, order] = *entry;
        if (filter.status && order.status != *filter.status) continue;
        if (filter.placed_by && order.placed_by != *filter.placed_by) continue;
        const auto of_product = [&](const auto& line) { return line.level.product == *filter.product; };
        if (filter.product && std::none_of(order.lines.begin(), order.lines.end(), of_product)) continue;
        if (!naive_search_matches(filter.search, order)) continue;
        ++page.total;
        if (filter.before != 0 && seq >= filter.before) continue;
        if (position++ < filter.offset) continue;
        if (static_cast<std::int64_t>(page.rows.size()) < filter.limit)
            page.rows.push_back({order, seq});
        else
            page.more = true;
    }
    return page;
}

inline domain::MovementPage naive_movements(const std::vector<domain::FeedItem>& items,
                                            const domain::MovementFilter& filter) {
    std::vector<domain::Movement> found;
    for (const auto& item : items) {
        const auto* movement = std::get_if<domain::Movement>(&item);
        if (!movement) continue;
        if (filter.product && movement->after.key.product != *filter.product) continue;
        if (filter.location && movement->after.key.location != *filter.location) continue;
        if (filter.order && movement->cause != domain::Cause{domain::CauseType::order, *filter.order}) continue;
        if (filter.after && movement->seq <= *filter.after) continue;
        if (filter.before != 0 && movement->seq >= filter.before) continue;
        found.push_back(*movement);
    }
    if (!filter.after) std::reverse(found.begin(), found.end());
    domain::MovementPage page;
    page.more = static_cast<std::int64_t>(found.size()) > filter.limit;
    if (page.more) found.resize(static_cast<std::size_t>(filter.limit));
    page.rows = std::move(found);
    return page;
}

// ---- comparing

// Everything a movement or order event is, as text: two are equal when their texts are.
inline std::string text_of(const domain::Movement& m) {
    const auto& a = m.after;
    std::string text = to_string(m.id) + "/" + to_string(m.cause.id) + "/" + m.note;
    for (const std::int64_t value :
         {m.seq, static_cast<std::int64_t>(m.kind), m.quantity, m.from, m.to, static_cast<std::int64_t>(m.reason),
          domain::raw(m.actor), static_cast<std::int64_t>(m.cause.type), domain::raw(a.key.product),
          domain::raw(a.key.location), a.on_hand, a.unavailable, a.held, a.allocated, a.incoming, a.version,
          a.updated_at})
        text += " " + std::to_string(value);
    return text;
}

inline std::string text_of(const domain::Order& o) {
    std::string text = to_string(o.id) + "|" + o.reference + "|" + o.customer + "|" + o.note;
    for (const std::int64_t value : {o.number, static_cast<std::int64_t>(o.status), domain::raw(o.placed_by),
                                     o.placed_at, o.updated_at, o.version})
        text += " " + std::to_string(value);
    for (const auto& line : o.lines) {
        text += "|" + line.sku + "@" + line.location;
        for (const std::int64_t value : {domain::raw(line.level.product), domain::raw(line.level.location),
                                         line.quantity, line.fulfilled, line.cancelled, line.returned})
            text += " " + std::to_string(value);
    }
    return text;
}

inline std::string text_of(const domain::Product& p) {
    std::string text = p.sku + "|" + p.name + "|" + p.category + "|" + p.barcode + "|" + p.unit_price.amount + "|" +
                       p.unit_price.currency + "|" + p.attributes;
    for (const std::int64_t value : {domain::raw(p.id), p.reorder_point, static_cast<std::int64_t>(p.archived),
                                     p.version, p.created_at, p.updated_at})
        text += " " + std::to_string(value);
    return text;
}

inline std::string text_of(const domain::FeedItem& item) {
    struct Texts {
        std::string operator()(const domain::Movement& movement) const { return "movement " + text_of(movement); }
        std::string operator()(const domain::OrderEvent& event) const {
            return "order " + std::to_string(event.seq) + " " + std::to_string(static_cast<int>(event.kind)) + " " +
                   std::to_string(domain::raw(event.actor)) + " " + text_of(event.order);
        }
        std::string operator()(const domain::ProductEvent& event) const {
            return "product " + std::to_string(event.seq) + " " + std::to_string(static_cast<int>(event.kind)) + " " +
                   std::to_string(domain::raw(event.actor)) + " " + text_of(event.product);
        }
        std::string operator()(const domain::LocationEvent& event) const {
            const auto& l = event.location;
            return "location " + std::to_string(event.seq) + " " + std::to_string(domain::raw(event.actor)) + " " +
                   std::to_string(domain::raw(l.id)) + "|" + l.code + "|" + l.name + "|" + std::to_string(l.version) +
                   " " + std::to_string(l.created_at);
        }
    };
    return std::visit(Texts{}, item);
}

inline std::vector<std::string> texts_of(const std::vector<domain::FeedItem>& items) {
    std::vector<std::string> texts;
    for (const auto& item : items) texts.push_back(text_of(item));
    return texts;
}

inline std::vector<std::string> texts_of(const std::vector<domain::Movement>& movements) {
    std::vector<std::string> texts;
    for (const auto& movement : movements) texts.push_back(text_of(movement));
    return texts;
}

inline std::vector<std::string> texts_of(const std::vector<domain::OrderRow>& rows) {
    std::vector<std::string> texts;
    for (const auto& row : rows) texts.push_back(std::to_string(row.placed_seq) + " " + text_of(row.order));
    return texts;
}

}  // namespace onhand::storage
