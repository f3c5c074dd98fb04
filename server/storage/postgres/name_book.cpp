#include "storage/postgres/name_book.hpp"

namespace onhand::storage::postgres {

std::optional<domain::ProductId> NameBook::product(std::string_view sku) const {
    const auto found = products_.find(sku);
    if (found == products_.end()) return std::nullopt;
    return domain::ProductId{found->second};
}

std::optional<domain::LocationId> NameBook::location(std::string_view code) const {
    const auto found = locations_.find(code);
    if (found == locations_.end()) return std::nullopt;
    return domain::LocationId{found->second};
}

void NameBook::note_product(std::string_view sku, domain::ProductId id) {
    note(products_, sku, domain::raw(id));
}

void NameBook::note_location(std::string_view code, domain::LocationId id) {
    note(locations_, code, domain::raw(id));
}

void NameBook::note(Ids& ids, std::string_view name, std::int64_t id) {
    if (ids.contains(name)) return;
    if (ids.size() >= names_max) ids.clear();
    ids.emplace(name, id);
}

void NameBook::clear() {
    products_.clear();
    locations_.clear();
}

}  // namespace onhand::storage::postgres
