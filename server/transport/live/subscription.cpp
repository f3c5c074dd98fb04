#include "transport/live/subscription.hpp"

#include <algorithm>
#include <utility>

namespace onhand::live {

namespace {

namespace json = boost::json;

Result<KeySet, std::string> read_keys(const json::value& value, const engine::StockView& stock) {
    const auto* rows = value.if_array();
    if (rows == nullptr) return std::string("keys must be an array of [sku, location]");
    if (rows->size() > keys_max) return "at most " + std::to_string(keys_max) + " keys";
    std::vector<domain::LevelKey> keys;
    for (const auto& row : *rows) {
        const auto* pair = row.if_array();
        if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_string() || !(*pair)[1].is_string())
            return std::string("each key must be [sku, location]");
        const auto key = stock.key_of((*pair)[0].get_string(), (*pair)[1].get_string());
        if (key) keys.push_back(*key);
    }
    return KeySet(std::move(keys));
}

std::optional<std::string> read_stock(const json::value& value, const engine::StockView& stock, Subscription& into) {
    if (value.is_null()) return std::nullopt;
    if (const auto* text = value.if_string()) {
        if (*text != "all") return "stock must be \"all\", {\"keys\":[…]} or {\"location\":…}";
        into.stock = Subscription::Stock::all;
        return std::nullopt;
    }
    const auto* object = value.if_object();
    if (object == nullptr || object->size() != 1) return "stock must be \"all\", {\"keys\":[…]} or {\"location\":…}";
    if (const auto* keys = object->if_contains("keys")) {
        auto read = read_keys(*keys, stock);
        if (!read) return read.error();
        into.stock = Subscription::Stock::keys;
        into.keys = std::move(*read);
        return std::nullopt;
    }
    const auto* code = object->if_contains("location");
    if (code == nullptr || !code->is_string()) return "stock must be \"all\", {\"keys\":[…]} or {\"location\":…}";
    into.stock = Subscription::Stock::location;
    if (const auto location = stock.location(code->get_string())) into.location = location->id;
    return std::nullopt;
}

Result<Subscription, std::string> failed(std::string why) {
    return Result<Subscription, std::string>(boost::system::in_place_error, std::move(why));
}

}  // namespace

Result<Subscription, std::string> read_subscription(const json::value* argument, const engine::StockView& stock) {
    const auto* object = argument ? argument->if_object() : nullptr;
    if (object == nullptr) return failed("subscribe takes an object");
    Subscription made;
    for (const auto& [name, value] : *object) {
        if (name == "stock") {
            if (auto problem = read_stock(value, stock, made)) return failed(std::move(*problem));
        } else if (name == "orders") {
            if (!value.is_bool()) return failed("orders must be true or false");
            made.orders = value.get_bool();
        } else if (name == "after") {
            if (value.is_null()) continue;
            if (!value.is_int64() || value.get_int64() < 0) return failed("after must be a feed number");
            made.after = value.get_int64();
        } else {
            return failed("unknown field " + std::string(name));
        }
    }
    return made;
}

Result<KeySet, std::string> read_watch(const json::value* argument, const engine::StockView& stock) {
    const auto* object = argument ? argument->if_object() : nullptr;
    const auto* keys = object && object->size() == 1 ? object->if_contains("keys") : nullptr;
    if (keys == nullptr)
        return Result<KeySet, std::string>(boost::system::in_place_error,
                                           "watch takes {\"keys\":[[sku, location], …]}");
    return read_keys(*keys, stock);
}

bool concerns(const Subscription& subscription, const KeySet& watched, domain::LevelKey key) {
    switch (subscription.stock) {
        case Subscription::Stock::all:
            return true;
        case Subscription::Stock::location:
            if (key.location == subscription.location) return true;
            break;
        case Subscription::Stock::keys:
            if (subscription.keys.contains(key)) return true;
            break;
        case Subscription::Stock::none:
            break;
    }
    return watched.contains(key);
}

}  // namespace onhand::live
