#include "storage/sqlite/run_set.hpp"

#include <algorithm>
#include <filesystem>

#include "base/ensure.hpp"
#include "base/log.hpp"
#include "storage/sqlite/posting_part.hpp"

namespace onhand::storage::sqlite {

namespace {

constexpr const char* run_suffix = ".run";
// So many runs of one size become one run of the next size.
constexpr std::size_t fan_in = 4;
// A run's size counts in steps of this many entries.
constexpr std::uint64_t tier_entries = 500'000;
// Entries between two looks whether to stop.
constexpr int entries_between_looks = 10'000;

int tier_of(const Run& run) {
    int tier = 0;
    for (std::uint64_t size = run.info().entries / tier_entries; size > 0; size /= fan_in) ++tier;
    return tier;
}

// Goes over several runs at once, in the order of names. Where names are alike the older run comes first.
class MergeCursor {
  public:
    explicit MergeCursor(const std::vector<RunPtr>& runs) {
        for (const auto& run : runs) cursors_.emplace_back(*run);
        for (std::size_t i = 0; i < cursors_.size(); ++i)
            if (cursors_[i].seek({})) heap_.push_back(i);
        std::make_heap(heap_.begin(), heap_.end(), later());
    }
    bool at_end() const { return heap_.empty(); }
    const RunCursor& current() const { return cursors_[heap_.front()]; }
    void next() {
        std::pop_heap(heap_.begin(), heap_.end(), later());
        if (cursors_[heap_.back()].next())
            std::push_heap(heap_.begin(), heap_.end(), later());
        else
            heap_.pop_back();
    }

