// What the embedded store does when the disk fails or is full, and when its files are damaged between two starts.

#include <fstream>
#include <set>

#include "storage/random_trade.hpp"
#include "storage/sqlite/faulty_disk.hpp"
#include "storage/sqlite/mark_file.hpp"
#include "storage/sqlite/sqlite_test_support.hpp"

namespace onhand::storage::sqlite {
namespace {

using Fault = FaultyDisk::Fault;

class SqliteFaults : public testing::Test {
  protected:
    void SetUp() override {
        disk_.heal();
        under_test_ = std::make_unique<SqliteUnderTest>(false);
        driver_ = std::make_unique<Driver>(*under_test_);
        driver_->make_product("A", 1000);
    }
    void TearDown() override { disk_.heal(); }

    Store& store() { return under_test_->store(); }

    // One order, judged and handed to the store; what the store says.
    CommitResult try_to_place() {
        std::vector<domain::Outcome> outcomes;
        domain::PlaceOrder command;
        command.lines = {{"A", "", 1}};
        domain::Changes changes = driver_->judge({{command, {}, {}, domain::AccountId{1}}}, outcomes);
        return store().commit(changes);
    }
    // As try_to_place(), until the fault is met.
    CommitResult place_until_met() {
        CommitResult result;
        for (int i = 0; i < 100 && !disk_.was_met(); ++i) {
            acknowledged_ = store().head();
            result = try_to_place();
            if (result.status != CommitStatus::committed) driver_->prepare();
        }
        return result;
    }
    void expect_sound() {
        for (const auto& check : under_test_->storage->verify()) EXPECT_TRUE(check.ok) << check.name << check.finding;
    }

    FaultyDisk& disk_ = FaultyDisk::instance();
    std::unique_ptr<SqliteUnderTest> under_test_;
    std::unique_ptr<Driver> driver_;
    domain::FeedSeq acknowledged_ = 0;
};

TEST_F(SqliteFaults, a_failed_flush_of_the_lists_is_made_good_without_doubling_them) {
    int failed = 0;
    for (int nth = 0; nth < 8; ++nth) {
        ASSERT_EQ(try_to_place().status, CommitStatus::committed);
        disk_.fail(Fault::write_full, nth, ".derived-wal");
        failed += under_test_->storage->catch_up_derived(store().head()).has_value() ? 0 : 1;
        disk_.heal();
    }
    EXPECT_GT(failed, 0);
    ASSERT_TRUE(under_test_->storage->catch_up_derived(store().head()).has_value());
    domain::OrderFilter filter;
    filter.product = driver_->set().find_product("A")->id;
    const auto page = under_test_->read_store().orders(filter);
    ASSERT_TRUE(page.has_value());
    EXPECT_EQ(page->total, 8);
    std::set<Uuid> distinct;
    for (const auto& row : page->rows) distinct.insert(row.order.id);
    EXPECT_EQ(distinct.size(), 8U);
    EXPECT_EQ(page->rows.size(), 8U);
    expect_sound();
}

TEST_F(SqliteFaults, a_failed_sync_leaves_the_outcome_unknown_and_stops_the_store) {
    disk_.fail(Fault::sync, 0, "-wal");
    std::vector<domain::Outcome> outcomes;
    domain::PlaceOrder command;
    command.lines = {{"A", "", 1}};
    domain::Changes changes = driver_->judge({{command, {}, {}, {}}}, outcomes);
    const auto before = store().head();
    const auto result = store().commit(changes);
    EXPECT_EQ(result.status, CommitStatus::unknown);
    EXPECT_EQ(store().resolve(changes), CommitStatus::unknown);
    EXPECT_EQ(store().head(), before);
    disk_.heal();
    domain::WorkingSet set;
    EXPECT_EQ(store().prepare(set).error().code, StoreErrc::corrupt);
    const auto later = store().commit(changes);
    EXPECT_EQ(later.status, CommitStatus::not_committed);
    EXPECT_EQ(later.error.code, StoreErrc::corrupt);
    // The next start reads what the disk has: the batch or not, but nothing in between.
    driver_->reopen();
    EXPECT_TRUE(store().head() == before || store().head() == before + 2);
    expect_sound();
}

TEST_F(SqliteFaults, a_full_disk_refuses_the_batch_and_recovers_without_restart) {
    for (int nth = 0; nth < 8; ++nth) {
        SCOPED_TRACE(nth);
        disk_.fail(Fault::write_full, nth, "-wal");
        const auto result = place_until_met();
        ASSERT_TRUE(disk_.was_met());
        EXPECT_EQ(result.status, CommitStatus::not_committed);
        EXPECT_EQ(result.error.code, StoreErrc::full);
        EXPECT_EQ(store().head(), acknowledged_);
        disk_.heal();
        EXPECT_EQ(try_to_place().status, CommitStatus::committed);
        EXPECT_EQ(store().head(), acknowledged_ + 2);
    }
    expect_sound();
    const auto head = store().head();
    driver_->reopen();
    EXPECT_EQ(store().head(), head);
    expect_sound();
}

TEST_F(SqliteFaults, a_write_error_at_any_point_loses_nothing_acknowledged) {
    for (int nth = 0; nth < 8; ++nth) {
        SCOPED_TRACE(nth);
        disk_.fail(Fault::write_error, nth, "-wal");
        for (int i = 0; i < 100 && !disk_.was_met(); ++i) {
            acknowledged_ = store().head();
            std::vector<domain::Outcome> outcomes;
            domain::PlaceOrder command;
            command.lines = {{"A", "", 1}};
            domain::Changes changes = driver_->judge({{command, {}, {}, {}}}, outcomes);
            const auto result = store().commit(changes);
            EXPECT_EQ(result.status, disk_.was_met() ? CommitStatus::unknown : CommitStatus::committed);
        }
        ASSERT_TRUE(disk_.was_met());
        disk_.heal();
        driver_->reopen();
        EXPECT_GE(store().head(), acknowledged_);
        expect_sound();
    }
}

TEST_F(SqliteFaults, a_checkpoint_that_cannot_sync_stops_the_store) {
    under_test_->options.checkpoint_pages = 1;
    driver_->reopen();
    ASSERT_EQ(try_to_place().status, CommitStatus::committed);
    const auto head = store().head();
    disk_.fail(Fault::sync, 0, ".db");
    EXPECT_EQ(try_to_place().error.code, StoreErrc::corrupt);
    disk_.heal();
    driver_->reopen();
    EXPECT_EQ(store().head(), head);
    expect_sound();
}

TEST_F(SqliteFaults, a_database_that_may_not_grow_is_full_and_smaller_batches_still_pass) {
    under_test_->options.page_count_max = 80;
    driver_->reopen();
    domain::Changes large;
    large.answers.push_back({key_hash(1), key_hash(1), 1, 200, std::string(1'000'000, 'x')});
    const auto result = store().commit(large);
    EXPECT_EQ(result.status, CommitStatus::not_committed);
    EXPECT_EQ(result.error.code, StoreErrc::full);
    EXPECT_EQ(try_to_place().status, CommitStatus::committed);
    expect_sound();
}

// ---- files damaged between two starts

// The files of a store that was killed: log and mark as they were. Copied by another process, because closing the
// database in this one would drop SQLite's locks.
class SqliteAfterKill : public SqliteFaults {
  protected:
    void SetUp() override {
        SqliteFaults::SetUp();
        driver_->place("A", 1);
        head_at_mark_ = store().head();
        copy_files();
        EXPECT_TRUE(MarkFile(copy_.file("test.db")).write(head_at_mark_));
        original_log_ = read_file(log());
        ASSERT_GT(original_log_.size(), 4096U);
    }

