#pragma once
// How the names of this program's keys and channels in Redis begin, so that several shops may share one. Pure.

#include <string>
#include <string_view>

namespace onhand::bus::redis {

// "onhand:" for an empty scope, else "onhand:<scope>:". A scope has letters, digits, '-' and '_' only.
std::string prefix_of(std::string_view scope);

}  // namespace onhand::bus::redis
