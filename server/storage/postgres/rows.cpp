#include "storage/postgres/rows.hpp"

#include "base/text.hpp"
#include "domain/order_search.hpp"
#include "storage/line_codec.hpp"

namespace onhand::storage::postgres {

namespace {

// The parts of a level that stand side by side in its own row and in every movement of it, from column `first` on.
void read_balances(const SqlResult& rows, int row, int first, domain::StockLevel& level) {
    level.on_hand = rows.integer(row, first);
    level.unavailable = rows.integer(row, first + 1);
    level.held = rows.integer(row, first + 2);
    level.allocated = rows.integer(row, first + 3);
    level.incoming = rows.integer(row, first + 4);
    level.version = rows.integer(row, first + 5);
    level.updated_at = rows.integer(row, first + 6);
}

}  // namespace

domain::Product read_product(const SqlResult& rows, int row) {
    domain::Product product;
    product.id = domain::ProductId{rows.integer(row, 0)};
    product.sku = rows.text(row, 1);
    product.name = rows.text(row, 2);
    product.category = rows.text(row, 3);
    product.barcode = rows.text(row, 4);
    product.unit_price = {rows.string(row, 5), rows.string(row, 6)};
    product.attributes = rows.text(row, 7);
    product.reorder_point = rows.integer(row, 8);
    product.archived = rows.boolean(row, 9);
    product.version = rows.integer(row, 10);
    product.created_at = rows.integer(row, 11);
    product.updated_at = rows.integer(row, 12);
    return product;
}

domain::Location read_location(const SqlResult& rows, int row) {
    return {domain::LocationId{rows.integer(row, 0)}, rows.string(row, 1), rows.string(row, 2), rows.integer(row, 3),
            rows.integer(row, 4)};
}

domain::StockLevel read_level(const SqlResult& rows, int row) {
    domain::StockLevel level;
    level.key = {domain::ProductId{rows.integer(row, 0)}, domain::LocationId{rows.integer(row, 1)}};
    read_balances(rows, row, 2, level);
    return level;
}

domain::Account read_account(const SqlResult& rows, int row) {
    domain::Account account;
    account.id = domain::AccountId{rows.integer(row, 0)};
    account.uuid = rows.uuid(row, 1);
    account.email = rows.text(row, 2);
    account.name = rows.text(row, 3);
    account.password_hash = rows.text(row, 4);
    account.role = rows.enumeration(row, 5, domain::Role::admin);
    account.disabled = rows.boolean(row, 6);
    account.version = rows.integer(row, 7);
    account.created_at = rows.integer(row, 8);
    account.updated_at = rows.integer(row, 9);
    return account;
}

domain::Session read_session(const SqlResult& rows, int row) {
    return {rows.fixed<32>(row, 0), domain::AccountId{rows.integer(row, 1)}, rows.integer(row, 2), rows.integer(row, 3),
            rows.integer(row, 4)};
}

domain::Movement read_movement(const SqlResult& rows, int row) {
    domain::Movement movement;
    movement.seq = rows.integer(row, 0);
    movement.after.key = {domain::ProductId{rows.integer(row, 1)}, domain::LocationId{rows.integer(row, 2)}};
    movement.kind = rows.enumeration(row, 3, domain::MovementKind::fulfilled);
    if (!domain::is_known(movement.kind)) throw_corrupt("an unknown kind of movement");
    movement.quantity = rows.integer(row, 4);
    movement.from = rows.integer(row, 5);
    movement.to = rows.integer(row, 6);
    movement.reason = rows.enumeration(row, 7, domain::Reason::other);
    movement.actor = domain::AccountId{rows.integer(row, 8)};
    movement.cause.type = rows.enumeration(row, 9, domain::CauseType::import);
    movement.cause.id = rows.uuid(row, 10);
    movement.id = rows.uuid(row, 11);
    read_balances(rows, row, 12, movement.after);
    movement.note = rows.text(row, 19);
    return movement;
}

domain::Order read_order(const SqlResult& rows, int row) {
    domain::Order order;
    order.id = rows.uuid(row, 0);
    order.number = rows.integer(row, 1);
    order.status = rows.enumeration(row, 2, domain::OrderStatus::returned);
    order.version = rows.integer(row, 3);
    order.placed_by = domain::AccountId{rows.integer(row, 4)};
    order.placed_at = rows.integer(row, 5);
    order.updated_at = rows.integer(row, 6);
    order.reference = rows.text(row, 7);
    order.customer = rows.text(row, 8);
    order.note = rows.text(row, 9);
    if (!decode_named_lines(rows.bytes(row, 10), order.lines) ||
        (!rows.is_null(row, 11) && !decode_progress(rows.bytes(row, 11), order.lines)))
        throw_corrupt("the lines of an order cannot be read");
    return order;
}

bool is_first_of_product(const std::vector<domain::OrderLine>& lines, std::size_t at) {
    for (std::size_t other = 0; other < at; ++other)
        if (lines[other].level.product == lines[at].level.product) return false;
    return true;
}

std::optional<std::string> lexeme_of(std::string_view word) {
    // A cut character is at most three bytes long.
    for (int cut = 0; cut <= 3 && !word.empty(); ++cut) {
        if (is_utf8(word)) return std::string(word);
        word.remove_suffix(1);
    }
    return std::nullopt;
}

std::string lexemes_of(std::string_view reference, std::string_view customer) {
    std::string joined;
    if (reference.empty() && customer.empty()) return joined;
    for (const auto& word : domain::words_of(reference, customer)) {
        const auto lexeme = lexeme_of(word);
        if (!lexeme) continue;
        if (!joined.empty()) joined += ' ';
        joined += *lexeme;
    }
    return joined;
}

}  // namespace onhand::storage::postgres
