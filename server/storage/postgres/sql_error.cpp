#include "storage/postgres/sql_error.hpp"

namespace onhand::storage::postgres {

namespace {

StoreErrc code_of(const SqlError& error) {
    if (error.is("40001") || error.is("40P01") || error.is("55P03") || error.is("23505")) return StoreErrc::conflict;
    if (error.is("53100")) return StoreErrc::full;
    if (error.is("XX001") || error.is("XX002")) return StoreErrc::corrupt;
    if (error.connection_lost()) return StoreErrc::unavailable;
    if (error.in_class("22") || error.in_class("23")) return StoreErrc::rejected;
    return StoreErrc::unavailable;
}

// libpq breaks some of its messages over lines.
std::string one_line(std::string_view text) {
    std::string line;
    for (const char c : text) {
        const bool blank = c == '\n' || c == '\t' || c == ' ';
        if (!blank)
            line += c;
        else if (!line.empty() && line.back() != ' ')
            line += ' ';
    }
    return line;
}

}  // namespace

void throw_corrupt(const char* what) {
    throw CorruptRow(what);
}

StoreError to_store_error(const SqlError& error) {
    const std::string state = error.sqlstate().empty() ? "" : error.sqlstate() + " ";
    return StoreError{code_of(error), state + one_line(error.what())};
}

StoreError to_store_error(const CorruptRow& error) {
    return StoreError{StoreErrc::corrupt, error.what()};
}

}  // namespace onhand::storage::postgres
