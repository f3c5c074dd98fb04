#pragma once
// The compact binary forms inside blob columns. Pure functions, any thread. Every blob of the main database begins
// with one format byte (blob_format), so that a later format can be told apart; decoding takes any bytes at all and
// answers false for those it does not understand, also for ones that are cut or too long.
//
//   number   LEB128, 7 bits a byte, low ones first, at most 10 bytes
//   text     number of bytes, then the bytes
//   lines    format, count, then per line: product id, location id, quantity           (numbers)
//   progress format, count, then per line: fulfilled, cancelled, returned              (numbers)
//   order    format, status (1 byte), version, updated_at, then a progress blob        (event.data of kinds 1 and 2)
//   product  format, id, sku, name, category, barcode, amount, currency, attributes, reorder_point, archived (1 byte),
//            version, created_at, updated_at                                           (event.data of kinds 10 to 12)
//   location format, id, code, name, version, created_at                               (event.data of kind 20)
//   posting  the differences of a rising list of feed numbers, the first one from a base kept beside it (numbers, no
//            format byte: the derived store has a version of its own)

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "domain/catalogue.hpp"
#include "domain/order.hpp"

namespace onhand::storage::sqlite {

inline constexpr std::uint8_t blob_format = 1;

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

void append_number(Bytes& out, std::uint64_t value);

// Reads what the append functions wrote. After the first failure every read fails and gives zero.
class ByteReader {
  public:
    explicit ByteReader(ByteView bytes) : rest_(bytes) {}
    std::uint8_t byte();
    std::uint64_t number();
    std::int64_t signed_number() { return static_cast<std::int64_t>(number()); }
    std::string text();
    bool ok() const { return ok_; }
    bool at_end() const { return rest_.empty(); }
    ByteView rest() const { return rest_; }

  private:
    ByteView rest_;
    bool ok_ = true;
};

// Each encode_ function replaces the content of `out`.
void encode_lines(Bytes& out, const std::vector<domain::OrderLine>& lines);
// Sets level ids and quantities; SKUs and codes stay empty.
bool decode_lines(ByteView blob, std::vector<domain::OrderLine>& lines);

void encode_progress(Bytes& out, const std::vector<domain::OrderLine>& lines);
// Sets fulfilled, cancelled and returned of lines that are already there; false when their number differs or they
// amount to more than the quantity.
bool decode_progress(ByteView blob, std::vector<domain::OrderLine>& lines);

void encode_order_state(Bytes& out, const domain::Order& order);
// Sets status, version, updated_at and the progress of the lines.
bool decode_order_state(ByteView blob, domain::Order& order);

void encode_product(Bytes& out, const domain::Product& product);
bool decode_product(ByteView blob, domain::Product& product);

void encode_location(Bytes& out, const domain::Location& location);
bool decode_location(ByteView blob, domain::Location& location);

// Appends the posting of `next`, which must be above `previous` (the base or the number before it).
void append_posting(Bytes& out, std::int64_t previous, std::int64_t next);
// Appends the numbers of a posting list to `out`.
bool decode_postings(ByteView blob, std::int64_t base, std::vector<std::int64_t>& out);

}  // namespace onhand::storage::sqlite
