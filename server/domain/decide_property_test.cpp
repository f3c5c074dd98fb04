// Random streams of commands, judged in batches by decide() and, one by one, by the naive model. After every command
// the answers and the touched levels are compared; after every batch the whole ledger is. A failure prints the shortest
// stream it could find and a seed; RC_PARAMS="reproduce=…" runs it again.

#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <array>
#include <map>
#include <random>
#include <set>
#include <tuple>

#include "domain/testing/ledger_fold.hpp"
#include "domain/testing/naive_model.hpp"
#include "domain/testing/row_book.hpp"
#include "domain/testing/said.hpp"

namespace onhand::domain {
namespace {

using namespace onhand::domain::testing;

// Plain numbers, so that RapidCheck can shrink a stream: what to do, to what, how much, and how the batch goes on.
using Draw = std::tuple<int, int, int, int>;

// Picks an entry; small numbers pick the usual ones, so that shrinking leads to them.
template <class List>
const auto& pick(const List& list, int number) {
    return list[static_cast<std::size_t>(number) % std::size(list)];
}

const std::array<std::string, 6> skus{"A", "B", "C", "D", "E", "NONE"};
const std::array<std::string, 6> places{"", "MAIN", "EAST", "WEST", "", "NOWHERE"};
constexpr std::array<Quantity, 12> quantities{1, 2, 3, 4, 5, 7, 1, 2, 3, 0, -1, order_line_quantity_max + 1};
constexpr std::array<Quantity, 12> deltas{5, 9, 20, -1, -2, -3, -8, 30, 0, -40, quantity_max, INT64_MIN};
constexpr std::array reasons{Reason::correction, Reason::undo,  Reason::received,
                             Reason::damaged,    Reason::other, Reason::import};
constexpr std::array<Quantity, 7> counted{10, 4, 0, 25, 2, -1, quantity_max + 1};

struct Actor {
    AccountId id;
    Role role;
};
constexpr std::array<Actor, 4> actors{{{AccountId{1}, Role::admin},
                                       {AccountId{2}, Role::clerk},
                                       {AccountId{3}, Role::clerk},
                                       {AccountId{4}, Role::manager}}};

class Stream {
  public:
    Stream() : ids_([this] { return ++random_; }) {
        book_.prepare(set_);
        std::vector<Command> opening{CreateLocation{.code = "EAST", .name = "East"}};
        for (const auto* const sku : {"A", "B", "C"})
            opening.push_back(
                CreateProduct{.product = {.sku = sku, .name = sku}, .opening_stock = {{"MAIN", 40}, {"EAST", 12}}});
        judge_batch(opening, std::vector<Actor>(opening.size(), actors[0]));
    }

    // Which answers each kind of command got, by its index in the variant.
    using Tally = std::map<std::size_t, std::set<std::string>>;
    const Tally& tally() const { return tally_; }

    void play(const std::vector<Draw>& draws) {
        std::vector<Draw> batch;
        for (const auto& draw : draws) {
            batch.push_back(draw);
            const int end = std::get<3>(draw);
            if (end % 3 != 0) continue;
            judge_batch(batch);
            batch.clear();
            if (end % 5 == 0) {
                set_.clear();
                book_.prepare(set_);
            } else if (end % 7 == 0) {
                set_.forget_documents();
            }
        }
        judge_batch(batch);
    }

  private:
    LineRequest line(int what, int much) const {
        return {pick(skus, what), pick(places, what / 7), pick(quantities, much)};
    }

    Uuid some_order(int what) const {
        if (placed_.empty() || what % 23 == 22) return Uuid{};
        return placed_[static_cast<std::size_t>(what) % placed_.size()];
    }

    // Mostly lines of the order itself, so that parts are shipped again and again.
    FulfilOrder partial_fulfil(int what, int much) const {
        FulfilOrder command{.order = some_order(what)};
        const auto found = book_.orders().find(command.order);
        for (int i = 0; i < 1 + much % 2; ++i) {
            auto& asked = command.lines.emplace_back(line(much, what + much + i));
            if (found == book_.orders().end() || much % 9 == 8) continue;
            const auto& open = pick(found->second.lines, what + i);
            asked.sku = open.sku;
            asked.location = open.location;
        }
        return command;
    }

