// The route of imports: reads its parameters and runs the import (import_run.hpp) on the read pool.

#include <utility>

#include "engine/import_check.hpp"
#include "transport/http/import_run.hpp"
#include "transport/http/list_query.hpp"
#include "transport/http/resources.hpp"

namespace onhand::http {

void import_file(Exchange& exchange) {
    ListQuery list(exchange);
    ImportOrder order;
    const auto kind = list.text("kind", search_bytes_max).value_or("products");
    if (kind == "stock") {
        order.kind = ImportKind::stock;
    } else if (kind != "products") {
        list.fail("kind", "must be products or stock");
    }
    order.dry_run = list.flag("dry_run");
    order.partial = list.flag("partial");
    order.currency = list.text("currency", search_bytes_max).value_or("");
    if (!order.currency.empty() && !domain::is_currency(order.currency))
        list.fail("currency", "must be three capital letters, like EUR");
    if (list.refuse_if_wrong()) return;
    exchange.read([order](Exchange& reader) {
        const auto& services = reader.services();
        const auto check = [&services](domain::ImportProducts rows) {
            return engine::check_import(std::move(rows), services.stock, services.queries, services.clock.wall_ms());
        };
        const auto submit = [&reader](domain::Command& command) { return reader.submit_and_wait(command); };
        const auto commands = [&services] { return services.engine.stats().commands; };
        const ImportSteps steps{check, submit, commands, services.clock};
        const auto report = run_import(reader.body(), order, steps);
        if (report.problem) return reader.problem(*report.problem);
        std::string body;
        append_import(body, report, order.dry_run);
        reader.reply(200, std::move(body));
    });
}

}  // namespace onhand::http
