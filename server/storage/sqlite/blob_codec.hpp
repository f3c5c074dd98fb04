#pragma once
// The compact binary forms inside blob columns. Pure functions, any thread. Every blob of the main database begins
// with one format byte (blob_format), so that a later format can be told apart; decoding takes any bytes at all and
// answers false for those it does not understand, also for ones that are cut or too long.
//
//   number, text, lines, progress: storage/line_codec.hpp
//   order    format, status (1 byte), version, updated_at, then a progress blob        (event.data of kinds 1 and 2)
//   product  format, id, sku, name, category, barcode, amount, currency, attributes, reorder_point, archived (1 byte),
//            version, created_at, updated_at                                           (event.data of kinds 10 to 12)
//   location format, id, code, name, version, created_at                               (event.data of kind 20)
//   posting  the differences of a rising list of feed numbers, the first one from a base kept beside it (numbers, no
//            format byte: the derived store has a version of its own)

#include <cstdint>
#include <vector>

#include "domain/catalogue.hpp"
#include "storage/line_codec.hpp"

namespace onhand::storage::sqlite {

// Each encode_ function replaces the content of `out`.
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