    ImportProducts import(int what, int much) const {
        ImportProducts command{.dry_run = much % 5 == 4, .partial = much % 2 == 1};
        for (int i = 0; i < 1 + what % 4; ++i) {
            ImportRow row{.line = i + 2, .sku = pick(skus, what / 4 + i % 3), .location = pick(places, much / 3 + i)};
            if ((what + i) % 3 != 0) row.name = "Imported " + std::to_string(what % 2);
            if ((much + i) % 4 != 0) row.quantity = pick(counted, what + much + i);
            if (what % 7 == 0) row.reorder_point = much % 3;
            command.rows.push_back(row);
        }
        return command;
    }

    Command command_of(const Draw& draw) const {
        const auto [kind, what, much, end] = draw;
        switch (kind % 16) {
            case 0:
            case 1:
            case 2:
            case 3: {
                PlaceOrder command;
                for (int i = 0; i < 1 + what % 3; ++i) command.lines.push_back(line(what + i * (much % 3), much + i));
                return command;
            }
            case 4:
                return FulfilOrder{.order = some_order(what)};
            case 5:
            case 6:
                return partial_fulfil(what, much);
            case 7:
            case 8:
                return CancelOrder{.order = some_order(what)};
            case 9:
            case 10: {
                AdjustStock command{.sku = pick(skus, what),
                                    .location = pick(places, what / 7),
                                    .delta = pick(deltas, much),
                                    .reason = pick(reasons, end)};
                if (end % 2 == 0) command.note = "why";
                if (end % 11 == 10) command.expected_version = much % 4;
                return command;
            }
            case 11:
            case 12: {
                CreateProduct command;
                command.product.sku = pick(skus, what % 5);
                command.product.name = "Created";
                for (int i = 0; i < much % 4; ++i)
                    command.opening_stock.push_back({.location = pick(places, what + i), .quantity = 5 + much});
                return command;
            }
            case 13:
                if (what % 2 == 0)
                    return UpdateProduct{.sku = pick(skus, what),
                                         .expected_version = much % 4,
                                         .name = "Updated " + std::to_string(end % 2),
                                         .restores = much % 2 == 0};
                return ArchiveProduct{.sku = pick(skus, what), .expected_version = much % 4};
            case 14:
                return CreateLocation{.code = pick(std::array{"EAST", "WEST"}, what), .name = "Place"};
            default:
                return import(what, much);
        }
    }

    void judge_batch(const std::vector<Draw>& draws) {
        std::vector<Command> commands;
        std::vector<Actor> who;
        for (const auto& draw : draws) {
            commands.push_back(command_of(draw));
            who.push_back(pick(actors, std::get<3>(draw) / 3));
        }
        judge_batch(commands, who);
    }

    void judge_batch(const std::vector<Command>& commands, const std::vector<Actor>& who) {
        RowRequest request;
        for (const auto& command : commands) request_rows(command, set_, request);
        book_.load(request, set_);
        Changes changes;
        now_ += 1000;
        for (std::size_t i = 0; i < commands.size(); ++i) judge_one(commands[i], who[i], changes);
        book_.commit(changes, set_);
        for (const auto& item : changes.items) RC_ASSERT(fold_.take(item) == std::nullopt);
        RC_ASSERT(fold_.compare(book_.levels()) == std::nullopt);
        for (const auto& [place, expected] : model_.levels()) {
            if (expected.version == 0) continue;
            const auto level = book_.level(place.first, place.second);
            RC_ASSERT((NaiveModel::Level{level.on_hand, level.allocated, level.version}) == expected);
        }
    }

