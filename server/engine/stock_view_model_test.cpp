// The stock view against a naive model: random changes of products, levels and locations, then every question that the
// stock page and the product list can ask, answered by sorting everything.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "base/text.hpp"
#include "engine/stock_view.hpp"

namespace onhand::engine {
namespace {

using Keys = std::vector<std::string>;  // "SKU@LOCATION"

struct ModelLevel {
    domain::StockLevel level;
    std::string location;
};

class Model {
  public:
    explicit Model(unsigned seed) : random_(seed) {
        for (const char* code : {"MAIN", "East", "WEST"}) add_location(code);
    }

    // Until start() rows are filled in as at the start of the program; later changes come as batches.
    void fill(int products) {
        for (int i = 0; i < products; ++i) {
            const auto product = new_product();
            view_.put_product(product);
            for (const auto& level : new_levels(product)) view_.put_level(level);
        }
        view_.set_head(0);
    }

    void change() {
        domain::Changes changes;
        for (int i = 0; i < 5; ++i) {
            const auto what = random_() % 100;
            if (what < 20)
                add_product(changes);
            else if (what < 30)
                edit_product(changes);
            else if (what < 33)
                archive_product(changes);
            else
                move_stock(changes);
        }
        view_.apply(changes, ++head_);
    }

    void expect_same() {
        for (int i = 0; i < 40; ++i) {
            const auto filter = random_filter();
            const auto expected = rows_of(filter);
            const auto page = view_.page(filter);
            Keys shown;
            for (const auto& row : page.rows) shown.push_back(row.sku + '@' + row.location);
            ASSERT_EQ(page.total, static_cast<std::int64_t>(expected.size())) << text_of(filter);
            ASSERT_EQ(shown, cut(expected, filter.offset, filter.limit)) << text_of(filter);
            for (const auto& row : page.rows) ASSERT_EQ(row.level, levels_.at(row.level.key).level) << row.sku;
        }
        for (int i = 0; i < 10; ++i) expect_same_products();
        std::set<std::string> categories;
        for (const auto& [key, level] : levels_)
            if (!products_.at(domain::raw(key.product)).archived)
                categories.insert(products_.at(domain::raw(key.product)).category);
        categories.erase("");
        ASSERT_EQ(view_.categories(), std::vector<std::string>(categories.begin(), categories.end()));
    }

  private:
    std::string pick(std::initializer_list<const char*> texts) {
        return *(texts.begin() + static_cast<std::ptrdiff_t>(random_() % texts.size()));
    }

    void add_location(const std::string& code) {
        domain::Location location;
        location.id = domain::LocationId{static_cast<std::int64_t>(locations_.size()) + 1};
        location.code = code;
        locations_.push_back(location);
        view_.put_location(location);
    }

    void choose_texts(domain::Product& product) {
        product.name = pick({"Blue pen", "blue pen", "Ärmel", "ärmel", "Zange", "Ink", "", "Blue Ink 100%"}) +
                       pick({"", "", " XL", " 2"});
        product.category = pick({"", "Office", "office", "Küche", "Tools"});
        product.barcode = pick({"", "4001", "4002", "900"});
        product.reorder_point = static_cast<domain::Quantity>(random_() % 4);
    }

    domain::Product new_product() {
        domain::Product product;
        // Ids with gaps, also far off, as another process may have drawn them.
        next_id_ += 1 + static_cast<std::int64_t>(random_() % 3) + (random_() % 50 == 0 ? 1'000'000 : 0);
        product.id = domain::ProductId{next_id_};
        product.sku =
            pick({"SKU-", "sku-", "ÄB", "A", ""}) + std::to_string(random_() % 100) + '-' + std::to_string(next_id_);
        choose_texts(product);
        return products_[next_id_] = product;
    }

    std::vector<domain::StockLevel> new_levels(const domain::Product& product) {
        std::vector<domain::StockLevel> made;
        for (const auto& location : locations_) {
            if (domain::raw(location.id) != 1 && random_() % 4 != 0) continue;
            domain::StockLevel level;
            level.key = {product.id, location.id};
            levels_[level.key] = {level, location.code};
            made.push_back(change_level(level.key));
        }
        return made;
    }

