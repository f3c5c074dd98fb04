#include "base/text.hpp"

#include <array>
#include <charconv>
#include <cstring>

#include "base/ignoring_case.hpp"

namespace onhand {

namespace {

// Length of the well-formed sequence at the front of `rest`, or 0. RFC 3629, table 3-7 of the Unicode Standard.
std::size_t sequence_length(std::string_view rest) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(rest[i]); };
    const auto continues = [&](std::size_t i) { return i < rest.size() && (byte(i) & 0xC0) == 0x80; };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return continues(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        if (!continues(1) || !continues(2)) return 0;
        if (lead == 0xE0 && byte(1) < 0xA0) return 0;
        if (lead == 0xED && byte(1) > 0x9F) return 0;
        return 3;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        if (!continues(1) || !continues(2) || !continues(3)) return 0;
        if (lead == 0xF0 && byte(1) < 0x90) return 0;
        if (lead == 0xF4 && byte(1) > 0x8F) return 0;
        return 4;
    }
    return 0;
}

// How many whole groups of eight bytes at the front of `text` are ASCII, in bytes. Most text is ASCII.
std::size_t ascii_groups(std::string_view text) {
    constexpr std::uint64_t high_bits = 0x8080808080808080;
    std::size_t at = 0;
    for (std::uint64_t group = 0; at + sizeof group <= text.size(); at += sizeof group) {
        std::memcpy(&group, text.data() + at, sizeof group);
        if ((group & high_bits) != 0) break;
    }
    return at;
}

}  // namespace

bool is_utf8(std::string_view text) {
    text.remove_prefix(ascii_groups(text));
    while (!text.empty()) {
        const auto length = sequence_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

bool is_printable(std::string_view text) {
    // To the end in any case, so that the compiler can look at many bytes at once.
    bool control = false;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        control |= byte < 0x20 || byte == 0x7F;
    }
    return !control;
}

void append_json_string(std::string& out, std::string_view text) {
    static constexpr char digits[] = "0123456789abcdef";
    out += '"';
    std::size_t clean = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7F) continue;
        out.append(text, clean, i - clean);
        clean = i + 1;
        switch (byte) {
            case '"':
                out += "\\\"";
                break;
            case '\\':
                out += "\\\\";
                break;
            case '\n':
                out += "\\n";
                break;
            case '\r':
                out += "\\r";
                break;
            case '\t':
                out += "\\t";
                break;
            default:
                out += "\\u00";
                out += digits[byte >> 4];
                out += digits[byte & 15];
        }
    }
    out.append(text, clean, text.size() - clean);
    out += '"';
}

void append_int(std::string& out, std::int64_t value) {
    std::array<char, 20> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string out;
    out.reserve(bytes.size() * 2);
    for (const auto byte : bytes) {
        out += digits[byte >> 4];
        out += digits[byte & 15];
    }
    return out;
}

std::string fold_case(std::string_view text) {
    std::string out(text);
    for (auto& c : out) c = lower(c);
    return out;
}

std::optional<std::int64_t> parse_int(std::string_view text) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
    return value;
}

}  // namespace onhand
