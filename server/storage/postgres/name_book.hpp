#pragma once
// The internal ids behind SKUs and location codes, as one writer has met them. Neither ever changes, so what was read
// once stays right, and a batch of orders for known products needs one round trip less. Bounded. One thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/working_set.hpp"

namespace onhand::storage::postgres {

class NameBook {
  public:
    // nullopt: never met, which does not mean that there is none.
    std::optional<domain::ProductId> product(std::string_view sku) const;
    std::optional<domain::LocationId> location(std::string_view code) const;

    void note_product(std::string_view sku, domain::ProductId id);
    void note_location(std::string_view code, domain::LocationId id);

    // After a fail-over the database may have lost its last names.
    void clear();

  private:
    static constexpr std::size_t names_max = 200'000;  // of a kind; then all of it are forgotten
    using Ids = domain::ByText<std::int64_t>;
    static void note(Ids& ids, std::string_view name, std::int64_t id);
    Ids products_;
    Ids locations_;
};

}  // namespace onhand::storage::postgres
