#include "storage/contract_random_test.hpp"
#include "storage/sqlite/sqlite_test_support.hpp"

namespace onhand::storage {

// The derived store is filled by its thread, by hand up to arbitrary numbers, or never; with tiny runs, many are
// merged.
class UnderivedSqlite final : public StoreUnderTest {
  public:
    Store& store() override { return inner_.store(); }
    ReadStore& read_store() override { return inner_.read_store(); }
    void reopen() override { inner_.reopen(); }

  private:
    sqlite::SqliteUnderTest inner_{false};
};

const auto sqlite_variants =
    testing::Values(ContractFactory{"background", [] { return std::make_unique<sqlite::SqliteUnderTest>(true); }},
                    ContractFactory{"lagging", [] { return std::make_unique<sqlite::SqliteUnderTest>(false); }},
                    ContractFactory{"runs", [] { return std::make_unique<sqlite::SqliteUnderTest>(true, 8); }},
                    ContractFactory{"lagging_runs", [] { return std::make_unique<sqlite::SqliteUnderTest>(false, 8); }},
                    ContractFactory{"underived", [] { return std::make_unique<UnderivedSqlite>(); }});

INSTANTIATE_TEST_SUITE_P(Sqlite, StorageContract, sqlite_variants, contract_variant);
INSTANTIATE_TEST_SUITE_P(Sqlite, StorageContractLists, sqlite_variants, contract_variant);

}  // namespace onhand::storage
