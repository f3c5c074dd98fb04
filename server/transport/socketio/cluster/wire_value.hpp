// A JSON-like value that also knows bytes: what messages between the servers of a cluster are made of, between their
// text or msgpack form and the structs of redis_messages.hpp. Called by the codecs of this folder; plain data, any
// thread. Reading bounds its depth, so walking it may recurse.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace onhand::socketio {

// Containers within containers, of a message from outside: 64 of an event's arguments and those that envelop them.
constexpr std::size_t wire_depth_max = 68;
// Bytes of one message between servers. Larger ones are neither sent nor taken.
constexpr std::size_t wire_bytes_max = 16U * 1024 * 1024;
// Values in one message: what it takes in memory stays within a small multiple of wire_bytes_max.
constexpr std::size_t wire_values_max = 1'000'000;

struct WireValue;
struct WireMember;

struct WireBytes {
    std::string data;
    bool operator==(const WireBytes&) const = default;
};

using WireArray = std::vector<WireValue>;
// In the order in which they came; every key once.
using WireObject = std::vector<WireMember>;

// What a value can be made of, exactly: a literal text, say, must not become a bool.
template <class T>
concept WireContent = std::same_as<T, std::nullptr_t> || std::same_as<T, bool> || std::same_as<T, std::int64_t> ||
                      std::same_as<T, std::uint64_t> || std::same_as<T, double> || std::same_as<T, std::string> ||
                      std::same_as<T, WireBytes> || std::same_as<T, WireArray> || std::same_as<T, WireObject>;

struct WireValue {
    // Null.
    WireValue();
    template <WireContent T>
    WireValue(T content);

    // Integers above the largest std::int64_t are std::uint64_t, all others std::int64_t.
    std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string, WireBytes, WireArray,
                 WireObject>
        data;

    bool operator==(const WireValue&) const;

    // The content, or null when the value is of another type.
    const std::string* string() const { return std::get_if<std::string>(&data); }
    const WireArray* array() const { return std::get_if<WireArray>(&data); }
    const WireObject* object() const { return std::get_if<WireObject>(&data); }
    // The member `key` of an object; null when it is missing or this is no object.
    const WireValue* find(std::string_view key) const;
    WireValue* find(std::string_view key);
};

struct WireMember {
    std::string key;
    WireValue value;
    bool operator==(const WireMember&) const = default;
};

// Here, because a variant is used only when all its types are complete.
inline WireValue::WireValue() : data(nullptr) {}

template <WireContent T>
WireValue::WireValue(T content) : data(std::move(content)) {}

inline bool WireValue::operator==(const WireValue&) const = default;

// Removes members whose key comes again later, as JavaScript does: the last one counts.
void keep_last_of_duplicates(WireObject& object);

// True when bytes are somewhere in `value`.
bool has_bytes(const WireValue& value);

// `text` with U+FFFD in the place of everything that is not UTF-8.
std::string to_valid_utf8(std::string_view text);

}  // namespace onhand::socketio
