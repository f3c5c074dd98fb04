#pragma once
// The writing side of the derived store's file: takes what a stretch of the feed means for the states of orders, and
// writes it in one transaction. Used by DerivedStore on its own thread, and by verification on an empty file. Knows
// nothing of the main database.

#include <map>
#include <vector>

#include "storage/sqlite/blob_codec.hpp"
#include "storage/sqlite/derived_reader.hpp"

namespace onhand::storage::sqlite {

// Raised whenever the tables or the blobs in them change their form; an older file is then made anew.
inline constexpr std::int64_t derived_format = 2;

class DerivedIndex {
  public:
    using DatabaseId = std::array<std::uint8_t, 16>;

    // Makes the tables of an empty database.
    static void create(Connection& connection, const DatabaseId& database);

    // The tables exist.
    explicit DerivedIndex(Connection& connection);

    domain::FeedSeq applied();
    // True when the file is of this format and belongs to this database.
    static bool fits(Connection& connection, const DatabaseId& database);

    // Collects; numbers rise from call to call. Nothing is written before flush().
    void add_order(const OrderEntry& entry) { orders_.push_back(entry); }
    void change_state(domain::FeedSeq order, domain::OrderStatus status) { states_[order] = status; }

    // What was collected.
    const std::vector<OrderEntry>& new_orders() const { return orders_; }
    const std::map<domain::FeedSeq, domain::OrderStatus>& new_states() const { return states_; }

    // Writes what was collected, together with the new applied number.
    void flush(domain::FeedSeq applied);
    // Forgets what was collected and not written, as after a flush that failed.
    void discard();
    // Empties everything, back to number 0.
    void reset();

  private:
    using Counts = std::array<std::int64_t, order_states>;

    void append_orders();
    void apply_states();
    void write_chunk(OrderChunk& chunk);
    void count_in_group(const OrderChunk& chunk, const Counts& before);
    std::optional<OrderChunk> chunk_at(domain::FeedSeq seq);

    Connection& connection_;
    Statement applied_;
    Statement set_applied_;
    Statement chunk_;
    Statement upsert_chunk_;
    Statement group_;
    Statement upsert_group_;

    std::vector<OrderEntry> orders_;
    std::map<domain::FeedSeq, domain::OrderStatus> states_;
    Bytes blob_;
};

}  // namespace onhand::storage::sqlite
