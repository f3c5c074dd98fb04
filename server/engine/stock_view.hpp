#pragma once
// The stock table as readers see it: every product and level of the database in memory, brought up to date by the
// lanes before a batch is answered, so that who was answered also sees it. Answers the stock page, search, SKU look-up
// and the names behind ids. Thread-safe. Orders never wait for readers; a change of the catalogue waits for the readers
// that are at it, each a few milliseconds at most, and goes before later ones.
// Cost: about 320 bytes a product with one level (texts of 45 bytes), 110 for each further level.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/changes.hpp"
#include "domain/outcome.hpp"
#include "domain/views.hpp"

namespace onhand::engine {

enum class StockState { any, in, low, out };  // out: available 0; low: 0 < available <= reorder point; in: the rest
enum class StockSort { sku, name, category, on_hand, held, allocated, available, updated_at };

struct StockFilter {
    std::string search;  // every word must occur in SKU, name or barcode (ASCII case folded)
    std::optional<std::string> sku;
    std::optional<std::string> location;  // code
    std::optional<std::string> category;
    StockState state = StockState::any;
    StockSort sort = StockSort::sku;  // equal numbers stand by SKU, equal texts too
    bool descending = false;          // numbers from high to low; the order of texts from its end
    std::int64_t offset = 0;
    std::int64_t limit = domain::page_limit_default;

    // True for the whole table in an order that is kept: then a page costs its own rows only. Otherwise all levels are
    // looked through.
    bool is_plain() const {
        const bool kept = sort == StockSort::sku || sort == StockSort::name || sort == StockSort::category;
        return kept && search.empty() && !sku && !location && !category && state == StockState::any;
    }
};

struct StockPage {
    std::vector<domain::LevelView> rows;
    std::int64_t total = 0;
    domain::FeedSeq head = 0;  // rows are at least as new as this feed number
};

struct ProductFilter {
    std::string search;
    std::optional<std::string> category;
    bool archived = false;  // list archived products instead
    std::int64_t offset = 0;
    std::int64_t limit = domain::page_limit_default;
};

struct ProductPage {
    std::vector<domain::ProductId> rows;  // by SKU
    std::int64_t total = 0;
};

// What is known of a product without asking the database.
struct ProductSummary {
    domain::ProductId id{};
    std::string sku;
    std::string name;
    std::string category;
    bool archived = false;
};

class StockView {
  public:
    StockView();
    ~StockView();

    // Filling at start, before any reader; then set_head().
    void put_location(const domain::Location& location);
    void put_product(const domain::Product& product);
    void put_level(const domain::StockLevel& level);
    void set_head(domain::FeedSeq head);

    // Applies a committed batch. Any thread; batches may come twice and, as far as they are about different levels and
    // products, in any order: what is older than what is known changes nothing. `head` is the feed number up to which
    // everything was applied, 0 when the batch has no numbers yet. Archived products leave the stock table.
    void apply(const domain::Changes& changes, domain::FeedSeq head);

    StockPage page(const StockFilter& filter) const;
    // All levels of one product, by location code; nullopt when the SKU is unknown or archived.
    std::optional<std::vector<domain::LevelView>> levels(std::string_view sku) const;
    std::optional<domain::LevelView> level(std::string_view sku, std::string_view location) const;
    // The levels behind `keys`; unknown ones are left out.
    std::vector<domain::LevelView> levels(std::span<const domain::LevelKey> keys) const;
    std::optional<domain::LevelKey> key_of(std::string_view sku, std::string_view location) const;

    ProductPage products(const ProductFilter& filter) const;
    std::optional<ProductSummary> product(std::string_view sku) const;
    std::optional<domain::Location> location(std::string_view code) const;
    std::vector<domain::Location> locations() const;  // by code
    std::vector<std::string> categories() const;      // by name, those in use

    // SKU and location code of each key, in order; empty strings for unknown ones.
    struct Names {
        std::string sku;
        std::string location;
    };
    std::vector<Names> names(std::span<const domain::LevelKey> keys) const;

    domain::FeedSeq head() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace onhand::engine
