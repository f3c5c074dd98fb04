#pragma once
// A SQLite store in a folder of its own that is removed at the end. Test code.

#include <filesystem>
#include <memory>
#include <string>

#include "storage/contract_driver.hpp"
#include "storage/sqlite/sqlite_storage.hpp"

namespace onhand::storage::sqlite {

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string name = (std::filesystem::temp_directory_path() / "onhand-sqlite-XXXXXX").string();
        path_ = ::mkdtemp(name.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    std::string file(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

class SqliteUnderTest final : public StoreUnderTest {
  public:
    explicit SqliteUnderTest(bool background = true, std::int64_t run_numbers = SqliteOptions{}.run_numbers) {
        options.path = folder.file("test.db");
        options.background = background;
        options.run_numbers = run_numbers;
        open();
    }

    Store& store() override { return storage->store(); }
    ReadStore& read_store() override { return storage->read_store(); }
    void reopen() override {
        close();
        open();
    }
    void shake(std::uint64_t random) override {
        const auto head = storage->store().head();
        if (options.background) {
            auto batch = std::make_shared<domain::FeedBatch>();
            batch->first = head + 1;
            storage->on_batch(batch);
        } else {
            EXPECT_TRUE(storage->catch_up_derived(static_cast<domain::FeedSeq>(random % (head + 1))).has_value());
        }
    }

    void close() { storage.reset(); }
    void open() {
        auto opened = SqliteStorage::open(options, clock);
        ASSERT_TRUE(opened.has_value()) << opened.error().detail;
        storage = std::move(*opened);
    }
    // Why the store cannot be opened; empty when it can.
    std::string refusal() {
        auto opened = SqliteStorage::open(options, clock);
        return opened.has_value() ? "" : opened.error().detail;
    }

    TemporaryFolder folder;
    ManualClock clock;
    SqliteOptions options;
    std::unique_ptr<SqliteStorage> storage;
};

}  // namespace onhand::storage::sqlite
