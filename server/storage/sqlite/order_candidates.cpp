#include "storage/sqlite/order_candidates.hpp"

#include <algorithm>
#include <iterator>

namespace onhand::storage::sqlite {

OrderCandidates::OrderCandidates(const domain::OrderSearch& search, std::optional<domain::ProductId> product,
                                 const ListMoment& moment)
    : search_(search),
      applied_(moment.applied()),
      covered_(moment.covered()),
      slices_(covered_ == 0 ? 0 : slice_of(covered_) + 1) {
    if (!search.id) {
        auto words = search.words;
        std::stable_sort(words.begin(), words.end(),
                         [](const auto& one, const auto& other) { return one.size() > other.size(); });
        for (const auto& word : words) words_.push_back(moment.words(word));
    }
    if (product) product_ = moment.list(Posting::product_orders, domain::raw(*product));
}

void OrderCandidates::look_up(OrderLookup& orders) {
    if (search_.id)
        named_ = orders.seq_of(*search_.id);
    else if (search_.number)
        named_ = orders.seq_of_number(*search_.number);
    if (named_ > applied_) named_ = 0;
}

const std::vector<domain::FeedSeq>& OrderCandidates::in_batch(std::int64_t batch) {
    numbers_read_ = 0;
    found_.clear();
    for (std::size_t word = 0; word < words_.size(); ++word) {
        read_word(word, batch);
        if (word == 0)
            std::swap(found_, other_);
        else
            keep_those_in_other();
        if (found_.empty()) break;
    }
    if (named_ != 0 && batch_of(named_) == batch) {
        const auto place = std::lower_bound(found_.begin(), found_.end(), named_);
        if (place == found_.end() || *place != named_) found_.insert(place, named_);
    }
    if (product_ && !found_.empty()) keep_those_of_product();
    return found_;
}

// Reads the orders of a word into other_.
void OrderCandidates::read_word(std::size_t word, std::int64_t batch) {
    if (batch == slices_)
        other_ = words_[word].recent();
    else
        words_[word].in_slice(batch, other_);
    numbers_read_ += static_cast<std::int64_t>(other_.size());
}

void OrderCandidates::keep_those_in_other() {
    std::vector<domain::FeedSeq> both;
    std::set_intersection(found_.begin(), found_.end(), other_.begin(), other_.end(), std::back_inserter(both));
    found_ = std::move(both);
}

void OrderCandidates::keep_those_of_product() {
    other_.clear();
    product_->walk_up(found_.front() - 1, [this](domain::FeedSeq seq) {
        if (seq > found_.back()) return false;
        other_.push_back(seq);
        return true;
    });
    numbers_read_ += static_cast<std::int64_t>(other_.size());
    keep_those_in_other();
}

}  // namespace onhand::storage::sqlite
