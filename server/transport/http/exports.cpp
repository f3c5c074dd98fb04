// Exports as CSV, page by page out of the read models and the store; memory stays at one page. An export is not of one
// moment: rows that change while it runs appear as they are when their page is made.

#include <memory>
#include <unordered_map>
#include <utility>

#include "base/clock.hpp"
#include "base/csv.hpp"
#include "base/log.hpp"
#include "base/spare_turns.hpp"
#include "base/text.hpp"
#include "domain/catalogue.hpp"
#include "transport/http/exports.hpp"
#include "transport/http/list_query.hpp"
#include "transport/http/movement_query.hpp"
#include "transport/http/order_query.hpp"
#include "transport/http/resources.hpp"
#include "transport/http/stock_query.hpp"

namespace onhand::http {

namespace {

constexpr std::int64_t export_page_rows = 500;
constexpr const char* csv_type = "text/csv; charset=utf-8";

std::string uuid_or_empty(const Uuid& id) {
    return id.is_nil() ? std::string() : to_string(id);
}

Piece broken(const engine::ReadError& error) {
    log::error("http", "an export broke off: " + error.detail);
    return Piece::broken;
}

void append_row(std::string& out, const domain::LevelView& row, const domain::Product& product) {
    CsvWriter csv(out);
    csv.text(row.sku).text(row.name).text(row.category).text(product.barcode);
    csv.value(product.unit_price.amount).value(product.unit_price.currency).text(row.location);
    csv.value(row.level.on_hand).value(row.reorder_point).value(row.level.unavailable).value(row.level.held);
    csv.value(row.level.allocated).value(row.level.available()).value(row.level.incoming);
    csv.value(row.level.version).value(format_rfc3339(row.level.updated_at)).end_record();
}

// One row per line of each order, newest order first.
class OrderExport {
  public:
    OrderExport(const Services& services, std::optional<domain::OrderFilter> filter)
        : services_(services), empty_(!filter), filter_(std::move(filter).value_or(domain::OrderFilter{})) {
        filter_.limit = export_page_rows;
    }

    Piece next(std::string& out) {
        if (done_) return Piece::end;
        if (filter_.before == 0) {
            out +=
                "number,id,status,placed_at,updated_at,placed_by,reference,customer,note,sku,location,quantity,"
                "allocated,fulfilled,cancelled,returned\r\n";
        }
        done_ = empty_;
        if (done_) return Piece::more;
        const auto page = services_.queries.orders(filter_);
        if (!page) return broken(page.error());
        for (const auto& row : page->rows) {
            give_way();
            append_rows(out, row.order);
        }
        done_ = !page->more || page->rows.empty();
        if (!page->rows.empty()) filter_.before = page->rows.back().placed_seq;
        return Piece::more;
    }

  private:
    void append_rows(std::string& out, const domain::Order& order) const {
        CsvWriter csv(out);
        for (const auto& line : order.lines) {
            csv.value(order.number).value(to_string(order.id)).value(domain::name(order.status));
            csv.value(format_rfc3339(order.placed_at)).value(format_rfc3339(order.updated_at));
            csv.value(uuid_or_empty(services_.accounts.uuid_of(order.placed_by)));
            csv.text(order.reference).text(order.customer).text(order.note).text(line.sku).text(line.location);
            csv.value(line.quantity).value(line.allocated()).value(line.fulfilled).value(line.cancelled);
            csv.value(line.returned).end_record();
        }
    }

    const Services& services_;
    const bool empty_;
    domain::OrderFilter filter_;
    bool done_ = false;
};

// The ledger in the order it was written.
class MovementExport {
  public:
    MovementExport(const Services& services, std::optional<domain::MovementFilter> filter)
        : services_(services), filter_(filter.value_or(domain::MovementFilter{})), empty_(!filter) {
        filter_.limit = export_page_rows;
    }

