#include "transport/http/stock_query.hpp"

#include <algorithm>
#include <array>

#include "domain/catalogue.hpp"

namespace onhand::http {

namespace {

struct SortName {
    std::string_view name;
    engine::StockSort sort;
};

constexpr std::array sort_names{
    SortName{"sku", engine::StockSort::sku},
    SortName{"name", engine::StockSort::name},
    SortName{"category", engine::StockSort::category},
    SortName{"on_hand", engine::StockSort::on_hand},
    SortName{"held", engine::StockSort::held},
    SortName{"allocated", engine::StockSort::allocated},
    SortName{"available", engine::StockSort::available},
    SortName{"updated_at", engine::StockSort::updated_at},
};

std::optional<std::string> owned(std::optional<std::string_view> text) {
    if (!text) return std::nullopt;
    return std::string(*text);
}

}  // namespace

engine::StockFilter read_stock_filter(ListQuery& list) {
    engine::StockFilter filter;
    filter.search = list.text("search", search_bytes_max).value_or("");
    filter.sku = owned(list.text("sku", domain::sku_bytes_max));
    filter.location = owned(list.text("location", domain::location_code_bytes_max));
    filter.category = owned(list.text("category", domain::category_bytes_max));
    const auto state = list.text("state", search_bytes_max);
    if (state == "in") {
        filter.state = engine::StockState::in;
    } else if (state == "low") {
        filter.state = engine::StockState::low;
    } else if (state == "out") {
        filter.state = engine::StockState::out;
    } else if (state) {
        list.fail("state", "must be in, low or out");
    }
    return filter;
}

void read_stock_sort(ListQuery& list, engine::StockFilter& filter) {
    auto text = list.text("sort", search_bytes_max);
    if (!text) return;
    filter.descending = text->starts_with('-');
    if (filter.descending) text->remove_prefix(1);
    const auto* const found = std::ranges::find(sort_names, *text, &SortName::name);
    if (found == sort_names.end()) {
        list.fail("sort", "must be a column of the table, with - in front for descending");
    } else {
        filter.sort = found->sort;
    }
}

}  // namespace onhand::http
