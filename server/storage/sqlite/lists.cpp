#include "storage/sqlite/lists.hpp"

#include <algorithm>

#include "base/sort_unique.hpp"
#include "storage/sqlite/posting_part.hpp"

namespace onhand::storage::sqlite {

namespace {

// Above every feed number that a run can name.
constexpr domain::FeedSeq numbers_end = (1LL << (8 * number_bytes)) - 1;

}  // namespace

struct NumberList::Walk {
    domain::FeedSeq before;
    std::int64_t skip;  // still to be passed over
    const Visit& visit;
    RecentLists::Numbers numbers;

    // Goes down over the first `count` of the rising numbers; false when `visit` ended it.
    bool down(const RecentLists::Numbers& rising) {
        auto count = std::lower_bound(rising.begin(), rising.end(), before) - rising.begin();
        const auto passed = std::min<std::int64_t>(skip, count);
        skip -= passed;
        for (count -= passed; count > 0; --count)
            if (!visit(rising[static_cast<std::size_t>(count - 1)])) return false;
        return true;
    }
};

std::int64_t NumberList::count() const {
    auto count = static_cast<std::int64_t>(recent_.size());
    const std::string end = with_number(name_, numbers_end);
    for (const auto& run : runs_->runs) {
        RunCursor cursor(*run);
        if (!cursor.seek_below(end) || !is_here(cursor)) continue;
        const auto last = read_part(cursor.name(), cursor.value());
        count += last.before + last.count;
    }
    return count;
}

std::int64_t NumberList::walk_down(domain::FeedSeq before, std::int64_t skip, const Visit& visit) const {
    Walk walk{std::min(before, numbers_end), skip, visit, {}};
    bool go_on = walk.down(recent_);
    for (auto run = runs_->runs.rbegin(); go_on && run != runs_->runs.rend(); ++run)
        if ((*run)->info().after.seq + 1 < walk.before) go_on = down_in_run(**run, walk);
    return skip - walk.skip;
}

bool NumberList::down_in_run(const Run& run, Walk& walk) const {
    RunCursor cursor(run);
    bool more = cursor.seek_below(with_number(name_, walk.before)) && is_here(cursor);
    bool first = true;
    while (more) {
        const auto part = read_part(cursor.name(), cursor.value());
        const bool whole = part.last < walk.before;
        const auto all_below = part.before + part.count;
        if (first && whole && walk.skip >= all_below) {
            walk.skip -= all_below;
            return true;
        }
        first = false;
        if (whole && walk.skip >= part.count) {
            walk.skip -= part.count;
        } else {
            walk.numbers.clear();
            part.append_to(walk.numbers);
            if (!walk.down(walk.numbers)) return false;
        }
        more = cursor.previous() && is_here(cursor);
    }
    return true;
}

void NumberList::walk_up(domain::FeedSeq after, const Visit& visit) const {
    for (const auto& run : runs_->runs)
        if (run->info().last.seq > after && !up_in_run(*run, after, visit)) return;
    for (auto number = std::upper_bound(recent_.begin(), recent_.end(), after); number != recent_.end(); ++number)
        if (!visit(*number)) return;
}

bool NumberList::up_in_run(const Run& run, domain::FeedSeq after, const Visit& visit) const {
    RunCursor cursor(run);
    const std::string begin = with_number(name_, std::min(after + 1, numbers_end));
    // The part that `after` lies in, or the first one behind it.
    bool more = cursor.seek_below(begin) && is_here(cursor);
    if (!more) more = cursor.seek(begin) && is_here(cursor);
    RecentLists::Numbers numbers;
    for (; more; more = cursor.next() && is_here(cursor)) {
        const auto part = read_part(cursor.name(), cursor.value());
        if (part.last <= after) continue;
        numbers.clear();
        part.append_to(numbers);
        for (auto number = std::upper_bound(numbers.begin(), numbers.end(), after); number != numbers.end(); ++number)
            if (!visit(*number)) return false;
    }
    return true;
}

void WordLists::in_slice(std::int64_t slice, RecentLists::Numbers& out) {
    out.clear();
    const domain::FeedSeq first = (slice << slice_bits) + 1;
    const domain::FeedSeq last = (slice + 1) << slice_bits;
    const auto& runs = runs_->runs;
    const auto is_below = [first](const RunPtr& run) { return run->info().last.seq < first; };
    auto run = static_cast<std::size_t>(std::partition_point(runs.begin(), runs.end(), is_below) - runs.begin());
    const std::string begin = word_list_prefix(slice, prefix_);
    int parts = 0;
    // Nearly always one run: they are made of whole slices.
    for (; run < runs.size() && runs[run]->info().after.seq < last; ++run) {
        if (run != run_) {
            cursor_.emplace(*runs[run]);
            run_ = run;
        }
        bool more = cursor_->seek(begin);
        for (; more && cursor_->name().starts_with(begin); more = cursor_->next(), ++parts)
            read_part(cursor_->name(), cursor_->value()).append_to(out);
    }
    if (parts < 2) return;
    sort_unique(out);
}

}  // namespace onhand::storage::sqlite
