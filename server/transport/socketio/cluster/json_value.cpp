#include "transport/socketio/cluster/json_value.hpp"

#include <array>
#include <boost/json/basic_parser_impl.hpp>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

#include "base/text.hpp"

namespace onhand::socketio {
namespace {

namespace json = boost::json;

// Takes the events of the parser and builds the tree. A container under construction is on `open_`, not in its
// parent, so that nothing points into memory that moves.
class TreeBuilder {
  public:
    static constexpr std::size_t max_object_size = wire_values_max;
    static constexpr std::size_t max_array_size = wire_values_max;
    static constexpr std::size_t max_key_size = wire_bytes_max;
    static constexpr std::size_t max_string_size = wire_bytes_max;

    WireValue take_root() { return std::move(root_); }

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_array_begin(json::error_code&) {
        open_.push_back(Open{WireValue{WireArray{}}, {}});
        return true;
    }
    bool on_array_end(std::size_t, json::error_code& error) { return close(error); }
    bool on_object_begin(json::error_code&) {
        open_.push_back(Open{WireValue{WireObject{}}, {}});
        return true;
    }
    bool on_object_end(std::size_t, json::error_code& error) { return close(error); }
    bool on_key_part(json::string_view piece, std::size_t, json::error_code&) { return part(piece); }
    bool on_key(json::string_view last, std::size_t, json::error_code&) {
        open_.back().key = take_text(last);
        return true;
    }
    bool on_string_part(json::string_view piece, std::size_t, json::error_code&) { return part(piece); }
    bool on_string(json::string_view last, std::size_t, json::error_code& error) {
        return add(WireValue{take_text(last)}, error);
    }
    bool on_number_part(json::string_view piece, json::error_code&) { return part(piece); }
    bool on_int64(std::int64_t number, json::string_view, json::error_code& error) {
        text_.clear();
        return add(WireValue{number}, error);
    }
    bool on_uint64(std::uint64_t number, json::string_view, json::error_code& error) {
        text_.clear();
        return add(WireValue{number}, error);
    }
    // The parser's own conversion may be off in the last digit, so the text is converted again.
    bool on_double(double approximation, json::string_view last, json::error_code& error) {
        const std::string text = take_text(last);
        double number = approximation;
        const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
        if (read.ec == std::errc::result_out_of_range) number = approximation;
        return add(WireValue{number}, error);
    }
    bool on_bool(bool value, json::error_code& error) { return add(WireValue{value}, error); }
    bool on_null(json::error_code& error) { return add(WireValue{}, error); }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

  private:
    struct Open {
        WireValue container;
        std::string key;  // the last one read, of an object
    };

    bool add(WireValue value, json::error_code& error) {
        if (++count_ > wire_values_max) {
            error = json::error::array_too_large;
            return false;
        }
        if (open_.empty()) {
            root_ = std::move(value);
        } else if (auto* array = std::get_if<WireArray>(&open_.back().container.data)) {
            array->push_back(std::move(value));
        } else {
            auto& object = std::get<WireObject>(open_.back().container.data);
            object.push_back(WireMember{std::move(open_.back().key), std::move(value)});
        }
        return true;
    }

    bool close(json::error_code& error) {
        WireValue value = std::move(open_.back().container);
        open_.pop_back();
        if (auto* object = std::get_if<WireObject>(&value.data)) keep_last_of_duplicates(*object);
        return add(std::move(value), error);
    }

    std::string take_text(json::string_view last) {
        text_.append(last.data(), last.size());
        return std::exchange(text_, {});
    }

    bool part(json::string_view piece) {
        text_.append(piece.data(), piece.size());
        return true;
    }

    std::vector<Open> open_;
    WireValue root_;
    std::string text_;
    std::size_t count_ = 0;
};

std::optional<WireValue> parse_strict(std::string_view text) {
    json::parse_options options;
    options.max_depth = wire_depth_max;
    json::basic_parser<TreeBuilder> parser(options);
    json::error_code error;
    const auto read = parser.write_some(false, text.data(), text.size(), error);
    if (error || text.find_first_not_of(" \t\r\n", read) != std::string_view::npos) return std::nullopt;
    return parser.handler().take_root();
}

// Four hexadecimal digits at `text[at]` that name a UTF-16 unit from `first` to `last`.
bool is_unit(std::string_view text, std::size_t at, unsigned first, unsigned last) {
    if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return false;
    unsigned unit = 0;
    const char* end = text.data() + at + 6;
    const auto read = std::from_chars(text.data() + at + 2, end, unit, 16);
    return read.ec == std::errc() && read.ptr == end && unit >= first && unit <= last;
}

// The escapes of a text with every half of a surrogate pair that has lost its other half replaced.
std::string replace_lone_surrogates(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    std::size_t i = 0;
    while (i < text.size()) {
        std::size_t length = text[i] == '\\' ? 2 : 1;
        std::string_view piece = text.substr(i, length);
        if (is_unit(text, i, 0xD800, 0xDBFF) && is_unit(text, i + 6, 0xDC00, 0xDFFF)) {
            length = 12;
            piece = text.substr(i, length);
        } else if (is_unit(text, i, 0xD800, 0xDFFF)) {
            length = 6;
            piece = "\\ufffd";
        }
        out += piece;
        i += length;
    }
    return out;
}

// Which attachment `value` stands for; nothing when it is no placeholder of one of `count`.
std::optional<std::size_t> placeholder_index(const WireValue& value, std::size_t count) {
    const auto* marker = value.find("_placeholder");
    const auto* number = value.find("num");
    if (marker == nullptr || number == nullptr || marker->data != WireValue{true}.data) return std::nullopt;
    const auto* index = std::get_if<std::int64_t>(&number->data);
    if (index == nullptr || *index < 0 || static_cast<std::uint64_t>(*index) >= count) return std::nullopt;
    return static_cast<std::size_t>(*index);
}

// Puts the attachments in their places. False when that makes more than `bytes_left` of them.
bool insert_attachments(WireValue& value, const Attachments& attachments, std::size_t& bytes_left) {
    if (auto* array = std::get_if<WireArray>(&value.data)) {
        for (auto& each : *array) {
            if (!insert_attachments(each, attachments, bytes_left)) return false;
        }
        return true;
    }
    auto* object = std::get_if<WireObject>(&value.data);
    if (object == nullptr) return true;
    if (const auto index = placeholder_index(value, attachments.size())) {
        const auto& bytes = attachments[*index];
        if (bytes.size() > bytes_left) return false;
        bytes_left -= bytes.size();
        value.data = WireBytes{bytes};
        return true;
    }
    for (auto& member : *object) {
        if (!insert_attachments(member.value, attachments, bytes_left)) return false;
    }
    return true;
}

// Writes a value; what becomes of bytes is up to the derived classes.
class JsonWriter {
  public:
    explicit JsonWriter(std::string& out) : out_(out) {}
    virtual ~JsonWriter() = default;

