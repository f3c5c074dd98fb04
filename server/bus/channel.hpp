#pragma once
// The channel port: what instances tell each other. Every message is a hint that carries data: it may be lost, come
// twice, late or out of order, and correctness never rests on it. Adapter: bus/redis (pub/sub). A process that is
// alone has none.

#include <functional>
#include <string>
#include <string_view>

namespace onhand::bus {

// What a message is about; each has its own channel.
enum class Topic {
    feed,      // a numbered batch
    presence,  // who looks at this instance
};
inline constexpr int topic_count = 2;

class Channel {
  public:
    // `bytes` is valid during the call only.
    using Listener = std::function<void(std::string_view bytes)>;

    virtual ~Channel() = default;

    // Adds the listener of a topic; before start() only. Called on the channel's own thread, for the messages of other
    // instances and for those of this one. Must not block or throw.
    virtual void subscribe(Topic topic, Listener listener) = 0;

    // Called on the channel's thread each time the subscription stands (again): what was sent before may be missed.
    virtual void on_connected(std::function<void()> callback) = 0;

    virtual void start() = 0;
    // Joins the thread; nothing is called afterwards. Idempotent.
    virtual void stop() = 0;

    // Sends to every instance, this one included. Any thread; never blocks: what does not fit the bounded queue, or
    // cannot be sent because Redis is away, is dropped.
    virtual void publish(Topic topic, std::string bytes) = 0;

    // Whether messages come and go at this moment.
    virtual bool connected() const = 0;
};

}  // namespace onhand::bus