    void judge_one(const Command& command, const Actor& actor, Changes& changes) {
        const auto items_before = changes.items.size();
        const auto levels_before = changes.levels;
        const Context context{.now = now_, .actor = actor.id, .role = actor.role, .ids = ids_};
        const auto predicted = model_.predict(command, actor.id, actor.role);
        const auto outcome = decide(command, set_, context, changes);
        RC_ASSERT(said(outcome) == *predicted);
        if (refusal(outcome)) {
            RC_ASSERT(changes.items.size() == items_before);
            RC_ASSERT(changes.levels == levels_before);
        }
        if (std::holds_alternative<PlaceOrder>(command) && !refusal(outcome)) {
            const auto& order = std::get<OrderDone>(outcome).order;
            model_.learn(order.id, order.number);
            placed_.push_back(order.id);
        }
        for (const auto& [key, level] : changes.levels) {
            const auto& levels = model_.levels();
            const auto expected =
                levels.find({set_.find_product(key.product)->sku, set_.find_location(key.location)->code});
            RC_ASSERT(expected != levels.end());
            RC_ASSERT((NaiveModel::Level{level.on_hand, level.allocated, level.version}) == expected->second);
            RC_ASSERT(*set_.find_level(key) == level);
        }
        tally_[command.index()].insert(std::string(refusal(outcome) ? name(refusal(outcome)->code) : "accepted"));
    }

    RowBook book_;
    WorkingSet set_;
    NaiveModel model_;
    LedgerFold fold_;
    std::uint64_t random_ = 0;
    UuidGenerator ids_;
    UnixMillis now_ = 1'800'000'000'000;
    std::vector<Uuid> placed_;
    Tally tally_;
};

RC_GTEST_PROP(DecideProperty, answers_and_stock_are_those_of_the_naive_model, ()) {
    const auto number = rc::gen::inRange(0, 1000);
    const auto draws =
        *rc::gen::resize(250, rc::gen::container<std::vector<Draw>>(rc::gen::tuple(number, number, number, number)));
    Stream().play(draws);
}

// Guards the property itself: streams like those above do reach every answer that matters.
TEST(DecideProperty, streams_reach_every_answer) {
    std::mt19937 random(20261122);
    Stream::Tally seen;
    for (int round = 0; round < 60; ++round) {
        std::vector<Draw> draws;
        const auto number = [&random] { return static_cast<int>(random() % 1000); };
        for (int i = 0; i < 150; ++i) draws.emplace_back(number(), number(), number(), number());
        Stream stream;
        stream.play(draws);
        for (const auto& [command, answers] : stream.tally()) seen[command].insert(answers.begin(), answers.end());
    }
    using Answers = std::set<std::string>;
    const auto of = [&seen](const Command& command) { return seen[command.index()]; };
    EXPECT_EQ(of(PlaceOrder{}),
              (Answers{"accepted", "insufficient_stock", "invalid_request", "unknown_location", "unknown_sku"}));
    EXPECT_EQ(of(FulfilOrder{}), (Answers{"accepted", "invalid_request", "invalid_state", "not_found"}));
    EXPECT_EQ(of(CancelOrder{}), (Answers{"accepted", "forbidden", "invalid_state", "not_found"}));
    EXPECT_EQ(of(AdjustStock{}), (Answers{"accepted", "breaks_promises", "insufficient_stock", "invalid_request",
                                          "unknown_location", "unknown_sku", "version_mismatch"}));
    EXPECT_EQ(of(CreateProduct{}), (Answers{"accepted", "already_exists", "unknown_location"}));
    EXPECT_EQ(of(UpdateProduct{}), (Answers{"accepted", "unknown_sku", "version_mismatch"}));
    EXPECT_EQ(of(ArchiveProduct{}), (Answers{"accepted", "invalid_state", "unknown_sku", "version_mismatch"}));
    EXPECT_EQ(of(CreateLocation{}), (Answers{"accepted", "already_exists"}));
    EXPECT_EQ(of(ImportProducts{}), (Answers{"accepted"}));
}

}  // namespace
}  // namespace onhand::domain
