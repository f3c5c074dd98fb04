#pragma once
// A committed batch as bytes: what the outbox of a shared store keeps and what instances tell each other. Pure
// functions, any thread. Decoding takes any bytes at all and answers nullopt for those it does not understand, also
// for ones that are cut or too long, so a message of a later version is never read wrongly.
//
//   batch    format (1 byte), then the sections in this order, each as a count and that many entries:
//            items, levels that no item tells of, accounts, sessions, accounts whose sessions all ended
//   number   LEB128 of the two's complement, 7 bits a byte, low ones first, at most 10 bytes
//   text     number of bytes, then the bytes
//   item     kind (1 byte), then the fields of the struct in their order; no feed number: the first item has the
//            batch's first number, the next one the next

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/changes.hpp"

namespace onhand::domain {

inline constexpr std::uint8_t batch_format = 1;

// What other instances must hear of a batch. Accounts and sessions are only named: password hashes stay in the
// database, where who hears of a change reads the row.
struct BatchNews {
    std::vector<FeedItem> items;               // with their numbers
    std::vector<StockLevel> levels;            // new ones without a movement; of the others the movements tell
    std::vector<AccountId> accounts;           // created or changed
    std::vector<TokenHash> sessions;           // opened, used or ended
    std::vector<AccountId> sessions_ended_of;  // all of them
};

// Appends nothing but the batch to an empty string; feed numbers are left out.
std::string encode_batch(const Changes& changes);

// The batch in `bytes`, its items numbered from `first`.
std::optional<BatchNews> decode_batch(std::string_view bytes, FeedSeq first);

}  // namespace onhand::domain