    void write(const WireValue& value) {
        std::visit([this](const auto& content) { append(content); }, value.data);
    }

  protected:
    virtual void append(const WireBytes& bytes) = 0;

    std::string& out_;

  private:
    void append(std::nullptr_t) { out_ += "null"; }
    void append(bool value) { out_ += value ? "true" : "false"; }
    void append(std::int64_t number) { out_ += std::to_string(number); }
    void append(std::uint64_t number) { out_ += std::to_string(number); }
    void append(double number) {
        if (std::isfinite(number)) {
            append_double(out_, number);
        } else {
            out_ += "null";
        }
    }
    void append(const std::string& text) { onhand::append_json_string(out_, text); }
    void append(const WireArray& array) {
        out_ += '[';
        for (std::size_t i = 0; i < array.size(); ++i) {
            if (i > 0) out_ += ',';
            write(array[i]);
        }
        out_ += ']';
    }
    void append(const WireObject& object) {
        out_ += '{';
        for (std::size_t i = 0; i < object.size(); ++i) {
            if (i > 0) out_ += ',';
            onhand::append_json_string(out_, object[i].key);
            out_ += ':';
            write(object[i].value);
        }
        out_ += '}';
    }
};

class AttachingWriter final : public JsonWriter {
  public:
    explicit AttachingWriter(JsonData& data) : JsonWriter(data.json), attachments_(data.attachments) {}
    bool too_many() const { return too_many_; }

  protected:
    void append(const WireBytes& bytes) override {
        if (attachments_.size() == attachments_max) {
            too_many_ = true;
            return;
        }
        out_ += "{\"_placeholder\":true,\"num\":" + std::to_string(attachments_.size()) + "}";
        attachments_.push_back(bytes.data);
    }

  private:
    Attachments& attachments_;
    bool too_many_ = false;
};

class BufferWriter final : public JsonWriter {
  public:
    using JsonWriter::JsonWriter;

  protected:
    void append(const WireBytes& bytes) override {
        out_ += "{\"type\":\"Buffer\",\"data\":[";
        for (std::size_t i = 0; i < bytes.data.size(); ++i) {
            if (i > 0) out_ += ',';
            out_ += std::to_string(static_cast<unsigned char>(bytes.data[i]));
        }
        out_ += "]}";
    }
};

}  // namespace

std::optional<WireValue> parse_json(std::string_view text) {
    if (text.size() > wire_bytes_max) return std::nullopt;
    auto value = parse_strict(text);
    const bool may_have_surrogates = text.find("\\ud") != text.npos || text.find("\\uD") != text.npos;
    return value || !may_have_surrogates ? std::move(value) : parse_strict(replace_lone_surrogates(text));
}

std::optional<WireValue> parse_json(const JsonData& data) {
    auto value = parse_json(std::string_view(data.json));
    std::size_t bytes_left = wire_bytes_max;
    if (!value || data.attachments.empty()) return value;
    if (!insert_attachments(*value, data.attachments, bytes_left)) return std::nullopt;
    return value;
}

std::optional<JsonData> to_json_data(const WireValue& value) {
    JsonData data;
    AttachingWriter writer(data);
    writer.write(value);
    if (writer.too_many()) return std::nullopt;
    return data;
}

void append_json(std::string& out, const WireValue& value) {
    BufferWriter(out).write(value);
}

void append_double(std::string& out, double number) {
    // JavaScript writes minus zero as 0.
    if (number == 0) number = 0;
    std::array<char, 32> text;
    const auto written = std::to_chars(text.data(), text.data() + text.size(), number);
    out.append(text.data(), written.ptr);
}

}  // namespace onhand::socketio
