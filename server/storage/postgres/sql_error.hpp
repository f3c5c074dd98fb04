#pragma once
// What went wrong between this process and PostgreSQL. Failures inside the folder travel as SqlError; the methods of
// the ports catch it and answer with a StoreError, so it never leaves the room. Any thread.

#include <stdexcept>
#include <string>
#include <string_view>

#include "storage/storage.hpp"

namespace onhand::storage::postgres {

class SqlError : public std::runtime_error {
  public:
    // `sqlstate`: five characters, or empty when the server never answered. `lost`: the connection is gone or cannot be
    // used any more.
    SqlError(std::string sqlstate, const std::string& text, bool lost)
        : std::runtime_error(text), sqlstate_(std::move(sqlstate)), lost_(lost) {}

    const std::string& sqlstate() const { return sqlstate_; }
    bool is(std::string_view sqlstate) const { return sqlstate_ == sqlstate; }
    // `prefix`: the first two characters, as "40".
    bool in_class(std::string_view prefix) const { return std::string_view(sqlstate_).starts_with(prefix); }
    bool connection_lost() const { return lost_; }

  private:
    std::string sqlstate_;
    bool lost_;
};

// Thrown for rows that PostgreSQL could read and that make no sense.
class CorruptRow : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};
[[noreturn]] void throw_corrupt(const char* what);

// The same as the port tells it:
//   conflict     40001, 40P01, 55P03 (serialization, deadlock, lock time-out), 23505 (a row that another writer made)
//   full         53100 (disk full)
//   rejected     other constraints and unfit values: the classes 22 and 23
//   corrupt      data or index corrupted: XX001, XX002
//   unavailable  all else, a lost connection first of all
StoreError to_store_error(const SqlError& error);
StoreError to_store_error(const CorruptRow& error);

}  // namespace onhand::storage::postgres