    void copy_files() {
        const std::string command = "cp -r " + under_test_->options.path + "* " + copy_.file("");
        ASSERT_EQ(std::system(command.c_str()), 0);
        std::filesystem::remove(copy_.file("test.db-shm"));
    }
    std::string log() const { return copy_.file("test.db-wal"); }
    static std::string read_file(const std::string& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    static void write_file(const std::string& path, const std::string& content) {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
    }

    // Opens the copy; true when it opened with everything that was acknowledged, false when it was refused.
    bool opens_whole() {
        SqliteOptions options;
        options.path = copy_.file("test.db");
        options.background = false;
        auto opened = SqliteStorage::open(options, under_test_->clock);
        if (!opened) {
            refusal_ = opened.error().detail;
            return false;
        }
        EXPECT_GE((*opened)->store().head(), head_at_mark_);
        for (const auto& check : (*opened)->verify()) EXPECT_TRUE(check.ok) << check.name << check.finding;
        return true;
    }
    void restore_files() {
        for (const char* name : {"test.db", "test.db-wal", "test.db-shm", "test.db.derived", "test.db.mark"})
            std::filesystem::remove(copy_.file(name));
        copy_files();
        EXPECT_TRUE(MarkFile(copy_.file("test.db")).write(head_at_mark_));
    }

    TemporaryFolder copy_;
    domain::FeedSeq head_at_mark_ = 0;
    std::string original_log_;
    std::string refusal_;
};

TEST_F(SqliteAfterKill, the_log_brings_everything_back) {
    EXPECT_TRUE(opens_whole());
}

TEST_F(SqliteAfterKill, a_log_that_lost_its_end_is_an_alarm) {
    write_file(log(), original_log_.substr(0, original_log_.size() - 2000));
    EXPECT_FALSE(opens_whole());
    EXPECT_NE(refusal_.find("the log lost its end"), std::string::npos) << refusal_;
    std::filesystem::remove(copy_.file("test.db.mark"));
    SqliteOptions options;
    options.path = copy_.file("test.db");
    EXPECT_TRUE(SqliteStorage::open(options, under_test_->clock).has_value());
}

TEST_F(SqliteAfterKill, no_damage_to_the_log_goes_unnoticed) {
    std::mt19937_64 random(1);
    int refused = 0;
    for (int i = 0; i < 40; ++i) {
        SCOPED_TRACE(i);
        restore_files();
        std::string damaged = original_log_;
        const std::size_t at = random() % damaged.size();
        if (i % 2 == 0)
            damaged.resize(at);
        else
            damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
        write_file(log(), damaged);
        if (!opens_whole()) ++refused;
    }
    EXPECT_GT(refused, 20);
}

TEST_F(SqliteAfterKill, a_missing_log_is_an_alarm) {
    std::filesystem::remove(log());
    EXPECT_FALSE(opens_whole());
}

TEST_F(SqliteAfterKill, a_damaged_mark_is_refused) {
    write_file(copy_.file("test.db.mark"), "onhand-mark 1 3 0000000000000000\n");
    EXPECT_FALSE(opens_whole());
    EXPECT_NE(refusal_.find("is damaged"), std::string::npos) << refusal_;
}

}  // namespace
}  // namespace onhand::storage::sqlite
