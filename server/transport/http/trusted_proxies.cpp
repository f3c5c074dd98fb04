#include "transport/http/trusted_proxies.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <string>

namespace onhand::http {
namespace {

namespace ip = boost::asio::ip;
using boost::system::error_code;

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

}  // namespace

std::optional<TrustedProxies> TrustedProxies::parse(std::string_view text) {
    TrustedProxies proxies;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        std::string one(trimmed(text.substr(0, comma)));
        text.remove_prefix(std::min(comma + 1, text.size()));
        const bool v6 = one.find(':') != std::string::npos;
        if (one.find('/') == std::string::npos) one += v6 ? "/128" : "/32";
        error_code error;
        if (v6)
            proxies.v6_.push_back(ip::make_network_v6(one, error));
        else
            proxies.v4_.push_back(ip::make_network_v4(one, error));
        if (error) return std::nullopt;
    }
    return proxies;
}

bool TrustedProxies::contains(std::string_view address) const {
    error_code error;
    const auto parsed = ip::make_address(std::string(address), error);
    if (error) return false;
    if (parsed.is_v4()) {
        const auto host = ip::network_v4(parsed.to_v4(), 32);
        return std::ranges::any_of(
            v4_, [&host](const auto& network) { return host == network || host.is_subnet_of(network); });
    }
    const auto host = ip::network_v6(parsed.to_v6(), 128);
    return std::ranges::any_of(v6_,
                               [&host](const auto& network) { return host == network || host.is_subnet_of(network); });
}

std::string_view nearest_client(std::string_view forwarded_for) {
    const auto comma = forwarded_for.rfind(',');
    const auto last = trimmed(comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1));
    error_code error;
    ip::make_address(std::string(last), error);
    return error ? std::string_view() : last;
}

}  // namespace onhand::http
