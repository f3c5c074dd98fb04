#include "transport/http/product_csv.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/spare_turns.hpp"
#include "base/text.hpp"
#include "domain/catalogue.hpp"

namespace onhand::http {

namespace {

// The one option value of a Shopify product without variants.
constexpr std::string_view no_variant = "Default Title";

// WooCommerce: the last name of the first path in "A > B, C".
std::string_view first_category(std::string_view categories) {
    auto first = categories.substr(0, categories.find(','));
    const auto last_step = first.rfind('>');
    if (last_step != std::string_view::npos) first.remove_prefix(last_step + 1);
    return trimmed(first);
}

// Whole numbers only: no sign, no group marks, no exponent.
std::optional<domain::Quantity> whole_number(std::string_view text) {
    const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
    const auto number = digits ? parse_int(text) : std::nullopt;
    if (!number || !domain::is_quantity(*number)) return std::nullopt;
    return number;
}

}  // namespace

ProductCsv::ProductCsv(std::string_view text, ImportKind kind, std::string currency)
    : reader_(text), kind_(kind), currency_(std::move(currency)) {
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
        give_up("the file is UTF-16; save it as UTF-8");
    } else {
        read_header();
    }
}

void ProductCsv::read_header() {
    const auto status = reader_.next(cells_);
    if (status == CsvReader::Status::broken) return give_up(std::string(reader_.problem()));
    if (status == CsvReader::Status::end) return give_up("the file is empty");
    if (!std::ranges::all_of(cells_, is_utf8)) return give_up("the header is not UTF-8");
    columns_ = recognise_columns(cells_);
    if (!columns_.problem.empty()) return give_up(columns_.problem);
    if (kind_ != ImportKind::stock) return;
    if (columns_.format != ImportFormat::own)
        return give_up("stock is imported from the columns sku, location, quantity");
    if (!columns_.has(ImportColumn::quantity)) return give_up("there is no column \"quantity\"");
    for (const auto column : {ImportColumn::name, ImportColumn::category, ImportColumn::barcode,
                              ImportColumn::unit_price, ImportColumn::currency, ImportColumn::reorder_point})
        if (columns_.has(column))
            return give_up("an import of stock has no column \"" + columns_.title_of(column) + '"');
}

bool ProductCsv::next(std::vector<domain::ImportRow>& rows, std::size_t rows_max) {
    // Read into their place. `rows` ends with a row more than was read.
    auto verdict = Verdict::good;
    bool more = true;
    rows.emplace_back();
    while (rows.size() <= rows_max && (more = read_record(rows.back(), verdict))) {
        give_way();
        if (verdict != Verdict::good) {
            ++skipped_;
            rows.back() = {};
        } else {
            rows.emplace_back();
        }
    }
    rows.pop_back();
    return more;
}

bool ProductCsv::read_record(domain::ImportRow& row, Verdict& verdict) {
    if (unreadable_) return false;
    const auto status = reader_.next(cells_);
    if (status == CsvReader::Status::end) return false;
    if (status == CsvReader::Status::broken) {
        give_up(std::string(reader_.problem()));
        return false;
    }
    if (++rows_ > import_file_rows_max) {
        give_up("a file may have at most " + std::to_string(import_file_rows_max) + " rows");
        return false;
    }
    row_is_bad_ = false;
    row.line = reader_.line();
    verdict = read_row(row);
    return true;
}

ProductCsv::Verdict ProductCsv::read_row(domain::ImportRow& row) {
    if (!std::ranges::all_of(cells_, is_utf8)) {
        fail_row("", "the row is not UTF-8");
        return Verdict::bad;
    }
    const auto extra =
        std::ranges::find_if(cells_.begin() + static_cast<std::ptrdiff_t>(std::min(columns_.width, cells_.size())),
                             cells_.end(), [](std::string_view each) { return !each.empty(); });
    if (cells_.size() < columns_.width || extra != cells_.end()) {
        fail_row("", "the row has " + std::to_string(cells_.size()) + " cells, the header has " +
                         std::to_string(columns_.width));
        return Verdict::bad;
    }
    if (columns_.format == ImportFormat::shopify) {
        const auto verdict = read_shopify_names(row);
        if (verdict != Verdict::good) return verdict;
    } else {
        if (is_roof()) return Verdict::no_article;
        row.name = text(ImportColumn::name, domain::name_bytes_max);
        read_category(row);
    }
    row.sku = cell(ImportColumn::sku);
    if (row.sku.empty()) {
        fail(ImportColumn::sku, "is required");
    } else if (!domain::is_code(row.sku, domain::sku_bytes_max)) {
        fail(ImportColumn::sku,
             "must be at most " + std::to_string(domain::sku_bytes_max) + " bytes of visible characters");
    }
    row.location = cell(ImportColumn::location);
    if (!row.location.empty() && !domain::is_code(row.location, domain::location_code_bytes_max))
        fail(ImportColumn::location, "is not a code of a location");
    read_barcode(row);
    read_price(row);
    row.quantity = quantity(ImportColumn::quantity);
    row.reorder_point = quantity(ImportColumn::reorder_point);
    if (kind_ == ImportKind::stock && !row.quantity && !row_is_bad_) fail(ImportColumn::quantity, "is required");
    if (!row_is_bad_) note_repeat(row);
    return row_is_bad_ ? Verdict::bad : Verdict::good;
}

// Only what has stock of its own is an article; a variable product is the roof over its variations.
bool ProductCsv::is_roof() const {
    if (!columns_.has(ImportColumn::type)) return false;
    const auto type = fold_case(cell(ImportColumn::type));
    return type.find("variable") != type.npos || type.find("grouped") != type.npos;
}

