#pragma once
// Reads the derived store (derived_store.hpp writes it): which orders a product, a word or a state has, which movements
// a product or a location has, up to the feed number it has applied. Whoever asks adds what came after from the main
// tables. One connection, one thread at a time.

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/order.hpp"
#include "storage/sqlite/database.hpp"

namespace onhand::storage::sqlite {

// The lists of feed numbers that the derived store keeps. Values are stored.
enum class Posting : std::int64_t {
    product_orders = 1,      // key: product id
    product_movements = 2,   // key: product id
    location_movements = 3,  // key: location id
    word_orders = 4,         // key: a word of reference or customer
};

inline constexpr std::size_t order_states = 6;

// What is known of one order, apart from its words and products.
struct OrderEntry {
    domain::FeedSeq seq = 0;
    std::int64_t account = 0;
    domain::OrderStatus status = domain::OrderStatus::placed;
};

// Orders that follow each other in the feed, with how many of them are in each state.
struct OrderChunk {
    domain::FeedSeq first = 0;
    domain::FeedSeq last = 0;
    std::array<std::int64_t, order_states> in_state{};
    std::vector<OrderEntry> entries;  // rising; empty until asked for
    std::int64_t count() const;
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

    // Every number of one list, rising.
    std::vector<domain::FeedSeq> numbers(Posting kind, std::int64_t key);
    // The union of the lists of all words that begin with `prefix`, rising.
    std::vector<domain::FeedSeq> numbers_of_words(std::string_view prefix);

    // Calls for the numbers below `before` (above `after`) of one list, falling (rising), until `visit` returns false.
    using Visit = std::function<bool(domain::FeedSeq)>;
    void walk_down(Posting kind, std::int64_t key, domain::FeedSeq before, const Visit& visit);
    void walk_up(Posting kind, std::int64_t key, domain::FeedSeq after, const Visit& visit);

    // Calls for each chunk, from the newest to the oldest; `load` fills in its entries.
    using Load = std::function<void()>;
    void chunks_down(const std::function<void(OrderChunk& chunk, const Load& load)>& visit);
    // The chunk that covers `seq`, with entries; nullopt when no chunk begins at or before it.
    std::optional<OrderChunk> chunk_of(domain::FeedSeq seq);

  private:
    Connection connection_;
    Statement applied_;
    Statement lists_;
    Statement word_lists_;
    Statement lists_down_;
    Statement lists_up_;
    Statement chunks_;
    Statement chunk_;
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