    Piece next(std::string& out) {
        if (done_) return Piece::end;
        if (!filter_.after) {
            out +=
                "seq,at,kind,sku,location,quantity,delta,from,to,reason,note,actor,cause_type,cause_id,on_hand,"
                "allocated,available,version\r\n";
            filter_.after = 0;
        }
        done_ = empty_;
        if (done_) return Piece::more;
        const auto page = services_.queries.movements(filter_);
        if (!page) return broken(page.error());
        const auto names = names_of(services_.stock, page->rows);
        for (std::size_t i = 0; i < page->rows.size(); ++i) {
            give_way();
            append_row(out, page->rows[i], names[i]);
        }
        done_ = !page->more || page->rows.empty();
        if (!page->rows.empty()) filter_.after = page->rows.back().seq;
        return Piece::more;
    }

  private:
    void append_row(std::string& out, const domain::Movement& row, const engine::StockView::Names& names) const {
        const auto place = [&](std::int64_t id) { return id < 0 ? domain::place_name(id) : names.location; };
        CsvWriter csv(out);
        csv.value(row.seq).value(format_rfc3339(row.after.updated_at)).value(domain::name(row.kind));
        csv.text(names.sku).text(names.location).value(row.quantity).value(domain::delta_of(row).on_hand);
        csv.text(place(row.from)).text(place(row.to)).value(domain::name(row.reason)).text(row.note);
        csv.value(uuid_or_empty(services_.accounts.uuid_of(row.actor))).value(domain::name(row.cause.type));
        csv.value(uuid_or_empty(row.cause.id)).value(row.after.on_hand).value(row.after.allocated);
        csv.value(row.after.available()).value(row.after.version).end_record();
    }

    const Services& services_;
    domain::MovementFilter filter_;
    const bool empty_;
    bool done_ = false;
};

// std::function wants something that can be copied; the export itself is shared by the copies.
template <class Export>
void start(Exchange& exchange, const char* file_name, Export source) {
    auto shared = std::make_shared<Export>(std::move(source));
    exchange.stream(csv_type, file_name, [shared](std::string& piece) { return shared->next(piece); });
}

}  // namespace

StockExport::StockExport(const engine::StockView& stock, const engine::Queries& queries, engine::StockFilter filter)
    : stock_(stock), queries_(queries), filter_(std::move(filter)) {
    filter_.limit = export_page_rows;
}

Piece StockExport::next(std::string& out) {
    if (!begun_) {
        out +=
            "sku,name,category,barcode,unit_price,currency,location,quantity,reorder_point,unavailable,held,"
            "allocated,available,incoming,version,updated_at\r\n";
    }
    begun_ = true;
    const auto page = stock_.page(filter_);
    // The header alone is a piece too.
    if (page.rows.empty()) return out.empty() ? Piece::end : Piece::more;
    filter_.offset += static_cast<std::int64_t>(page.rows.size());
    std::vector<domain::ProductId> ids;
    ids.reserve(page.rows.size());
    for (const auto& row : page.rows) ids.push_back(row.level.key.product);
    const auto products = queries_.products(ids);
    if (!products) return broken(products.error());
    std::unordered_map<std::int64_t, const domain::Product*> by_id;
    for (const auto& product : *products) by_id[domain::raw(product.id)] = &product;
    for (const auto& row : page.rows) {
        give_way();
        const auto found = by_id.find(domain::raw(row.level.key.product));
        append_row(out, row, found != by_id.end() ? *found->second : domain::Product{});
    }
    return Piece::more;
}

void export_stock(Exchange& exchange) {
    ListQuery list(exchange);
    auto filter = read_stock_filter(list);
    if (list.refuse_if_wrong()) return;
    const auto& services = exchange.services();
    start(exchange, "stock.csv", StockExport(services.stock, services.queries, std::move(filter)));
}

void export_orders(Exchange& exchange) {
    ListQuery list(exchange);
    auto filter = read_order_filter(list, exchange.services().stock);
    if (list.refuse_if_wrong()) return;
    start(exchange, "orders.csv", OrderExport(exchange.services(), std::move(filter)));
}

void export_movements(Exchange& exchange) {
    ListQuery list(exchange);
    const auto filter = read_movement_filter(list, exchange.services().stock);
    if (list.refuse_if_wrong()) return;
    start(exchange, "movements.csv", MovementExport(exchange.services(), filter));
}

}  // namespace onhand::http
