#include "transport/socketio/cluster/msgpack.hpp"

#include <bit>
#include <cmath>
#include <limits>
#include <utility>

#include "transport/socketio/cluster/iso_date.hpp"
#include "transport/socketio/cluster/json_value.hpp"

namespace onhand::socketio {
namespace {

constexpr std::int64_t exact_integer_max = std::int64_t{1} << 53;
constexpr int ext_undefined = 0;
constexpr int ext_timestamp = -1;

WireValue from_signed(std::int64_t number) {
    const bool exact = number >= -exact_integer_max && number <= exact_integer_max;
    return exact ? WireValue{number} : WireValue{static_cast<double>(number)};
}

WireValue from_unsigned(std::uint64_t number) {
    if (number > static_cast<std::uint64_t>(exact_integer_max)) return WireValue{static_cast<double>(number)};
    return WireValue{static_cast<std::int64_t>(number)};
}

// Reads one value after the other off the front of its bytes. Every function returns false when they do not go on as
// they must; the reader is of no use after that.
class Reader {
  public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    bool at_end() const { return rest_.empty(); }

    bool read(WireValue& value, std::size_t depth) {
        std::uint8_t head = 0;
        if (++values_ > wire_values_max || !read_number(head)) return false;
        if (head <= 0x7F) return put(value, std::int64_t{head});
        if (head >= 0xE0) return put(value, std::int64_t{static_cast<std::int8_t>(head)});
        if (head <= 0x8F) return read_map(value, head & 0x0FU, depth);
        if (head <= 0x9F) return read_array(value, head & 0x0FU, depth);
        if (head <= 0xBF) return read_string(value, head & 0x1FU);
        if (head >= 0xCA && head <= 0xD3) return read_numeric(value, head);
        return read_other(value, head, depth);
    }

  private:
    template <class T>
    static bool put(WireValue& value, T content) {
        value.data = std::move(content);
        return true;
    }

    // Big-endian, as many bytes as `number` has.
    template <class T>
    bool read_number(T& number) {
        if (rest_.size() < sizeof(T)) return false;
        std::make_unsigned_t<T> bits = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i) {
            bits =
                static_cast<std::make_unsigned_t<T>>(std::uint64_t{bits} << 8 | static_cast<unsigned char>(rest_[i]));
        }
        rest_.remove_prefix(sizeof(T));
        number = static_cast<T>(bits);
        return true;
    }

    template <class T>
    bool read_length(std::size_t& length) {
        T number = 0;
        if (!read_number(number)) return false;
        length = number;
        return true;
    }

    bool take(std::size_t length, std::string_view& bytes) {
        if (length > rest_.size()) return false;
        bytes = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return true;
    }

    template <class T>
    bool read_signed(WireValue& value) {
        T number = 0;
        if (!read_number(number)) return false;
        value = from_signed(number);
        return true;
    }

    template <class T>
    bool read_unsigned(WireValue& value) {
        T number = 0;
        if (!read_number(number)) return false;
        value = from_unsigned(number);
        return true;
    }

    template <class Float, class Bits>
    bool read_float(WireValue& value) {
        Bits bits = 0;
        return read_number(bits) && put(value, double{std::bit_cast<Float>(bits)});
    }

    // float32 to int64: 0xCA to 0xD3.
    bool read_numeric(WireValue& value, unsigned head) {
        switch (head) {
            case 0xCA:
                return read_float<float, std::uint32_t>(value);
            case 0xCB:
                return read_float<double, std::uint64_t>(value);
            case 0xCC:
                return read_unsigned<std::uint8_t>(value);
            case 0xCD:
                return read_unsigned<std::uint16_t>(value);
            case 0xCE:
                return read_unsigned<std::uint32_t>(value);
            case 0xCF:
                return read_unsigned<std::uint64_t>(value);
            case 0xD0:
                return read_signed<std::int8_t>(value);
            case 0xD1:
                return read_signed<std::int16_t>(value);
            case 0xD2:
                return read_signed<std::int32_t>(value);
            default:
                return read_signed<std::int64_t>(value);
        }
    }

