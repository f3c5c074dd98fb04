#include "transport/http/json_in.hpp"

#include <algorithm>
#include <boost/json/basic_parser_impl.hpp>
#include <cmath>
#include <cstring>
#include <limits>

#include "base/ensure.hpp"
#include "base/text.hpp"
#include "domain/catalogue.hpp"

namespace onhand::http {

namespace {

namespace json = boost::json;
using json::error_code;

constexpr std::size_t few_members = 12;            // up to here names are compared pair by pair
constexpr std::size_t name_shown_bytes_max = 128;  // of an unknown member in a pointer

error_code refused() {
    return boost::system::errc::make_error_code(boost::system::errc::bad_message);
}

bool has_duplicates(JsonNode& object, std::pmr::memory_resource* arena) {
    if (object.count < 2) return false;
    if (object.count <= few_members) {
        JsonNode* one = object.first();
        for (std::uint32_t i = 0; i + 1 < object.count; ++i, one = one->next()) {
            JsonNode* other = one->next();
            for (std::uint32_t j = i + 1; j < object.count; ++j, other = other->next())
                if (one->name == other->name) return true;
        }
        return false;
    }
    std::pmr::vector<std::string_view> names(arena);
    names.reserve(object.count);
    JsonNode* member = object.first();
    for (std::uint32_t i = 0; i < object.count; ++i, member = member->next()) names.push_back(member->name);
    std::sort(names.begin(), names.end());
    return std::adjacent_find(names.begin(), names.end()) != names.end();
}

// What the parser reports while it reads; fills the nodes.
class Builder {
  public:
    static constexpr std::size_t max_object_size = std::numeric_limits<std::uint32_t>::max();
    static constexpr std::size_t max_array_size = max_object_size;
    static constexpr std::size_t max_key_size = max_object_size;
    static constexpr std::size_t max_string_size = max_object_size;

    Builder(std::string_view body, std::pmr::vector<JsonNode>& nodes, std::pmr::memory_resource* arena)
        : body_(body), nodes_(nodes), arena_(arena), part_(arena) {}

    std::string_view failure() const { return failure_; }

    bool on_document_begin(error_code&) { return true; }
    bool on_document_end(error_code&) { return true; }
    bool on_object_begin(error_code&) { return open(JsonKind::object); }
    bool on_array_begin(error_code&) { return open(JsonKind::array); }
    bool on_array_end(std::size_t count, error_code&) {
        close(count);
        return true;
    }
    bool on_object_end(std::size_t count, error_code& error) {
        JsonNode& object = close(count);
        return has_duplicates(object, arena_) ? fail("a name occurs twice in one object", error) : true;
    }
    bool on_key_part(json::string_view text, std::size_t, error_code&) {
        part_.append(text.data(), text.size());
        return true;
    }
    bool on_string_part(json::string_view text, std::size_t, error_code&) {
        part_.append(text.data(), text.size());
        return true;
    }
    bool on_key(json::string_view text, std::size_t, error_code& error) {
        name_ = keep(text);
        return name_.find('\0') == name_.npos ? true : fail("a name contains U+0000", error);
    }
    bool on_string(json::string_view text, std::size_t, error_code& error) {
        JsonNode& node = add(JsonKind::text);
        node.text = keep(text);
        return node.text.find('\0') == node.text.npos ? true : fail("a text contains U+0000", error);
    }
    bool on_number_part(json::string_view, error_code& error) { return fail("a number is cut off", error); }
    bool on_int64(std::int64_t value, json::string_view text, error_code&) {
        JsonNode& node = add(JsonKind::integer);
        node.integer = value;
        node.text = {text.data(), text.size()};
        return true;
    }
    bool on_uint64(std::uint64_t, json::string_view text, error_code&) {
        add(JsonKind::number).text = {text.data(), text.size()};
        return true;
    }
    bool on_double(double value, json::string_view text, error_code& error) {
        add(JsonKind::number).text = {text.data(), text.size()};
        return std::isfinite(value) ? true : fail("a number is too large", error);
    }
    bool on_bool(bool value, error_code&) {
        add(JsonKind::boolean).integer = value ? 1 : 0;
        return true;
    }
    bool on_null(error_code&) {
        add(JsonKind::null);
        return true;
    }
    bool on_comment_part(json::string_view, error_code&) { return true; }
    bool on_comment(json::string_view, error_code&) { return true; }

