#pragma once
// The words of the field as closed lists, and their spelling on the wire and in the store: roles, reasons, order
// states, kinds of movement, refusal codes. One table each, in names.cpp. Pure, any thread.

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace onhand::domain {

// What an account may do; each role may do what the ones before it may.
enum class Role : std::uint8_t { viewer = 0, clerk = 1, manager = 2, admin = 3 };

enum class OrderStatus : std::uint8_t {
    placed = 0,
    partially_fulfilled = 1,
    fulfilled = 2,
    cancelled = 3,
    partially_returned = 4,
    returned = 5,
};

// What a movement is. Values are stored: never renumber.
enum class MovementKind : std::uint8_t {
    received = 1,     // supplier or opening stock → location: on_hand up
    adjusted = 2,     // adjustment place ↔ location: on_hand up or down, with a reason
    counted = 3,      // as adjusted, from a count or an import of counted stock
    allocated = 4,    // inside the location: available → allocated, for an order line
    deallocated = 5,  // inside the location: allocated → available, order line cancelled
    fulfilled = 6,    // location → customer: on_hand and allocated down
};

// Why stock was changed by hand or by an import. Values are stored: never renumber.
enum class Reason : std::uint8_t {
    none = 0,
    received = 1,
    restock = 2,
    return_good = 3,
    return_damaged = 4,
    found = 5,
    cycle_count = 10,
    recounted = 11,
    correction = 12,
    data_entry_error = 13,
    inbound_not_recorded = 14,
    outbound_not_recorded = 15,
    return_not_recorded = 16,
    damaged = 20,
    expired = 21,
    scrapped = 22,
    shrinkage = 23,
    stolen = 24,
    missing = 25,
    misplaced = 26,
    could_not_locate = 27,
    consumed = 30,
    promotion = 31,
    sample = 32,
    undo = 40,  // a compensating movement that takes an earlier adjustment back
    order_placed = 50,
    order_shipped = 51,
    order_cancelled = 52,
    import = 53,
    opening_stock = 54,
    other = 60,  // a note is required
};

// Which way an adjustment with this reason may go.
enum class Direction : std::uint8_t { both, up_only, down_only, system_only };

// Where goods come from and go to, besides the locations themselves. Stored as the negative numbers shown; a location
// is stored as its own positive id.
enum class Place : std::int64_t { supplier = -1, customer = -2, adjustment = -3, transit = -4 };

// Why a command was refused. The wire spelling is the problem's `code`.
enum class RefusalCode : std::uint8_t {
    insufficient_stock,
    unknown_sku,
    unknown_location,
    not_found,
    invalid_state,
    already_exists,
    breaks_promises,
    version_mismatch,
    invalid_request,
    forbidden,
    registration_closed,
    idempotency_mismatch,
};

std::string_view name(Role role);
std::string_view name(OrderStatus status);
std::string_view name(MovementKind kind);
std::string_view name(Reason reason);
std::string_view name(RefusalCode code);
// A virtual place, or "location".
std::string_view place_name(std::int64_t place);

// Whether a stored or received number is a value of this version.
bool is_known(OrderStatus status);
bool is_known(MovementKind kind);
bool is_known(Reason reason);
bool is_known_place(std::int64_t place);

std::optional<Role> role_from(std::string_view text);
std::optional<OrderStatus> order_status_from(std::string_view text);
std::optional<Reason> reason_from(std::string_view text);

Direction direction_of(Reason reason);

}  // namespace onhand::domain
