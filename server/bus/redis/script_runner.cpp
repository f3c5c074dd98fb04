#include "bus/redis/script_runner.hpp"

#include <algorithm>
#include <array>

#include "base/ensure.hpp"
#include "base/text.hpp"
#include "bus/redis/slot.hpp"

namespace onhand::bus::redis {
namespace {

using std::chrono::steady_clock;

// Sendings of one call: loading the script, a redirection or two, a connection that broke.
constexpr int rounds_max = 5;
// Of posted calls that a server does not read; more means that it hangs.
constexpr std::size_t unwritten_bytes_max = 1024U * 1024;

// "MOVED 3999 127.0.0.1:6381" and "ASK …": the slot and the place.
struct Redirection {
    std::uint16_t slot = 0;
    std::string_view address;
};

std::optional<Redirection> read_redirection(std::string_view text) {
    const auto first = text.find(' ');
    const auto second = text.find(' ', first + 1);
    if (first == std::string_view::npos || second == std::string_view::npos) return std::nullopt;
    const auto slot = parse_int(text.substr(first + 1, second - first - 1));
    if (!slot || *slot < 0 || *slot >= slot_count) return std::nullopt;
    return Redirection{static_cast<std::uint16_t>(*slot), text.substr(second + 1)};
}

}  // namespace

ScriptRunner::ScriptRunner(Locator& locator, const Script& script, LateReply on_late)
    : locator_(locator), script_(script), on_late_(std::move(on_late)), topology_(locator.current()) {}

std::vector<Reply> ScriptRunner::run(std::span<const ScriptCall> calls, SteadyTime deadline) {
    topology_ = locator_.current();
    drop_old_links();
    std::vector<Reply> replies(calls.size());
    std::vector<Pending> due(calls.size());
    for (std::size_t i = 0; i < calls.size(); ++i) due[i].index = i;
    for (int n = 0; n < rounds_max && !due.empty(); ++n) {
        Round round;
        for (const auto& pending : due) send(round, pending, calls[pending.index], deadline);
        for (auto& [link, sent] : round.sent) collect(round, *link, sent, replies, deadline);
        due = std::move(round.again);
    }
    return replies;
}

void ScriptRunner::send(Round& round, Pending pending, const ScriptCall& call, SteadyTime deadline) {
    ensure(!call.keys.empty(), "a call has a key");
    if (!pending.node) pending.node = topology_->node_of(call.keys.front());
    if (!pending.node || !pending.node->is_usable()) return;
    auto* link = link_to(pending.node, deadline);
    if (link == nullptr) return;
    append(*link, call, pending.with_text, pending.asking);
    round.sent[link].push_back(std::move(pending));
}

void ScriptRunner::append(Link& link, const ScriptCall& call, bool with_text, bool asking) {
    if (asking) link.connection.append(std::array<std::string_view, 1>{"ASKING"});
    const auto key_count = std::to_string(call.keys.size());
    std::vector<std::string_view> command;
    command.reserve(call.keys.size() + call.arguments.size() + 3);
    command.emplace_back(with_text ? "EVAL" : "EVALSHA");
    command.emplace_back(with_text ? script_.text() : script_.digest());
    command.emplace_back(key_count);
    command.insert(command.end(), call.keys.begin(), call.keys.end());
    command.insert(command.end(), call.arguments.begin(), call.arguments.end());
    link.connection.append(command);
}

void ScriptRunner::collect(Round& round, Link& link, std::vector<Pending>& sent, std::vector<Reply>& replies,
                           SteadyTime deadline) {
    const bool written = link.connection.flush(deadline) && read_late_of(link, deadline);
    std::size_t answered = 0;
    while (written && answered < sent.size()) {
        if (sent[answered].asking && !link.connection.read(deadline)) break;
        auto reply = link.connection.read(deadline);
        if (!reply) break;
        sort_out(round, link, std::move(sent[answered]), std::move(reply), replies);
        ++answered;
    }
    if (answered < sent.size()) on_broken(round, link, std::span(sent).subspan(answered), deadline);
}

void ScriptRunner::sort_out(Round& round, Link& link, Pending pending, Reply reply, std::vector<Reply>& replies) {
    const auto text = reply.view().text();
    if (!reply.view().is_error()) {
        replies[pending.index] = std::move(reply);
    } else if (text.starts_with("NOSCRIPT") && !pending.with_text) {
        pending.with_text = true;
        round.again.push_back(std::move(pending));
    } else if (text.starts_with("MOVED ") || text.starts_with("ASK ")) {
        redirect(round, link, std::move(pending), text);
    } else if (!text.starts_with("TRYAGAIN")) {
        locator_.report_failure(*link.node, text);
    }
}

// Of a slot that moved for good the locator is told; of one on its way, the next call asks here again.
void ScriptRunner::redirect(Round& round, Link& link, Pending pending, std::string_view text) {
    const auto to = read_redirection(text);
    pending.asking = text.starts_with("ASK ");
    if (!to) {
        pending.node = nullptr;
    } else {
        pending.node = pending.asking ? locator_.node_at(to->address) : locator_.report_moved(to->slot, to->address);
    }
    if (!pending.node) return locator_.report_failure(*link.node, text);
    round.again.push_back(std::move(pending));
}

// A connection may have been closed while nobody looked, by a restart or an operator; that says nothing about the
// server as it is now. A connection that was just made is another matter.
void ScriptRunner::on_broken(Round& round, Link& link, std::span<Pending> sent, SteadyTime deadline) {
    const std::string why = link.connection.error();
    link.connection.close();
    lose_late(link);
    const bool tried_before = std::ranges::any_of(sent, &Pending::is_repeat);
    if (tried_before || steady_clock::now() >= deadline) {
        locator_.report_failure(*link.node, why);
        return;
    }
    for (auto& pending : sent) {
        pending.is_repeat = true;
        round.again.push_back(std::move(pending));
    }
}

ScriptRunner::Link* ScriptRunner::known_link(const Node& node) {
    const auto found = std::ranges::find_if(links_, [&node](const auto& link) { return link->node.get() == &node; });
    return found == links_.end() ? nullptr : found->get();
}

ScriptRunner::Link* ScriptRunner::link_to(const std::shared_ptr<Node>& node, SteadyTime deadline) {
    auto* link = known_link(*node);
    if (link == nullptr) {
        links_.push_back(std::make_unique<Link>());
        link = links_.back().get();
        link->node = node;
    }
    if (link->connection.is_open()) return link;
    lose_late(*link);
    if (link->connection.open(node->address(), locator_.login(), deadline)) return link;
    locator_.report_failure(*node, link->connection.error());
    return nullptr;
}

void ScriptRunner::drop_old_links() {
    for (auto& link : links_) {
        if (topology_->contains(*link->node)) continue;
        lose_late(*link);
        link.reset();
    }
    std::erase(links_, nullptr);
}

// --- posted calls

void ScriptRunner::post(const ScriptCall& call, std::uint64_t tag) {
    ensure(!call.keys.empty(), "a call has a key");
    const auto topology = locator_.current();
    const auto node = topology->node_of(call.keys.front());
    auto* link = node && node->is_usable() ? known_link(*node) : nullptr;
    if (link == nullptr || !link->connection.is_open()) {
        on_late_(tag, ReplyView());
        return;
    }
    append(*link, call, false, false);
    link->late.push_back(tag);
    const bool hangs = link->connection.write_some() && link->connection.unwritten_bytes() > unwritten_bytes_max;
    if (hangs) link->connection.close();
    if (!link->connection.is_open()) lose_late(*link);
}

void ScriptRunner::read_late() {
    for (auto& link : links_) {
        if (link->late.empty() || !link->connection.is_open()) continue;
        if (link->connection.write_some() && link->connection.read_some()) {
            while (!link->late.empty()) {
                const auto reply = link->connection.take();
                if (!reply) break;
                deliver_late(*link, reply);
            }
        }
        if (!link->connection.is_open()) lose_late(*link);
    }
}

bool ScriptRunner::read_late_of(Link& link, SteadyTime deadline) {
    while (!link.late.empty()) {
        const auto reply = link.connection.read(deadline);
        if (!reply) return false;
        deliver_late(link, reply);
    }
    return true;
}

void ScriptRunner::deliver_late(Link& link, const Reply& reply) {
    const auto tag = link.late.front();
    link.late.pop_front();
    on_late_(tag, reply.view().is_error() ? ReplyView() : reply.view());
}

void ScriptRunner::lose_late(Link& link) {
    for (const auto tag : std::exchange(link.late, {})) on_late_(tag, ReplyView());
}

}  // namespace onhand::bus::redis
