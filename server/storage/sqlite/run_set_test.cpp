// Runs: what is written is found again, merging loses and doubles nothing, and files that cannot be trusted are not
// used. Compared with a map that holds the same.

#include "storage/sqlite/run_set.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

#include "storage/sqlite/key_index.hpp"
#include "storage/sqlite/lists.hpp"
#include "storage/sqlite/sqlite_test_support.hpp"

namespace onhand::storage::sqlite {
namespace {

constexpr domain::FeedSeq run_numbers = 2LL << slice_bits;

const auto never = [] { return false; };
const auto always_fits = [](const RunInfo&) { return true; };

domain::KeyHash key_of(std::uint64_t number) {
    domain::KeyHash key{};
    std::mt19937_64 mixed(number);
    for (auto& byte : key) byte = static_cast<std::uint8_t>(mixed());
    return key;
}

// Writes runs of made-up content, and remembers it.
class RunSetTest : public testing::Test {
  protected:
    RunSetTest() : runs_(std::make_unique<RunSet>(folder_.file("runs"), always_fits)) {}

    // One run of whole slices: some lists with many numbers, many with few, and a key for each number.
    void append_run() {
        RecentLists content;
        const RunPosition after = runs_->snapshot()->covered();
        RunInfo info;
        info.after = after;
        info.last = {after.seq + run_numbers, after.answer};
        for (domain::FeedSeq seq = after.seq + 1 + static_cast<domain::FeedSeq>(random_() % 40); seq <= info.last.seq;
             seq += 1 + static_cast<domain::FeedSeq>(random_() % 80)) {
            add(content, list_name(Posting::product_orders, 1), seq);
            add(content, list_name(Posting::product_orders, 2 + static_cast<std::int64_t>(random_() % 500)), seq);
            const std::string word = words[random_() % words.size()];
            content.add(word_list_name(slice_of(seq), word), seq);
            words_[word].insert(seq);
            content.add_key(key_of(static_cast<std::uint64_t>(seq)), KeyTable::pack({KeyTable::Source::order, seq}));
            keys_.insert(seq);
        }
        info.keys = content.key_count();
        const std::string path = runs_->path_of(info.after, info.last);
        RunWriter writer(path, info, false);
        content.write(writer);
        writer.finish();
        runs_->append(std::make_shared<const sqlite::Run>(path));
    }

    void expect_all_there() {
        Lists lists(*runs_);
        const ListMoment moment(lists);
        for (const auto& [name, numbers] : lists_) {
            const std::int64_t id = static_cast<std::int64_t>(read_big_endian(std::string_view(name).substr(1)));
            expect_list(moment.list(Posting::product_orders, id), {numbers.begin(), numbers.end()});
        }
        expect_words(moment);
        expect_keys();
    }

    const std::vector<std::string> words = {"an", "anna", "annabel", "ben", "b", "z\xc3\xbc"};
    TemporaryFolder folder_;
    std::unique_ptr<RunSet> runs_;
    std::mt19937_64 random_{7};

  private:
    void add(RecentLists& content, const std::string& name, domain::FeedSeq seq) {
        content.add(name, seq);
        lists_[name].insert(seq);
    }

    void expect_list(const NumberList& list, const std::vector<domain::FeedSeq>& expected) {
        ASSERT_EQ(list.count(), static_cast<std::int64_t>(expected.size()));
        const domain::FeedSeq end = runs_->snapshot()->covered().seq;
        const domain::FeedSeq middle = static_cast<domain::FeedSeq>(random_() % static_cast<std::uint64_t>(end + 1));
        const auto split = std::lower_bound(expected.begin(), expected.end(), middle);
        std::vector<domain::FeedSeq> down;
        const auto below = split - expected.begin();
        const std::int64_t skip = static_cast<std::int64_t>(random_() % 300);
        EXPECT_EQ(list.walk_down(middle, skip, collect(down)), std::min<std::int64_t>(skip, below));
        std::reverse(down.begin(), down.end());
        const auto taken = std::max<std::ptrdiff_t>(0, below - skip);
        EXPECT_EQ(down, std::vector(expected.begin(), expected.begin() + taken));
        std::vector<domain::FeedSeq> up;
        list.walk_up(middle - 1, collect(up));
        EXPECT_EQ(up, std::vector(split, expected.end()));
    }
    static NumberList::Visit collect(std::vector<domain::FeedSeq>& out) {
        return [&out](domain::FeedSeq seq) {
            out.push_back(seq);
            return true;
        };
    }