  private:
    bool fail(std::string_view why, error_code& error) {
        failure_ = why;
        error = refused();
        return false;
    }

    JsonNode& add(JsonKind kind) {
        JsonNode& node = nodes_.emplace_back();
        node.kind = kind;
        node.name = name_;
        name_ = {};
        return node;
    }

    bool open(JsonKind kind) {
        ensure(depth_ < open_.size(), "the parser bounds the depth");
        open_[depth_++] = static_cast<std::uint32_t>(nodes_.size());
        add(kind);
        return true;
    }

    JsonNode& close(std::size_t count) {
        ensure(depth_ > 0, "what is closed was opened");
        const auto index = open_[--depth_];
        JsonNode& node = nodes_[index];
        node.count = static_cast<std::uint32_t>(count);
        node.size = static_cast<std::uint32_t>(nodes_.size()) - index;
        return node;
    }

    // Text without escapes lies in the body and is used there; other text is put together in the arena.
    std::string_view keep(json::string_view last) {
        const std::less<const char*> before;
        const char* const end = body_.data() + body_.size();
        if (part_.empty() && !before(last.data(), body_.data()) && before(last.data(), end))
            return {last.data(), last.size()};
        const std::size_t size = part_.size() + last.size();
        if (size == 0) return {};
        auto* const place = static_cast<char*>(arena_->allocate(size, 1));
        std::memcpy(place, part_.data(), part_.size());
        std::memcpy(place + part_.size(), last.data(), last.size());
        part_.clear();
        return {place, size};
    }

