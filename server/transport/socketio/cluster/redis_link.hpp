// One connection to Redis that is kept up: connects without blocking, authenticates, asks from time to time whether
// the server still lives, and begins again after a growing delay when it does not. RedisWorker has two of them, one to
// publish and one that is subscribed, and drives them from its poll loop; everything happens on its thread. The
// look-up of a host name is the one thing that may block it. No TLS.
#pragma once

#include <poll.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "transport/socketio/cluster/redis_settings.hpp"

namespace onhand::socketio {

using SteadyTime = std::chrono::steady_clock::time_point;

// What Redis sent. The views are good while the handler that got it runs.
struct RedisReply {
    enum class Kind : unsigned char { text, integer, array, error, nil };
    Kind kind = Kind::nil;
    std::string_view text;  // of text and error
    std::int64_t integer = 0;
    std::vector<RedisReply> elements;
};

class RedisLink;

class RedisLinkHandler {
  public:
    // From now on send() works.
    virtual void on_link_ready(RedisLink& link) = 0;
    // In the order of the commands, and in between what was subscribed to.
    virtual void on_link_reply(RedisLink& link, const RedisReply& reply) = 0;
    // Answers that are still due will not come. Only after on_link_ready(); the link goes on by itself.
    virtual void on_link_down(RedisLink& link) = 0;

  protected:
    ~RedisLinkHandler() = default;
};

class RedisLink {
  public:
    enum class Use : unsigned char { publishing, subscribed };

    // Both references must outlive the link.
    RedisLink(Use use, const RedisSettings& settings, RedisLinkHandler& handler);
    ~RedisLink();
    RedisLink(const RedisLink&) = delete;
    RedisLink& operator=(const RedisLink&) = delete;

    bool ready() const { return state_ == State::ready; }

    // What poll() shall wait for; a negative descriptor when there is nothing.
    pollfd interest() const;
    // What poll() found.
    void on_poll(short found, SteadyTime now);
    // Whatever is due by now: connecting, giving up, asking for a sign of life. Also writes what send() collected.
    void tick(SteadyTime now);
    // When tick() must be called at the latest.
    SteadyTime deadline() const { return deadline_; }

    // Collects one command; it is written by the next tick(). Needs ready(), and at least one argument.
    void send(std::span<const std::string_view> arguments);

    // Bytes that were sent and not written yet.
    std::size_t unsent_bytes() const;

  private:
    enum class State : unsigned char { waiting, connecting, preparing, ready };

    struct Context;  // hiredis, which only redis_link.cpp knows

    void connect(SteadyTime now);
    void on_connected(SteadyTime now);
    void prepare();
    void append(std::span<const std::string_view> arguments);
    void write(SteadyTime now);
    void read(SteadyTime now);
    bool handle(const RedisReply& reply, SteadyTime now);
    bool is_ping_answer(const RedisReply& reply);
    void check_life(SteadyTime now);
    void fail(std::string_view why, SteadyTime now);
    std::string_view name() const { return use_ == Use::publishing ? "publishing" : "subscribed"; }

    const Use use_;
    const RedisSettings& settings_;
    RedisLinkHandler& handler_;
    State state_ = State::waiting;
    std::unique_ptr<Context> context_;
    SteadyTime deadline_;    // of the state
    SteadyTime last_heard_;  // when the last bytes came
    std::chrono::milliseconds delay_;
    std::size_t preparations_due_ = 0;  // answers to what prepare() sent
    std::size_t replies_due_ = 0;       // to commands on a publishing link
    bool ping_due_ = false;
    std::string last_failure_;  // so that a Redis that stays away is not logged at every attempt
    std::minstd_rand random_;
};

}  // namespace onhand::socketio
