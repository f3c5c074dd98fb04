#include "bus/redis/lock_viewer.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "bus/redis/lock_script.hpp"

namespace onhand::bus::redis {
namespace {

// "owner@time"
struct Claim {
    std::string_view owner;
    std::int64_t time_ms = 0;
};

Claim read_claim(std::string_view text) {
    const auto at = text.rfind('@');
    if (at == std::string_view::npos) return {text, 0};
    return {text.substr(0, at), parse_int(text.substr(at + 1)).value_or(0)};
}

std::vector<std::string> read_line(std::string_view text) {
    std::vector<std::string> owners;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        owners.emplace_back(read_claim(text.substr(0, end)).owner);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return owners;
}

// Reads the locks of one server.
class Reading {
  public:
    Reading(std::string_view prefix, std::size_t limit, SteadyTime deadline, std::vector<LockView>& views)
        : prefix_(prefix), limit_(limit), deadline_(deadline), views_(views) {}

    void read(const Address& address, const Login& login) {
        if (!connection_.open(address, login, deadline_)) return;
        const auto time = connection_.call(std::array<std::string_view, 1>{"TIME"}, deadline_);
        const auto seconds = parse_int(time.view()[0].text());
        const auto micros = parse_int(time.view()[1].text());
        if (!seconds || !micros) return;
        now_ms_ = *seconds * 1000 + *micros / 1000;
        std::string cursor = "0";
        do cursor = read_page(cursor);
        while (connection_.is_open() && cursor != "0" && views_.size() < limit_);
    }

  private:
    // Returns where the next page begins; "0" after the last one.
    std::string read_page(const std::string& cursor) {
        const auto pattern = lock_key(prefix_, "*");
        const std::array<std::string_view, 6> scan{"SCAN", cursor, "MATCH", pattern, "COUNT", "1000"};
        const auto page = connection_.call(scan, deadline_);
        const auto next = page.view()[0].text();
        const auto keys = page.view()[1];
        for (std::size_t i = 0; i < keys.size(); ++i) append_questions(sku_of(keys[i].text()));
        if (!connection_.flush(deadline_)) return "0";
        for (std::size_t i = 0; i < keys.size(); ++i) take_answers(sku_of(keys[i].text()));
        return next.empty() ? "0" : std::string(next);
    }

    std::string_view sku_of(std::string_view key) const {
        const auto beginning = prefix_.size() + std::string_view("lock:{").size();
        return key.size() > beginning ? key.substr(beginning, key.size() - beginning - 1) : std::string_view();
    }

    void append_questions(std::string_view sku) {
        const auto lock = lock_key(prefix_, sku);
        connection_.append(std::array<std::string_view, 2>{"GET", lock});
        connection_.append(std::array<std::string_view, 2>{"PTTL", lock});
        connection_.append(std::array<std::string_view, 2>{"GET", line_key(prefix_, sku)});
    }

    void take_answers(std::string_view sku) {
        const auto value = connection_.read(deadline_);
        const auto left = connection_.read(deadline_);
        const auto line = connection_.read(deadline_);
        // It may have ended since the scan.
        if (!line || value.view().text().empty() || views_.size() >= limit_) return;
        const auto claim = read_claim(value.view().text());
        LockView view;
        view.sku = sku;
        view.owner = claim.owner;
        view.held_ms = std::max<std::int64_t>(0, now_ms_ - claim.time_ms);
        view.lease_left_ms = std::max<std::int64_t>(0, left.view().integer());
        view.waiting = read_line(line.view().is_error() ? std::string_view() : line.view().text());
        views_.push_back(std::move(view));
    }

    const std::string_view prefix_;
    const std::size_t limit_;
    const SteadyTime deadline_;
    std::vector<LockView>& views_;
    Connection connection_;
    std::int64_t now_ms_ = 0;
};

}  // namespace

std::vector<LockView> view_locks(Locator& locator, std::string_view prefix, std::size_t limit, SteadyTime deadline) {
    std::vector<LockView> views;
    const auto topology = locator.current();
    for (const auto& node : topology->nodes) {
        if (!node->is_usable()) continue;
        Reading(prefix, limit, deadline, views).read(node->address(), locator.login());
    }
    std::ranges::sort(views, {}, &LockView::sku);
    // A scan may find a key twice.
    const auto repeats = std::ranges::unique(views, {}, &LockView::sku);
    views.erase(repeats.begin(), repeats.end());
    return views;
}

}  // namespace onhand::bus::redis