    domain::StockLevel change_level(domain::LevelKey key) {
        auto& level = levels_.at(key).level;
        level.on_hand = static_cast<domain::Quantity>(random_() % 8);
        level.held = random_() % 5 == 0 ? std::min<domain::Quantity>(level.on_hand, 1) : 0;
        level.allocated = static_cast<domain::Quantity>(random_()) % (level.on_hand - level.held + 1);
        level.allocated = std::max<domain::Quantity>(level.allocated, 0);
        level.version += 1;
        level.updated_at = 1'700'000'000'000 + static_cast<UnixMillis>(random_() % 10'000);
        return level;
    }

    void put(domain::Changes& changes, const domain::Product& product, domain::ProductEvent::Kind kind) {
        changes.items.emplace_back(domain::ProductEvent{0, kind, product, {}});
    }

    void add_product(domain::Changes& changes) {
        const auto product = new_product();
        put(changes, product, domain::ProductEvent::Kind::created);
        for (const auto& level : new_levels(product)) changes.levels[level.key] = level;
    }

    domain::Product& any_product() {
        auto found = products_.begin();
        std::advance(found, static_cast<std::ptrdiff_t>(random_() % products_.size()));
        return found->second;
    }

    void edit_product(domain::Changes& changes) {
        auto& product = any_product();
        product.version += 1;
        choose_texts(product);
        product.archived = product.archived && random_() % 2 == 0;  // some are restored
        put(changes, product, domain::ProductEvent::Kind::updated);
        // What is older changes nothing.
        auto old = product;
        old.version -= 1;
        old.name = "Old";
        put(changes, old, domain::ProductEvent::Kind::updated);
    }

    void archive_product(domain::Changes& changes) {
        auto& product = any_product();
        if (product.archived) return;
        product.version += 1;
        product.archived = true;
        put(changes, product, domain::ProductEvent::Kind::archived);
    }

    void move_stock(domain::Changes& changes) {
        const auto key = domain::LevelKey{any_product().id, locations_[random_() % locations_.size()].id};
        if (levels_.contains(key)) changes.levels[key] = change_level(key);
    }

    StockFilter random_filter() {
        StockFilter filter;
        if (random_() % 3 == 0)
            filter.search =
                pick({"e", "pen", "BLUE", "blue pen", "sku-1", "ÄB", "ä", "400", "-", "%", "z 9", "nothing", " "});
        if (random_() % 8 == 0) filter.sku = any_product().sku;
        if (random_() % 5 == 0) filter.location = pick({"MAIN", "East", "WEST", "none"});
        if (random_() % 5 == 0) filter.category = pick({"Office", "office", "Küche", "none"});
        filter.state = std::array{StockState::any, StockState::any, StockState::in, StockState::low,
                                  StockState::out}[random_() % 5];
        filter.sort = static_cast<StockSort>(random_() % 8);
        filter.descending = random_() % 2 == 0;
        filter.limit = static_cast<std::int64_t>(1 + random_() % 40);
        filter.offset = random_() % 2 == 0 ? 0 : static_cast<std::int64_t>(random_() % (levels_.size() + 10));
        return filter;
    }

    static std::string text_of(const StockFilter& filter) {
        return "search=" + filter.search + " sku=" + filter.sku.value_or("-") +
               " location=" + filter.location.value_or("-") + " category=" + filter.category.value_or("-") +
               " state=" + std::to_string(static_cast<int>(filter.state)) +
               " sort=" + std::to_string(static_cast<int>(filter.sort)) + (filter.descending ? " down" : " up") +
               " offset=" + std::to_string(filter.offset) + " limit=" + std::to_string(filter.limit);
    }

    static bool has_words(const domain::Product& product, const std::string& search) {
        std::string rest = fold_case(search) + ' ';
        while (!rest.empty()) {
            const auto word = rest.substr(0, rest.find(' '));
            rest.erase(0, word.size() + 1);
            if (word.empty()) continue;
            const auto in = [&](const std::string& text) { return fold_case(text).find(word) != std::string::npos; };
            if (!in(product.sku) && !in(product.name) && !in(product.barcode)) return false;
        }
        return true;
    }

    static bool in_state(const domain::StockLevel& level, domain::Quantity point, StockState state) {
        const auto available = level.available();
        if (state == StockState::any) return true;
        if (state == StockState::out) return available == 0;
        const bool low = available > 0 && available <= point;
        return state == StockState::low ? low : available > 0 && !low;
    }

    static std::int64_t number(const domain::StockLevel& level, StockSort sort) {
        if (sort == StockSort::on_hand) return level.on_hand;
        if (sort == StockSort::held) return level.held;
        if (sort == StockSort::allocated) return level.allocated;
        if (sort == StockSort::updated_at) return level.updated_at;
        return level.available();
    }

    Keys rows_of(const StockFilter& filter) const {
        std::vector<const ModelLevel*> rows;
        for (const auto& [key, row] : levels_) {
            const auto& product = products_.at(domain::raw(key.product));
            const bool fits = !product.archived && has_words(product, filter.search) &&
                              (!filter.sku || product.sku == *filter.sku) &&
                              (!filter.location || row.location == *filter.location) &&
                              (!filter.category || product.category == *filter.category) &&
                              in_state(row.level, product.reorder_point, filter.state);
            if (fits) rows.push_back(&row);
        }
        const auto product = [this](const ModelLevel* row) -> const domain::Product& {
            return products_.at(domain::raw(row->level.key.product));
        };
        std::ranges::sort(rows, {}, [&](const ModelLevel* row) { return std::pair(product(row).sku, row->location); });
        const bool text =
            filter.sort == StockSort::sku || filter.sort == StockSort::name || filter.sort == StockSort::category;
        if (filter.sort == StockSort::name)
            std::ranges::stable_sort(rows, {}, [&](const ModelLevel* row) { return product(row).name; });
        if (filter.sort == StockSort::category)
            std::ranges::stable_sort(rows, {}, [&](const ModelLevel* row) { return product(row).category; });
        if (text && filter.descending) std::ranges::reverse(rows);
        if (!text)
            std::ranges::stable_sort(rows, {}, [&](const ModelLevel* row) {
                return number(row->level, filter.sort) * (filter.descending ? -1 : 1);
            });
        Keys keys;
        for (const auto* row : rows) keys.push_back(product(row).sku + '@' + row->location);
        return keys;
    }

    template <class List>
    static List cut(const List& all, std::int64_t offset, std::int64_t limit) {
        const auto size = static_cast<std::int64_t>(all.size());
        const auto first = std::min(offset, size);
        return {all.begin() + first, all.begin() + std::min(first + limit, size)};
    }

    void expect_same_products() {
        ProductFilter filter;
        filter.search = pick({"", "", "pen", "sku-1", "Ä"});
        if (random_() % 3 == 0) filter.category = pick({"Office", "Küche", "none"});
        filter.archived = random_() % 3 == 0;
        filter.offset = static_cast<std::int64_t>(random_() % 20);
        filter.limit = 15;
        std::vector<const domain::Product*> rows;
        for (const auto& [id, product] : products_)
            if (product.archived == filter.archived && has_words(product, filter.search) &&
                (!filter.category || product.category == *filter.category))
                rows.push_back(&product);
        std::ranges::sort(rows, {}, [](const auto* product) { return product->sku; });
        std::vector<domain::ProductId> expected;
        for (const auto* product : rows) expected.push_back(product->id);
        const auto page = view_.products(filter);
        ASSERT_EQ(page.total, static_cast<std::int64_t>(expected.size()));
        ASSERT_EQ(page.rows, cut(expected, filter.offset, filter.limit));
    }

    StockView view_;
    std::mt19937 random_;
    std::int64_t next_id_ = 0;
    domain::FeedSeq head_ = 0;
    std::map<std::int64_t, domain::Product> products_;
    std::map<domain::LevelKey, ModelLevel> levels_;
    std::vector<domain::Location> locations_;
};

}  // namespace

TEST(StockViewModel, agrees_with_a_naive_model) {
    for (unsigned seed = 1; seed <= 4; ++seed) {
        SCOPED_TRACE(seed);
        Model model(seed);
        model.fill(seed % 2 == 0 ? 1 : 500);
        for (int round = 0; round < 15; ++round) {
            for (int i = 0; i < 30; ++i) model.change();
            ASSERT_NO_FATAL_FAILURE(model.expect_same()) << round;
        }
    }
}

}  // namespace onhand::engine
