#include "engine/search_index.hpp"

#include <gtest/gtest.h>

#include <random>

namespace onhand::engine {
namespace {

std::vector<std::uint32_t> hits(const SearchIndex& index, const std::vector<std::string>& words) {
    std::vector<std::uint32_t> entries;
    const auto found = index.find(words);
    for (std::uint32_t i = 0; i < found.size(); ++i)
        if (found[i]) entries.push_back(i);
    return entries;
}

using Hits = std::vector<std::uint32_t>;

TEST(SearchIndex, finds_entries_that_hold_every_word) {
    SearchIndex index;
    index.put(0, "pen-1\nblue pen");
    index.put(1, "ink-2\nblack ink");
    index.put(2, "pen-3\nblack pen");
    EXPECT_EQ(hits(index, {"pen"}), (Hits{0, 2}));
    EXPECT_EQ(hits(index, {"black", "pen"}), Hits{2});
    EXPECT_EQ(hits(index, {"nothing"}), Hits{});
    EXPECT_EQ(hits(index, {}), (Hits{0, 1, 2}));
}

TEST(SearchIndex, does_not_find_a_word_across_two_entries) {
    SearchIndex index;
    index.put(0, "ab");
    index.put(1, "cd");
    EXPECT_EQ(hits(index, {"abcd"}), Hits{});
    EXPECT_EQ(hits(index, {"bc"}), Hits{});
}

TEST(SearchIndex, forgets_the_text_that_was_replaced) {
    SearchIndex index;
    index.put(0, "old name");
    index.put(1, "other");
    index.put(0, "new name");
    EXPECT_EQ(hits(index, {"old"}), Hits{});
    EXPECT_EQ(hits(index, {"name"}), Hits{0});
}

TEST(SearchIndex, agrees_with_a_plain_scan_after_many_changes) {
    std::mt19937 random(7);
    SearchIndex index;
    std::vector<std::string> texts;
    const auto text = [&] {
        std::string made;
        for (int i = 0; i < 12; ++i) made += static_cast<char>('a' + random() % 4);
        return made;
    };
    for (int round = 0; round < 3000; ++round) {
        const auto entry = static_cast<std::uint32_t>(texts.size() < 50 ? texts.size() : random() % texts.size());
        if (entry == texts.size()) texts.emplace_back();
        texts[entry] = text();
        index.put(entry, texts[entry]);
        if (round % 50 != 0) continue;
        const auto word = text().substr(0, 3);
        Hits expected;
        for (std::uint32_t i = 0; i < texts.size(); ++i)
            if (texts[i].find(word) != std::string::npos) expected.push_back(i);
        ASSERT_EQ(hits(index, {word}), expected) << round;
    }
}

}  // namespace
}  // namespace onhand::engine
