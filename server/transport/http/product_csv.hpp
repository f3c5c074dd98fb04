#pragma once
// Import files of products and stock: turns CSV in our own format, Shopify's or WooCommerce's into rows for
// domain::ImportProducts, chunk by chunk, and collects bad rows with line, column and reason. Pure; one reader belongs
// to one thread. It judges the form only; the domain judges whether a row fits the stock.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/csv.hpp"
#include "domain/commands.hpp"
#include "domain/outcome.hpp"
#include "transport/http/import_columns.hpp"
#include "transport/http/seen_rows.hpp"

namespace onhand::http {

inline constexpr std::int64_t import_file_rows_max = 2'000'000;
inline constexpr std::size_t import_errors_max = 1000;  // listed; more are only counted

enum class ImportKind {
    products,  // creates and updates products; sets stock where the file has a quantity
    stock,     // sets stock only: sku, location, quantity, all other columns refused
};

class ProductCsv {
  public:
    // `text` must outlive the reader. `currency` (or empty) is that of prices which the file gives without one; such
    // prices are left out when it is empty, except in our own format, where they are errors.
    ProductCsv(std::string_view text, ImportKind kind, std::string currency);

    // Appends up to `rows_max` good rows. Returns false when the file has no more, or cannot be read further.
    bool next(std::vector<domain::ImportRow>& rows, std::size_t rows_max);

    // True when a good row named a SKU and location of an earlier one, so far.
    bool has_repeats() const { return has_repeats_; }
    // For a reader of a text that another one read to its end without repeats: spares looking for them again.
    void expect_no_repeats() { looks_for_repeats_ = false; }

    // Why the file cannot be used at all (a bad header, an open quote …), with the line. Ask after each next().
    const std::optional<domain::ImportError>& unreadable() const { return unreadable_; }
    const std::vector<domain::ImportError>& errors() const { return errors_; }
    std::int64_t rows() const { return rows_; }        // records below the header seen so far
    std::int64_t skipped() const { return skipped_; }  // of them: bad ones, and ones that carry no article

  private:
    enum class Verdict { good, bad, no_article };
    // What the rows of one Shopify product share: only the first has them.
    struct Group {
        std::string handle;
        std::string title;
        std::string category;
    };

    void read_header();
    bool read_record(domain::ImportRow& row, Verdict& verdict);
    Verdict read_row(domain::ImportRow& row);
    bool is_roof() const;
    Verdict read_shopify_names(domain::ImportRow& row);
    void read_category(domain::ImportRow& row);
    void read_price(domain::ImportRow& row);
    void read_barcode(domain::ImportRow& row);
    std::string_view cell(ImportColumn column) const;
    std::optional<std::string> text(ImportColumn column, std::size_t bytes_max);
    std::optional<domain::Quantity> quantity(ImportColumn column);
    void note_repeat(const domain::ImportRow& row);
    void fail(ImportColumn column, std::string detail);
    void fail_row(std::string column, std::string detail);
    void give_up(std::string detail);

    CsvReader reader_;
    const ImportKind kind_;
    const std::string currency_;
    ImportColumns columns_;
    std::vector<std::string_view> cells_;
    Group group_;
    SeenRows seen_;
    std::vector<domain::ImportError> errors_;
    std::optional<domain::ImportError> unreadable_;
    std::int64_t rows_ = 0;
    std::int64_t skipped_ = 0;
    bool row_is_bad_ = false;
    bool has_repeats_ = false;
    bool looks_for_repeats_ = true;
};

}  // namespace onhand::http
