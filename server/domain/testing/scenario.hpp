#pragma once
// Scenarios as tables: each line is a step and what it must answer (said.hpp). A Shop plays the engine and the store
// around decide(): it loads the rows a command asks for, judges, commits, and checks the ledger after every step.
// For tests of the domain and of rooms that want a filled shop.
//
//   Shop shop;  // products A (10 at MAIN), B (5 at MAIN, 2 at EAST), EMPTY (none); locations MAIN, EAST
//   shop.run({{place("A 3"), "order 1001 placed v1: A@MAIN 3"},
//             {cancel(1001), "order 1001 cancelled v2: A@MAIN 3 c3"}});

#include <functional>
#include <initializer_list>
#include <string>

#include "domain/decide.hpp"
#include "domain/testing/ledger_fold.hpp"
#include "domain/testing/row_book.hpp"
#include "domain/testing/said.hpp"

namespace onhand::domain::testing {

class Shop;

// Makes the command when its turn has come: an order's id is only known then.
using Wish = std::function<Command(const Shop& shop)>;

struct Step {
    Wish wish;
    std::string expected;
};

class Shop {
  public:
    Shop();

    // Judges and commits one command. Fails the running test when a refusal left a trace or an invariant broke.
    Outcome decide(const Command& command);
    // Judges several commands as one batch: all rows are loaded first, one commit at the end.
    std::vector<Outcome> decide_batch(const std::vector<Command>& commands);
    void run(std::initializer_list<Step> steps);

    // "10-3=7 v2", see said.hpp.
    std::string stock(const std::string& sku, const std::string& location = main_location_code) const;
    const Order& order(std::int64_t number) const;
    const RowBook& book() const { return book_; }
    // Items of the last step.
    const std::vector<FeedItem>& last_items() const { return last_.items; }
    const Changes& last_changes() const { return last_; }
    WorkingSet& set() { return set_; }

    // Who asks, from now on.
    void be(AccountId actor, Role role);
    UnixMillis now = 1'800'000'000'000;

  private:
    RowBook book_;
    WorkingSet set_;
    UuidGenerator ids_;
    LedgerFold fold_;
    Changes last_;
    AccountId actor_{1};
    Role role_ = Role::admin;
    std::int64_t checked_ = 0;
};

// "A 3, B@EAST 2" as lines; a line without @ names no location.
std::vector<LineRequest> lines(std::string_view text);

Wish place(std::string_view lines_text);
Wish fulfil(std::int64_t number, std::string_view lines_text = "");
Wish cancel(std::int64_t number);
// `level` is "A" or "A@EAST".
Wish adjust(std::string_view level, Quantity delta, Reason reason = Reason::correction,
            std::optional<std::int64_t> expected_version = std::nullopt, std::string_view note = "");
Wish create(std::string_view sku, std::string_view opening_text = "");
Wish archive(std::string_view sku, std::int64_t expected_version);
Wish create_location(std::string_view code);
Wish the(Command command);

}  // namespace onhand::domain::testing
