#include "bus/redis/script.hpp"

#include <fmt/format.h>

#include <boost/uuid/detail/sha1.hpp>

namespace onhand::bus::redis {

Script::Script(std::string_view text) : text_(text) {
    boost::uuids::detail::sha1 hash;
    hash.process_bytes(text.data(), text.size());
    boost::uuids::detail::sha1::digest_type words{};
    hash.get_digest(words);
    for (const auto word : words) digest_ += fmt::format("{:08x}", word);
}

}  // namespace onhand::bus::redis
