#include "storage/postgres/column.hpp"

#include "base/ensure.hpp"

namespace onhand::storage::postgres {

namespace {

std::span<const std::uint8_t> as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string_view as_text(std::span<const std::uint8_t> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void Column::clear() {
    array_.clear();
    shared_ = !varies_;
    count_ = 0;
}

bool Column::differs(bool is_null, std::int64_t number, std::string_view bytes) {
    ++count_;
    if (varies_) return true;
    if (count_ == 1) {
        shared_ = true;
        first_is_null_ = is_null;
        first_number_ = number;
        first_bytes_ = bytes;
        return false;
    }
    if (!shared_) return true;
    if (is_null == first_is_null_ && number == first_number_ && bytes == first_bytes_) return false;
    shared_ = false;
    for (std::size_t i = 1; i < count_; ++i) put(first_is_null_, first_number_, first_bytes_);
    return true;
}

void Column::put(bool is_null, std::int64_t number, std::string_view bytes) {
    if (is_null) return array_.add_null();
    switch (type_) {
        case Type::boolean:
            return array_.add_bool(number != 0);
        case Type::int16:
        case Type::int32:
        case Type::int64:
            return array_.add(number);
        case Type::text:
            return array_.add_text(bytes);
        case Type::bytes:
        case Type::uuid:
            return array_.add_bytes(as_bytes(bytes));
    }
}

void Column::add(std::int64_t value) {
    if (differs(false, value, {})) put(false, value, {});
}

void Column::add_text(std::string_view value) {
    if (differs(false, 0, value)) array_.add_text(value);
}

void Column::add_bytes(std::span<const std::uint8_t> value) {
    if (differs(false, 0, as_text(value))) array_.add_bytes(value);
}

void Column::add_uuid(const Uuid& value) {
    add_bytes(value.bytes);
}

void Column::add_null() {
    if (differs(true, 0, {})) array_.add_null();
}

void Column::add_text_or_null(std::string_view value) {
    if (value.empty())
        add_null();
    else
        add_text(value);
}

void Column::add_uuid_or_null(const Uuid& value) {
    if (value.is_nil())
        add_null();
    else
        add_uuid(value);
}

void Column::pass_shared(Params& params) const {
    ensure(is_shared(), "all rows have one value");
    if (first_is_null_) {
        params.null(type_);
        return;
    }
    switch (type_) {
        case Type::boolean:
            params.boolean(first_number_ != 0);
            return;
        case Type::int16:
            params.int16(static_cast<std::int16_t>(first_number_));
            return;
        case Type::int32:
            params.int32(static_cast<std::int32_t>(first_number_));
            return;
        case Type::int64:
            params.int64(first_number_);
            return;
        case Type::text:
            params.text(first_bytes_);
            return;
        case Type::bytes:
            params.bytes(first_bytes_);
            return;
        case Type::uuid: {
            Uuid id;
            std::copy(first_bytes_.begin(), first_bytes_.end(), id.bytes.begin());
            params.uuid(id);
            return;
        }
    }
}

const char* Column::name_of(Type type) {
    switch (type) {
        case Type::boolean:
            return "boolean";
        case Type::bytes:
            return "bytea";
        case Type::int64:
            return "bigint";
        case Type::int16:
            return "smallint";
        case Type::int32:
            return "integer";
        case Type::text:
            return "text";
        case Type::uuid:
            return "uuid";
    }
    ensure(false, "a type that columns have");
    return "";
}

}  // namespace onhand::storage::postgres
