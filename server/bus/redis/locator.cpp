#include "bus/redis/locator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/log.hpp"
#include "base/text.hpp"
#include "base/thread_name.hpp"
#include "bus/redis/prefix.hpp"
#include "bus/redis/slot.hpp"

namespace onhand::bus::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds first_look_max{1000};
constexpr milliseconds ask_time_max{250};  // to connect to one server and have its answer
// Without anything odd: a name is looked up again, the others are asked who has the data now.
constexpr milliseconds resolve_again_after{30'000};
constexpr milliseconds look_again_after{1000};
constexpr std::size_t cluster_nodes_max = 1000;

// Writes as the locks do, so that a replica, a full memory or a missing permission is noticed.
constexpr std::string_view trial_script = "return redis.call('SET', KEYS[1], '1', 'PX', 1000)";

Login login_of(const Settings& settings) {
    return Login{settings.user, settings.password, settings.database};
}

// A key that this node has: on a cluster, one whose slot is the node's.
std::string trial_key(const std::string& prefix, const Node& node, const Topology& topology) {
    for (int n = 0;; ++n) {
        auto key = fmt::format("{}trial:{{{}}}", prefix, n);
        const auto owner = topology.node_of(key);
        if (owner.get() == &node || n == slot_count) return key;
    }
}

}  // namespace

Locator::Locator(Settings settings, std::string_view scope)
    : settings_(std::move(settings)),
      prefix_(prefix_of(scope)),
      login_(login_of(settings_)),
      topology_(std::make_shared<Topology>()),
      endpoints_(settings_.endpoints),
      thread_([this] { run(); }) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, first_look_max, [this] { return has_looked_; });
}

Locator::~Locator() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

std::shared_ptr<const Topology> Locator::current() const {
    const std::lock_guard lock(mutex_);
    return topology_;
}

void Locator::report_failure(Node& node, std::string_view reason) {
    node.fail(reason);
    suspect();
}

void Locator::suspect() {
    {
        const std::lock_guard lock(mutex_);
        suspicious_ = true;
    }
    changed_.notify_all();
}

std::shared_ptr<Node> Locator::node_at(std::string_view address) {
    const auto colon = address.rfind(':');
    if (colon == std::string_view::npos) return nullptr;
    const auto port = parse_int(address.substr(colon + 1));
    if (!port || *port < 1 || *port > 65'535 || colon == 0) return nullptr;
    const Address at{std::string(address.substr(0, colon)), static_cast<int>(*port), {}};
    const std::lock_guard lock(mutex_);
    const auto known = std::ranges::find_if(topology_->nodes, [&at](const auto& one) { return one->address() == at; });
    return known == topology_->nodes.end() ? std::make_shared<Node>(at) : *known;
}

std::shared_ptr<Node> Locator::report_moved(std::uint16_t slot, std::string_view address) {
    auto node = node_at(address);
    if (slot >= slot_count || !node || settings_.kind != Settings::Kind::cluster) return nullptr;
    {
        const std::lock_guard lock(mutex_);
        auto changed = std::make_shared<Topology>(*topology_);
        changed->slots.resize(slot_count, Topology::no_node);
        auto index = static_cast<std::size_t>(std::ranges::find(changed->nodes, node) - changed->nodes.begin());
        if (index == cluster_nodes_max) return nullptr;
        if (index == changed->nodes.size()) changed->nodes.push_back(node);
        changed->slots[slot] = static_cast<std::uint16_t>(index);
        topology_ = std::move(changed);
    }
    suspect();
    return node;
}

void Locator::run() {
    name_thread("sentinel");
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        suspicious_ = false;
        lock.unlock();
        look();
        try_failed_nodes();
        lock.lock();
        has_looked_ = true;
        changed_.notify_all();
        const auto earliest = steady_clock::now() + node_pause / 5;
        changed_.wait_until(lock, next_look_, [this] { return stopping_ || suspicious_; });
        // Whatever goes on, the servers are not asked more often than this.
        changed_.wait_until(lock, earliest, [this] { return stopping_; });
    }
}

void Locator::look() {
    std::shared_ptr<const Topology> found;
    switch (settings_.kind) {
        case Settings::Kind::single:
            found = look_single();
            break;
        case Settings::Kind::sentinel:
            found = look_through_sentinels();
            break;
        case Settings::Kind::cluster:
            found = look_at_cluster();
            break;
    }
    const std::lock_guard lock(mutex_);
    if (found) topology_ = std::move(found);
    const bool well = topology_->is_whole() && trouble_.empty();
    const auto calm = settings_.kind == Settings::Kind::single ? resolve_again_after : look_again_after;
    next_look_ = steady_clock::now() + (well ? calm : node_pause / 2);
}

void Locator::note(std::string trouble) {
    if (trouble == trouble_) return;
    if (!trouble.empty()) log::warn("redis", trouble);
    trouble_ = std::move(trouble);
}

// --- whether failed servers answer again

void Locator::try_failed_nodes() {
    const auto topology = current();
    for (const auto& node : topology->nodes) {
        if (node->is_usable() || steady_clock::now() < node->next_trial()) continue;
        if (answers(*node, *topology)) {
            node->recover();
        } else {
            node->put_off();
        }
    }
}

bool Locator::answers(Node& node, const Topology& topology) {
    Connection connection;
    const auto deadline = steady_clock::now() + ask_time_max;
    if (!connection.open(node.address(), login_, deadline)) {
        node.fail(connection.error());
        return false;
    }
    const auto key = trial_key(prefix_, node, topology);
    const std::array<std::string_view, 4> command{"EVAL", trial_script, "1", key};
    const auto reply = connection.call(command, steady_clock::now() + call_time_max);
    return reply && !reply.view().is_error();
}

