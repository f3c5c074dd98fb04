#include <algorithm>

#include "base/sort_unique.hpp"
#include "storage/sqlite/derived_source.hpp"
#include "storage/sqlite/derived_store.hpp"
#include "storage/sqlite/key_table.hpp"
#include "storage/sqlite/posting_part.hpp"
#include "storage/sqlite/verify_parts.hpp"

// Runs against the rows they were made from. What a run says, and what the rows of its stretch say, are both summed up:
// each known key and each number of a list adds a hash of itself, so the order they come in does not matter and memory
// stays small however much there is.

namespace onhand::storage::sqlite {

namespace {

constexpr std::int64_t answers_at_once = 65'536;
constexpr const char* check = "runs_equal_recomputation";

std::uint64_t mixed(std::uint64_t value) {
    value = (value ^ value >> 31) * 0x7fb5d329728ea185ULL;
    value = (value ^ value >> 27) * 0x81dadef4bc2dd44dULL;
    return value ^ value >> 33;
}

struct Sum {
    std::uint64_t hash = 0;
    std::uint64_t count = 0;
    void add(std::string_view name, std::uint64_t number) {
        hash += mixed(mixed(std::hash<std::string_view>{}(name)) ^ number);
        ++count;
    }
    bool operator==(const Sum&) const = default;
};

// Sums up a run, and looks whether it is in order.
Sum sum_of_run(const Run& run, Findings& findings) {
    Sum sum;
    RunCursor cursor(run);
    std::string before;
    std::string list;
    std::int64_t counted = 0;
    std::uint64_t entries = 0;
    std::vector<domain::FeedSeq> numbers;
    for (bool more = cursor.seek({}); more; more = cursor.next(), ++entries) {
        if (cursor.name() <= before) findings.fail(check, "the entries of " + run.path() + " are not in order");
        before = cursor.name();
        const auto number = static_cast<std::uint64_t>(number_of(cursor.name()));
        if (cursor.name().front() == static_cast<char>(known_key_kind)) {
            sum.add(list_of(cursor.name()), number);
            continue;
        }
        const auto part = read_part(cursor.name(), cursor.value());
        if (list != list_of(cursor.name())) counted = 0;
        list = list_of(cursor.name());
        if (part.before != counted) findings.fail(check, "a list of " + run.path() + " is counted wrongly");
        counted += part.count;
        numbers.clear();
        part.append_to(numbers);
        for (const auto seq : numbers) sum.add(list, static_cast<std::uint64_t>(seq));
    }
    if (entries != run.info().entries) findings.fail(check, run.path() + " lacks entries");
    return sum;
}

void add_all(Sum& sum, const ListAdditions& additions) {
    for (const auto& [key, place] : additions.keys) sum.add(known_key_prefix(KeyTable::mark_of(key)), place);
    // A list names an order once, whatever number of its lines or words leads there.
    std::vector<std::pair<std::string_view, domain::FeedSeq>> numbers(additions.numbers.begin(),
                                                                      additions.numbers.end());
    sort_unique(numbers);
    for (const auto& [list, seq] : numbers) sum.add(list, static_cast<std::uint64_t>(seq));
}

Sum sum_of_rows(DerivedSource& source, const RunInfo& info) {
    Sum sum;
    ListAdditions additions;
    for (domain::FeedSeq done = info.after.seq; done < info.last.seq;) {
        const domain::FeedSeq next = std::min(info.last.seq, done + stretch_max);
        additions.clear();
        source.collect(done, next, nullptr, &additions);
        add_all(sum, additions);
        done = next;
    }
    for (std::int64_t done = info.after.answer; done < info.last.answer;) {
        additions.clear();
        const std::int64_t next = source.collect_answers(done, info.last.answer, answers_at_once, additions);
        if (next == done) break;
        add_all(sum, additions);
        done = next;
    }
    return sum;
}

}  // namespace

void verify_runs(const std::string& path, const RunSnapshotPtr& runs, Findings& findings) {
    findings.guard(check, [&] {
        DerivedSource source(path);
        for (const auto& run : runs->runs)
            if (sum_of_run(*run, findings) != sum_of_rows(source, run->info()))
                findings.fail(check, run->path() + " differs from the rows it was made from");
    });
}

}  // namespace onhand::storage::sqlite