    std::string_view body_;
    std::pmr::vector<JsonNode>& nodes_;
    std::pmr::memory_resource* arena_;
    std::pmr::string part_;
    std::string_view name_;
    std::string_view failure_;
    std::array<std::uint32_t, json_depth_max + 1> open_{};
    std::size_t depth_ = 0;
};

}  // namespace

JsonDocument::JsonDocument() : arena_(buffer_.data(), buffer_.size()), nodes_(&arena_) {}

std::optional<std::string> JsonDocument::parse(std::string_view body) {
    ensure(nodes_.empty(), "a document is parsed once");
    if (body.size() > std::numeric_limits<std::uint32_t>::max()) return "it is too large";
    nodes_.reserve(32);
    json::parse_options options;
    options.max_depth = json_depth_max;
    json::basic_parser<Builder> parser(options, body, nodes_, &arena_);
    error_code error;
    const std::size_t used = parser.write_some(false, body.data(), body.size(), error);
    if (!error && used < body.size()) return "something follows the value at byte " + std::to_string(used + 1);
    if (!error) return std::nullopt;
    std::string what(parser.handler().failure());
    if (what.empty()) what = error.message();
    return what + " at byte " + std::to_string(used + 1);
}

void append_json(std::string& out, const JsonNode& node) {
    switch (node.kind) {
        case JsonKind::null:
            out += "null";
            return;
        case JsonKind::boolean:
            out += node.integer != 0 ? "true" : "false";
            return;
        case JsonKind::integer:
        case JsonKind::number:
            out += node.text;
            return;
        case JsonKind::text:
            append_json_string(out, node.text);
            return;
        case JsonKind::array:
        case JsonKind::object:
            break;
    }
    const bool object = node.kind == JsonKind::object;
    out += object ? '{' : '[';
    const JsonNode* member = node.first();
    for (std::uint32_t i = 0; i < node.count; ++i, member = member->next()) {
        if (i > 0) out += ',';
        if (object) {
            append_json_string(out, member->name);
            out += ':';
        }
        append_json(out, *member);
    }
    out += object ? '}' : ']';
}

void add_error(Errors& errors, std::string pointer, std::string detail) {
    if (errors.size() < field_errors_max) errors.push_back({std::move(pointer), std::move(detail)});
}

Fields::Fields(JsonNode& object, Errors& errors, std::string_view base, std::int64_t index)
    : object_(object), errors_(errors), base_(base), index_(index) {
    ensure(object.kind == JsonKind::object, "members are picked from an object");
}

JsonNode* Fields::take(std::string_view name) {
    JsonNode* member = object_.first();
    for (std::uint32_t i = 0; i < object_.count; ++i, member = member->next()) {
        if (member->name != name) continue;
        member->taken = true;
        return member;
    }
    return nullptr;
}

bool Fields::is_null(std::string_view name) {
    const JsonNode* member = take(name);
    return member != nullptr && member->kind == JsonKind::null;
}

JsonNode* Fields::expect(std::string_view name, JsonKind kind, Need need, std::string_view what) {
    JsonNode* member = take(name);
    if (member == nullptr || member->kind == JsonKind::null) {
        if (need == Need::required) fail(name, "is required");
        return nullptr;
    }
    if (member->kind == kind) return member;
    fail(name, "must be " + std::string(what));
    return nullptr;
}

std::optional<std::string_view> Fields::text(std::string_view name, std::size_t bytes_max, Need need) {
    const JsonNode* member = expect(name, JsonKind::text, need, "a text");
    if (member == nullptr) return std::nullopt;
    if (member->text.empty() && need == Need::required) {
        fail(name, "may not be empty");
    } else if (member->text.size() > bytes_max) {
        fail(name, "may have at most " + std::to_string(bytes_max) + " bytes");
    } else if (!is_printable(member->text)) {
        fail(name, "may not contain control characters");
    } else {
        return member->text;
    }
    return std::nullopt;
}

std::optional<std::string_view> Fields::code(std::string_view name, std::size_t bytes_max, Need need) {
    const JsonNode* member = expect(name, JsonKind::text, need, "a text");
    if (member == nullptr) return std::nullopt;
    if (domain::is_code(member->text, bytes_max)) return member->text;
    fail(name,
         "must be 1 to " + std::to_string(bytes_max) + " bytes of visible characters, without space at either end");
    return std::nullopt;
}

std::optional<std::int64_t> Fields::integer(std::string_view name, std::int64_t least, std::int64_t most, Need need) {
    const JsonNode* member = take(name);
    if (member == nullptr || member->kind == JsonKind::null) {
        if (need == Need::required) fail(name, "is required");
        return std::nullopt;
    }
    if (member->kind == JsonKind::integer && member->integer >= least && member->integer <= most)
        return member->integer;
    fail(name, "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
}

std::optional<bool> Fields::boolean(std::string_view name) {
    const JsonNode* member = expect(name, JsonKind::boolean, Need::optional, "true or false");
    if (member == nullptr) return std::nullopt;
    return member->integer != 0;
}

JsonNode* Fields::objects(std::string_view name, std::size_t least, std::size_t most, Need need) {
    JsonNode* array = expect(name, JsonKind::array, need, "an array");
    if (array == nullptr) return nullptr;
    if (array->count < least || array->count > most) {
        fail(name, "must have " + std::to_string(least) + " to " + std::to_string(most) + " entries");
        return nullptr;
    }
    bool good = true;
    JsonNode* entry = array->first();
    for (std::uint32_t i = 0; i < array->count; ++i, entry = entry->next()) {
        if (entry->kind == JsonKind::object) continue;
        add_error(errors_, pointer_to(name) + "/" + std::to_string(i), "must be an object");
        good = false;
    }
    return good ? array : nullptr;
}

JsonNode* Fields::object(std::string_view name, Need need) {
    return expect(name, JsonKind::object, need, "an object");
}

void Fields::fail(std::string_view name, std::string detail) {
    add_error(errors_, pointer_to(name), std::move(detail));
}

std::string Fields::pointer_to(std::string_view name) const {
    std::string pointer(base_);
    if (index_ >= 0) pointer += "/" + std::to_string(index_);
    pointer += '/';
    for (const char c : name) {
        if (c == '~') {
            pointer += "~0";
        } else if (c == '/') {
            pointer += "~1";
        } else {
            pointer += c;
        }
    }
    return pointer;
}

void Fields::finish() {
    JsonNode* member = object_.first();
    for (std::uint32_t i = 0; i < object_.count; ++i, member = member->next()) {
        if (member->taken || errors_.size() >= field_errors_max) continue;
        std::string_view name = member->name.substr(0, name_shown_bytes_max);
        // A name cut inside a character would not be UTF-8 any more.
        while (!is_utf8(name)) name.remove_suffix(1);
        fail(name, "is not a known field");
    }
}

}  // namespace onhand::http