  private:
    struct Later {
        const std::vector<RunCursor>* cursors;
        bool operator()(std::size_t one, std::size_t other) const {
            const int order = (*cursors)[one].name().compare((*cursors)[other].name());
            return order != 0 ? order > 0 : one > other;
        }
    };
    Later later() const { return {&cursors_}; }
    std::vector<RunCursor> cursors_;
    std::vector<std::size_t> heap_;
};

bool follows(const Run& run, const RunPosition& at) {
    return run.info().after == at && at < run.info().last;
}

}  // namespace

RunSet::RunSet(std::string folder, const Fits& fits) : folder_(std::move(folder)) {
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    if (error) throw RunError(SQLITE_CANTOPEN, "cannot make the folder " + folder_ + ": " + error.message());
    auto found = open_files(fits);
    // From the beginning on, always the longest run that continues: a merge that was not tidied up leaves both.
    auto chain = std::make_shared<RunSnapshot>();
    while (true) {
        RunPtr longest;
        for (const auto& run : found)
            if (follows(*run, chain->covered()) && (!longest || longest->info().last < run->info().last)) longest = run;
        if (!longest) break;
        chain->runs.push_back(longest);
    }
    for (const auto& run : found)
        if (std::find(chain->runs.begin(), chain->runs.end(), run) == chain->runs.end())
            std::filesystem::remove(run->path(), error);
    current_ = std::move(chain);
}

std::vector<RunPtr> RunSet::open_files(const Fits& fits) {
    std::vector<RunPtr> runs;
    std::error_code error;
    for (const auto& file : std::filesystem::directory_iterator(folder_, error)) {
        const std::string path = file.path().string();
        try {
            if (file.path().extension() == run_suffix) {
                auto run = std::make_shared<const Run>(path);
                if (fits(run->info())) {
                    runs.push_back(std::move(run));
                    continue;
                }
                log::warn("storage", "the run " + path + " does not fit the database and is made again");
            }
        } catch (const RunError& damage) {
            log::warn("storage", std::string(damage.what()) + ", and is made again");
        }
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
    }
    if (error) throw RunError(SQLITE_CANTOPEN, "cannot read the folder " + folder_ + ": " + error.message());
    return runs;
}

RunSnapshotPtr RunSet::snapshot() const {
    const std::lock_guard lock(mutex_);
    return current_;
}

std::string RunSet::path_of(const RunPosition& after, const RunPosition& last) const {
    std::string path = folder_ + "/";
    for (const auto number : {after.seq, after.answer, last.seq, last.answer}) path += std::to_string(number) + "-";
    path.back() = '.';
    return path + "run";
}

void RunSet::append(RunPtr run) {
    const std::lock_guard lock(mutex_);
    ensure(follows(*run, current_->covered()), "a run continues the one before");
    auto next = std::make_shared<RunSnapshot>(*current_);
    next->runs.push_back(std::move(run));
    current_ = std::move(next);
    version_.fetch_add(1, std::memory_order_release);
}

void RunSet::exchange(const RunPtr& first, std::size_t count, const std::vector<RunPtr>& others) {
    std::vector<RunPtr> gone;
    {
        const std::lock_guard lock(mutex_);
        auto next = std::make_shared<RunSnapshot>(*current_);
        const auto begin = std::find(next->runs.begin(), next->runs.end(), first);
        ensure(begin != next->runs.end(), "the runs to be replaced are there");
        const auto end = begin + static_cast<std::ptrdiff_t>(count);
        gone.assign(begin, end);
        RunPosition at = first->info().after;
        for (const auto& run : others) {
            ensure(follows(*run, at), "a run continues the one before");
            at = run->info().last;
        }
        ensure(at == gone.back()->info().last, "runs replace others that cover the same");
        next->runs.insert(next->runs.erase(begin, end), others.begin(), others.end());
        current_ = std::move(next);
        version_.fetch_add(1, std::memory_order_release);
    }
    std::error_code ignored;
    for (const auto& run : gone) {
        const auto same = [&run](const RunPtr& other) { return other->path() == run->path(); };
        if (std::none_of(others.begin(), others.end(), same)) std::filesystem::remove(run->path(), ignored);
    }
}

void RunSet::replace(const RunPtr& run, const std::vector<RunPtr>& others) {
    exchange(run, 1, others);
}

bool RunSet::merge_once(const std::function<bool()>& stop) {
    const auto now = snapshot();
    const auto& all = now->runs;
    // The last runs of one size side by side; older ones are at least as large, so merging is due nowhere else first.
    for (std::size_t end = all.size(); end >= fan_in;) {
        const int tier = tier_of(*all[end - 1]);
        std::size_t begin = end;
        while (begin > 0 && tier_of(*all[begin - 1]) <= tier) --begin;
        if (end - begin < fan_in) {
            end = begin;
            continue;
        }
        const std::vector<RunPtr> chosen(all.begin() + static_cast<std::ptrdiff_t>(begin),
                                         all.begin() + static_cast<std::ptrdiff_t>(end));
        const auto merged = merge(chosen, stop);
        if (!merged) return false;
        exchange(chosen.front(), chosen.size(), {merged});
        return true;
    }
    return false;
}

RunPtr RunSet::merge(const std::vector<RunPtr>& runs, const std::function<bool()>& stop) const {
    RunInfo info = runs.back()->info();
    info.after = runs.front()->info().after;
    info.keys = 0;
    for (const auto& run : runs) info.keys += run->info().keys;
    const std::string path = path_of(info.after, info.last);
    RunWriter writer(path, info, true);
    PartWriter parts([&writer](std::string_view name, std::string_view value) { writer.add(name, value); });
    int until_look = entries_between_looks;
    for (MergeCursor entries(runs); !entries.at_end(); entries.next()) {
        if (--until_look == 0) {
            if (stop()) return nullptr;
            until_look = entries_between_looks;
        }
        const RunCursor& entry = entries.current();
        if (entry.name().front() == static_cast<char>(known_key_kind))
            writer.add(entry.name(), {});
        else
            parts.add(list_of(entry.name()), read_part(entry.name(), entry.value()));
    }
    parts.finish();
    writer.finish();
    return std::make_shared<const Run>(path);
}

std::size_t RunSet::memory_bytes() const {
    std::size_t bytes = 0;
    const auto now = snapshot();
    for (const auto& run : now->runs) bytes += run->memory_bytes();
    return bytes;
}

void remove_runs(const std::string& folder) {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
}

}  // namespace onhand::storage::sqlite
