#pragma once
// JSON bodies as handlers read them: a strict parser (Boost.JSON's, plus what it lets through: duplicate names, numbers
// beyond double, U+0000) that fills a small tree in an arena, and Fields, which picks named members out of an object
// and collects every wrong one with its JSON pointer. Pure; a document belongs to one call. Sends no answers itself.

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "transport/http/problem.hpp"

namespace onhand::http {

inline constexpr std::size_t json_depth_max = 32;
inline constexpr std::size_t json_arena_bytes = 6 * 1024;  // a usual body is parsed without the heap
inline constexpr std::size_t field_errors_max = 100;       // more wrong fields are not listed

enum class JsonKind : std::uint8_t { null, boolean, integer, number, text, array, object };

// One value. The nodes of an object or array follow it in document order.
struct JsonNode {
    std::string_view name;     // of a member of an object
    std::string_view text;     // text: decoded; integer and number: as written
    std::int64_t integer = 0;  // integer: its value; boolean: 0 or 1
    std::uint32_t count = 0;   // array, object: direct members
    std::uint32_t size = 1;    // nodes of this subtree, this one included
    JsonKind kind = JsonKind::null;
    bool taken = false;  // a Fields has asked for it

    JsonNode* first() { return this + 1; }  // requires count > 0
    JsonNode* next() { return this + size; }
    const JsonNode* first() const { return this + 1; }
    const JsonNode* next() const { return this + size; }
};

class JsonDocument {
  public:
    JsonDocument();
    JsonDocument(const JsonDocument&) = delete;
    JsonDocument& operator=(const JsonDocument&) = delete;

    // Parses the whole body, which must outlive the document. Returns what is wrong with it as a phrase for people, or
    // nullopt. Call it once.
    std::optional<std::string> parse(std::string_view body);

    // Requires a successful parse.
    JsonNode& root() { return nodes_.front(); }

  private:
    std::array<std::byte, json_arena_bytes> buffer_;
    std::pmr::monotonic_buffer_resource arena_;
    std::pmr::vector<JsonNode> nodes_;
};

// Appends the value as compact JSON: numbers as written, texts escaped again.
void append_json(std::string& out, const JsonNode& node);

using Errors = std::vector<FieldError>;

// Adds an error unless field_errors_max are there.
void add_error(Errors& errors, std::string pointer, std::string detail);

enum class Need { optional, required };

// Picks members of one object. Each method says nothing when all is well, and adds an error otherwise; a required
// member that is missing is an error too. null counts as missing. After the last member, finish() names the unknown.
class Fields {
  public:
    // `object` must be of kind object. `base` ("/lines") and, when not negative, `index` are where it stands.
    Fields(JsonNode& object, Errors& errors, std::string_view base = {}, std::int64_t index = -1);

    // The member, whatever it is; nullptr when it is missing.
    JsonNode* take(std::string_view name);
    // True when the member stands there as null.
    bool is_null(std::string_view name);

    // Printable text of at most `bytes_max` bytes. Required text may not be empty.
    std::optional<std::string_view> text(std::string_view name, std::size_t bytes_max, Need need = Need::optional);
    // A SKU or location code (domain::is_code).
    std::optional<std::string_view> code(std::string_view name, std::size_t bytes_max, Need need = Need::optional);
    // A JSON integer (not 1.0, not 1e2) from `least` to `most`.
    std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most,
                                        Need need = Need::optional);
    std::optional<bool> boolean(std::string_view name);
    // An array of `least` to `most` objects; nullptr when missing or wrong.
    JsonNode* objects(std::string_view name, std::size_t least, std::size_t most, Need need = Need::optional);
    JsonNode* object(std::string_view name, Need need = Need::optional);

    void fail(std::string_view name, std::string detail);
    std::string pointer_to(std::string_view name) const;
    // Adds an error for every member that was not asked for.
    void finish();

  private:
    JsonNode* expect(std::string_view name, JsonKind kind, Need need, std::string_view what);

    JsonNode& object_;
    Errors& errors_;
    std::string_view base_;
    std::int64_t index_;
};

}  // namespace onhand::http
