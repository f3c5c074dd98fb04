// The embedded store on its runs: keys and lists that lie in files, and what happens when these are missing, damaged,
// of another database or of another past. Runs are made of a few feed numbers here, so that there are many.

#include <fstream>
#include <thread>

#include "storage/sqlite/database.hpp"
#include "storage/sqlite/derived_store.hpp"
#include "storage/sqlite/reader.hpp"
#include "storage/sqlite/sqlite_test_support.hpp"

namespace onhand::storage::sqlite {
namespace {

namespace fs = std::filesystem;

class SqliteRuns : public testing::Test {
  protected:
    SqliteRuns() {
        store_.options.run_numbers = 16;
        store_.reopen();
        driver_.prepare();
        driver_.make_product("A", 1'000'000);
    }

    // Orders with the keys `from` to `to`, then everything into runs.
    void place(std::uint64_t from, std::uint64_t to) {
        for (std::uint64_t i = from; i <= to; ++i) {
            driver_.place("A", 1, key_hash(i));
            store_answer(i + 1'000'000);
        }
        catch_up();
    }
    void store_answer(std::uint64_t key) {
        domain::Changes changes;
        changes.answers.push_back({key_hash(key), key_hash(key), 1, 409, std::to_string(key)});
        ASSERT_EQ(store_.store().commit(changes).status, CommitStatus::committed);
    }
    void catch_up() { ASSERT_TRUE(store_.storage->catch_up_derived(store_.store().head()).has_value()); }

    bool knows(std::uint64_t key) {
        domain::WorkingSet none;
        const std::vector<domain::KeyHash> keys = {key_hash(key)};
        const auto known = store_.store().load(keys, {}, none);
        EXPECT_TRUE(known.has_value());
        if (!known || !(*known)[0]) return false;
        EXPECT_EQ((*known)[0]->fingerprint, key_hash(key));
        return true;
    }
    void expect_known(std::uint64_t from, std::uint64_t to) {
        for (std::uint64_t i = from; i <= to; ++i) {
            ASSERT_TRUE(knows(i)) << i;
            ASSERT_TRUE(knows(i + 1'000'000)) << i;
        }
        ASSERT_FALSE(knows(to + 1));
        ASSERT_FALSE(knows(from - 1));
    }
    void expect_orders(std::int64_t count) {
        domain::OrderFilter filter;
        filter.product = domain::ProductId{1};
        const auto page = store_.read_store().orders(filter);
        ASSERT_TRUE(page.has_value()) << page.error().detail;
        EXPECT_EQ(page->total, count);
        EXPECT_EQ(page->rows.size(), static_cast<std::size_t>(std::min<std::int64_t>(count, filter.limit)));
    }
    void expect_sound() {
        for (const auto& check : store_.storage->verify()) EXPECT_TRUE(check.ok) << check.name << ": " << check.finding;
    }

    std::string runs() const { return store_.options.path + ".runs"; }
    std::vector<fs::path> files() const {
        std::vector<fs::path> files;
        for (const auto& file : fs::directory_iterator(runs())) files.push_back(file.path());
        return files;
    }

