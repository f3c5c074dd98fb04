#include "transport/http/seen_rows.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>

namespace onhand::http {

TEST(SeenRows, knows_the_line_of_the_first_row) {
    SeenRows seen;
    EXPECT_EQ(seen.note("A", "MAIN", 2), 0);
    EXPECT_EQ(seen.note("A", "EAST", 3), 0);
    EXPECT_EQ(seen.note("A", "MAIN", 4), 2);
    EXPECT_EQ(seen.note("A", "MAIN", 5), 2);
    EXPECT_EQ(seen.note("A", "EAST", 6), 3);
}

TEST(SeenRows, does_not_mix_up_names) {
    SeenRows seen;
    EXPECT_EQ(seen.note("AB", "C", 2), 0);
    EXPECT_EQ(seen.note("A", "BC", 3), 0);
    EXPECT_EQ(seen.note("B", "C", 4), 0);
    EXPECT_EQ(seen.note("AB", "", 5), 0);
    EXPECT_EQ(seen.note("", "C", 6), 0);
}

TEST(SeenRows, agrees_with_a_map) {
    SeenRows seen;
    std::map<std::pair<std::string, std::string>, std::int64_t> model;
    std::mt19937 random(9);
    for (std::int64_t line = 2; line < 50'000; ++line) {
        const auto sku = "SKU-" + std::to_string(random() % 20'000);
        const std::string location = random() % 2 == 0 ? "MAIN" : "L" + std::to_string(random() % 3);
        const auto [known, is_new] = model.try_emplace({sku, location}, line);
        ASSERT_EQ(seen.note(sku, location, line), is_new ? 0 : known->second);
    }
}

}  // namespace onhand::http
