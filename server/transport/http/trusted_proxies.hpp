#pragma once
// The reverse proxies whose word is taken for who the client is. Plain value, made by the configuration; asked by
// connections on io threads. Who is not listed may say what he likes: X-Forwarded-For is then ignored.

#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>
#include <optional>
#include <string_view>
#include <vector>

namespace onhand::http {

class TrustedProxies {
  public:
    // A comma-separated list of addresses and networks: "127.0.0.1, 10.0.0.0/8, fd00::/8". Empty: none. nullopt when
    // one of them is neither.
    static std::optional<TrustedProxies> parse(std::string_view text);

    bool contains(std::string_view address) const;

  private:
    std::vector<boost::asio::ip::network_v4> v4_;
    std::vector<boost::asio::ip::network_v6> v6_;
};

// The address that the nearest proxy put at the end of X-Forwarded-For; empty when that is no address.
std::string_view nearest_client(std::string_view forwarded_for);

}  // namespace onhand::http
