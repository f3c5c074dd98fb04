#pragma once
// What state each order is in, in memory: half a byte for each feed number. Lists of orders in a state look here, where
// the file of states would be read at a thousand places. Read from that file in the background after the start and then
// kept up to date by the thread that fills it; any thread reads. A reader takes a snapshot, which never changes. Knows
// nothing of accounts, and is missing (nullptr) until it is read.

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "storage/sqlite/derived_reader.hpp"
#include "storage/sqlite/run_entry.hpp"

namespace onhand::storage::sqlite {

// The orders of one slice of the feed.
class StateBlock {
  public:
    static constexpr int part_bits = 12;
    static constexpr std::size_t numbers = std::size_t{1} << slice_bits;
    static constexpr std::size_t parts = numbers >> part_bits;

    // `place`: from the beginning of the slice. nullopt = no order there.
    std::optional<domain::OrderStatus> at(std::size_t place) const;
    void set(std::size_t place, domain::OrderStatus status);
    // Whether an order of this part, of 2^part_bits places, is in that state.
    bool has(std::size_t part, domain::OrderStatus status) const {
        return in_part_[part][static_cast<std::size_t>(status)] != 0;
    }

  private:
    std::array<std::uint8_t, numbers / 2> states_{};  // two places a byte: 0 = no order, else the state + 1
    std::array<std::array<std::uint16_t, order_states>, parts> in_part_{};
};

// As of one moment.
struct StateSnapshot {
    domain::FeedSeq applied = 0;
    std::vector<std::shared_ptr<const StateBlock>> blocks;  // by slice; nullptr = no orders

    std::optional<domain::OrderStatus> status(domain::FeedSeq seq) const;
    // The highest number, `seq` (at most `applied`) or below, whose part of a block has an order in this state; 0 =
    // none.
    domain::FeedSeq reach_down(domain::FeedSeq seq, domain::OrderStatus status) const;
};
using StateSnapshotPtr = std::shared_ptr<const StateSnapshot>;

class OrderStates {
  public:
    // nullptr while nothing is read yet.
    StateSnapshotPtr snapshot() const;

    // The thread that fills the derived store only:
    void load(DerivedReader& reader);
    // Takes new orders and changed states, as of the feed number `applied`. Does nothing before load().
    void apply(std::span<const OrderEntry> orders, const std::map<domain::FeedSeq, domain::OrderStatus>& states,
               domain::FeedSeq applied);
    void drop();

  private:
    void replace(StateSnapshotPtr next);
    mutable std::mutex mutex_;
    StateSnapshotPtr current_;  // guarded by mutex_
};

}  // namespace onhand::storage::sqlite
