#include "storage/contract_test.hpp"
#include "storage/postgres/postgres_test_support.hpp"
#include "storage/postgres/verify.hpp"

// The whole store through PgBouncer in transaction mode: nothing may depend on meeting the same connection of the
// server twice. The databases are made and looked at without the pooler.

namespace onhand::storage {
namespace {

class PooledUnderTest final : public StoreUnderTest {
  public:
    PooledUnderTest() { open(); }

    Store& store() override { return storage_->store(0); }
    ReadStore& read_store() override { return storage_->read_store(); }
    void reopen() override {
        storage_.reset();
        open();
    }
    void number(domain::Changes& changes) override {
        const auto step = storage_->outbox().number(numbered_, 1000);
        ASSERT_TRUE(step.has_value()) << step.error().detail;
        if (changes.items.empty()) return;
        ASSERT_FALSE(step->batches.empty());
        numbered_ = step->batches.back().number;
        domain::FeedSeq seq = step->batches.back().first;
        for (auto& item : changes.items) domain::set_seq(item, seq++);
    }
    std::vector<Check> verify() { return storage_->verify(); }

  private:
    void open() {
        postgres::PostgresOptions options;
        options.url = postgres::with_database(postgres::test_server_url("pooler_url"), database_.name());
        // More than the pooler has connections.
        options.lanes = 2;
        options.read_connections = 4;
        options.prepared = false;
        auto opened = postgres::PostgresStorage::open(options, clock_);
        ASSERT_TRUE(opened.has_value()) << opened.error().detail;
        storage_ = std::move(*opened);
    }

    postgres::TestDatabase database_;
    ManualClock clock_;
    std::unique_ptr<postgres::PostgresStorage> storage_;
    std::int64_t numbered_ = 0;  // number of the last batch
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(Pooled, StorageContract,
                         testing::Values(ContractFactory{"pgbouncer",
                                                         [] { return std::make_unique<PooledUnderTest>(); }}),
                         contract_variant);

TEST(Pooler, what_was_written_through_it_is_sound) {
    PooledUnderTest store;
    Driver driver(store);
    driver.make_product("A", 100);
    for (int i = 0; i < 10; ++i) {
        const auto order = driver.place("A", 2, key_hash(static_cast<std::uint64_t>(i)));
        driver.run(domain::FulfilOrder{order.id, {}});
        EXPECT_EQ(store.read_store().orders({})->total, i + 1);
        EXPECT_EQ(store.read_store().movements({})->rows.size(), static_cast<std::size_t>(1 + 2 * (i + 1)));
    }
    EXPECT_EQ(store.read_store().orders({.search = "1003"})->total, 1);
    for (const auto& check : store.verify()) EXPECT_TRUE(check.ok) << check.name << ": " << check.finding;
}

}  // namespace onhand::storage
