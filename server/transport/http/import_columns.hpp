#pragma once
// The header line of an import file: which system wrote it, and where its columns are. Names are compared without
// regard to case and outer spaces. Pure; called by product_csv.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace onhand::http {

// Whose columns these are: ours, Shopify's product export (new or classic names), WooCommerce's product export.
enum class ImportFormat { own, shopify, woocommerce };

enum class ImportColumn : std::uint8_t {
    sku,
    name,
    category,
    barcode,
    unit_price,
    currency,
    location,
    quantity,
    reorder_point,
    handle,            // Shopify: what belongs to one product
    product_category,  // Shopify: its own taxonomy, used when Type is empty
    option1,
    option2,
    option3,
    type,  // WooCommerce: simple, variable, variation …
};
inline constexpr std::size_t import_column_count = 15;

struct ImportColumns {
    static constexpr std::size_t none = static_cast<std::size_t>(-1);

    ImportFormat format = ImportFormat::own;
    std::size_t width = 0;  // cells of the header
    std::array<std::size_t, import_column_count> place{};
    std::array<std::string, import_column_count> title{};  // as the file spells it, for error reports
    std::string problem;                                   // why the header cannot be used; empty when it can

    bool has(ImportColumn column) const { return place_of(column) != none; }
    std::size_t place_of(ImportColumn column) const { return place[static_cast<std::size_t>(column)]; }
    const std::string& title_of(ImportColumn column) const { return title[static_cast<std::size_t>(column)]; }
};

// Recognises a header. Our own format refuses columns it does not know, so that a misspelled one is noticed.
ImportColumns recognise_columns(const std::vector<std::string_view>& header);

// `cell` without spaces and tabs at its ends.
std::string_view trimmed(std::string_view cell);

}  // namespace onhand::http
