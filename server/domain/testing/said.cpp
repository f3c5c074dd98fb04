#include "domain/testing/said.hpp"

#include "domain/refuse.hpp"

namespace onhand::domain::testing {

namespace {

struct Say {
    std::string operator()(const Refusal& refusal) const {
        auto text = std::string(name(refusal.code));
        if (!refusal.pointer.empty()) text += " " + refusal.pointer;
        auto separator = " ";
        for (const auto& row : refusal.shortages) {
            text += sentence(separator, row.sku, "@", row.location, " ", row.requested, ">", row.available);
            separator = ", ";
        }
        if (refusal.level) text += sentence(" now v", refusal.level->level.version);
        if (refusal.product) text += sentence(" now v", refusal.product->version);
        return text;
    }
    std::string operator()(const OrderDone& done) const {
        auto text = sentence("order ", done.order.number, " ", name(done.order.status), " v", done.order.version);
        auto separator = ": ";
        for (const auto& line : done.order.lines) {
            text += sentence(separator, line.sku, "@", line.location, " ", line.quantity);
            if (line.fulfilled != 0) text += sentence(" f", line.fulfilled);
            if (line.cancelled != 0) text += sentence(" c", line.cancelled);
            separator = ", ";
        }
        return text;
    }
    std::string operator()(const AdjustmentDone& done) const {
        const auto& level = done.level.level;
        const auto delta = delta_of(done.movement).on_hand;
        return sentence(name(done.movement.kind), " ", done.level.sku, "@", done.level.location, " ",
                        delta > 0 ? "+" : "", delta, ": ", level.on_hand, " v", level.version);
    }
    std::string operator()(const ProductDone& done) const {
        return sentence("product ", done.product.sku, " v", done.product.version,
                        done.product.archived ? " archived" : "");
    }
    std::string operator()(const LocationDone& done) const { return "location " + done.location.code; }
    std::string operator()(const ImportDone& done) const {
        auto text = sentence("import ", done.rows, " rows, ", done.created, " created, ", done.updated, " updated, ",
                             done.skipped, " skipped, ", done.applied ? "applied" : "not applied");
        auto separator = "; ";
        for (const auto& error : done.errors) {
            text += sentence(separator, error.line, " ", error.column);
            separator = ", ";
        }
        return text;
    }
    std::string operator()(const AccountDone& done) const {
        return sentence("account ", done.account.email, " ", name(done.account.role), " v", done.account.version,
                        done.account.disabled ? " disabled" : "");
    }
    std::string operator()(const SessionDone& done) const {
        return sentence("session of ", done.account.email, " ", name(done.account.role));
    }
    std::string operator()(const Done&) const { return "done"; }
};

}  // namespace

std::string said(const Outcome& outcome) {
    return std::visit(Say{}, outcome);
}

std::string said(const StockLevel& level) {
    return sentence(level.on_hand, "-", level.allocated, "=", level.available(), " v", level.version);
}

}  // namespace onhand::domain::testing
