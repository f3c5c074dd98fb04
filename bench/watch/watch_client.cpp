#include "watch/watch_client.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "socketio/load_client.hpp"

namespace onhand::bench::watch {
namespace {

constexpr std::string_view stock_event = R"(42["stock.changed",{"from":)";
constexpr std::string_view order_event = R"(42["order.changed",{"seq":)";
constexpr std::string_view changes_field = R"("changes":[)";
constexpr std::string_view change_start = R"({"seq":)";
constexpr std::string_view event_end = "]}]";
constexpr std::size_t shown_bytes_max = 80;

// The number right behind the first `name` in `text`; `text` then begins behind the number.
std::optional<std::int64_t> number_behind(std::string_view name, std::string_view& text) {
    const auto at = text.find(name);
    if (at == std::string_view::npos) return std::nullopt;
    text.remove_prefix(at + name.size());
    std::int64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec != std::errc()) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
    return number;
}

std::size_t count_of(std::string_view what, std::string_view text) {
    std::size_t count = 0;
    for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what, at + what.size())) ++count;
    return count;
}

bool read_stretch(std::string_view text, bool counts_changes, WatchSink& sink) {
    Stretch stretch;
    stretch.bytes = text.size();
    const auto from = number_behind("\"from\":", text);
    const auto to = number_behind("\"to\":", text);
    if (!from || !to || !text.substr(1).starts_with(changes_field)) return false;
    text.remove_prefix(1 + changes_field.size());
    stretch.from = *from;
    stretch.to = *to;
    stretch.envelope = stretch.bytes - text.size() + event_end.size();
    if (counts_changes) stretch.changes = count_of(change_start, text);
    sink.on_stretch(stretch);
    return true;
}

bool read_order(std::string_view text, WatchSink& sink) {
    OrderTold order;
    const auto seq = number_behind("\"seq\":", text);
    const auto number = number_behind("\"number\":", text);
    const auto sku = text.find("\"sku\":\"");
    if (!seq || !number || sku == std::string_view::npos) return false;
    text.remove_prefix(sku + 7);
    text = text.substr(0, text.find('"'));
    const auto digits = text.substr(text.rfind('-') + 1);
    if (std::from_chars(digits.data(), digits.data() + digits.size(), order.product).ec != std::errc()) return false;
    order.seq = *seq;
    order.number = *number;
    sink.on_order(order);
    return true;
}

}  // namespace

bool WatchClient::consume(std::string_view input, std::string& reply, WatchSink& sink, std::string& problem) {
    using Status = socketio::ServerStream::Status;
    while (true) {
        std::string_view payload;
        switch (stream_.next(input, payload)) {
            case Status::need_more:
                return true;
            case Status::upgraded:
                phase_ = Phase::opening;
                break;
            case Status::text:
                if (on_text(payload, reply, sink)) break;
                problem = fmt::format("unexpected packet of {} bytes: {}", payload.size(),
                                      payload.substr(0, shown_bytes_max));
                return false;
            case Status::close:
                problem = "the server closed the WebSocket";
                return false;
            case Status::broken:
                problem = stream_.problem();
                return false;
            case Status::ping:
            case Status::pong:
                break;
        }
    }
}

bool WatchClient::on_text(std::string_view text, std::string& reply, WatchSink& sink) {
    if (text == "2") {  // a ping of Engine.IO
        reply += socketio::client_text_frame("3");
        return true;
    }
    switch (phase_) {
        case Phase::upgrading:
            return false;
        case Phase::opening:
            if (!text.starts_with("0{")) return false;
            reply += socketio::client_text_frame(fmt::format(R"(40{{"token":"{}"}})", token_));
            phase_ = Phase::joining;
            return true;
        case Phase::joining:
            if (!text.starts_with("40{")) return false;
            reply += socketio::client_text_frame(fmt::format(R"(420["subscribe",{}])", subscription_));
            phase_ = Phase::subscribing;
            return true;
        case Phase::subscribing:
            if (text.starts_with("42")) return true;
            if (!text.starts_with(R"(430[{"ok":true)")) return false;
            phase_ = Phase::ready;
            // Neither is needed again, and there are thousands of clients.
            token_ = std::string();
            subscription_ = std::string();
            return true;
        case Phase::ready:
            return on_event(text, sink);
    }
    return false;
}

bool WatchClient::on_event(std::string_view text, WatchSink& sink) const {
    if (text.starts_with(stock_event)) return read_stretch(text, counts_changes_, sink);
    if (text.starts_with(order_event)) return read_order(text, sink);
    // A position was lost: what went by since cannot be counted.
    if (text.starts_with(R"(42["feed.reset")")) return false;
    return text.starts_with("42[");
}

}  // namespace onhand::bench::watch
