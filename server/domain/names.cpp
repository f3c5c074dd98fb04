#include "domain/names.hpp"

#include <algorithm>
#include <array>

#include "base/ensure.hpp"

namespace onhand::domain {

namespace {

template <class Value>
struct Named {
    Value value;
    std::string_view name;
};

template <class Table, class Value>
std::string_view name_in(const Table& table, Value value) {
    for (const auto& row : table)
        if (row.value == value) return row.name;
    ensure(false, "every value has a name");
    return {};
}

template <class Table, class Value>
bool has_value(const Table& table, Value value) {
    return std::ranges::any_of(table, [value](const auto& row) { return row.value == value; });
}

template <class Value, std::size_t rows>
std::optional<Value> value_in(const std::array<Named<Value>, rows>& table, std::string_view text) {
    for (const auto& row : table)
        if (row.name == text) return row.value;
    return std::nullopt;
}

constexpr auto roles = std::to_array<Named<Role>>({
    {Role::viewer, "viewer"},
    {Role::clerk, "clerk"},
    {Role::manager, "manager"},
    {Role::admin, "admin"},
});

constexpr auto order_states = std::to_array<Named<OrderStatus>>({
    {OrderStatus::placed, "placed"},
    {OrderStatus::partially_fulfilled, "partially_fulfilled"},
    {OrderStatus::fulfilled, "fulfilled"},
    {OrderStatus::cancelled, "cancelled"},
    {OrderStatus::partially_returned, "partially_returned"},
    {OrderStatus::returned, "returned"},
});

constexpr auto movement_kinds = std::to_array<Named<MovementKind>>({
    {MovementKind::received, "received"},
    {MovementKind::adjusted, "adjusted"},
    {MovementKind::counted, "counted"},
    {MovementKind::allocated, "allocated"},
    {MovementKind::deallocated, "deallocated"},
    {MovementKind::fulfilled, "fulfilled"},
});

constexpr auto places = std::to_array<Named<Place>>({
    {Place::supplier, "supplier"},
    {Place::customer, "customer"},
    {Place::adjustment, "adjustment"},
    {Place::transit, "transit"},
});

constexpr auto refusal_codes = std::to_array<Named<RefusalCode>>({
    {RefusalCode::insufficient_stock, "insufficient_stock"},
    {RefusalCode::unknown_sku, "unknown_sku"},
    {RefusalCode::unknown_location, "unknown_location"},
    {RefusalCode::not_found, "not_found"},
    {RefusalCode::invalid_state, "invalid_state"},
    {RefusalCode::already_exists, "already_exists"},
    {RefusalCode::breaks_promises, "breaks_promises"},
    {RefusalCode::version_mismatch, "version_mismatch"},
    {RefusalCode::invalid_request, "invalid_request"},
    {RefusalCode::forbidden, "forbidden"},
    {RefusalCode::registration_closed, "registration_closed"},
    {RefusalCode::idempotency_mismatch, "idempotency_mismatch"},
});

struct ReasonRow {
    Reason value;
    std::string_view name;
    Direction direction;
};

constexpr auto reasons = std::to_array<ReasonRow>({
    {Reason::none, "none", Direction::system_only},
    {Reason::received, "received", Direction::up_only},
    {Reason::restock, "restock", Direction::up_only},
    {Reason::return_good, "return_good", Direction::up_only},
    {Reason::return_damaged, "return_damaged", Direction::up_only},
    {Reason::found, "found", Direction::up_only},
    {Reason::cycle_count, "cycle_count", Direction::both},
    {Reason::recounted, "recounted", Direction::both},
    {Reason::correction, "correction", Direction::both},
    {Reason::data_entry_error, "data_entry_error", Direction::both},
    {Reason::inbound_not_recorded, "inbound_not_recorded", Direction::up_only},
    {Reason::outbound_not_recorded, "outbound_not_recorded", Direction::down_only},
    {Reason::return_not_recorded, "return_not_recorded", Direction::up_only},
    {Reason::damaged, "damaged", Direction::down_only},
    {Reason::expired, "expired", Direction::down_only},
    {Reason::scrapped, "scrapped", Direction::down_only},
    {Reason::shrinkage, "shrinkage", Direction::down_only},
    {Reason::stolen, "stolen", Direction::down_only},
    {Reason::missing, "missing", Direction::down_only},
    {Reason::misplaced, "misplaced", Direction::down_only},
    {Reason::could_not_locate, "could_not_locate", Direction::down_only},
    {Reason::consumed, "consumed", Direction::down_only},
    {Reason::promotion, "promotion", Direction::down_only},
    {Reason::sample, "sample", Direction::down_only},
    {Reason::undo, "undo", Direction::both},
    {Reason::order_placed, "order_placed", Direction::system_only},
    {Reason::order_shipped, "order_shipped", Direction::system_only},
    {Reason::order_cancelled, "order_cancelled", Direction::system_only},
    {Reason::import, "import", Direction::system_only},
    {Reason::opening_stock, "opening_stock", Direction::system_only},
    {Reason::other, "other", Direction::both},
});

}  // namespace

bool is_known(OrderStatus status) {
    return has_value(order_states, status);
}

bool is_known(MovementKind kind) {
    return has_value(movement_kinds, kind);
}

bool is_known(Reason reason) {
    return has_value(reasons, reason);
}

bool is_known_place(std::int64_t place) {
    return place > 0 || has_value(places, static_cast<Place>(place));
}

std::string_view name(Role role) {
    return name_in(roles, role);
}

std::string_view name(OrderStatus status) {
    return name_in(order_states, status);
}

std::string_view name(MovementKind kind) {
    return name_in(movement_kinds, kind);
}

std::string_view name(Reason reason) {
    return name_in(reasons, reason);
}

std::string_view name(RefusalCode code) {
    return name_in(refusal_codes, code);
}

std::string_view place_name(std::int64_t place) {
    if (place > 0) return "location";
    return name_in(places, static_cast<Place>(place));
}

std::optional<Role> role_from(std::string_view text) {
    return value_in(roles, text);
}

std::optional<OrderStatus> order_status_from(std::string_view text) {
    return value_in(order_states, text);
}

std::optional<Reason> reason_from(std::string_view text) {
    for (const auto& row : reasons)
        if (row.name == text) return row.value;
    return std::nullopt;
}

Direction direction_of(Reason reason) {
    for (const auto& row : reasons)
        if (row.value == reason) return row.direction;
    ensure(false, "every reason has a direction");
    return Direction::system_only;
}

}  // namespace onhand::domain
