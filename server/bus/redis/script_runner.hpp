#pragma once
// Runs one script on Redis for a caller that must not wait long: routes each call to the server that has its keys,
// sends all of a round together, follows a cluster's redirections, and loads the script where it is not known. Each
// lane has one, and the counters some; it keeps its connections. One thread at a time; it blocks until the deadline at
// most and never throws for what the network does.

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bus/redis/connection.hpp"
#include "bus/redis/locator.hpp"
#include "bus/redis/script.hpp"

namespace onhand::bus::redis {

// All keys of a call belong to one slot; there is at least one.
struct ScriptCall {
    std::vector<std::string> keys;
    std::vector<std::string> arguments;
};

class ScriptRunner {
  public:
    // The answer to a call that was posted, or a view of nothing when it was lost or refused. Called during run(),
    // post() and read_late().
    using LateReply = std::function<void(std::uint64_t tag, ReplyView reply)>;

    // Both references must outlive the runner. It runs the script twice when an answer is lost on a connection that
    // stood from before: the script must not mind.
    ScriptRunner(Locator& locator, const Script& script, LateReply on_late = {});

    // One answer for each call, in order, and an empty one where there is none: the server is away, refused, or did not
    // answer in time. No answer is an error.
    std::vector<Reply> run(std::span<const ScriptCall> calls, SteadyTime deadline);

    // Sends a call without waiting for anything. Its answer comes with a later call of this runner.
    void post(const ScriptCall& call, std::uint64_t tag);
    // Takes the answers that have come.
    void read_late();

  private:
    struct Link {
        std::shared_ptr<Node> node;
        Connection connection;
        std::deque<std::uint64_t> late;  // tags of posted calls without an answer yet
    };
    // A call on its way.
    struct Pending {
        std::size_t index;
        std::shared_ptr<Node> node;  // null: the one that has the keys
        bool with_text = false;      // the server does not know the script yet
        bool asking = false;         // the slot is on its way to this server
        bool is_repeat = false;      // the connection broke under it before
    };
    struct Round {
        std::map<Link*, std::vector<Pending>> sent;
        std::vector<Pending> again;
    };

    void send(Round& round, Pending pending, const ScriptCall& call, SteadyTime deadline);
    void collect(Round& round, Link& link, std::vector<Pending>& sent, std::vector<Reply>& replies,
                 SteadyTime deadline);
    void sort_out(Round& round, Link& link, Pending pending, Reply reply, std::vector<Reply>& replies);
    void redirect(Round& round, Link& link, Pending pending, std::string_view text);
    void on_broken(Round& round, Link& link, std::span<Pending> sent, SteadyTime deadline);
    void append(Link& link, const ScriptCall& call, bool with_text, bool asking);
    Link* link_to(const std::shared_ptr<Node>& node, SteadyTime deadline);
    Link* known_link(const Node& node);
    bool read_late_of(Link& link, SteadyTime deadline);
    void deliver_late(Link& link, const Reply& reply);
    void lose_late(Link& link);
    void drop_old_links();

    Locator& locator_;
    const Script& script_;
    const LateReply on_late_;
    std::shared_ptr<const Topology> topology_;  // as of the call in hand
    std::vector<std::unique_ptr<Link>> links_;
};

}  // namespace onhand::bus::redis