    SqliteUnderTest store_{false};
    Driver driver_{store_};
};

TEST_F(SqliteRuns, keys_and_lists_are_found_in_runs_and_behind_them) {
    place(1, 100);
    driver_.place("A", 1, key_hash(101));
    store_answer(1'000'101);
    ASSERT_GT(files().size(), 0U);
    expect_known(1, 101);
    expect_orders(101);
    store_.reopen();
    driver_.prepare();
    expect_known(1, 101);
    expect_orders(101);
    EXPECT_EQ(store_.storage->known_keys(), 202U);
    expect_sound();
}

TEST_F(SqliteRuns, answers_become_runs_without_a_change_in_the_feed) {
    for (std::uint64_t i = 1; i <= 100; ++i) store_answer(i);
    for (int i = 0; i < 20; ++i) catch_up();
    ASSERT_GT(files().size(), 0U);
    store_.reopen();
    for (std::uint64_t i = 1; i <= 100; ++i) ASSERT_TRUE(knows(i));
    ASSERT_FALSE(knows(101));
    expect_sound();
}

TEST_F(SqliteRuns, missing_runs_are_made_again) {
    place(1, 60);
    store_.close();
    fs::remove_all(runs());
    store_.open();
    driver_.prepare();
    expect_known(1, 60);
    expect_orders(60);
    catch_up();
    ASSERT_GT(files().size(), 0U);
    expect_known(1, 60);
    expect_orders(60);
    expect_sound();
}

TEST_F(SqliteRuns, a_start_that_finds_no_runs_makes_them_before_it_takes_orders) {
    place(1, 200);
    store_.close();
    fs::remove_all(runs());
    store_.options.background = true;
    store_.open();
    ASSERT_GT(files().size(), 0U);
    expect_known(1, 200);
    expect_orders(200);
    store_.reopen();
    expect_known(1, 200);
    expect_sound();
}

TEST_F(SqliteRuns, a_damaged_file_is_made_again_at_start) {
    place(1, 60);
    for (const bool cut : {true, false}) {
        store_.close();
        for (const auto& file : files()) {
            if (cut)
                fs::resize_file(file, fs::file_size(file) / 2);
            else
                std::ofstream(file, std::ios::trunc) << std::string(5'000, 'x');
        }
        store_.open();
        driver_.prepare();
        expect_known(1, 60);
        expect_orders(60);
        catch_up();
        expect_sound();
    }
}

TEST_F(SqliteRuns, a_block_that_rots_while_in_use_forgets_no_key_and_is_made_good) {
    place(1, 100);
    store_.reopen();  // else the keys are in memory, too
    driver_.prepare();
    for (const auto& file : files()) {
        std::fstream content(file, std::ios::in | std::ios::out | std::ios::binary);
        content.seekp(40);
        content << "rot";
    }
    expect_known(1, 100);
    catch_up();
    expect_known(1, 100);
    expect_orders(100);
    expect_sound();
}

TEST_F(SqliteRuns, runs_of_another_past_of_the_database_are_not_believed) {
    place(1, 30);
    const std::string before = store_.folder.file("before.db");
    ASSERT_TRUE(store_.storage->backup_to(before).has_value());
    place(31, 80);
    store_.close();
    const std::string aside = store_.folder.file("aside");
    fs::copy(runs(), aside);
    // Back to the backup, on with other orders, until there are as many.
    for (const char* suffix : {"", "-wal", "-shm", ".mark", ".derived", ".derived-wal", ".derived-shm"})
        fs::remove(store_.options.path + suffix);
    fs::remove_all(runs());
    fs::copy(before, store_.options.path);
    store_.open();
    driver_.prepare();
    for (std::uint64_t i = 31; i <= 80; ++i) {
        driver_.place("A", 1, key_hash(i + 500));
        store_answer(i + 1'000'500);
    }
    store_.close();
    fs::remove_all(runs());
    fs::copy(aside, runs());
    store_.open();
    driver_.prepare();
    expect_known(1, 30);
    expect_known(531, 580);
    for (std::uint64_t i = 31; i <= 80; ++i) ASSERT_FALSE(knows(i));
    catch_up();
    expect_known(531, 580);
    expect_sound();
}

TEST_F(SqliteRuns, runs_of_another_database_are_not_believed) {
    place(1, 30);
    store_.close();
    SqliteUnderTest other(false);
    other.options.run_numbers = 16;
    other.close();
    fs::remove_all(other.options.path + ".runs");
    fs::copy(runs(), other.options.path + ".runs");
    other.open();
    EXPECT_EQ(other.storage->known_keys(), 0U);
    for (const auto& check : other.storage->verify()) EXPECT_TRUE(check.ok) << check.name << ": " << check.finding;
}

TEST_F(SqliteRuns, a_run_that_cannot_be_written_is_written_later) {
    place(1, 20);
    fs::rename(runs(), runs() + ".away");
    for (std::uint64_t i = 21; i <= 60; ++i) {
        driver_.place("A", 1, key_hash(i));
        store_answer(i + 1'000'000);
    }
    EXPECT_FALSE(store_.storage->catch_up_derived(store_.store().head()).has_value());
    EXPECT_FALSE(store_.storage->catch_up_derived(store_.store().head()).has_value());
    expect_known(1, 60);
    expect_orders(60);
    fs::rename(runs() + ".away", runs());
    catch_up();
    expect_known(1, 60);
    expect_orders(60);
    expect_sound();
}

TEST_F(SqliteRuns, everything_can_be_made_again_while_it_is_in_use) {
    place(1, 80);
    ASSERT_TRUE(store_.storage->rebuild_derived().has_value());
    expect_known(1, 80);
    expect_orders(80);
    expect_sound();
}

TEST_F(SqliteRuns, a_page_of_the_states_that_rots_is_noticed_and_made_good) {
    place(1, 400);
    store_.close();
    const std::string derived = store_.options.path + ".derived";
    {
        Connection connection(derived, Connection::Mode::write);
        connection.query_text("PRAGMA journal_mode = DELETE");
    }
    const auto size = fs::file_size(derived);
    {
        std::fstream file(derived, std::ios::in | std::ios::out | std::ios::binary);
        // The first two pages are the schema and the applied number.
        for (std::uintmax_t page = 8192; page < size; page += 4096) {
            file.seekp(static_cast<std::streamoff>(page));
            file << std::string(200, '\x7f');
        }
    }
    DerivedStore::Settings settings{store_.options.path, derived, runs(), 16};
    settings.checked_bytes_max = 0;
    DerivedStore store(settings);
    ReadSession session(store_.options.path, derived, store.lists());
    domain::OrderFilter filter;
    filter.status = domain::OrderStatus::placed;
    EXPECT_THROW(query_orders(session, filter), SqlError);
    store.start([] {});
    std::int64_t total = 0;
    for (int i = 0; i < 10'000 && total == 0; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        try {
            total = query_orders(session, filter).total;
        } catch (const SqlError&) {
        }
    }
    EXPECT_EQ(total, 400);
    store.stop();
    Connection connection(derived, Connection::Mode::read);
    EXPECT_EQ(connection.query_text("PRAGMA quick_check(1)"), "ok");
}

TEST_F(SqliteRuns, verification_finds_a_run_that_differs_from_its_rows) {
    place(1, 30);
    store_.close();
    {
        Connection connection(store_.options.path, Connection::Mode::write);
        connection.execute("UPDATE orders SET customer = 'somebody else' WHERE number = 1005");
    }
    store_.open();
    bool found = false;
    for (const auto& check : store_.storage->verify())
        if (check.name == "runs_equal_recomputation") found = !check.ok;
    EXPECT_TRUE(found);
}

TEST_F(SqliteRuns, orders_go_on_while_runs_are_written_and_merged) {
    store_.options.background = true;
    store_.reopen();
    driver_.prepare();
    for (std::uint64_t i = 1; i <= 600; ++i) {
        driver_.place("A", 1, key_hash(i));
        store_answer(i + 1'000'000);
        auto batch = std::make_shared<domain::FeedBatch>();
        batch->first = store_.store().head() + 1;
        store_.storage->on_batch(batch);
        if (i % 50 == 0) {
            ASSERT_TRUE(knows(1 + i / 2));
            expect_orders(static_cast<std::int64_t>(i));
        }
    }
    expect_known(1, 600);
    store_.reopen();
    expect_known(1, 600);
    expect_sound();
}

// The folder of runs is taken away and a file put in its place, so that no run can be written.
class UnwritableRuns : public SqliteRuns {
  protected:
    static constexpr std::size_t keys_max = 50;
    UnwritableRuns() {
        store_.options.recent_keys_max = keys_max;
        store_.reopen();
        driver_.prepare();
    }
    void take_folder() {
        fs::rename(runs(), runs() + ".away");
        std::ofstream(runs()) << "no folder";
    }
    void give_folder_back() {
        fs::remove(runs());
        fs::rename(runs() + ".away", runs());
    }
    CommitResult try_answer(std::uint64_t key) {
        domain::Changes changes;
        changes.answers.push_back({key_hash(key), key_hash(key), 1, 409, std::to_string(key)});
        return store_.store().commit(changes);
    }
};

TEST_F(UnwritableRuns, nothing_is_committed_when_no_more_keys_fit_in_memory_until_runs_can_be_written) {
    take_folder();
    std::uint64_t key = 0;
    while (key < keys_max) {
        driver_.place("A", 1, key_hash(++key));
        EXPECT_FALSE(store_.storage->catch_up_derived(store_.store().head()).has_value() && key > 16);
    }
    const auto head = store_.store().head();
    for (int i = 0; i < 3; ++i) {
        const auto result = try_answer(key + 1);
        EXPECT_EQ(result.status, CommitStatus::not_committed);
        EXPECT_EQ(result.error.code, StoreErrc::full);
    }
    EXPECT_EQ(store_.store().head(), head);
    for (std::uint64_t i = 1; i <= key; ++i) ASSERT_TRUE(knows(i)) << i;
    EXPECT_FALSE(knows(key + 1));
    expect_orders(static_cast<std::int64_t>(key));

    give_folder_back();
    catch_up();
    for (std::uint64_t i = 1; i <= 2 * keys_max; ++i) {
        EXPECT_EQ(try_answer(1'000'000 + i).status, CommitStatus::committed) << i;
        catch_up();
    }
    for (std::uint64_t i = 1; i <= key; ++i) ASSERT_TRUE(knows(i)) << i;
    expect_sound();
}

}  // namespace
}  // namespace onhand::storage::sqlite
