#include "watch/options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <vector>

namespace onhand::bench::watch {
namespace {

Result<Options, std::string> wrong(std::string line) {
    return Result<Options, std::string>(boost::system::in_place_error, std::move(line));
}

std::optional<std::size_t> read_count(std::string_view text, std::size_t from, std::size_t to) {
    std::size_t count = 0;
    const auto* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, count);
    if (read.ec != std::errc() || read.ptr != end || count < from || count > to) return std::nullopt;
    return count;
}

// What one of the watchers' options sets; nullopt for the others, which are those of the orders.
std::optional<std::string> set(std::string_view name, std::string_view value, Options& options, bool& own) {
    own = true;
    const bool is_port = name == "--watch-port";
    const auto most = is_port ? 65535 : name == "--rows" ? rows_max : watchers_max;
    auto* const target = name == "--all"    ? &options.all
                         : name == "--some" ? &options.some
                         : name == "--rows" ? &options.rows
                                            : nullptr;
    own = is_port || target != nullptr;
    if (!own) return std::nullopt;
    const auto count = read_count(value, name == "--all" || name == "--some" ? 0 : 1, most);
    if (!count) return fmt::format("{} must be a number of at most {}", name, most);
    if (is_port)
        options.watch_port = static_cast<std::uint16_t>(*count);
    else
        *target = *count;
    return std::nullopt;
}

// What only shows when everything is read.
std::optional<std::string> judge(const Options& options) {
    const auto& orders = options.orders;
    if (options.watchers() == 0) return "nobody watches: give --all or --some";
    if (orders.mode != Mode::orders || orders.rate <= 0.0) return "the orders need a --rate";
    if (orders.lines_to != 1) return "an order has one line here, so that its product tells who must hear of it";
    if (orders.skus < 2 || options.rows > orders.skus) return "--skus must be at least 2 and --rows";
    if (orders.token.empty()) return "--token is missing";
    return std::nullopt;
}

}  // namespace

Result<Options, std::string> parse_options(std::span<const std::string_view> arguments) {
    Options options;
    std::vector<std::string_view> others{"orders"};
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i] == "--help") {
            options.help = true;
            return options;
        }
        const bool last = i + 1 == arguments.size();
        bool own = false;
        if (auto problem = set(arguments[i], last ? std::string_view() : arguments[i + 1], options, own))
            return wrong(std::move(*problem));
        if (own)
            ++i;
        else
            others.push_back(arguments[i]);
    }
    auto orders = bench::parse_options(others);
    if (!orders) return wrong(orders.error());
    options.orders = std::move(*orders);
    if (auto problem = judge(options)) return wrong(std::move(*problem));
    return options;
}

std::string usage() {
    return fmt::format(
        "onhand-watch [OPTIONS]: places orders at a fixed rate and measures how long it takes from sending an order\n"
        "until each client of the live feed that watches its product has it.\n\n"
        "  --all N          clients that watch the whole table (at most {0})\n"
        "  --some N         clients that watch --rows rows each (at most {0})\n"
        "  --rows N         rows of each of these (default 40)\n"
        "  --watch-port P   the port of another instance, for the clients (default: where the orders go)\n\n"
        "and the options of `onhand-load orders` (see its --help); --rate, --skus and --token are needed.\n",
        watchers_max);
}

}  // namespace onhand::bench::watch
