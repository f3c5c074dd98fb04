#pragma once
// Decides whether a batch may be judged on the rows that earlier batches left in the working set, and on the
// presumption that its keys are new, so that it takes one round trip to a shared store instead of two. Only orders of
// products that are known go so, and only as long as it works out. Of a batch that has to be loaded the keys alone may
// be presumed, which saves looking them up under the row locks. Nothing depends on its being right: the store holds
// every presumption against the database (storage::Store::commit_presumed), and a key that was used before makes any
// commit a conflict. Used by the lane, on its thread.

#include <array>
#include <cstdint>
#include <vector>

#include "engine/batch.hpp"
#include "storage/storage.hpp"

namespace onhand::engine {

class Presumer {
  public:
    // True when `set` has all that `batch` needs, numbers included, and no key is known to be used. rows() is then what
    // was presumed.
    bool fits(const Batch& batch, domain::WorkingSet& set);
    const storage::Presumption& rows() const { return rows_; }

    // How many order numbers should be reserved for later batches when this one has `requests` and `left` numbers are
    // left over. None while there is little to do: numbers that are not used soon are dropped, and leave gaps.
    static std::size_t numbers_ahead(std::size_t requests, std::size_t left);
    void note_numbers(MonoNanos now) { numbers_at_ = now; }
    // Forgets numbers that were reserved so long ago that another instance has given greater ones to earlier orders.
    void drop_old_numbers(domain::WorkingSet& set, MonoNanos now) const;

    // Products, locations and levels of the order that `from` has, as they are there.
    static void copy_rows(const domain::PlaceOrder& order, domain::WorkingSet& from, domain::WorkingSet& to);
    // Commands after which rows of products and locations may be other than known.
    static bool changes_products(const domain::Command& command);

    // The batch stands; its keys are used.
    void note_committed(const Batch& batch);
    // It worked out, or it did not: then the next batches are loaded, each time more of them.
    void note_rows(bool were_right) { row_trust_.note(were_right); }

    // True when no key of the batch is known to be used, so that it may be loaded without looking them up; every
    // request that has a key must then write it. Afterwards note_keys(): whether the commit met no conflict.
    bool keys_seem_new(const Batch& batch);
    void note_keys(bool were_new) { key_trust_.note(were_new); }

  private:
    static constexpr std::size_t busy_batch = 4;  // requests; smaller ones reserve nothing ahead
    static constexpr MonoNanos numbers_max_age = 50'000'000;
    static constexpr std::uint32_t pause_min = 2;  // batches
    static constexpr std::uint32_t pause_max = 256;
    static constexpr std::size_t keys_max = std::size_t{1} << 16U;

    // After each failure the next batches presume nothing, each time more of them, until it works out again.
    class Trust {
      public:
        // Asked once a batch.
        bool holds() { return pause_ == 0 || pause_-- == 0; }
        void note(bool was_right);

      private:
        std::uint32_t pause_ = 0;
        std::uint32_t next_pause_ = pause_min;
    };

    bool add_rows(const domain::PlaceOrder& order, domain::WorkingSet& set);
    bool is_used(const domain::KeyHash& key) const;

    storage::Presumption rows_;
    // The keys of the last batches: each lies where its first bytes say, until another comes there.
    std::vector<domain::KeyHash> keys_;
    Trust row_trust_;
    Trust key_trust_;
    MonoNanos numbers_at_ = 0;
};

}  // namespace onhand::engine
