#include "storage/sqlite/key_table.hpp"

#include <gtest/gtest.h>

#include <random>

namespace onhand::storage::sqlite {
namespace {

domain::KeyHash key_of(std::uint64_t number) {
    domain::KeyHash key{};
    std::mt19937_64 mixed(number);
    for (auto& byte : key) byte = static_cast<std::uint8_t>(mixed());
    return key;
}

std::vector<std::int64_t> rows_of(const KeyTable& table, const domain::KeyHash& key) {
    std::vector<std::int64_t> rows;
    table.find(key, [&rows](KeyTable::Place place) {
        rows.push_back(place.row);
        return false;
    });
    return rows;
}

TEST(KeyTable, finds_every_key_at_its_row_and_no_other) {
    KeyTable table;
    constexpr std::int64_t count = 50'000;
    for (std::int64_t i = 1; i <= count; ++i)
        table.insert(key_of(static_cast<std::uint64_t>(i)),
                     {i % 2 == 0 ? KeyTable::Source::order : KeyTable::Source::answer, i});
    EXPECT_EQ(table.size(), static_cast<std::size_t>(count));
    for (std::int64_t i = 1; i <= count; ++i) {
        KeyTable::Place found;
        ASSERT_TRUE(table.find(key_of(static_cast<std::uint64_t>(i)), [&found](KeyTable::Place place) {
            found = place;
            return true;
        }));
        EXPECT_EQ(found.row, i);
        EXPECT_EQ(found.source == KeyTable::Source::order, i % 2 == 0);
    }
    for (std::uint64_t i = count + 1; i <= count + 1000; ++i) EXPECT_TRUE(rows_of(table, key_of(i)).empty());
}

TEST(KeyTable, offers_every_row_of_keys_that_it_cannot_tell_apart) {
    KeyTable table;
    domain::KeyHash one = key_of(1);
    domain::KeyHash other = one;
    other[10] ^= 1;  // outside of what the table keeps
    table.insert(one, {KeyTable::Source::order, 5});
    table.insert(other, {KeyTable::Source::order, 6});
    EXPECT_EQ(rows_of(table, one), (std::vector<std::int64_t>{5, 6}));
}

TEST(KeyTable, keeps_no_nil_key) {
    KeyTable table;
    table.insert(domain::KeyHash{}, {KeyTable::Source::order, 1});
    EXPECT_EQ(table.size(), 0U);
    EXPECT_TRUE(rows_of(table, domain::KeyHash{}).empty());
}

}  // namespace
}  // namespace onhand::storage::sqlite
