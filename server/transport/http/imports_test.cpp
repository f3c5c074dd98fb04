#include <gtest/gtest.h>

#include "transport/http/import_pace.hpp"
#include "transport/http/import_run.hpp"
#include "transport/http/resources.hpp"
#include "transport/http/testing/fake_exchange.hpp"

namespace onhand::http {

namespace {

using Pointers = std::vector<std::string>;

class Imports : public testing::Test {
  protected:
    Imports() { world.harness.add_product("OLD", 5); }

    FakeExchange post(std::string body, const std::map<std::string, std::string>& query = {}) {
        FakeExchange exchange(world, "POST", "/api/v1/imports");
        exchange.as(domain::Role::manager).with_body(std::move(body));
        for (const auto& [name, value] : query) exchange.with_query(name, value);
        exchange.run(&import_file);
        return exchange;
    }
    std::int64_t on_hand(const std::string& sku) {
        const auto level = world.harness.stock.level(sku, "MAIN");
        return level ? level->level.on_hand : -1;
    }
    // A file of `count` new products; row `bad` (from 0) has a quantity that is none.
    static std::string file_of(int count, int bad = -1) {
        std::string text = "sku,name,quantity\n";
        for (int i = 0; i < count; ++i) {
            const auto number = std::to_string(i);
            text += "S" + number + ",Product " + number + "," + (i == bad ? "x" : number) + "\n";
        }
        return text;
    }

