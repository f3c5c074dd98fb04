#include "transport/socketio/cluster/wire_value.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>
#include <utility>

#include "base/text.hpp"

namespace onhand::socketio {
namespace {

constexpr std::string_view replacement_character = "\xEF\xBF\xBD";
constexpr std::size_t utf8_sequence_bytes_max = 4;

// Bytes of the well-formed character at the front of `rest`; 0 when there is none.
std::size_t character_length(std::string_view rest) {
    if (static_cast<unsigned char>(rest.front()) < 0x80) return 1;
    for (std::size_t length = 2; length <= std::min(rest.size(), utf8_sequence_bytes_max); ++length) {
        if (is_utf8(rest.substr(0, length))) return length;
    }
    return 0;
}

}  // namespace

const WireValue* WireValue::find(std::string_view key) const {
    const auto* members = object();
    if (members == nullptr) return nullptr;
    const auto found =
        std::find_if(members->begin(), members->end(), [&](const auto& each) { return each.key == key; });
    return found == members->end() ? nullptr : &found->value;
}

WireValue* WireValue::find(std::string_view key) {
    return const_cast<WireValue*>(std::as_const(*this).find(key));
}

void keep_last_of_duplicates(WireObject& object) {
    if (object.size() < 2) return;
    // Sorting keeps a hostile object with very many keys from costing the square of their number.
    std::vector<std::size_t> order(object.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](auto a, auto b) { return std::tie(object[a].key, a) < std::tie(object[b].key, b); });
    std::vector<bool> superseded(object.size(), false);
    bool any = false;
    for (std::size_t i = 0; i + 1 < order.size(); ++i) {
        if (object[order[i]].key != object[order[i + 1]].key) continue;
        superseded[order[i]] = true;
        any = true;
    }
    if (!any) return;
    WireObject kept;
    for (std::size_t i = 0; i < object.size(); ++i) {
        if (!superseded[i]) kept.push_back(std::move(object[i]));
    }
    object = std::move(kept);
}

bool has_bytes(const WireValue& value) {
    if (std::holds_alternative<WireBytes>(value.data)) return true;
    if (const auto* array = value.array()) return std::any_of(array->begin(), array->end(), has_bytes);
    if (const auto* object = value.object()) {
        return std::any_of(object->begin(), object->end(), [](const auto& each) { return has_bytes(each.value); });
    }
    return false;
}

std::string to_valid_utf8(std::string_view text) {
    if (is_utf8(text)) return std::string(text);
    std::string out;
    while (!text.empty()) {
        const auto length = character_length(text);
        out += length == 0 ? replacement_character : text.substr(0, length);
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

}  // namespace onhand::socketio