ProductCsv::Verdict ProductCsv::read_shopify_names(domain::ImportRow& row) {
    const auto handle = cell(ImportColumn::handle);
    const auto title = cell(ImportColumn::name);
    if (!title.empty()) {
        auto category = cell(ImportColumn::category);
        if (category.empty()) category = cell(ImportColumn::product_category);
        group_ = {std::string(handle), std::string(title), std::string(category)};
    }
    std::string variant;
    for (const auto column : {ImportColumn::option1, ImportColumn::option2, ImportColumn::option3}) {
        const auto value = cell(column);
        if (value.empty() || value == no_variant) continue;
        variant += (variant.empty() ? "" : " / ") + std::string(value);
    }
    const bool only_an_image = title.empty() && cell(ImportColumn::sku).empty() &&
                               cell(ImportColumn::option1).empty() && cell(ImportColumn::unit_price).empty();
    if (only_an_image) return Verdict::no_article;
    if (group_.handle != handle || group_.title.empty()) {
        fail(ImportColumn::handle, "the first row of this product, which has its title, is missing");
        return Verdict::bad;
    }
    row.name = variant.empty() ? group_.title : group_.title + " - " + variant;
    if (row.name->size() > domain::name_bytes_max || !is_printable(*row.name))
        fail(ImportColumn::name, "must be at most " + std::to_string(domain::name_bytes_max) +
                                     " bytes without control characters, options included");
    std::string_view category = group_.category;
    // A path of Shopify's taxonomy that is too long is named by its last step.
    const auto last_step = category.rfind('>');
    if (category.size() > domain::category_bytes_max && last_step != std::string_view::npos)
        category = trimmed(category.substr(last_step + 1));
    if (category.size() > domain::category_bytes_max || !is_printable(category)) {
        fail(ImportColumn::category,
             "must be at most " + std::to_string(domain::category_bytes_max) + " bytes without control characters");
    } else if (!category.empty()) {
        row.category = category;
    }
    return Verdict::good;
}

void ProductCsv::read_category(domain::ImportRow& row) {
    if (columns_.format == ImportFormat::own) {
        row.category = text(ImportColumn::category, domain::category_bytes_max);
        return;
    }
    const auto category = first_category(cell(ImportColumn::category));
    if (category.empty()) return;
    if (category.size() <= domain::category_bytes_max && is_printable(category)) {
        row.category = category;
    } else {
        fail(ImportColumn::category, "must be at most " + std::to_string(domain::category_bytes_max) + " bytes");
    }
}

void ProductCsv::read_barcode(domain::ImportRow& row) {
    row.barcode = text(ImportColumn::barcode, domain::barcode_bytes_max);
    // Shops put an apostrophe before digits, so that a spreadsheet keeps leading zeros.
    const bool guarded =
        row.barcode && row.barcode->size() > 1 && row.barcode->front() == '\'' && columns_.format != ImportFormat::own;
    if (guarded) row.barcode->erase(0, 1);
}

void ProductCsv::read_price(domain::ImportRow& row) {
    const auto amount = cell(ImportColumn::unit_price);
    if (amount.empty()) return;
    auto currency = cell(ImportColumn::currency);
    if (currency.empty()) currency = currency_;
    if (!domain::is_amount(amount)) {
        fail(ImportColumn::unit_price, "must be a number like 12.50, with at most 4 decimals");
    } else if (!currency.empty() && !domain::is_currency(currency)) {
        fail(ImportColumn::currency, "must be three capital letters, like EUR");
    } else if (!currency.empty()) {
        row.unit_price = domain::Money{std::string(amount), std::string(currency)};
    } else if (columns_.format == ImportFormat::own) {
        fail(ImportColumn::unit_price, "needs a currency");
    }
}

std::string_view ProductCsv::cell(ImportColumn column) const {
    const auto place = columns_.place_of(column);
    if (place == ImportColumns::none) return {};
    return unescape_formula(trimmed(cells_[place]));
}

std::optional<std::string> ProductCsv::text(ImportColumn column, std::size_t bytes_max) {
    const auto value = cell(column);
    if (value.empty()) return std::nullopt;
    if (value.size() <= bytes_max && is_printable(value)) return std::string(value);
    fail(column, "must be at most " + std::to_string(bytes_max) + " bytes without control characters");
    return std::nullopt;
}

std::optional<domain::Quantity> ProductCsv::quantity(ImportColumn column) {
    const auto value = cell(column);
    // WooCommerce: a variation that is counted with its parent.
    const bool elsewhere = columns_.format == ImportFormat::woocommerce && fold_case(value) == "parent";
    if (value.empty() || elsewhere) return std::nullopt;
    const auto number = whole_number(value);
    if (!number) fail(column, "must be a whole number from 0 to " + std::to_string(domain::quantity_max));
    return number;
}

void ProductCsv::note_repeat(const domain::ImportRow& row) {
    if (!looks_for_repeats_) return;
    std::string_view location = row.location;
    if (location.empty()) location = domain::main_location_code;
    const auto first = seen_.note(row.sku, location, row.line);
    if (first == 0) return;
    has_repeats_ = true;
    fail(ImportColumn::sku, "the same SKU and location stand in line " + std::to_string(first));
}

void ProductCsv::fail(ImportColumn column, std::string detail) {
    fail_row(columns_.title_of(column), std::move(detail));
}

void ProductCsv::fail_row(std::string column, std::string detail) {
    row_is_bad_ = true;
    if (errors_.size() < import_errors_max) errors_.push_back({reader_.line(), std::move(column), std::move(detail)});
}

void ProductCsv::give_up(std::string detail) {
    unreadable_ = domain::ImportError{reader_.line(), "", std::move(detail)};
}

}  // namespace onhand::http
