#include "domain/movement.hpp"

#include "base/ensure.hpp"

namespace onhand::domain {

std::string_view name(CauseType type) {
    switch (type) {
        case CauseType::none:
            return "none";
        case CauseType::order:
            return "order";
        case CauseType::adjustment:
            return "adjustment";
        case CauseType::product:
            return "product";
        case CauseType::import:
            return "import";
    }
    ensure(false, "a cause has a name");
    return {};
}

LevelDelta delta_of(MovementKind kind, Quantity quantity, bool up) {
    ensure(quantity > 0, "a movement moves something");
    switch (kind) {
        case MovementKind::received:
            return {.on_hand = quantity};
        case MovementKind::adjusted:
        case MovementKind::counted:
            return {.on_hand = up ? quantity : -quantity};
        case MovementKind::allocated:
            return {.allocated = quantity};
        case MovementKind::deallocated:
            return {.allocated = -quantity};
        case MovementKind::fulfilled:
            return {.on_hand = -quantity, .allocated = -quantity};
    }
    ensure(false, "a movement has a known kind");
    return {};
}

LevelDelta delta_of(const Movement& movement) {
    return delta_of(movement.kind, movement.quantity, movement.to == raw(movement.after.key.location));
}

}  // namespace onhand::domain
