#pragma once
// One column of the rows that a statement inserts. Rows of one batch have much in common (the time, the kind, an empty
// note), and what all rows share is sent once instead of once a row. Used by insert_table.cpp, on the lane thread.
// Keeps its buffers when cleared.

#include <string>

#include "storage/postgres/params.hpp"

namespace onhand::storage::postgres {

class Column {
  public:
    // `varies`: all values are sent, also when they are equal. One column of each statement must vary, so that the
    // server knows how many rows there are.
    explicit Column(Type type, bool varies = false) : type_(type), varies_(varies), array_(type) {}

    void clear();
    std::size_t size() const { return count_; }

    // Each of the column's type; see Array.
    void add(std::int64_t value);
    void add_bool(bool value) { add(value ? 1 : 0); }
    void add_text(std::string_view value);
    void add_uuid(const Uuid& value);
    void add_bytes(std::span<const std::uint8_t> value);
    void add_null();
    void add_text_or_null(std::string_view value);
    void add_uuid_or_null(const Uuid& value);

    // All rows so far, one at least, have the same value.
    bool is_shared() const { return !varies_ && shared_ && count_ > 0; }
    // The value of all of them; only when it is shared.
    void pass_shared(Params& params) const;
    // The value of each; only when they are not shared.
    void pass_array(Params& params) const { params.array(array_); }

    // Of the server: "bigint".
    static const char* name_of(Type type);

  private:
    // Notes a value that equals the first one, or puts all that was shared so far into the array. True when the value
    // must go into the array.
    bool differs(bool is_null, std::int64_t number, std::string_view bytes);
    void put(bool is_null, std::int64_t number, std::string_view bytes);

    Type type_;
    bool varies_;
    bool shared_ = true;  // all values so far are the first one
    std::size_t count_ = 0;
    bool first_is_null_ = false;
    std::int64_t first_number_ = 0;
    std::string first_bytes_;
    Array array_;
};

}  // namespace onhand::storage::postgres
