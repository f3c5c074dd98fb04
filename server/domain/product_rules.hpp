#pragma once
// What the fields of a product may hold, for creating, updating and importing, and when one may be changed. Private to
// the room. Pure, any thread.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/outcome.hpp"

namespace onhand::domain {

// The first field of a product that breaks its bounds.
struct FieldFault {
    const char* pointer;  // JSON pointer in a product form
    const char* column;   // in an import file
    std::string detail;
};

std::optional<FieldFault> find_fault(const Product& product);

// The same as a refusal of the form.
std::optional<Refusal> refuse_fault(const Product& product);

enum class Archived : bool { refused, allowed };

// Refuses to change a product that is not there (nullptr), is archived (unless that is allowed), or is not of the
// version that the caller saw.
std::optional<Refusal> refuse_change(const Product* product, std::string_view sku, std::int64_t expected_version,
                                     Archived archived = Archived::refused);

// Gives `field` the wanted value, if there is one; true when that made it different.
template <class Value>
bool assign(const std::optional<Value>& wanted, Value& field) {
    if (!wanted || *wanted == field) return false;
    field = *wanted;
    return true;
}

}  // namespace onhand::domain
