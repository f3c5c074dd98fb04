#include "storage/sqlite/order_candidates.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>

namespace onhand::storage::sqlite {

namespace {

// The list of a product that so few orders name is read at once, and slices without any of them are passed over.
constexpr std::int64_t product_numbers_max = 65'536;

}  // namespace

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
    // Long words first: fewer orders have them.
    turns_.resize(words_.size());
    std::iota(turns_.begin(), turns_.end(), 0);
    read_.resize(words_.size());
    if (product) product_ = moment.list(Posting::product_orders, domain::raw(*product));
    read_product();
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
    if (!may_have_product(batch)) return found_;
    for (const std::size_t word : turns_) {
        read_word(word, batch);
        if (word == turns_.front())
            std::swap(found_, other_);
        else
            keep_those_in_other();
        if (found_.empty()) break;
    }
    // A word that few orders had will have few in the next batch too, and where it has none the others are not read.
    const auto rarer = [this](std::size_t one, std::size_t other) { return read_[one] < read_[other]; };
    std::stable_sort(turns_.begin(), turns_.end(), rarer);
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
    read_[word] = other_.size();
    numbers_read_ += static_cast<std::int64_t>(other_.size());
}

void OrderCandidates::keep_those_in_other() {
    std::vector<domain::FeedSeq> both;
    std::set_intersection(found_.begin(), found_.end(), other_.begin(), other_.end(), std::back_inserter(both));
    found_ = std::move(both);
}

// Reads the numbers of a product when they are few.
void OrderCandidates::read_product() {
    if (!product_ || product_->count() > product_numbers_max) return;
    product_numbers_.emplace();
    product_->walk_up(0, [this](domain::FeedSeq seq) {
        product_numbers_->push_back(seq);
        return true;
    });
}

// False when no order of the batch names the product; true also where its numbers are too many to be read.
bool OrderCandidates::may_have_product(std::int64_t batch) const {
    if (!product_numbers_) return true;
    const auto is_before = [this, batch](domain::FeedSeq seq) { return batch_of(seq) < batch; };
    const auto first = std::partition_point(product_numbers_->begin(), product_numbers_->end(), is_before);
    return first != product_numbers_->end() && batch_of(*first) == batch;
}

void OrderCandidates::keep_those_of_product() {
    other_.clear();
    if (product_numbers_) {
        const auto first = std::lower_bound(product_numbers_->begin(), product_numbers_->end(), found_.front());
        const auto last = std::upper_bound(first, product_numbers_->end(), found_.back());
        other_.assign(first, last);
        keep_those_in_other();
        return;
    }
    product_->walk_up(found_.front() - 1, [this](domain::FeedSeq seq) {
        if (seq > found_.back()) return false;
        other_.push_back(seq);
        return true;
    });
    numbers_read_ += static_cast<std::int64_t>(other_.size());
    keep_those_in_other();
}

}  // namespace onhand::storage::sqlite