    void expect_words(const ListMoment& moment) {
        for (const char* prefix : {"a", "an", "anna", "b", "z", "c", ""}) {
            std::set<domain::FeedSeq> expected;
            for (const auto& [word, numbers] : words_)
                if (word.starts_with(prefix)) expected.insert(numbers.begin(), numbers.end());
            WordLists lists = moment.words(prefix);
            std::vector<domain::FeedSeq> found;
            std::vector<domain::FeedSeq> in_slice;
            for (std::int64_t slice = 0; slice <= slice_of(moment.covered()); ++slice) {
                lists.in_slice(slice, in_slice);
                found.insert(found.end(), in_slice.begin(), in_slice.end());
            }
            EXPECT_EQ(found, std::vector(expected.begin(), expected.end())) << prefix;
        }
    }

    void expect_keys() {
        KeyIndex index(*runs_);
        EXPECT_EQ(index.size(), keys_.size());
        const auto row_of = [&index](std::uint64_t number) {
            std::int64_t row = 0;
            index.find(
                key_of(number),
                [&row](KeyTable::Place place) {
                    row = place.row;
                    return true;
                },
                [](const RunInfo&) -> bool { throw std::logic_error("no run is damaged"); });
            return row;
        };
        for (const auto seq : keys_) ASSERT_EQ(row_of(static_cast<std::uint64_t>(seq)), seq);
        for (std::uint64_t i = 0; i < 5'000; ++i) ASSERT_EQ(row_of(i + 1'000'000'000), 0);
    }

    std::map<std::string, std::set<domain::FeedSeq>> lists_;
    std::map<std::string, std::set<domain::FeedSeq>> words_;
    std::set<domain::FeedSeq> keys_;
};

TEST_F(RunSetTest, everything_is_found_before_and_after_merging) {
    for (int i = 0; i < 7; ++i) append_run();
    expect_all_there();
    const auto before = runs_->snapshot()->runs.size();
    int merges = 0;
    while (runs_->merge_once(never)) ++merges;
    EXPECT_GT(merges, 0);
    EXPECT_LT(runs_->snapshot()->runs.size(), before);
    expect_all_there();
    runs_ = std::make_unique<RunSet>(folder_.file("runs"), always_fits);
    expect_all_there();
}

TEST_F(RunSetTest, stays_few_however_many_are_added) {
    for (int i = 0; i < 24; ++i) {
        append_run();
        while (runs_->merge_once(never)) {
        }
        EXPECT_LE(runs_->snapshot()->runs.size(), 7U);
    }
    std::size_t files = 0;
    for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator(folder_.file("runs"))) ++files;
    EXPECT_EQ(files, runs_->snapshot()->runs.size());
    expect_all_there();
}

TEST_F(RunSetTest, a_merge_that_is_stopped_changes_nothing) {
    for (int i = 0; i < 4; ++i) append_run();
    const auto before = runs_->snapshot();
    EXPECT_FALSE(runs_->merge_once([] { return true; }));
    EXPECT_EQ(runs_->snapshot(), before);
    expect_all_there();
}

TEST_F(RunSetTest, a_crash_after_a_merge_leaves_the_merged_run_and_tidies_up) {
    for (int i = 0; i < 4; ++i) append_run();
    const std::string aside = folder_.file("aside");
    std::filesystem::copy(folder_.file("runs"), aside);
    ASSERT_TRUE(runs_->merge_once(never));
    // As if the process had ended before it removed what was merged, and while it wrote another.
    std::filesystem::copy(aside, folder_.file("runs"));
    std::ofstream(folder_.file("runs") + "/1-0-2-0.run.part") << "begun";
    runs_ = std::make_unique<RunSet>(folder_.file("runs"), always_fits);
    EXPECT_EQ(runs_->snapshot()->runs.size(), 1U);
    expect_all_there();
    const std::filesystem::directory_iterator files(folder_.file("runs"));
    EXPECT_EQ(std::distance(begin(files), end(files)), 1);
}

