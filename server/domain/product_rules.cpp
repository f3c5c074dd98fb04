#include "domain/product_rules.hpp"

#include "base/text.hpp"
#include "domain/refuse.hpp"

namespace onhand::domain {

namespace {

bool is_text(std::string_view text, std::size_t bytes_max) {
    return text.size() <= bytes_max && is_utf8(text) && is_printable(text);
}

}  // namespace

std::optional<FieldFault> find_fault(const Product& product) {
    if (!is_code(product.sku, sku_bytes_max))
        return FieldFault{"/sku", "sku",
                          sentence("A SKU has 1 to ", sku_bytes_max,
                                   " bytes of visible characters and neither begins nor ends with a space.")};
    if (product.name.empty() || !is_text(product.name, name_bytes_max))
        return FieldFault{"/name", "name", sentence("A name has 1 to ", name_bytes_max, " bytes.")};
    if (!is_text(product.category, category_bytes_max))
        return FieldFault{"/category", "category", sentence("A category has at most ", category_bytes_max, " bytes.")};
    if (!is_text(product.barcode, barcode_bytes_max))
        return FieldFault{"/barcode", "barcode", sentence("A barcode has at most ", barcode_bytes_max, " bytes.")};
    if (product.unit_price != Money{}) {
        if (!is_amount(product.unit_price.amount))
            return FieldFault{"/unit_price/amount", "unit_price",
                              "A price is written like 12.50: at most 12 digits and 4 decimals, no sign."};
        if (!is_currency(product.unit_price.currency))
            return FieldFault{"/unit_price/currency", "currency", "A currency is three capital letters, like EUR."};
    }
    if (product.attributes.size() > attributes_bytes_max)
        return FieldFault{"/attributes", "attributes",
                          sentence("Attributes have at most ", attributes_bytes_max, " bytes.")};
    if (!is_quantity(product.reorder_point))
        return FieldFault{"/reorder_point", "reorder_point",
                          sentence("A reorder point is a whole number from 0 to ", quantity_max, ".")};
    return std::nullopt;
}

std::optional<Refusal> refuse_fault(const Product& product) {
    auto fault = find_fault(product);
    if (!fault) return std::nullopt;
    return refuse_at(RefusalCode::invalid_request, fault->pointer, std::move(fault->detail));
}

std::optional<Refusal> refuse_change(const Product* product, std::string_view sku, std::int64_t expected_version,
                                     Archived archived) {
    const bool gone = product == nullptr || (product->archived && archived == Archived::refused);
    if (gone) return refuse_unknown_sku(product, sku, "");
    if (expected_version == product->version) return std::nullopt;
    auto refusal = refuse(RefusalCode::version_mismatch,
                          sentence("The product ", product->sku, " was changed meanwhile. Look at it again."));
    refusal.product = *product;
    return refusal;
}

}  // namespace onhand::domain