    World world;
};

}  // namespace

TEST_F(Imports, creates_and_updates_in_one_go) {
    auto exchange = post("sku,name,quantity\nOLD,Renamed,9\nNEW,New,4\n");
    EXPECT_EQ(
        exchange.text,
        "{\"rows\":2,\"created\":1,\"updated\":1,\"skipped\":0,\"dry_run\":false,\"applied\":true,\"errors\":[]}");
    EXPECT_EQ(on_hand("OLD"), 9);
    EXPECT_EQ(on_hand("NEW"), 4);
    EXPECT_EQ(exchange.commands.size(), 1U);
}

TEST_F(Imports, the_same_file_again_changes_nothing) {
    const std::string file = "sku,name,quantity\nOLD,Renamed,9\nNEW,New,4\n";
    post(file);
    const auto head = world.harness.stock.head();
    auto again = post(file);
    EXPECT_EQ(again.json().at("created").as_int64(), 0);
    EXPECT_EQ(again.json().at("updated").as_int64(), 0);
    EXPECT_EQ(again.json().at("skipped").as_int64(), 2);
    EXPECT_EQ(world.harness.stock.head(), head);
}

TEST_F(Imports, a_dry_run_tells_what_would_be) {
    auto exchange = post("sku,name,quantity\nOLD,Renamed,9\nNEW,New,4\n,x,1\n", {{"dry_run", "true"}});
    EXPECT_EQ(exchange.text,
              "{\"rows\":3,\"created\":1,\"updated\":1,\"skipped\":1,\"dry_run\":true,\"applied\":false,\"errors\":"
              "[{\"line\":4,\"column\":\"sku\",\"detail\":\"is required\"}]}");
    EXPECT_EQ(on_hand("OLD"), 5);
    EXPECT_EQ(on_hand("NEW"), -1);
}

TEST_F(Imports, one_bad_row_refuses_the_file_and_all_bad_rows_are_listed) {
    // Line 3 is wrong in form; line 2 names a product that is new and has no name.
    auto exchange = post("sku,name,quantity\nNEW,,1\nOLD,Old,x\nFINE,Fine,3\n");
    EXPECT_EQ(exchange.status, 200);
    EXPECT_FALSE(exchange.json().at("applied").as_bool());
    const auto document = exchange.json();
    const auto& errors = document.at("errors").as_array();
    ASSERT_EQ(errors.size(), 2U) << exchange.text;
    EXPECT_EQ(errors[0].at("line").as_int64(), 2);
    EXPECT_EQ(errors[1].at("line").as_int64(), 3);
    EXPECT_EQ(on_hand("FINE"), -1);
}

TEST_F(Imports, partial_applies_the_good_rows) {
    auto exchange = post("sku,name,quantity\nNEW,,1\nOLD,Old,x\nFINE,Fine,3\n", {{"partial", "true"}});
    EXPECT_TRUE(exchange.json().at("applied").as_bool());
    EXPECT_EQ(exchange.json().at("created").as_int64(), 1);
    EXPECT_EQ(exchange.json().at("skipped").as_int64(), 2);
    EXPECT_EQ(exchange.json().at("errors").as_array().size(), 2U);
    EXPECT_EQ(on_hand("FINE"), 3);
    EXPECT_EQ(on_hand("OLD"), 5);
}

TEST_F(Imports, does_not_set_stock_below_what_is_promised) {
    FakeExchange order(world, "POST", "/api/v1/orders");
    order.with_body("{\"lines\":[{\"sku\":\"OLD\",\"quantity\":4}]}").run(&place_order);
    auto exchange = post("sku,quantity\nOLD,3\n");
    EXPECT_FALSE(exchange.json().at("applied").as_bool());
    EXPECT_EQ(exchange.json().at("errors").at(0).at("line").as_int64(), 2);
    EXPECT_EQ(on_hand("OLD"), 5);
}

TEST_F(Imports, a_file_of_the_largest_transaction_is_one_command) {
    const int count = static_cast<int>(domain::import_rows_max);
    auto good = post(file_of(count));
    EXPECT_EQ(good.json().at("created").as_int64(), count) << good.text;
    EXPECT_EQ(good.commands.size(), 1U);
}

TEST_F(Imports, checks_a_long_file_completely_before_applying_it) {
    const int count = static_cast<int>(domain::import_rows_max) + 10;
    auto bad = post(file_of(count, count - 1));
    EXPECT_FALSE(bad.json().at("applied").as_bool());
    EXPECT_EQ(on_hand("S0"), -1);
    EXPECT_TRUE(bad.commands.empty());
    // The last row names a location that does not exist: only the engine's check can tell.
    auto nowhere = post("sku,name,location\n" + [&] {
        std::string rows;
        for (int i = 0; i < count; ++i)
            rows += "S" + std::to_string(i) + ",Name," + (i == count - 1 ? "NOWHERE" : "") + "\n";
        return rows;
    }());
    EXPECT_FALSE(nowhere.json().at("applied").as_bool());
    EXPECT_EQ(nowhere.json().at("errors").at(0).at("line").as_int64(), count + 1);
    EXPECT_TRUE(nowhere.commands.empty());
    auto good = post(file_of(count));
    EXPECT_TRUE(good.json().at("applied").as_bool()) << good.text;
    EXPECT_EQ(good.json().at("created").as_int64(), count);
    // Nobody else is at work: the parts grow, each from what the last but one was answered.
    EXPECT_EQ(good.commands.size(), 6U);
    EXPECT_EQ(std::get<domain::ImportProducts>(good.commands[0]).rows.size(), import_part_rows);
    EXPECT_EQ(std::get<domain::ImportProducts>(good.commands[1]).rows.size(), import_part_rows);
    EXPECT_EQ(std::get<domain::ImportProducts>(good.commands[2]).rows.size(), 2 * import_part_rows);
    EXPECT_EQ(on_hand("S" + std::to_string(count - 1)), count - 1);
}

TEST_F(Imports, says_when_it_could_not_finish_a_long_file) {
    const int count = static_cast<int>(domain::import_rows_max) + 1;
    FakeExchange exchange(world, "POST", "/api/v1/imports");
    // The first two parts go through.
    exchange.with_body(file_of(count)).fail_waits_from(2, engine::Failure::storage_unavailable).run(&import_file);
    EXPECT_EQ(exchange.status, 200);
    EXPECT_TRUE(exchange.json().at("applied").as_bool());
    EXPECT_EQ(exchange.json().at("created").as_int64(), 2 * static_cast<std::int64_t>(import_part_rows));
    const auto document = exchange.json();
    const auto& error = document.at("errors").as_array().back();
    EXPECT_EQ(error.at("line").as_int64(), 2 * static_cast<std::int64_t>(import_part_rows) + 2);
    EXPECT_NE(std::string(error.at("detail").as_string()).find("Send the file again"), std::string::npos);
    auto again = post(file_of(count));
    EXPECT_EQ(again.json().at("created").as_int64(), count - 2 * static_cast<std::int64_t>(import_part_rows));
    EXPECT_EQ(again.json().at("skipped").as_int64(), 2 * static_cast<std::int64_t>(import_part_rows));
}

TEST_F(Imports, leaves_out_the_bad_rows_of_a_long_file_in_either_pass) {
    const int count = static_cast<int>(domain::import_rows_max) + 10;
    auto exchange = post(file_of(count, 3) + "S7,Again,99\n", {{"partial", "true"}});
    EXPECT_EQ(exchange.json().at("created").as_int64(), count - 1) << exchange.text;
    EXPECT_EQ(exchange.json().at("skipped").as_int64(), 2);
    EXPECT_EQ(exchange.json().at("errors").as_array().size(), 2U);
    EXPECT_EQ(on_hand("S3"), -1);
    EXPECT_EQ(on_hand("S7"), 7);
}

TEST_F(Imports, gives_a_part_again_when_the_engine_was_busy_in_the_middle_of_a_file) {
    const auto count = domain::import_rows_max + 1;
    std::size_t calls = 0;
    std::size_t rows = 0;
    const auto check = [](const domain::ImportProducts&) -> Result<domain::ImportDone, engine::ReadError> {
        return domain::ImportDone{};
    };
    const auto submit = [&](domain::Command& command) -> Result<domain::Outcome, engine::Failure> {
        if (++calls == 2) return engine::Failure::busy;
        rows += std::get<domain::ImportProducts>(command).rows.size();
        domain::ImportDone done;
        done.applied = true;
        return domain::Outcome(done);
    };
    const ManualClock clock;
    const auto report = run_import(file_of(static_cast<int>(count)), {}, {check, submit, [] { return 0; }, clock});
    EXPECT_FALSE(report.problem);
    EXPECT_TRUE(report.sum.errors.empty());
    EXPECT_EQ(rows, count);
}

TEST_F(Imports, cannot_check_with_a_store_that_does_not_answer) {
    FakeExchange exchange(world, "POST", "/api/v1/imports");
    world.reads_fail = true;
    exchange.with_body("sku,quantity\nOLD,7\n").with_query("dry_run", "true").run(&import_file);
    EXPECT_EQ(exchange.status, 503);
    EXPECT_EQ(exchange.code(), "storage_unavailable");
}

TEST_F(Imports, answers_503_when_nothing_was_applied) {
    const std::vector<std::pair<engine::Failure, std::string>> expected{
        {engine::Failure::busy, "busy"},
        {engine::Failure::deadline_passed, "busy"},
        {engine::Failure::draining, "draining"},
        {engine::Failure::storage_unavailable, "storage_unavailable"}};
    for (const auto& [failure, code] : expected) {
        FakeExchange exchange(world, "POST", "/api/v1/imports");
        exchange.with_body("sku\nOLD\n").fail_waits_from(0, failure).run(&import_file);
        EXPECT_EQ(exchange.status, 503) << code;
        EXPECT_EQ(exchange.code(), code);
    }
    FakeExchange unknown(world, "POST", "/api/v1/imports");
    unknown.with_body("sku\nOLD\n").fail_waits_from(0, engine::Failure::outcome_unknown).run(&import_file);
    EXPECT_EQ(unknown.status, 500);
    EXPECT_EQ(unknown.code(), "outcome_unknown");
}

TEST_F(Imports, refuses_files_and_parameters_it_cannot_use) {
    auto exchange = post("sku,qty\nA,1\n");
    EXPECT_EQ(exchange.status, 400);
    EXPECT_EQ(exchange.errors(), std::vector<std::string>{"line 1: the column \"qty\" is not known"});
    EXPECT_EQ(post("").status, 400);
    EXPECT_EQ(post("sku\nA\n\"B\n").wrong(), Pointers{"line 3"});
    EXPECT_EQ(post("sku\n", {{"kind", "orders"}, {"dry_run", "yes"}, {"partial", "1"}, {"currency", "euro"}}).wrong(),
              (Pointers{"kind", "dry_run", "partial", "currency"}));
    EXPECT_TRUE(post("sku\nA\n\"B\n", {{"partial", "true"}}).commands.empty());
}

TEST_F(Imports, takes_stock_alone) {
    auto exchange = post("sku,location,quantity\nOLD,MAIN,7\n", {{"kind", "stock"}});
    EXPECT_TRUE(exchange.json().at("applied").as_bool()) << exchange.text;
    EXPECT_EQ(on_hand("OLD"), 7);
    auto unknown = post("sku,quantity\nNOBODY,7\n", {{"kind", "stock"}});
    EXPECT_FALSE(unknown.json().at("applied").as_bool());
    EXPECT_EQ(unknown.json().at("errors").as_array().size(), 1U);
}

TEST_F(Imports, a_file_without_rows_is_nothing) {
    auto exchange = post("sku,name\n");
    EXPECT_EQ(exchange.status, 200);
    EXPECT_EQ(exchange.json().at("rows").as_int64(), 0);
    EXPECT_TRUE(exchange.commands.empty());
}

}  // namespace onhand::http
