#pragma once
// Percent-encoding of the parts of an address (RFC 3986, section 2.1). Pure, any thread.

#include <optional>
#include <string>
#include <string_view>

namespace onhand {

// `text` with every %XX as the byte it stands for; nullopt when a % has no two hexadecimal digits behind it.
std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace onhand
