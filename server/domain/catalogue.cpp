#include "domain/catalogue.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/text.hpp"

namespace onhand::domain {

namespace {

struct Range {
    char32_t first, last;
};

// Characters that do not show, look like a plain space, or turn the reading direction. Two codes that a person cannot
// tell apart must not be two products.
constexpr auto hidden_ranges = std::to_array<Range>({
    {0x0080, 0x00A0},    // C1 controls, no-break space
    {0x00AD, 0x00AD},    // soft hyphen
    {0x034F, 0x034F},    // combining grapheme joiner
    {0x061C, 0x061C},    // Arabic letter mark
    {0x115F, 0x1160},    // Hangul fillers
    {0x1680, 0x1680},    // Ogham space
    {0x17B4, 0x17B5},    // Khmer inherent vowels
    {0x180B, 0x180F},    // Mongolian variation selectors
    {0x2000, 0x200F},    // spaces, zero-width characters, direction marks
    {0x2028, 0x202F},    // line separators, direction overrides
    {0x205F, 0x206F},    // spaces, joiners, direction isolates
    {0x3000, 0x3000},    // ideographic space
    {0x3164, 0x3164},    // Hangul filler
    {0xFE00, 0xFE0F},    // variation selectors
    {0xFEFF, 0xFEFF},    // byte order mark
    {0xFFA0, 0xFFA0},    // half-width Hangul filler
    {0xFFF0, 0xFFFF},    // specials
    {0x1BCA0, 0x1BCA3},  // shorthand format controls
    {0x1D173, 0x1D17A},  // musical format controls
    {0xE0000, 0xE0FFF},  // tags, variation selectors
});

// Takes one character off the front of well-formed UTF-8.
char32_t take_character(std::string_view& text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    char32_t character = length == 1 ? lead : lead & (0xFFU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) character = character << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
    text.remove_prefix(length);
    return character;
}

bool has_hidden_character(std::string_view text) {
    while (!text.empty()) {
        const char32_t character = take_character(text);
        if (character < hidden_ranges.front().first) continue;
        for (const auto& range : hidden_ranges)
            if (character >= range.first && character <= range.last) return true;
    }
    return false;
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

}  // namespace

bool is_amount(std::string_view text) {
    constexpr std::size_t digits_max = 12;
    constexpr std::size_t decimals_max = 4;
    const auto point = text.find('.');
    const auto whole = text.substr(0, point);
    if (whole.empty() || whole.size() > digits_max || !std::ranges::all_of(whole, is_digit)) return false;
    if (whole.size() > 1 && whole.front() == '0') return false;
    if (point == std::string_view::npos) return true;
    const auto decimals = text.substr(point + 1);
    return !decimals.empty() && decimals.size() <= decimals_max && std::ranges::all_of(decimals, is_digit);
}

bool is_currency(std::string_view text) {
    return text.size() == 3 && std::ranges::all_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_code(std::string_view text, std::size_t bytes_max) {
    if (text.empty() || text.size() > bytes_max) return false;
    if (text.front() == ' ' || text.back() == ' ') return false;
    if (text == "." || text == "..") return false;  // no URL can name them: clients resolve them as path segments
    return is_utf8(text) && is_printable(text) && !has_hidden_character(text);
}

}  // namespace onhand::domain
