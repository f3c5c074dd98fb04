#include "domain/working_set.hpp"

namespace onhand::domain {

namespace {

// One overload per command: which rows it names. Adding a command without one does not compile.
struct RowsOf {
    const WorkingSet& set;
    RowRequest& request;

    void level(std::string_view sku, std::string_view location) const {
        if (!set.has_level(sku, location)) request.levels.push_back({sku, location});
    }
    void product(std::string_view sku) const {
        if (!set.has_product(sku)) request.products.push_back(sku);
    }
    void location(std::string_view code) const {
        if (!set.has_location(code)) request.locations.push_back(code.empty() ? main_location_code : code);
    }
    void email(std::string_view email) const {
        if (!set.has_email(email)) request.emails.push_back(email);
    }
    void order(const Uuid& id) const {
        if (!set.has_order(id)) request.orders.push_back(id);
    }
    void session(const TokenHash& hash) const {
        if (!set.has_session(hash)) request.sessions.push_back(hash);
    }

    void operator()(const PlaceOrder& command) const {
        for (const auto& line : command.lines) level(line.sku, line.location);
        request.draws.orders += 1;
    }
    void operator()(const FulfilOrder& command) const { order(command.order); }
    void operator()(const CancelOrder& command) const { order(command.order); }
    void operator()(const AdjustStock& command) const { level(command.sku, command.location); }
    void operator()(const CreateProduct& command) const {
        product(command.product.sku);
        location({});
        for (const auto& opening : command.opening_stock) location(opening.location);
        request.draws.products += 1;
    }
    void operator()(const UpdateProduct& command) const { product(command.sku); }
    void operator()(const ArchiveProduct& command) const {
        if (!set.has_all_levels(command.sku)) request.products.push_back(command.sku);
    }
    void operator()(const CreateLocation& command) const {
        location(command.code);
        request.draws.locations += 1;
    }
    void operator()(const ImportProducts& command) const {
        location({});
        for (const auto& row : command.rows) level(row.sku, row.location);
        request.draws.products += command.rows.size();
    }
    void operator()(const RegisterAccount& command) const {
        email(command.account.email);
        request.draws.accounts += 1;
    }
    void operator()(const CreateAccount& command) const {
        email(command.account.email);
        request.draws.accounts += 1;
    }
    void operator()(const UpdateAccount& command) const {
        if (!set.has_account(command.account)) request.accounts.push_back(command.account);
    }
    void operator()(const OpenSession& command) const {
        if (!set.has_account(command.session.account)) request.account_ids.push_back(command.session.account);
    }
    void operator()(const EndSession& command) const { session(command.token_hash); }
    void operator()(const TouchSession& command) const { session(command.token_hash); }
};

}  // namespace

void request_rows(const Command& command, const WorkingSet& set, RowRequest& request) {
    std::visit(RowsOf{set, request}, command);
}

bool RowRequest::empty() const {
    return levels.empty() && products.empty() && locations.empty() && orders.empty() && emails.empty() &&
           accounts.empty() && account_ids.empty() && sessions.empty();
}

void RowRequest::clear() {
    levels.clear();
    products.clear();
    locations.clear();
    orders.clear();
    emails.clear();
    accounts.clear();
    account_ids.clear();
    sessions.clear();
    draws = {};
}

}  // namespace onhand::domain
