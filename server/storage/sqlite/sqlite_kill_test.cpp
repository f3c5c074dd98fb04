// The embedded store killed in the middle of everything, again and again: another process places orders while runs
// are written and merged, tells which ones were acknowledged, and ends by SIGKILL.

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "storage/sqlite/sqlite_test_support.hpp"

namespace onhand::storage::sqlite {
namespace {

// A store on files that outlive it.
class StoreAt final : public StoreUnderTest {
  public:
    explicit StoreAt(const std::string& path) {
        options_.path = path;
        options_.run_numbers = 16;
        open();
    }
    Store& store() override { return storage->store(); }
    ReadStore& read_store() override { return storage->read_store(); }
    void reopen() override {
        storage.reset();
        open();
    }

    std::unique_ptr<SqliteStorage> storage;

  private:
    void open() {
        auto opened = SqliteStorage::open(options_, clock_);
        ASSERT_TRUE(opened.has_value()) << opened.error().detail;
        storage = std::move(*opened);
    }
    ManualClock clock_;
    SqliteOptions options_;
};

// Places orders with rising keys for ever, and writes the number of each to `out` once it was acknowledged.
[[noreturn]] void trade_until_killed(const std::string& path, std::uint64_t first, int out) {
    StoreAt at(path);
    Driver driver(at);
    for (std::uint64_t i = first;; ++i) {
        driver.place("A", 1, key_hash(i));
        auto batch = std::make_shared<domain::FeedBatch>();
        batch->first = at.store().head() + 1;
        at.storage->on_batch(batch);
        if (::write(out, &i, sizeof i) != sizeof i) ::_exit(1);
    }
}

// Returns the last key that was acknowledged before the kill.
std::uint64_t trade_and_kill(const std::string& path, std::uint64_t first, std::uint64_t orders) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        trade_until_killed(path, first, ends[1]);
    }
    ::close(ends[1]);
    std::uint64_t acknowledged = first - 1;
    std::uint64_t number = 0;
    bool killed = false;
    while (::read(ends[0], &number, sizeof number) == sizeof number) {
        acknowledged = number;
        if (!killed && number >= first + orders) killed = ::kill(child, SIGKILL) == 0;
    }
    ::close(ends[0]);
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    return acknowledged;
}

TEST(SqliteKill, every_acknowledged_key_is_known_after_every_kill) {
    TemporaryFolder folder;
    const std::string path = folder.file("killed.db");
    {
        StoreAt at(path);
        Driver(at).make_product("A", 1'000'000);
    }
    std::uint64_t last = 0;
    for (int round = 0; round < 6; ++round) {
        SCOPED_TRACE(round);
        // One order may have been committed and not acknowledged: its key is skipped.
        last = trade_and_kill(path, last + 2, 60 + static_cast<std::uint64_t>(round) * 37);
        StoreAt at(path);
        std::vector<domain::KeyHash> keys;
        for (std::uint64_t i = 2; i <= last; ++i) keys.push_back(key_hash(i));
        domain::WorkingSet none;
        const auto known = at.store().load(keys, {}, none);
        ASSERT_TRUE(known.has_value());
        std::int64_t placed = 0;
        for (const auto& one : *known) placed += one ? 1 : 0;
        // Between two rounds one key was never sent.
        EXPECT_GE(placed, static_cast<std::int64_t>(keys.size()) - round);
        EXPECT_TRUE(known->back().has_value());
        domain::OrderFilter filter;
        filter.product = domain::ProductId{1};
        const auto page = at.read_store().orders(filter);
        ASSERT_TRUE(page.has_value());
        EXPECT_GE(page->total, placed);
        EXPECT_LE(page->total, placed + round + 1);
        ASSERT_TRUE(at.storage->catch_up_derived(at.store().head()).has_value());
        for (const auto& check : at.storage->verify()) EXPECT_TRUE(check.ok) << check.name << ": " << check.finding;
    }
}

}  // namespace
}  // namespace onhand::storage::sqlite
