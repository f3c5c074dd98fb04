#include "transport/http/target.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace onhand::http {
namespace {

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

enum class In { path, query };

// Appends the decoded form of `text`; false for a bad escape. An escaped slash of a path becomes hidden_slash.
bool percent_decode(std::string_view text, In where, std::string& out) {
    if (where == In::path && text.find('%') == std::string_view::npos) {
        out += text;
        return true;
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+' && where == In::query) {
            out += ' ';
            continue;
        }
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (i + 2 >= text.size()) return false;
        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0) return false;
        const auto byte = static_cast<char>(high * 16 + low);
        if (byte == hidden_slash) return false;
        out += where == In::path && byte == '/' ? hidden_slash : byte;
        i += 2;
    }
    return true;
}

constexpr char separators[] = {'/', hidden_slash, '\0'};

bool has_dot_segment(std::string_view path) {
    while (!path.empty()) {
        const auto end = std::min(path.find_first_of(separators), path.size());
        const auto segment = path.substr(0, end);
        if (segment == "." || segment == "..") return true;
        path.remove_prefix(std::min(end + 1, path.size()));
    }
    return false;
}

}  // namespace

bool decode_path(std::string_view target, std::string& path) {
    path.clear();
    if (!percent_decode(target.substr(0, target.find('?')), In::path, path)) return false;
    const bool hides = path.find(hidden_slash) != std::string::npos;
    const auto is_fine = [](char c) { return c == hidden_slash || is_printable(std::string_view(&c, 1)); };
    const bool printable = hides ? std::all_of(path.begin(), path.end(), is_fine) : is_printable(path);
    return printable && is_utf8(path) && !has_dot_segment(path);
}

void show_slashes(std::string& path) {
    std::replace(path.begin(), path.end(), hidden_slash, '/');
}

std::optional<std::string> decode_query(std::string_view target, QueryParameters& parameters) {
    parameters.clear();
    const auto mark = target.find('?');
    if (mark == std::string_view::npos) return std::nullopt;
    auto rest = target.substr(mark + 1);
    while (!rest.empty()) {
        const auto end = std::min(rest.find('&'), rest.size());
        const auto pair = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (pair.empty()) continue;
        const auto equals = std::min(pair.find('='), pair.size());
        std::string name;
        std::string value;
        const bool good = percent_decode(pair.substr(0, equals), In::query, name) &&
                          percent_decode(pair.substr(std::min(equals + 1, pair.size())), In::query, value) &&
                          is_printable(name) && is_utf8(name) && is_printable(value) && is_utf8(value);
        if (!good) return std::string(pair.substr(0, equals));
        const bool known = std::any_of(parameters.begin(), parameters.end(),
                                       [&name](const auto& parameter) { return parameter.first == name; });
        if (known || parameters.size() == query_parameters_max) return name;
        parameters.emplace_back(std::move(name), std::move(value));
    }
    return std::nullopt;
}

}  // namespace onhand::http
