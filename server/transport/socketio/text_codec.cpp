#include "transport/socketio/text_codec.hpp"

#include <sys/random.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace onhand::socketio {
namespace {

constexpr std::string_view standard_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
constexpr std::size_t identifier_length = 20;
constexpr unsigned owners_max = 64;

constexpr std::array<signed char, 256> reverse_table(std::string_view alphabet) {
    std::array<signed char, 256> table{};
    for (auto& entry : table) entry = -1;
    for (std::size_t i = 0; i < alphabet.size(); ++i) {
        table[static_cast<unsigned char>(alphabet[i])] = static_cast<signed char>(i);
    }
    return table;
}

constexpr auto standard_reverse = reverse_table(standard_alphabet);
constexpr auto url_reverse = reverse_table(url_alphabet);

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// Decodes one group of four characters; `padding` of them are '='. Returns false on a foreign character.
bool decode_group(std::string_view group, std::size_t padding, std::string& out) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        const int value = i >= 4 - padding ? 0 : standard_reverse[static_cast<unsigned char>(group[i])];
        if (value < 0) return false;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
    }
    for (std::size_t i = 0; i < 3 - padding; ++i) out += static_cast<char>(bits >> (16 - 8 * i) & 0xFF);
    return true;
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t count = std::min<std::size_t>(3, bytes.size() - i);
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k) {
            bits = bits << 8 | (k < count ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        }
        for (std::size_t k = 0; k < 4; ++k) {
            out += k <= count ? standard_alphabet[bits >> (18 - 6 * k) & 0x3F] : '=';
        }
    }
    return out;
}

std::optional<std::string> base64_decode(std::string_view text) {
    if (text.size() % 4 != 0) return std::nullopt;
    std::string out;
    out.reserve(text.size() / 4 * 3);
    for (std::size_t i = 0; i < text.size(); i += 4) {
        const auto group = text.substr(i, 4);
        std::size_t padding = 0;
        if (i + 4 == text.size()) {
            if (group[3] == '=') padding = group[2] == '=' ? 2 : 1;
        }
        if (!decode_group(group, padding, out)) return std::nullopt;
    }
    return out;
}

std::string random_identifier(unsigned owner, unsigned owner_count) {
    if (owner_count == 0 || owner_count > owners_max || owner >= owner_count) std::abort();
    std::array<unsigned char, identifier_length> random{};
    std::size_t filled = 0;
    while (filled < random.size()) {
        const auto got = ::getrandom(random.data() + filled, random.size() - filled, 0);
        if (got > 0) filled += static_cast<std::size_t>(got);
    }
    std::string out(identifier_length, '\0');
    for (std::size_t i = 0; i < identifier_length; ++i) out[i] = url_alphabet[random[i] & 0x3F];
    const unsigned choices = (owners_max - owner + owner_count - 1) / owner_count;
    out[0] = url_alphabet[owner + owner_count * (random[0] % choices)];
    return out;
}

std::optional<unsigned> identifier_owner(std::string_view identifier, unsigned owner_count) {
    if (identifier.size() != identifier_length || owner_count == 0) return std::nullopt;
    for (const char c : identifier) {
        if (url_reverse[static_cast<unsigned char>(c)] < 0) return std::nullopt;
    }
    return static_cast<unsigned>(url_reverse[static_cast<unsigned char>(identifier[0])]) % owner_count;
}

std::string percent_decode(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
            out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

std::optional<QueryParameter> QueryReader::next() {
    if (rest_.empty()) return std::nullopt;
    const auto end = rest_.find('&');
    const auto pair = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    const auto equals = pair.find('=');
    const bool has_value = equals != std::string_view::npos;
    return QueryParameter{pair.substr(0, equals), has_value ? pair.substr(equals + 1) : std::string_view()};
}

QueryReader::QueryReader(std::string_view target) {
    const auto question = target.find('?');
    if (question == std::string_view::npos) return;
    rest_ = target.substr(question + 1);
    rest_ = rest_.substr(0, rest_.find('#'));
}

std::optional<std::string> query_parameter(std::string_view target, std::string_view name) {
    QueryReader reader(target);
    while (const auto parameter = reader.next()) {
        if (parameter->name == name || percent_decode(parameter->name) == name) return percent_decode(parameter->value);
    }
    return std::nullopt;
}

bool Utf8Validator::begin(unsigned char lead) {
    low_ = 0x80;
    high_ = 0xBF;
    if (lead < 0x80) return true;
    if (lead >= 0xC2 && lead <= 0xDF) {
        remaining_ = 1;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        remaining_ = 2;
        if (lead == 0xE0) low_ = 0xA0;   // overlong
        if (lead == 0xED) high_ = 0x9F;  // surrogates
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        remaining_ = 3;
        if (lead == 0xF0) low_ = 0x90;   // overlong
        if (lead == 0xF4) high_ = 0x8F;  // above U+10FFFF
    } else {
        return false;
    }
    return true;
}

bool Utf8Validator::feed(std::string_view bytes) {
    std::size_t i = 0;
    while (i < bytes.size()) {
        if (remaining_ == 0) {
            // Most text is ASCII: eight bytes at a time while no high bit is set.
            std::uint64_t word = 0;
            while (i + sizeof word <= bytes.size()) {
                std::memcpy(&word, bytes.data() + i, sizeof word);
                if ((word & 0x8080808080808080ULL) != 0) break;
                i += sizeof word;
            }
            if (i == bytes.size()) return true;
            if (!begin(static_cast<unsigned char>(bytes[i++]))) return false;
            continue;
        }
        const auto byte = static_cast<unsigned char>(bytes[i++]);
        if (byte < low_ || byte > high_) return false;
        low_ = 0x80;
        high_ = 0xBF;
        --remaining_;
    }
    return true;
}

bool is_valid_utf8(std::string_view text) {
    Utf8Validator validator;
    return validator.feed(text) && validator.complete();
}

}  // namespace onhand::socketio
