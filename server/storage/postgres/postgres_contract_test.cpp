#include "storage/contract_random_test.hpp"
#include "storage/postgres/postgres_test_support.hpp"

namespace onhand::storage {

const auto postgres_variants =
    testing::Values(ContractFactory{"prepared", [] { return std::make_unique<postgres::PostgresUnderTest>(true); }},
                    ContractFactory{"unprepared", [] { return std::make_unique<postgres::PostgresUnderTest>(false); }});

INSTANTIATE_TEST_SUITE_P(Postgres, StorageContract, postgres_variants, contract_variant);
INSTANTIATE_TEST_SUITE_P(Postgres, StorageContractLists, postgres_variants, contract_variant);

}  // namespace onhand::storage
