// The check beside the lane tells what the lane's own dry run tells, on random catalogues and files.

#include "engine/import_check.hpp"

#include <gtest/gtest.h>

#include <random>

#include "engine/testing/harness.hpp"

namespace onhand::engine {
namespace {

struct ImportCheck : testing::Test {
    ImportCheck() : queries(harness.store) {}

    domain::ImportDone on_lane(domain::ImportProducts import) {
        import.dry_run = true;
        const auto& answer = harness.ask(std::move(import)).answer;
        return std::get<domain::ImportDone>(std::get<domain::Outcome>(answer.value));
    }
    domain::ImportDone beside(const domain::ImportProducts& import) {
        const auto done = check_import(import, harness.stock, queries, harness.clock.wall_ms());
        EXPECT_TRUE(done);
        return *done;
    }

    Harness harness;
    Queries queries;
};

std::string text_of(const domain::ImportDone& done) {
    std::string text = std::to_string(done.rows) + " rows, " + std::to_string(done.created) + " created, " +
                       std::to_string(done.updated) + " updated, " + std::to_string(done.skipped) + " skipped" +
                       (done.applied ? ", applied" : "");
    for (const auto& error : done.errors)
        text += "; " + std::to_string(error.line) + " " + error.column + " " + error.detail;
    return text;
}

domain::ImportRow random_row(std::mt19937& random, std::int64_t line) {
    domain::ImportRow row;
    row.line = line;
    row.sku = "S" + std::to_string(random() % 60);
    if (random() % 3 != 0) row.name = "Name " + std::to_string(random() % 3);
    if (random() % 4 == 0) row.category = "Category";
    if (random() % 6 == 0) row.location = random() % 2 == 0 ? "EAST" : "NOWHERE";
    if (random() % 2 == 0) row.quantity = static_cast<domain::Quantity>(random() % 12);
    if (random() % 8 == 0) row.reorder_point = 3;
    return row;
}

domain::ImportProducts random_file(std::mt19937& random) {
    domain::ImportProducts import;
    for (std::int64_t line = 2; line < 32; ++line) import.rows.push_back(random_row(random, line));
    return import;
}

}  // namespace

TEST_F(ImportCheck, changes_nothing) {
    domain::ImportProducts import;
    domain::ImportRow row;
    row.line = 2;
    row.sku = "NEW";
    row.name = "New";
    row.quantity = 4;
    import.rows.push_back(row);
    EXPECT_EQ(text_of(beside(import)), "1 rows, 1 created, 0 updated, 0 skipped");
    EXPECT_FALSE(harness.stock.product("NEW"));
    EXPECT_EQ(harness.stock.head(), 0);
}

TEST_F(ImportCheck, says_what_the_lane_says) {
    domain::CreateLocation east;
    east.code = "EAST";
    east.name = "East";
    harness.ask(east);
    std::mt19937 random(4);
    for (int round = 0; round < 60; ++round) {
        const auto import = random_file(random);
        ASSERT_EQ(text_of(beside(import)), text_of(on_lane(import))) << round;
        // What good rows there are goes in, so that later files meet products, stock and promises.
        auto applied = random_file(random);
        applied.partial = true;
        harness.ask(applied);
        harness.ask(Harness::order_of("S" + std::to_string(random() % 60), 2));
        if (round % 10 != 5) continue;
        const auto gone = "S" + std::to_string(random() % 60);
        const auto levels = harness.stock.levels(gone);
        if (!levels) continue;
        domain::ArchiveProduct archive;
        archive.sku = gone;
        const auto id = levels->front().level.key.product;
        archive.expected_version = queries.products(std::vector{id})->front().version;
        harness.ask(archive);
    }
}

}  // namespace onhand::engine