TEST_F(RunSetTest, runs_behind_a_gap_are_not_used) {
    for (int i = 0; i < 3; ++i) append_run();
    const auto gone = runs_->snapshot()->runs[1]->path();
    const auto covered = runs_->snapshot()->runs[0]->info().last;
    std::filesystem::remove(gone);
    runs_ = std::make_unique<RunSet>(folder_.file("runs"), always_fits);
    EXPECT_EQ(runs_->snapshot()->covered(), covered);
}

TEST_F(RunSetTest, a_run_that_does_not_fit_is_thrown_away) {
    for (int i = 0; i < 2; ++i) append_run();
    const auto last = runs_->snapshot()->covered();
    runs_ = std::make_unique<RunSet>(folder_.file("runs"), [last](const RunInfo& info) { return info.last != last; });
    EXPECT_EQ(runs_->snapshot()->runs.size(), 1U);
    runs_ = std::make_unique<RunSet>(folder_.file("runs"), always_fits);
    EXPECT_EQ(runs_->snapshot()->runs.size(), 1U);
}

TEST_F(RunSetTest, no_damage_goes_unnoticed) {
    append_run();
    const std::string path = runs_->snapshot()->runs[0]->path();
    std::string whole;
    {
        std::ifstream file(path, std::ios::binary);
        whole.assign(std::istreambuf_iterator<char>(file), {});
    }
    const auto reads_all = [&path] {
        try {
            const sqlite::Run run(path);
            RunCursor cursor(run);
            for (bool more = cursor.seek({}); more;) more = cursor.next();
            return true;
        } catch (const RunError&) {
            return false;
        }
    };
    ASSERT_TRUE(reads_all());
    for (int i = 0; i < 60; ++i) {
        std::string damaged = whole;
        const std::size_t at = random_() % damaged.size();
        if (i % 3 == 0)
            damaged.resize(at);
        else
            damaged[at] = static_cast<char>(damaged[at] ^ 1 << random_() % 8);
        std::ofstream(path, std::ios::binary | std::ios::trunc) << damaged;
        EXPECT_FALSE(reads_all()) << i << " at " << at;
    }
}

TEST_F(RunSetTest, a_key_in_a_damaged_block_is_searched_for_in_the_rows) {
    append_run();
    const std::string path = runs_->snapshot()->runs[0]->path();
    {
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(100);
        file << std::string(3000, '\x55');
    }
    KeyIndex index(*runs_);
    int searched = 0;
    for (std::uint64_t number = 1; number < 2'000; ++number)
        index.find(
            key_of(number), [](KeyTable::Place) { return true; },
            [&searched](const RunInfo&) {
                ++searched;
                return true;
            });
    EXPECT_GT(searched, 0);
    EXPECT_TRUE(runs_->snapshot()->runs[0]->is_damaged());
}

TEST_F(RunSetTest, a_folder_that_is_a_file_is_told) {
    std::ofstream(folder_.file("other")) << "x";
    EXPECT_THROW(RunSet(folder_.file("other"), always_fits), RunError);
}

TEST(KeyFilter, passes_every_key_it_holds_and_few_others) {
    KeyFilter filter(10'000);
    std::mt19937_64 random(3);
    std::vector<std::uint64_t> marks(10'000);
    for (auto& mark : marks) filter.add(mark = random());
    for (const auto mark : marks) ASSERT_TRUE(filter.may_hold(mark));
    int passed = 0;
    for (int i = 0; i < 100'000; ++i) passed += filter.may_hold(random()) ? 1 : 0;
    EXPECT_LT(passed, 2'000);
    EXPECT_FALSE(KeyFilter(0).may_hold(5));
}

}  // namespace
}  // namespace onhand::storage::sqlite
