#include "transport/http/import_columns.hpp"

#include <algorithm>
#include <span>

#include "base/ensure.hpp"
#include "base/text.hpp"

namespace onhand::http {

namespace {

struct Alias {
    std::string_view title;  // lower case
    ImportColumn column;
};

constexpr std::array own_aliases{
    Alias{"sku", ImportColumn::sku},
    Alias{"name", ImportColumn::name},
    Alias{"category", ImportColumn::category},
    Alias{"barcode", ImportColumn::barcode},
    Alias{"unit_price", ImportColumn::unit_price},
    Alias{"currency", ImportColumn::currency},
    Alias{"location", ImportColumn::location},
    Alias{"quantity", ImportColumn::quantity},
    Alias{"reorder_point", ImportColumn::reorder_point},
};

// What our own export of the stock adds for readers; an import leaves it alone.
constexpr std::array<std::string_view, 7> own_ignored{"unavailable", "held",    "allocated", "available",
                                                      "incoming",    "version", "updated_at"};

constexpr std::array shopify_aliases{
    Alias{"handle", ImportColumn::handle},
    Alias{"url handle", ImportColumn::handle},
    Alias{"title", ImportColumn::name},
    Alias{"type", ImportColumn::category},
    Alias{"product category", ImportColumn::product_category},
    Alias{"option1 value", ImportColumn::option1},
    Alias{"option2 value", ImportColumn::option2},
    Alias{"option3 value", ImportColumn::option3},
    Alias{"variant sku", ImportColumn::sku},
    Alias{"sku", ImportColumn::sku},
    Alias{"variant barcode", ImportColumn::barcode},
    Alias{"barcode", ImportColumn::barcode},
    Alias{"barcodes", ImportColumn::barcode},
    Alias{"variant price", ImportColumn::unit_price},
    Alias{"price", ImportColumn::unit_price},
    Alias{"variant inventory qty", ImportColumn::quantity},
    Alias{"inventory quantity", ImportColumn::quantity},
};

constexpr std::array woocommerce_aliases{
    Alias{"sku", ImportColumn::sku},
    Alias{"name", ImportColumn::name},
    Alias{"categories", ImportColumn::category},
    Alias{"gtin, upc, ean, or isbn", ImportColumn::barcode},
    Alias{"regular price", ImportColumn::unit_price},
    Alias{"stock", ImportColumn::quantity},
    Alias{"low stock amount", ImportColumn::reorder_point},
    Alias{"type", ImportColumn::type},
};

std::span<const Alias> aliases_of(ImportFormat format) {
    switch (format) {
        case ImportFormat::own:
            return own_aliases;
        case ImportFormat::shopify:
            return shopify_aliases;
        case ImportFormat::woocommerce:
            return woocommerce_aliases;
    }
    ensure(false, "every format has its columns");
    return {};
}

ImportFormat format_of(const std::vector<std::string>& titles) {
    const auto has = [&](std::string_view title) { return std::ranges::find(titles, title) != titles.end(); };
    if ((has("handle") || has("url handle")) && has("title")) return ImportFormat::shopify;
    if (has("sku") && has("name") && has("type") && (has("regular price") || has("stock")))
        return ImportFormat::woocommerce;
    return ImportFormat::own;
}

// Text of the file as it may stand in an answer.
std::string shown(std::string_view title) {
    constexpr std::size_t shown_bytes_max = 64;
    title = title.substr(0, shown_bytes_max);
    while (!is_utf8(title)) title.remove_suffix(1);
    return '"' + std::string(title) + '"';
}

void place_column(ImportColumns& columns, std::string_view title, std::size_t at) {
    const auto aliases = aliases_of(columns.format);
    const auto found = std::ranges::find(aliases, title, &Alias::title);
    if (found == aliases.end()) {
        const bool ignored = columns.format != ImportFormat::own || std::ranges::count(own_ignored, title) > 0;
        if (!ignored && columns.problem.empty()) columns.problem = "the column " + shown(title) + " is not known";
        return;
    }
    if (columns.has(found->column) && columns.problem.empty())
        columns.problem = "the column " + shown(title) + " occurs twice";
    columns.place[static_cast<std::size_t>(found->column)] = at;
    columns.title[static_cast<std::size_t>(found->column)] = title;
}

}  // namespace

std::string_view trimmed(std::string_view cell) {
    while (!cell.empty() && (cell.front() == ' ' || cell.front() == '\t')) cell.remove_prefix(1);
    while (!cell.empty() && (cell.back() == ' ' || cell.back() == '\t')) cell.remove_suffix(1);
    return cell;
}

ImportColumns recognise_columns(const std::vector<std::string_view>& header) {
    std::vector<std::string> titles;
    titles.reserve(header.size());
    for (const auto cell : header) titles.push_back(fold_case(trimmed(cell)));
    ImportColumns columns;
    columns.place.fill(ImportColumns::none);
    columns.width = header.size();
    columns.format = format_of(titles);
    for (std::size_t i = 0; i < titles.size(); ++i) place_column(columns, titles[i], i);
    if (columns.problem.empty() && !columns.has(ImportColumn::sku)) columns.problem = "there is no column \"sku\"";
    return columns;
}

}  // namespace onhand::http
