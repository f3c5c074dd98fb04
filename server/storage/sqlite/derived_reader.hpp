#pragma once
// The reading side of the derived store's file: what state orders are in, and how many are in each. It answers as of
// the feed number it has applied. Whoever asks adds what came after from the main tables. One connection, one thread at
// a time.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "domain/order.hpp"
#include "storage/sqlite/database.hpp"

namespace onhand::storage::sqlite {

inline constexpr std::size_t order_states = 6;

// What is known of one order, apart from its words and products.
struct OrderEntry {
    domain::FeedSeq seq = 0;
    std::int64_t account = 0;
    domain::OrderStatus status = domain::OrderStatus::placed;
};

// How many orders of a stretch of the feed are in each state.
struct OrderCounts {
    domain::FeedSeq first = 0;
    domain::FeedSeq last = 0;
    std::array<std::int64_t, order_states> in_state{};
    std::int64_t count() const;
};

// Orders that follow each other in the feed.
struct OrderChunk : OrderCounts {
    std::vector<OrderEntry> entries;  // rising; empty until asked for
};

// The stored form of chunk entries: 12 bytes each, little endian: distance from the chunk's first number, account id,
// state. Accounts and distances fit 32 bits.
void encode_entries(std::vector<std::uint8_t>& out, const OrderChunk& chunk);
bool decode_entries(std::span<const std::uint8_t> blob, OrderChunk& chunk);

class DerivedReader {
  public:
    explicit DerivedReader(const std::string& path);

    // Begins to read as of now; returns the feed number that is applied. end() ends it, also after a failure.
    domain::FeedSeq begin();
    void end() noexcept { connection_.rollback(); }

    // Calls for each group of chunks, from the newest to the oldest.
    void groups_down(const std::function<void(const OrderCounts& group)>& visit);
    // Calls for each chunk of a group, from the newest to the oldest; `load` fills in its entries.
    using Load = std::function<void()>;
    void chunks_down(const OrderCounts& group, const std::function<void(OrderChunk& chunk, const Load& load)>& visit);
    // What is known of one order; nullopt when it is not there. Quick for orders that lie close together.
    std::optional<OrderEntry> entry(domain::FeedSeq seq);

  private:
    Connection connection_;
    Statement applied_;
    Statement groups_;
    Statement chunks_;
    Statement chunk_;
    domain::FeedSeq first_ = 0;  // of the chunk in chunk_bytes_
    domain::FeedSeq last_ = -1;
    std::vector<std::uint8_t> chunk_bytes_;
};

// Ends a reading of the derived store however the query ends.
class DerivedMoment {
  public:
    explicit DerivedMoment(DerivedReader& reader) : reader_(reader) {}
    ~DerivedMoment() { reader_.end(); }
    DerivedMoment(const DerivedMoment&) = delete;
    DerivedMoment& operator=(const DerivedMoment&) = delete;

  private:
    DerivedReader& reader_;
};

}  // namespace onhand::storage::sqlite
