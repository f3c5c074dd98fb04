#pragma once
// The orders that a search finds in the lists, batch by batch: the recent stretch is the newest batch, each slice of
// the feed below it is one (run_entry.hpp). So a search for what millions of orders have reads only as much as it
// needs. Made and used by one query, on its thread.

#include <optional>
#include <vector>

#include "domain/order_search.hpp"
#include "storage/sqlite/lists.hpp"
#include "storage/sqlite/rows.hpp"

namespace onhand::storage::sqlite {

class OrderCandidates {
  public:
    OrderCandidates(const domain::OrderSearch& search, std::optional<domain::ProductId> product,
                    const ListMoment& moment);

    // Finds the orders that are searched for by id or number. Before the first batch.
    void look_up(OrderLookup& orders);

    std::int64_t top_batch() const { return slices_; }
    std::int64_t batch_of(domain::FeedSeq seq) const { return seq > covered_ ? slices_ : seq < 1 ? 0 : slice_of(seq); }
    // The orders found in one batch, rising. Good until the next call.
    const std::vector<domain::FeedSeq>& in_batch(std::int64_t batch);
    // How many numbers the last call read.
    std::int64_t numbers_read() const { return numbers_read_; }

  private:
    void read_word(std::size_t word, std::int64_t batch);
    void keep_those_in_other();
    void read_product();
    bool may_have_product(std::int64_t batch) const;
    void keep_those_of_product();

    const domain::OrderSearch& search_;
    const domain::FeedSeq applied_;
    const domain::FeedSeq covered_;
    const std::int64_t slices_;
    std::vector<WordLists> words_;
    std::vector<std::size_t> turns_;  // words in the order they are asked for: the rarest first
    std::vector<std::size_t> read_;   // how many orders a word had when it was last asked for
    std::optional<NumberList> product_;
    std::optional<std::vector<domain::FeedSeq>> product_numbers_;  // rising; nullopt = too many
    domain::FeedSeq named_ = 0;                                    // the order found by id or number; 0 = none
    std::vector<domain::FeedSeq> found_;
    std::vector<domain::FeedSeq> other_;
    std::int64_t numbers_read_ = 0;
};

}  // namespace onhand::storage::sqlite