// --- where the servers are

std::shared_ptr<Node> Locator::node_for(const Address& address, const std::vector<std::shared_ptr<Node>>& also) {
    const auto is_there = [&address](const auto& one) { return one->address() == address; };
    if (const auto found = std::ranges::find_if(also, is_there); found != also.end()) return *found;
    const auto old = current();
    if (const auto found = std::ranges::find_if(old->nodes, is_there); found != old->nodes.end()) return *found;
    return std::make_shared<Node>(address);
}

std::shared_ptr<const Topology> Locator::look_single() {
    const bool is_unix = !settings_.unix_path.empty();
    const auto address = is_unix ? Address{{}, 0, settings_.unix_path} : resolve(settings_.endpoints.front());
    if (!is_unix && address.host.empty()) {
        note(fmt::format("the host {} has no address", settings_.endpoints.front().host));
        return nullptr;
    }
    note({});
    auto found = std::make_shared<Topology>();
    found->nodes.push_back(node_for(address, {}));
    return found;
}

std::shared_ptr<const Topology> Locator::look_through_sentinels() {
    for (std::size_t i = 0; i < endpoints_.size(); ++i) {
        const auto address = ask_sentinel(endpoints_[i]);
        if (address.host.empty() || !is_master(address)) continue;
        std::rotate(endpoints_.begin(), endpoints_.begin() + static_cast<std::ptrdiff_t>(i),
                    endpoints_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
        note({});
        auto found = std::make_shared<Topology>();
        found->nodes.push_back(node_for(address, {}));
        return found;
    }
    note(fmt::format("no Sentinel knows a living master by the name {}", settings_.master_name));
    return nullptr;
}

Address Locator::ask_sentinel(const Endpoint& sentinel) {
    const auto at = resolve(sentinel);
    if (at.host.empty()) return {};
    Connection connection;
    const auto deadline = steady_clock::now() + ask_time_max;
    const Login login{settings_.sentinel_user, settings_.sentinel_password, 0};
    if (!connection.open(at, login, deadline)) return {};
    const std::array<std::string_view, 3> command{"SENTINEL", "get-master-addr-by-name", settings_.master_name};
    const auto reply = connection.call(command, deadline);
    const auto port = parse_int(reply.view()[1].text());
    if (!port || *port < 1 || *port > 65'535) return {};
    return resolve(Endpoint{std::string(reply.view()[0].text()), static_cast<int>(*port)});
}

// A Sentinel may not have heard yet that another server was made the master.
bool Locator::is_master(const Address& address) {
    Connection connection;
    const auto deadline = steady_clock::now() + ask_time_max;
    if (!connection.open(address, login_, deadline)) return false;
    const auto reply = connection.call(std::array<std::string_view, 1>{"ROLE"}, deadline);
    // Without the permission to ask, the first write tells.
    if (reply.view().text().starts_with("NOPERM")) return true;
    return reply.view()[0].text() == "master";
}

// The nodes known, in turn, and then those of the settings.
std::vector<Address> Locator::places_to_ask() const {
    std::vector<Address> places;
    const auto topology = current();
    for (const auto& node : topology->nodes) {
        if (node->is_usable()) places.push_back(node->address());
    }
    for (const auto& endpoint : endpoints_) {
        const auto address = resolve(endpoint);
        const bool is_new = std::ranges::find(places, address) == places.end();
        if (!address.host.empty() && is_new) places.push_back(address);
    }
    return places;
}

std::shared_ptr<const Topology> Locator::look_at_cluster() {
    for (const auto& address : places_to_ask()) {
        if (auto found = ask_for_slots(address)) {
            note({});
            return found;
        }
    }
    note("no node of the Redis Cluster says where its slots are");
    return nullptr;
}

std::shared_ptr<const Topology> Locator::ask_for_slots(const Address& address) {
    Connection connection;
    const auto deadline = steady_clock::now() + ask_time_max;
    if (!connection.open(address, login_, deadline)) return nullptr;
    const auto reply = connection.call(std::array<std::string_view, 2>{"CLUSTER", "SLOTS"}, deadline);
    const auto ranges = reply.view();
    if (ranges.size() == 0) return nullptr;
    auto found = std::make_shared<Topology>();
    found->slots.assign(slot_count, Topology::no_node);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        const auto first = ranges[i][0].integer();
        const auto last = ranges[i][1].integer();
        const auto master = ranges[i][2];
        const auto host = master[0].text();
        if (first < 0 || last >= slot_count || first > last || master[1].integer() <= 0) return nullptr;
        // A node that does not know its own address leaves it out: it is the one that was asked.
        const auto at = host.empty() ? Address{address.host, static_cast<int>(master[1].integer()), {}}
                                     : resolve(Endpoint{std::string(host), static_cast<int>(master[1].integer())});
        if (at.host.empty()) return nullptr;
        const auto node = node_for(at, found->nodes);
        auto index = static_cast<std::size_t>(std::ranges::find(found->nodes, node) - found->nodes.begin());
        if (index == found->nodes.size()) found->nodes.push_back(node);
        if (index >= cluster_nodes_max) return nullptr;
        std::fill(found->slots.begin() + first, found->slots.begin() + last + 1, static_cast<std::uint16_t>(index));
    }
    return found;
}

}  // namespace onhand::bus::redis