    // nil, booleans, and what has its length in bytes of its own.
    bool read_other(WireValue& value, unsigned head, std::size_t depth) {
        std::size_t length = 0;
        switch (head) {
            case 0xC0:
                return put(value, nullptr);
            case 0xC2:
                return put(value, false);
            case 0xC3:
                return put(value, true);
            case 0xC4:
                return read_length<std::uint8_t>(length) && read_bytes(value, length, depth);
            case 0xC5:
                return read_length<std::uint16_t>(length) && read_bytes(value, length, depth);
            case 0xC6:
                return read_length<std::uint32_t>(length) && read_bytes(value, length, depth);
            case 0xD9:
                return read_length<std::uint8_t>(length) && read_string(value, length);
            case 0xDA:
                return read_length<std::uint16_t>(length) && read_string(value, length);
            case 0xDB:
                return read_length<std::uint32_t>(length) && read_string(value, length);
            case 0xDC:
                return read_length<std::uint16_t>(length) && read_array(value, length, depth);
            case 0xDD:
                return read_length<std::uint32_t>(length) && read_array(value, length, depth);
            case 0xDE:
                return read_length<std::uint16_t>(length) && read_map(value, length, depth);
            case 0xDF:
                return read_length<std::uint32_t>(length) && read_map(value, length, depth);
            default:
                return read_ext(value, head, depth);
        }
    }

    bool read_string(WireValue& value, std::size_t length) {
        std::string_view bytes;
        return take(length, bytes) && put(value, to_valid_utf8(bytes));
    }

    // As deep as a container, because in JSON an object stands for them.
    bool read_bytes(WireValue& value, std::size_t length, std::size_t depth) {
        std::string_view bytes;
        return depth < wire_depth_max && take(length, bytes) && put(value, WireBytes{std::string(bytes)});
    }

    // Nothing is reserved for `length` elements: a few bytes could claim very many of them.
    bool read_array(WireValue& value, std::size_t length, std::size_t depth) {
        if (depth >= wire_depth_max || length > rest_.size()) return false;
        WireArray array;
        for (std::size_t i = 0; i < length; ++i) {
            if (!read(array.emplace_back(), depth + 1)) return false;
        }
        return put(value, std::move(array));
    }

    bool read_map(WireValue& value, std::size_t length, std::size_t depth) {
        if (depth >= wire_depth_max || length > rest_.size() / 2) return false;
        WireObject object;
        for (std::size_t i = 0; i < length; ++i) {
            auto& member = object.emplace_back();
            if (!read_key(member.key) || !read(member.value, depth + 1)) return false;
        }
        keep_last_of_duplicates(object);
        return put(value, std::move(object));
    }

    // Text, or a number as JavaScript turns it into a key. A key is read as deep as it may go, so no container.
    bool read_key(std::string& key) {
        WireValue value;
        if (!read(value, wire_depth_max)) return false;
        if (auto* text = std::get_if<std::string>(&value.data)) {
            key = std::move(*text);
        } else if (std::holds_alternative<std::int64_t>(value.data) || std::holds_alternative<double>(value.data)) {
            append_json(key, value);
        } else {
            return false;
        }
        return true;
    }

    bool read_ext(WireValue& value, unsigned head, std::size_t depth) {
        std::size_t length = 0;
        if (head >= 0xD4 && head <= 0xD8) {
            length = std::size_t{1} << (head - 0xD4);
        } else if (head == 0xC7) {
            if (!read_length<std::uint8_t>(length)) return false;
        } else if (head == 0xC8) {
            if (!read_length<std::uint16_t>(length)) return false;
        } else if (head != 0xC9 || !read_length<std::uint32_t>(length)) {
            return false;
        }
        std::int8_t type = 0;
        std::string_view bytes;
        if (!read_number(type) || !take(length, bytes)) return false;
        if (type == ext_timestamp) return read_timestamp(value, bytes);
        if (type == ext_undefined && length == 1) return put(value, nullptr);
        if (depth + 1 >= wire_depth_max) return false;
        values_ += 2;
        return put(value, WireArray{WireValue{std::int64_t{type}}, WireValue{WireBytes{std::string(bytes)}}});
    }

    // Seconds in 4 bytes; nanoseconds and seconds in 30 and 34 bits; or 4 bytes of nanoseconds and 8 of seconds.
    bool read_timestamp(WireValue& value, std::string_view bytes) {
        Reader reader(bytes);
        std::uint32_t nanoseconds = 0;
        std::int64_t seconds = 0;
        if (bytes.size() == 4) {
            std::uint32_t number = 0;
            reader.read_number(number);
            seconds = number;
        } else if (bytes.size() == 8) {
            std::uint64_t number = 0;
            reader.read_number(number);
            nanoseconds = static_cast<std::uint32_t>(number >> 34);
            seconds = static_cast<std::int64_t>(number & ((std::uint64_t{1} << 34) - 1));
        } else if (bytes.size() != 12 || !reader.read_number(nanoseconds) || !reader.read_number(seconds)) {
            return false;
        }
        const auto text = format_iso_date(seconds, nanoseconds);
        value.data = nullptr;
        if (text) value.data = *text;
        return true;
    }

