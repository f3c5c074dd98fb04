#pragma once
// The parameters of one statement, in PostgreSQL's binary format. Array is one column of many rows (for unnest), Params
// the list that is sent. Both keep their buffers when cleared, so a warm pair allocates nothing. One thread at a time.
// They check no values: ranges are the domain's matter.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/uuid.hpp"

namespace onhand::storage::postgres {

// Types by PostgreSQL's numbers (OIDs), which never change.
enum class Type : std::uint32_t {
    boolean = 16,
    bytes = 17,
    int64 = 20,
    int16 = 21,
    int32 = 23,
    text = 25,
    uuid = 2950,
};

// One array parameter. Values are added in order; each must be of the array's type.
class Array {
  public:
    explicit Array(Type type);

    void clear();
    // How many values it holds, nulls included.
    std::size_t size() const { return count_; }

    // Any of int16, int32 and int64, as the array's type says; the value must fit.
    void add(std::int64_t value);
    void add_bool(bool value);
    void add_text(std::string_view value);
    void add_bytes(std::span<const std::uint8_t> value);
    void add_uuid(const Uuid& value) { add_bytes(value.bytes); }
    void add_null();

    // NULL for 0, an empty text, a nil id.
    void add_or_null(std::int64_t value);
    void add_text_or_null(std::string_view value);
    void add_uuid_or_null(const Uuid& value);

  private:
    friend class Params;

    // Completes the header. Called when the array is sent.
    std::string_view finish() const;

    Type type_;
    std::size_t count_ = 0;
    bool has_null_ = false;
    mutable std::string bytes_;  // the header, then each value behind its length
};

// The parameters $1, $2, … of a statement, in order.
class Params {
  public:
    Params& clear();

    Params& int64(std::int64_t value);
    Params& int32(std::int32_t value);
    Params& int16(std::int16_t value);
    Params& boolean(bool value);
    Params& text(std::string_view value);                // copied
    Params& bytes(std::span<const std::uint8_t> value);  // copied
    Params& bytes(std::string_view value);               // copied
    Params& uuid(const Uuid& value);
    Params& null(Type type);
    // Not copied: the array must stay as it is until send().
    Params& array(const Array& value);

    std::size_t size() const { return types_.size(); }

  private:
    friend class Connection;

    void add(Type type, const void* data, std::size_t size);

    // Fills pointers_ from the places; buffers do not move any more then.
    void finish() const;

    std::vector<std::uint32_t> types_;
    mutable std::vector<int> lengths_;  // of arrays: known when sent
    std::vector<int> formats_;          // all 1: binary
    std::vector<std::int64_t> places_;  // in copied_; -1: an array; -2: NULL
    std::vector<const Array*> arrays_;  // per parameter, null when none
    mutable std::vector<const char*> pointers_;
    std::string copied_;
};

}  // namespace onhand::storage::postgres
