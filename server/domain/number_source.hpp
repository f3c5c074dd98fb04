#pragma once
// Where the next number of a kind comes from. An exclusive store sets a counter; a shared one reserves numbers that it
// drew from the database, so that two processes never use the same. Numbers rise; reserved ones may have gaps. Plain
// value, one thread at a time.

#include <cstdint>
#include <deque>

#include "base/ensure.hpp"

namespace onhand::domain {

class NumberSource {
  public:
    // Counts up from `next`. 0: only reserved numbers may be taken.
    void count_from(std::int64_t next) { next_ = next; }
    // Adds a number to those that may be taken, in the order of reserving.
    void reserve(std::int64_t number) { reserved_.push_back(number); }
    std::size_t reserved() const { return reserved_.size(); }

    // The number that the (ahead + 1)-th take() from now will give.
    std::int64_t peek(std::size_t ahead = 0) const {
        if (next_ != 0) return next_ + static_cast<std::int64_t>(ahead);
        ensure(ahead < reserved_.size(), "numbers are reserved before they are taken");
        return reserved_[ahead];
    }
    std::int64_t take() {
        const auto number = peek();
        if (next_ != 0)
            ++next_;
        else
            reserved_.pop_front();
        return number;
    }

  private:
    std::int64_t next_ = 0;
    std::deque<std::int64_t> reserved_;
};

}  // namespace onhand::domain
