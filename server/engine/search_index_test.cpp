#include "engine/search_index.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "base/text.hpp"

namespace onhand::engine {
namespace {

using Hits = std::vector<std::size_t>;

Hits candidates(const SearchIndex& index, const std::vector<std::string>& words) {
    Hits entries;
    each_bit(index.candidates(words), [&](std::size_t entry) { entries.push_back(entry); });
    return entries;
}

// As the product table does it: narrowed down, then looked at.
Hits hits(const SearchIndex& index, const std::vector<std::string>& texts, const std::vector<std::string>& words) {
    Hits found;
    for (const auto entry : candidates(index, words))
        if (std::ranges::all_of(words, [&](const auto& word) { return has_word(texts[entry], word); }))
            found.push_back(entry);
    return found;
}

Hits naive_hits(const std::vector<std::string>& texts, const std::vector<std::string>& words) {
    Hits found;
    for (std::size_t entry = 0; entry < texts.size(); ++entry) {
        const auto folded = fold_case(texts[entry]);
        if (std::ranges::all_of(words, [&](const auto& word) { return folded.find(word) != folded.npos; }))
            found.push_back(entry);
    }
    return found;
}

std::string random_text(std::mt19937& random, std::string_view alphabet, std::size_t size_max) {
    std::string text(random() % (size_max + 1), ' ');
    for (auto& c : text) c = alphabet[random() % alphabet.size()];
    return text;
}

}  // namespace

TEST(WordsOf, folds_and_splits_at_spaces) {
    EXPECT_EQ(words_of("  Blue PEN "), (std::vector<std::string>{"blue", "pen"}));
    EXPECT_TRUE(words_of("").empty());
    EXPECT_TRUE(words_of("   ").empty());
    EXPECT_EQ(words_of("É"), (std::vector<std::string>{"É"}));
}

TEST(HasWord, finds_a_word_wherever_it_stands) {
    // Every length of text and word around the width at which it looks at sixteen places at once.
    for (std::size_t size = 1; size < 70; ++size) {
        for (std::size_t at = 0; at < size; ++at) {
            for (const std::size_t length : {1U, 2U, 3U, 15U, 16U, 17U}) {
                std::string text(size, '.');
                if (at + length > size) continue;
                std::string word;
                for (std::size_t i = 0; i < length; ++i) word += static_cast<char>('a' + i);
                for (std::size_t i = 0; i < length; ++i) text[at + i] = static_cast<char>('A' + i);
                EXPECT_TRUE(has_word(text, word)) << text << ' ' << word;
                text[at + length - 1] = '!';
                EXPECT_FALSE(has_word(text, word)) << text << ' ' << word;
            }
        }
    }
}

TEST(HasWord, folds_only_letters) {
    EXPECT_TRUE(has_word("[x]", "[x]"));
    EXPECT_FALSE(has_word("{x}", "[x]"));
    EXPECT_FALSE(has_word("@", "`"));
    EXPECT_FALSE(has_word("É", "é"));
    EXPECT_TRUE(has_word("É", "É"));
}

TEST(HasWord, agrees_with_a_plain_search_on_random_texts) {
    std::mt19937 random(7);
    for (int round = 0; round < 20'000; ++round) {
        const auto text = random_text(random, "abABcC-\xC3\xA9", 60);
        auto word = fold_case(random_text(random, "abc-\xC3\xA9", 5));
        if (word.empty()) word = "a";
        ASSERT_EQ(has_word(text, word), fold_case(text).find(word) != std::string::npos) << text << ' ' << word;
    }
}

TEST(SearchIndex, finds_entries_that_hold_every_word) {
    SearchIndex index;
    const std::vector<std::string> texts{"PEN-1 Blue pen", "INK-2 Black ink", "PEN-3 Black pen"};
    for (std::uint32_t i = 0; i < texts.size(); ++i) index.put(i, texts[i]);
    EXPECT_EQ(hits(index, texts, {"pen"}), (Hits{0, 2}));
    EXPECT_EQ(hits(index, texts, {"black", "pen"}), Hits{2});
    EXPECT_EQ(hits(index, texts, {"nothing"}), Hits{});
    EXPECT_EQ(hits(index, texts, {}), (Hits{0, 1, 2}));
}

TEST(SearchIndex, narrows_down) {
    SearchIndex index;
    for (std::uint32_t i = 0; i < 1000; ++i) index.put(i, i == 500 ? "yellow submarine" : "blue pen");
    EXPECT_EQ(candidates(index, {"submarine"}), Hits{500});
}

TEST(SearchIndex, knows_single_letters_and_digits_exactly) {
    EXPECT_TRUE(SearchIndex::is_exact({"a", "7"}));
    EXPECT_FALSE(SearchIndex::is_exact({"ab"}));
    EXPECT_FALSE(SearchIndex::is_exact({"-"}));
    SearchIndex index;
    index.put(0, "Axle 7");
    index.put(1, "bolt");
    EXPECT_EQ(candidates(index, {"a"}), Hits{0});
    EXPECT_EQ(candidates(index, {"7"}), Hits{0});
    EXPECT_EQ(candidates(index, {"b"}), Hits{1});
}

TEST(SearchIndex, forgets_the_text_that_was_replaced) {
    SearchIndex index;
    index.put(0, "first");
    index.put(1, "other");
    index.put(0, "second");
    EXPECT_EQ(candidates(index, {"first"}), Hits{});
    EXPECT_EQ(candidates(index, {"second"}), Hits{0});
    EXPECT_EQ(candidates(index, {"other"}), Hits{1});
}

TEST(SearchIndex, does_not_take_two_texts_for_one_word) {
    SearchIndex index;
    using namespace std::string_view_literals;
    index.put(0, "ab\0cd"sv);
    EXPECT_EQ(candidates(index, {"bc"}), Hits{});
    EXPECT_EQ(candidates(index, {"cd"}), Hits{0});
}

TEST(SearchIndex, agrees_with_a_plain_search_while_texts_change) {
    std::mt19937 random(11);
    constexpr std::string_view alphabet = "abcdefXYZ0123-_ \xC3\xA9\xC3\x89";
    SearchIndex index;
    std::vector<std::string> texts;
    for (int round = 0; round < 3000; ++round) {
        const auto text = random_text(random, alphabet, 25);
        if (texts.empty() || random() % 3 != 0) {
            texts.push_back(text);
            index.put(static_cast<std::uint32_t>(texts.size() - 1), text);
        } else {
            const auto entry = random() % texts.size();
            texts[entry] = text;
            index.put(static_cast<std::uint32_t>(entry), text);
        }
        if (round % 10 != 0) continue;
        const auto words = words_of(random_text(random, alphabet, 4) + ' ' + random_text(random, alphabet, 2));
        ASSERT_EQ(hits(index, texts, words), naive_hits(texts, words)) << round;
    }
    EXPECT_EQ(index.size(), texts.size());
}

}  // namespace onhand::engine
