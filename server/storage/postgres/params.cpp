#include "storage/postgres/params.hpp"

#include "base/ensure.hpp"

namespace onhand::storage::postgres {

namespace {

constexpr std::size_t array_header_bytes = 20;
constexpr std::int64_t in_array = -1;
constexpr std::int64_t no_value = -2;

// Appends the low `size` bytes of `value`, the highest first.
void append_number(std::string& out, std::int64_t value, std::size_t size) {
    for (std::size_t at = size; at-- > 0;) out.push_back(static_cast<char>(value >> (8 * at) & 0xff));
}

void write_int32(std::string& out, std::size_t place, std::uint32_t value) {
    for (std::size_t at = 0; at < 4; ++at) out[place + at] = static_cast<char>(value >> (8 * (3 - at)) & 0xff);
}

Type array_of(Type element) {
    switch (element) {
        case Type::boolean:
            return static_cast<Type>(1000);
        case Type::bytes:
            return static_cast<Type>(1001);
        case Type::int64:
            return static_cast<Type>(1016);
        case Type::int16:
            return static_cast<Type>(1005);
        case Type::int32:
            return static_cast<Type>(1007);
        case Type::text:
            return static_cast<Type>(1009);
        case Type::uuid:
            return static_cast<Type>(2951);
    }
    ensure(false, "a type that has arrays");
    return element;
}

std::size_t width_of(Type type) {
    if (type == Type::int64) return 8;
    if (type == Type::int32) return 4;
    ensure(type == Type::int16, "a column of numbers");
    return 2;
}

bool fits(std::int64_t value, std::size_t width) {
    if (width == 8) return true;
    const std::int64_t end = std::int64_t{1} << (8 * width - 1);
    return value >= -end && value < end;
}

}  // namespace

Array::Array(Type type) : type_(type) {
    clear();
}

void Array::clear() {
    bytes_.resize(array_header_bytes);
    count_ = 0;
    has_null_ = false;
}

void Array::add(std::int64_t value) {
    const auto width = width_of(type_);
    ensure(fits(value, width), "a number fits its column");
    append_number(bytes_, static_cast<std::int64_t>(width), 4);
    append_number(bytes_, value, width);
    ++count_;
}

void Array::add_bool(bool value) {
    ensure(type_ == Type::boolean, "a column of truth values");
    append_number(bytes_, 1, 4);
    bytes_.push_back(value ? 1 : 0);
    ++count_;
}

void Array::add_text(std::string_view value) {
    ensure(type_ == Type::text, "a column of texts");
    append_number(bytes_, static_cast<std::int64_t>(value.size()), 4);
    bytes_.append(value);
    ++count_;
}

void Array::add_bytes(std::span<const std::uint8_t> value) {
    ensure(type_ == Type::bytes || (type_ == Type::uuid && value.size() == 16), "a column of bytes");
    append_number(bytes_, static_cast<std::int64_t>(value.size()), 4);
    bytes_.append(reinterpret_cast<const char*>(value.data()), value.size());
    ++count_;
}

void Array::add_null() {
    append_number(bytes_, -1, 4);
    has_null_ = true;
    ++count_;
}

void Array::add_or_null(std::int64_t value) {
    if (value == 0)
        add_null();
    else
        add(value);
}

void Array::add_text_or_null(std::string_view value) {
    if (value.empty())
        add_null();
    else
        add_text(value);
}

void Array::add_uuid_or_null(const Uuid& value) {
    if (value.is_nil())
        add_null();
    else
        add_uuid(value);
}

std::string_view Array::finish() const {
    // Dimensions, whether there are nulls, the type, the size and the lower bound of the one dimension. An empty array
    // has no dimension.
    write_int32(bytes_, 0, count_ == 0 ? 0 : 1);
    write_int32(bytes_, 4, has_null_ ? 1 : 0);
    write_int32(bytes_, 8, static_cast<std::uint32_t>(type_));
    write_int32(bytes_, 12, static_cast<std::uint32_t>(count_));
    write_int32(bytes_, 16, 1);
    return count_ == 0 ? std::string_view(bytes_).substr(0, 12) : std::string_view(bytes_);
}

Params& Params::clear() {
    types_.clear();
    lengths_.clear();
    formats_.clear();
    places_.clear();
    arrays_.clear();
    copied_.clear();
    return *this;
}

void Params::add(Type type, const void* data, std::size_t size) {
    types_.push_back(static_cast<std::uint32_t>(type));
    lengths_.push_back(static_cast<int>(size));
    formats_.push_back(1);
    places_.push_back(static_cast<std::int64_t>(copied_.size()));
    arrays_.push_back(nullptr);
    if (size > 0) copied_.append(static_cast<const char*>(data), size);
}

Params& Params::int64(std::int64_t value) {
    add(Type::int64, nullptr, 0);
    lengths_.back() = 8;
    append_number(copied_, value, 8);
    return *this;
}

Params& Params::int32(std::int32_t value) {
    add(Type::int32, nullptr, 0);
    lengths_.back() = 4;
    append_number(copied_, value, 4);
    return *this;
}

Params& Params::int16(std::int16_t value) {
    add(Type::int16, nullptr, 0);
    lengths_.back() = 2;
    append_number(copied_, value, 2);
    return *this;
}

Params& Params::boolean(bool value) {
    const char byte = value ? 1 : 0;
    add(Type::boolean, &byte, 1);
    return *this;
}

Params& Params::text(std::string_view value) {
    add(Type::text, value.data(), value.size());
    return *this;
}

Params& Params::bytes(std::span<const std::uint8_t> value) {
    add(Type::bytes, value.data(), value.size());
    return *this;
}

Params& Params::bytes(std::string_view value) {
    add(Type::bytes, value.data(), value.size());
    return *this;
}

Params& Params::uuid(const Uuid& value) {
    add(Type::uuid, value.bytes.data(), value.bytes.size());
    return *this;
}

Params& Params::null(Type type) {
    add(type, nullptr, 0);
    places_.back() = no_value;
    return *this;
}

Params& Params::array(const Array& value) {
    add(array_of(value.type_), nullptr, 0);
    places_.back() = in_array;
    arrays_.back() = &value;
    return *this;
}

void Params::finish() const {
    pointers_.clear();
    for (std::size_t at = 0; at < places_.size(); ++at) {
        if (places_[at] == no_value) {
            pointers_.push_back(nullptr);
        } else if (places_[at] == in_array) {
            const auto bytes = arrays_[at]->finish();
            lengths_[at] = static_cast<int>(bytes.size());
            pointers_.push_back(bytes.data());
        } else {
            pointers_.push_back(copied_.data() + places_[at]);
        }
    }
}

}  // namespace onhand::storage::postgres
