#pragma once
// Query parameters of lists: reads them with their bounds, collects every wrong one, and knows the page asked for
// (limit, offset or cursor) and how to name the next one. Belongs to one call of a handler; any thread. The router has
// refused unknown and repeated parameters before.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "transport/http/exchange.hpp"
#include "transport/http/json_in.hpp"

namespace onhand::http {

inline constexpr std::size_t search_bytes_max = 256;

// A cursor is opaque to clients: the position and a check sum over position and scope, as 22 characters. The scope
// names the list and its filter, so that a cursor of another list or filter is refused, as is an invented one. It
// protects from mistakes, not from an attacker: a position gives no access to anything.
std::string encode_cursor(std::int64_t position, std::string_view scope);
std::optional<std::int64_t> decode_cursor(std::string_view cursor, std::string_view scope);

// Appends text for use in a URL, a space as %20.
void append_percent_encoded(std::string& out, std::string_view text);

class ListQuery {
  public:
    explicit ListQuery(Exchange& exchange) : exchange_(exchange) {}

    // Printable UTF-8 of at most `bytes_max` bytes; nullopt when missing, empty or wrong.
    std::optional<std::string_view> text(std::string_view name, std::size_t bytes_max);
    // A whole number, in bounds.
    std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
    // `true` or `false`.
    bool flag(std::string_view name);
    void fail(std::string_view name, std::string detail);

    // Reads limit, cursor and, where the list has it, offset. Call it after all filters: they are the cursor's scope.
    enum class Offset { none, allowed };
    void read_page(Offset offset);
    std::int64_t limit() const { return limit_; }
    std::int64_t offset() const { return offset_; }
    // What the cursor says, when there is one.
    std::optional<std::int64_t> position() const { return position_; }

    // Answers 400 and returns true when something was wrong.
    bool refuse_if_wrong();

    // Ends the body of a page: `,"next_cursor":…,"total":…}` to `out`; sets the Link header. `next` is the position of
    // the next page; nullopt at the end.
    void finish_page(std::string& out, std::optional<std::int64_t> next, std::optional<std::int64_t> total);

  private:
    Exchange& exchange_;
    Errors errors_;
    std::string filter_;  // the parameters seen, as they will stand in the Link: "search=a%20b&sort=-name&"
    std::int64_t limit_ = domain::page_limit_default;
    std::int64_t offset_ = 0;
    std::optional<std::int64_t> position_;
    std::string scope() const;
    std::optional<std::int64_t> bounded(std::string_view name, std::int64_t least, std::int64_t most);
};

}  // namespace onhand::http
