#include "load/request_source.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "base/clock.hpp"
#include "base/text.hpp"

namespace onhand::bench {
namespace {

// Keys must not repeat between two runs on the same database.
std::string fresh_prefix() {
    return fmt::format("load-{:x}-{:x}-", SystemClock().wall_ms(), ::getpid());
}

std::vector<double> zipf_sums(std::size_t count, double exponent) {
    std::vector<double> sums(count);
    double sum = 0.0;
    for (std::size_t index = 0; index < count; ++index) {
        sum += 1.0 / std::pow(static_cast<double>(index + 1), exponent);
        sums[index] = sum;
    }
    return sums;
}

}  // namespace

RequestSource::RequestSource(const Options& options, std::string_view token)
    : options_(options),
      random_(options.seed),
      key_prefix_(options.key_prefix.empty() ? fresh_prefix() : options.key_prefix) {
    const auto host = options.host.find(':') == std::string::npos ? options.host : "[" + options.host + "]";
    const bool get = options.mode == Mode::get;
    head_start_ = fmt::format("{} {} HTTP/1.1\r\nHost: {}:{}\r\n", get ? "GET" : "POST",
                              get ? options.path : options.post_path, host, options.port);
    if (!token.empty()) head_start_ += fmt::format("Authorization: Bearer {}\r\n", token);
    if (get) {
        head_start_ += "\r\n";
        return;
    }
    head_start_ += "Content-Type: application/json\r\nIdempotency-Key: " + key_prefix_;
    if (options.skus > 1 && options.spread == Spread::zipf) zipf_sums_ = zipf_sums(options.skus, options.zipf_exponent);
}

std::uint64_t RequestSource::append_next(std::string& out) {
    out += head_start_;
    made_ += 1;
    if (options_.mode == Mode::get) return 0;
    std::uint64_t units = 0;
    append_order_body(units);
    append_int(out, static_cast<std::int64_t>(made_));
    out += "\r\nContent-Length: ";
    append_int(out, static_cast<std::int64_t>(body_.size()));
    out += "\r\n\r\n";
    out += body_;
    return units;
}

// Draws the articles first: one order names each at most once.
void RequestSource::append_order_body(std::uint64_t& units) {
    auto lines = options_.lines_from;
    const auto range = options_.lines_to - options_.lines_from + 1;
    if (range > 1) lines += static_cast<std::size_t>(random_() % range);
    drawn_.clear();
    while (drawn_.size() < lines) {
        auto index = draw_index();
        while (std::ranges::find(drawn_, index) != drawn_.end()) index = (index + 1) % options_.skus;
        drawn_.push_back(index);
    }
    body_ = "{\"lines\":[";
    for (const auto index : drawn_) append_line(index);
    body_.back() = ']';
    body_ += '}';
    units = options_.quantity * lines;
}

void RequestSource::append_line(std::size_t index) {
    body_ += "{\"sku\":\"";
    body_ += options_.sku;
    if (options_.skus > 1) {
        char digits[] = "-000000";
        for (std::size_t place = 6; place > 0; --place, index /= 10)
            digits[place] = static_cast<char>('0' + index % 10);
        body_ += digits;
    }
    body_ += "\",\"quantity\":";
    append_int(body_, static_cast<std::int64_t>(options_.quantity));
    body_ += "},";
}

std::size_t RequestSource::draw_index() {
    if (options_.skus == 1) return 0;
    if (zipf_sums_.empty()) return static_cast<std::size_t>(random_() % options_.skus);
    const auto point = std::uniform_real_distribution<double>(0.0, zipf_sums_.back())(random_);
    const auto found = std::ranges::upper_bound(zipf_sums_, point);
    return std::min(static_cast<std::size_t>(std::distance(zipf_sums_.begin(), found)), options_.skus - 1);
}

}  // namespace onhand::bench
