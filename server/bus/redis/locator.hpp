#pragma once
// Knows where Redis is now: resolves names, asks the Sentinels for the master or a node of the cluster for its slots,
// and tries servers that failed until they answer again. All that may take long happens on its own thread, so that
// lanes only ever talk to a numeric address that was good a moment ago. One per process, shared by locks, channel and
// counter; thread-safe. It moves no data.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "bus/redis/connection.hpp"
#include "bus/redis/node.hpp"
#include "bus/redis/settings.hpp"

namespace onhand::bus::redis {

class Locator {
  public:
    // `scope` as in prefix_of(), for the one key the locator writes to learn whether a server takes writes. Starts the
    // thread, and waits until it has looked once, one second at most. Redis may well be away.
    Locator(Settings settings, std::string_view scope);
    ~Locator();
    Locator(const Locator&) = delete;
    Locator& operator=(const Locator&) = delete;

    // Never null; without nodes as long as nothing was found.
    std::shared_ptr<const Topology> current() const;
    bool is_cluster() const { return settings_.kind == Settings::Kind::cluster; }
    // Whether all servers answer.
    bool connected() const { return current()->is_whole(); }
    // How to get in where the data is.
    const Login& login() const { return login_; }

    // This server gave no answer, or none that is of use: it is left alone until a trial succeeds, and looked for
    // anew.
    void report_failure(Node& node, std::string_view reason);
    // Something is odd; look again soon.
    void suspect();
    // A node of the cluster says that `slot` is elsewhere. Returns the node there; null when the address makes no
    // sense.
    std::shared_ptr<Node> report_moved(std::uint16_t slot, std::string_view address);
    // The node at "host:port", known or not; null when that makes no sense.
    std::shared_ptr<Node> node_at(std::string_view address);

  private:
    void run();
    void look();
    void try_failed_nodes();
    bool answers(Node& node, const Topology& topology);

    std::shared_ptr<const Topology> look_single();
    std::shared_ptr<const Topology> look_through_sentinels();
    std::shared_ptr<const Topology> look_at_cluster();
    Address ask_sentinel(const Endpoint& sentinel);
    bool is_master(const Address& address);
    std::shared_ptr<const Topology> ask_for_slots(const Address& address);
    std::vector<Address> places_to_ask() const;
    std::shared_ptr<Node> node_for(const Address& address, const std::vector<std::shared_ptr<Node>>& also);
    void note(std::string trouble);

    const Settings settings_;
    const std::string prefix_;
    const Login login_;

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::shared_ptr<const Topology> topology_;
    bool has_looked_ = false;
    bool suspicious_ = false;
    bool stopping_ = false;

    // Of the thread alone.
    std::vector<Endpoint> endpoints_;  // who answered last comes first
    std::string trouble_;              // so that it is logged once
    SteadyTime next_look_;

    std::thread thread_;
};

}  // namespace onhand::bus::redis
