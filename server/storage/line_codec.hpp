#pragma once
// The compact binary forms of order lines that both stores keep in columns, and the numbers and texts they are made of.
// Used by the adapters, any thread; pure functions. Every blob begins with one format byte (blob_format), so that a
// later format can be told apart; decoding takes any bytes at all and answers false for those it does not understand,
// also for ones that are cut or too long.
//
//   number      LEB128, 7 bits a byte, low ones first, at most 10 bytes
//   text        number of bytes, then the bytes
//   lines       format, count, then per line: product id, location id, quantity            (numbers)
//   named lines the same, and per line also the SKU and the location's code                (texts)
//   progress    format, count, then per line: fulfilled, cancelled, returned               (numbers)

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/order.hpp"

namespace onhand::storage {

inline constexpr std::uint8_t blob_format = 1;

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

void append_number(Bytes& out, std::uint64_t value);
void append_signed(Bytes& out, std::int64_t value);
void append_text(Bytes& out, std::string_view text);

// Reads what the append functions wrote. After the first failure every read fails and gives zero.
class ByteReader {
  public:
    explicit ByteReader(ByteView bytes) : rest_(bytes) {}
    std::uint8_t byte();
    std::uint64_t number();
    std::int64_t signed_number() { return static_cast<std::int64_t>(number()); }
    std::string text();
    // Passes over `size` bytes; false when there are not so many.
    bool skip(std::size_t size);
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

// SKUs and codes never change, so a reader of these needs no other table.
void encode_named_lines(Bytes& out, const std::vector<domain::OrderLine>& lines);
bool decode_named_lines(ByteView blob, std::vector<domain::OrderLine>& lines);

void encode_progress(Bytes& out, const std::vector<domain::OrderLine>& lines);
// The same behind what `out` holds already.
void append_progress(Bytes& out, const std::vector<domain::OrderLine>& lines);
// Sets fulfilled, cancelled and returned of lines that are already there; false when their number differs, they amount
// to more than the quantity, or more was returned than fulfilled.
bool decode_progress(ByteView blob, std::vector<domain::OrderLine>& lines);

}  // namespace onhand::storage
