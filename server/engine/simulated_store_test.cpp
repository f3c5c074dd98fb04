// The simulated store under the contract suite of the storage port: what the engine is tested on keeps the same
// promises as what it runs on.

#include "engine/testing/simulated_store.hpp"
#include "storage/contract_random_test.hpp"

namespace onhand::storage {

class SimulatedUnderTest final : public StoreUnderTest {
  public:
    Store& store() override { return store_; }
    ReadStore& read_store() override { return store_; }
    // All of it is in memory; closing and opening again would be another store.
    void reopen() override {}

  private:
    engine::SimulatedStore store_;
};

const auto simulated =
    testing::Values(ContractFactory{"memory", [] { return std::make_unique<SimulatedUnderTest>(); }});

INSTANTIATE_TEST_SUITE_P(Simulated, StorageContract, simulated, contract_variant);
INSTANTIATE_TEST_SUITE_P(Simulated, StorageContractLists, simulated, contract_variant);

}  // namespace onhand::storage
