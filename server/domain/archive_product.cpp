#include "domain/decide_commands.hpp"
#include "domain/product_rules.hpp"
#include "domain/refuse.hpp"

namespace onhand::domain {

namespace {

// Says what is left over all locations, if anything is.
std::optional<Refusal> refuse_remains(const Product& product, WorkingSet& set) {
    Quantity on_hand = 0, promised = 0, incoming = 0;
    for (const auto& key : set.levels_of(product.id)) {
        const auto* const level = set.find_level(key);
        on_hand += level->on_hand;
        promised += level->held + level->allocated;
        incoming += level->incoming;
    }
    if (on_hand == 0 && promised == 0 && incoming == 0) return std::nullopt;
    return refuse(RefusalCode::invalid_state, sentence("SKU ", product.sku, " still has ", on_hand, " on hand, ",
                                                       promised, " promised and ", incoming, " incoming."));
}

}  // namespace

Outcome judge(const ArchiveProduct& command, WorkingSet& set, const Context& context, Changes& changes) {
    auto* const product = set.find_product(command.sku);
    if (auto refusal = refuse_change(product, command.sku, command.expected_version)) return std::move(*refusal);
    if (auto refusal = refuse_remains(*product, set)) return std::move(*refusal);
    product->archived = true;
    product->version += 1;
    product->updated_at = context.now;
    changes.items.emplace_back(
        ProductEvent{.kind = ProductEvent::Kind::archived, .product = *product, .actor = context.actor});
    return ProductDone{*product};
}

}  // namespace onhand::domain
