#pragma once
// The script behind all product locks, and how its calls and answers look. It runs inside Redis, so that looking and
// changing are one step, for many products at once. Used by product_locks; pure apart from what Redis does with it.
//
// In Redis, per product (the braces keep both keys in one slot of a cluster):
//   onhand:lock:{SKU}  "<owner>@<milliseconds when taken>", and a time to live: the lease
//   onhand:wait:{SKU}  "<owner>@<milliseconds when it last asked> …": the line, first one first
// Times are Redis's own. Its clock may step: a lease is cut back to its length whenever somebody looks at it, and a
// waiter whose time lies in the future counts as seen now, so that after a step either way all is well within a lease.
//
// Told by pub/sub, to channels that end in the owner:
//   onhand:want:<owner>  "SKU": another waits for a lock of yours
//   onhand:have:<owner>  "+SKU" or "-SKU": it is yours now, and others wait for it (+) or nobody does (-)
//   onhand:free:<owner>  "SKU": nobody has it, and you are first in line

#include <chrono>
#include <string>
#include <string_view>

#include "bus/redis/script.hpp"

namespace onhand::bus::redis {

// What to do about one product.
enum class LockDeed : char {
    acquire = 'a',    // take it, or extend it, or get in line
    release = 'r',    // give it to who waits, or give it up; leave the line
    hand_over = 'j',  // give it to who waits and join the end of the line, or keep it
};

// What came of it. Of a release only was_not_mine, released and handed_over; of a hand-over was_not_mine, kept and
// handed_over.
enum class LockResult : int {
    refused = 0,  // it is another's, or another is first in line; this owner is in line
    taken = 1,    // now held, was not before
    held = 2,     // was held by this owner already
    held_others_wait = 3,
    taken_others_wait = 4,
    was_not_mine = 5,
    released = 6,
    handed_over = 7,  // to who was first in line, who was told
    kept = 8,         // nobody waits any more
};
inline constexpr int lock_result_last = 8;

// Of one line; who comes when it is full has to ask again and again.
inline constexpr int line_length_max = 64;
// A waiter that has not asked for so long is gone.
inline constexpr std::chrono::milliseconds waiter_silence_max{150};

// A lock that was handed to a waiter ends after this time unless the new holder asks for it.
inline constexpr std::chrono::milliseconds gift_lease{100};

// KEYS: lock and line of each product, in turns. ARGV: owner, lease in ms, waiter_silence_max in ms, line_length_max,
// gift_lease in ms, the beginning of all channels, and one letter of LockDeed per product. The answer is an array with
// one LockResult per product. Running it twice gives the same as running it once.
const Script& lock_script();

// The keys. `prefix` is "onhand:" or "onhand:<scope>:".
std::string lock_key(std::string_view prefix, std::string_view sku);
std::string line_key(std::string_view prefix, std::string_view sku);

}  // namespace onhand::bus::redis