    std::string_view rest_;
    std::size_t values_ = 0;
};

class Writer {
  public:
    std::string out;
    bool too_large = false;

    void write(const WireValue& value) {
        if (out.size() > wire_bytes_max) too_large = true;
        if (too_large) return;
        std::visit([this](const auto& content) { append(content); }, value.data);
    }

  private:
    template <class T>
    void append_number(T number) {
        for (std::size_t i = sizeof(T); i > 0; --i) out += static_cast<char>(number >> (8 * (i - 1)) & 0xFFU);
    }

    void append_byte(unsigned byte) { out += static_cast<char>(byte); }

    // The head of a value with a length: `fixed` with the length in it when it is at most `fixed_max`, else one of the
    // three heads for 8, 16 and 32 bits, of which the first may be missing (0).
    void append_head(std::size_t length, unsigned fixed, std::size_t fixed_max, unsigned head8, unsigned head16) {
        if (fixed != 0 && length <= fixed_max) {
            append_byte(fixed | static_cast<unsigned>(length));
        } else if (head8 != 0 && length <= 0xFF) {
            append_byte(head8);
            append_number(static_cast<std::uint8_t>(length));
        } else if (length <= 0xFFFF) {
            append_byte(head16);
            append_number(static_cast<std::uint16_t>(length));
        } else {
            append_byte(head16 + 1);
            append_number(static_cast<std::uint32_t>(length));
        }
    }

    // What is too large for the message is too large for its 32 bits of length as well.
    void append_block(std::string_view bytes, unsigned fixed, unsigned head8, unsigned head16) {
        if (bytes.size() > wire_bytes_max) {
            too_large = true;
            return;
        }
        append_head(bytes.size(), fixed, 31, head8, head16);
        out += bytes;
    }

    void append(std::nullptr_t) { append_byte(0xC0); }
    void append(bool value) { append_byte(value ? 0xC3 : 0xC2); }

    void append(std::uint64_t number) {
        if (number <= 0x7F) {
            append_byte(static_cast<unsigned>(number));
        } else if (number <= 0xFF) {
            append_byte(0xCC);
            append_number(static_cast<std::uint8_t>(number));
        } else if (number <= 0xFFFF) {
            append_byte(0xCD);
            append_number(static_cast<std::uint16_t>(number));
        } else if (number <= 0xFFFF'FFFF) {
            append_byte(0xCE);
            append_number(static_cast<std::uint32_t>(number));
        } else {
            append_byte(0xCF);
            append_number(number);
        }
    }

    void append(std::int64_t number) {
        if (number >= 0) {
            append(static_cast<std::uint64_t>(number));
        } else if (number >= -32) {
            append_byte(static_cast<std::uint8_t>(number));
        } else if (number >= std::numeric_limits<std::int8_t>::min()) {
            append_byte(0xD0);
            append_number(static_cast<std::uint8_t>(number));
        } else if (number >= std::numeric_limits<std::int16_t>::min()) {
            append_byte(0xD1);
            append_number(static_cast<std::uint16_t>(number));
        } else if (number >= std::numeric_limits<std::int32_t>::min()) {
            append_byte(0xD2);
            append_number(static_cast<std::uint32_t>(number));
        } else {
            append_byte(0xD3);
            append_number(static_cast<std::uint64_t>(number));
        }
    }

    void append(double number) {
        append_byte(0xCB);
        append_number(std::bit_cast<std::uint64_t>(number));
    }

    void append(const std::string& text) { append_block(text, 0xA0, 0xD9, 0xDA); }
    void append(const WireBytes& bytes) { append_block(bytes.data, 0, 0xC4, 0xC5); }

    void append(const WireArray& array) {
        append_head(array.size(), 0x90, 15, 0, 0xDC);
        for (const auto& each : array) write(each);
    }

    void append(const WireObject& object) {
        append_head(object.size(), 0x80, 15, 0, 0xDE);
        for (const auto& member : object) {
            append(member.key);
            write(member.value);
        }
    }
};

}  // namespace

std::optional<WireValue> decode_msgpack(std::string_view bytes) {
    if (bytes.size() > wire_bytes_max) return std::nullopt;
    Reader reader(bytes);
    WireValue value;
    if (!reader.read(value, 0) || !reader.at_end()) return std::nullopt;
    return value;
}

std::optional<std::string> encode_msgpack(const WireValue& value) {
    Writer writer;
    writer.write(value);
    if (writer.too_large || writer.out.size() > wire_bytes_max) return std::nullopt;
    return std::move(writer.out);
}

}  // namespace onhand::socketio
