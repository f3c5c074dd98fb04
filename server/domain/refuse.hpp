#pragma once
// Short ways to say no, shared by the commands. Private to the room. Pure, any thread.

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/text.hpp"
#include "domain/outcome.hpp"

namespace onhand::domain {

inline void append_part(std::string& out, std::string_view text) {
    out += text;
}
inline void append_part(std::string& out, std::integral auto number) {
    append_int(out, static_cast<std::int64_t>(number));
}

// The parts one after another, numbers in decimal.
template <class... Parts>
std::string sentence(const Parts&... parts) {
    std::string out;
    (append_part(out, parts), ...);
    return out;
}

inline Refusal refuse(RefusalCode code, std::string detail) {
    return {.code = code, .detail = std::move(detail)};
}

// With the JSON pointer of the field to blame.
inline Refusal refuse_at(RefusalCode code, std::string pointer, std::string detail) {
    return {.code = code, .detail = std::move(detail), .pointer = std::move(pointer)};
}

// `product` is nullptr or archived.
inline Refusal refuse_unknown_sku(const Product* product, std::string_view sku, std::string pointer) {
    return refuse_at(RefusalCode::unknown_sku, std::move(pointer),
                     product == nullptr ? sentence("There is no product with the SKU ", sku, ".")
                                        : sentence("The product with the SKU ", sku, " is archived."));
}

inline Refusal refuse_unknown_location(std::string_view code, std::string pointer) {
    return refuse_at(RefusalCode::unknown_location, std::move(pointer),
                     sentence("There is no location with the code ", code, "."));
}

}  // namespace onhand::domain
