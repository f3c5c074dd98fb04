#include "storage/sqlite/log_gate.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "storage/sqlite/sqlite_test_support.hpp"

namespace onhand::storage::sqlite {
namespace {

constexpr std::uintmax_t page_bytes = 4096 + 24;

TEST(LogGate, closes_only_when_nobody_reads) {
    LogGate gate;
    {
        const LogGate::Reading one(&gate);
        const LogGate::Reading other(&gate);
        EXPECT_FALSE(gate.try_close());
    }
    EXPECT_TRUE(gate.try_close());
    gate.open();
    {
        const LogGate::Reading again(&gate);
    }
    EXPECT_TRUE(gate.try_close());
    gate.open();
}

TEST(LogGate, nobody_reads_while_it_is_closed) {
    LogGate gate;
    std::atomic<int> reading{0};
    std::atomic<bool> stop{false};
    std::thread reader([&] {
        while (!stop) {
            {
                const LogGate::Reading inside(&gate);
                ++reading;
                --reading;
            }
            std::this_thread::yield();
        }
    });
    for (int closed = 0; closed < 200;) {
        if (!gate.try_close()) {
            std::this_thread::yield();
            continue;
        }
        ++closed;
        for (int look = 0; look < 10; ++look) {
            EXPECT_EQ(reading, 0);
            std::this_thread::yield();
        }
        gate.open();
    }
    stop = true;
    reader.join();
}

// A store whose log is copied early, and the log's file.
struct LoggedStore {
    explicit LoggedStore(std::int64_t log_bytes_kept = SqliteOptions{}.log_bytes_kept) : store(false) {
        store.options.checkpoint_pages = 20;
        store.options.log_bytes_kept = log_bytes_kept;
        store.reopen();
    }
    std::uintmax_t pages() const { return std::filesystem::file_size(store.options.path + "-wal") / page_bytes; }
    void commit() {
        domain::Changes changes;
        changes.answers.push_back({key_hash(++commits), {}, 1, 200, std::string(3000, 'x')});
        ASSERT_EQ(store.store().commit(changes).status, CommitStatus::committed);
    }
    void commit_until(std::uintmax_t pages_wanted) {
        while (pages() < pages_wanted) commit();
    }
    // Calls while somebody reads everything as of one moment.
    template <class Body>
    void while_reading(Body&& body) {
        ReadStore::Visitor visitor;
        visitor.location = [&body](domain::Location&&) { body(); };
        ASSERT_TRUE(store.read_store().visit_all(visitor).has_value());
    }

    SqliteUnderTest store;
    std::uint64_t commits = 0;
};

TEST(SqliteLog, is_copied_as_soon_as_nobody_reads) {
    LoggedStore log;
    log.while_reading([&log] { log.commit_until(30); });
    const auto before = log.pages();
    EXPECT_LT(before, 40u);
    for (int i = 0; i < 200; ++i) log.commit();
    EXPECT_EQ(log.pages(), before) << "the log began anew, and in no later turn did it become as long";
}

TEST(SqliteLog, is_copied_as_far_as_the_reader_lets_it_when_somebody_reads_without_end) {
    LoggedStore log;
    log.commit_until(15);
    const auto database_bytes = [&log] { return std::filesystem::file_size(log.store.options.path); };
    log.while_reading([&] {
        const auto before = database_bytes();
        log.commit_until(38);
        EXPECT_EQ(database_bytes(), before);
        log.commit_until(50);
        EXPECT_GT(database_bytes(), before);
    });
}

TEST(SqliteLog, gives_the_disk_back_bit_by_bit_once_it_was_long) {
    constexpr std::uintmax_t step_pages = 4'000'000 / page_bytes + 1;
    LoggedStore log(100 * page_bytes);
    log.while_reading([&log] { log.commit_until(2'500); });
    auto last = log.pages();
    int cuts = 0;
    for (int i = 0; i < 400; ++i) {
        log.commit();
        const auto now = log.pages();
        EXPECT_LE(last - now, step_pages);
        if (now < last) ++cuts;
        last = now;
    }
    EXPECT_EQ(last, 100u);
    EXPECT_GE(cuts, 3);
}

}  // namespace
}  // namespace onhand::storage::sqlite
