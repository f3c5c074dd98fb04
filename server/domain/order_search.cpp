#include "domain/order_search.hpp"

#include <algorithm>

#include "base/sort_unique.hpp"
#include "base/text.hpp"

namespace onhand::domain {

namespace {

bool is_word_byte(char byte) {
    return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           static_cast<unsigned char>(byte) >= 0x80;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
    while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
    return text;
}

}  // namespace

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    auto at = text.begin();
    while (true) {
        const auto begin = std::find_if(at, text.end(), is_word_byte);
        if (begin == text.end()) return words;
        at = std::find_if_not(begin, text.end(), is_word_byte);
        const auto size = std::min(static_cast<std::size_t>(at - begin), word_bytes_max);
        words.push_back(fold_case({begin, begin + static_cast<std::ptrdiff_t>(size)}));
    }
}

std::vector<std::string> words_of(std::string_view reference, std::string_view customer) {
    auto words = words_of(reference);
    for (auto& word : words_of(customer)) words.push_back(std::move(word));
    sort_unique(words);
    return words;
}

std::optional<OrderSearch> parse_search(std::string_view text) {
    text = trimmed(text);
    if (text.empty()) return std::nullopt;
    OrderSearch search;
    search.id = parse_uuid(text);
    search.words = words_of(text);
    sort_unique(search.words);
    if (search.words.size() == 1) search.number = parse_int(search.words.front());
    return search;
}

bool matches(const OrderSearch& search, const domain::Order& order) {
    if (search.id) return order.id == *search.id;
    if (search.number && *search.number == order.number) return true;
    if (search.words.empty()) return false;
    const auto words = words_of(order.reference, order.customer);
    return std::all_of(search.words.begin(), search.words.end(), [&words](const std::string& prefix) {
        const auto found = std::lower_bound(words.begin(), words.end(), prefix);
        return found != words.end() && found->starts_with(prefix);
    });
}

}  // namespace onhand::domain
