#pragma once
// The live feed: Onhand's application on the Socket.IO server. Listens to the bus, merges what comes within one round
// (audience.hpp) and tells each client what it subscribed to, in feed order, encoded once per distinct content. Resumes
// clients from the store, reminds them of the head, tells them who else is there, takes their orders, and ends those
// whose session ended. One LiveFeed per process; each io thread has its own part and its own clients.

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "domain/feed_batch.hpp"
#include "engine/account_book.hpp"
#include "engine/cluster.hpp"
#include "engine/queries.hpp"
#include "engine/stock_view.hpp"
#include "transport/http/call.hpp"
#include "transport/http/options.hpp"
#include "transport/live/audience.hpp"
#include "transport/live/client.hpp"
#include "transport/live/presence.hpp"
#include "transport/socketio/server.hpp"

namespace onhand::live {

inline constexpr std::chrono::milliseconds reminder_ms{2000};
inline constexpr std::chrono::milliseconds session_check_ms{1000};
// How often the other instances are told who is here, also when that stays the same.
inline constexpr std::chrono::milliseconds presence_message_ms{5000};
// Who comes and goes within this time is told together, so that a page that is loaded again is not news.
inline constexpr std::chrono::milliseconds presence_ms{300};
inline constexpr std::chrono::milliseconds drain_check_ms{10};
inline constexpr std::chrono::milliseconds drain_ms_max{2000};
// Feed items that a client may have missed and still be brought up to date; beyond that it starts over.
inline constexpr std::int64_t catch_up_max = 20'000;

class LiveFeed final : public socketio::NamespaceHandler {
  public:
    struct Parts {
        socketio::Server& server;
        const engine::StockView& stock;
        const engine::AccountBook& accounts;
        const engine::Queries& queries;
        const Clock& clock;
        const http::Options& options;  // cookie names and own origins
        // Runs a job that may block; false when there is no room for it.
        std::function<bool(std::function<void()>)> run_blocking;
        // HttpServer::call(): serves a request of a client on its io thread.
        std::function<void(std::size_t io_index, http::Call call, http::CallDone done)> call;
        engine::Cluster* cluster = nullptr;  // nullptr = nobody shares the store
        // Tells the other instances who is here; they give it to heard_presence(). Empty = there are none.
        std::function<void(std::string)> tell_presence;
    };

    // Registers with the server. `io_threads` as given to the server. Made before the engine starts, so that no batch
    // is missed; all parts must outlive it.
    LiveFeed(Parts parts, const std::vector<boost::asio::io_context*>& io_threads);
    ~LiveFeed() override;

    // The bus listener: any one thread, in feed order. Does not block.
    void on_batch(const domain::FeedBatchPtr& batch);

    // What tell_presence() of another instance, or of this one, told. Any thread; does not block.
    void heard_presence(std::string_view message);

    // Takes no more orders, and calls `done` on some io thread when those in hand were answered and the answers are on
    // their way, after drain_ms_max at the latest. Clients stay connected. Any thread, once; HTTP must still be served
    // meanwhile, as clients that poll fetch their answers by it.
    void drain(std::function<void()> done);

    // Stops the timers, so that the io threads can end. Any thread, once.
    void stop();

    void on_connect(socketio::ConnectRequest request) override;
    void on_event(socketio::Socket& socket, socketio::Event& event) override;
    void on_disconnect(socketio::Socket& socket, std::string_view reason) override;

  private:
    using Timer = boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                                    boost::asio::wait_traits<std::chrono::steady_clock>,
                                                    boost::asio::io_context::executor_type>;

    // The part of one io thread; used on it only, but for the inbox.
    struct Part {
        Part(boost::asio::io_context& context, domain::FeedSeq head, Audience::Tell tell)
            : io(context),
              audience(context, head, std::move(tell)),
              reminder(context),
              session_check(context),
              presence(context),
              presence_message(context),
              drain_check(context) {}
        boost::asio::io_context& io;
        Audience audience;
        Timer reminder;
        Timer session_check;
        Timer presence;
        Timer presence_message;
        Timer drain_check;
        bool presence_due = false;
        bool stopped = false;
        Presence::Event present;  // as last told here
        std::uint64_t epoch = 0;  // of the account book when sessions were last checked
        std::size_t orders_in_hand = 0;
        bool draining = false;
        std::mutex inbox_mutex;
        std::vector<domain::FeedBatchPtr> inbox;  // guarded by inbox_mutex
    };

    std::optional<domain::TokenHash> token_of(const socketio::ConnectRequest& request) const;
    void look_up(socketio::ConnectRequest request, const domain::TokenHash& token);
    void welcome(socketio::ConnectRequest request, std::shared_ptr<const engine::Identity> identity);
    void take_inbox(Part& part);
    void tell_clients(const Audience::Sockets& sockets, const ChangeSet& changes, domain::FeedSeq to) const;
    // Up to here the client was told, or needed not be.
    domain::FeedSeq told(const socketio::Socket& socket, const Client& client) const;
    void start_reminders(Part& part);
    void start_session_checks(Part& part);
    void check_sessions(Part& part);
    void start_presence_messages(Part& part);
    void tell_others(const Part& part);
    void presence_changed();
    void tell_presence_soon(Part& part);
    void on_subscribe(socketio::Socket& socket, Client& client, socketio::Event& event);
    bool is_given(domain::FeedSeq seq) const;
    void acknowledge(Part& part, Client& client, socketio::AckHandle ack, domain::FeedSeq head);
    void on_order_place(socketio::Socket& socket, Client& client, socketio::Event& event);
    void check_drained(Part& part, std::chrono::steady_clock::time_point give_up, std::function<void()> done);
    void on_watch(Client& client, socketio::Event& event, domain::FeedSeq head);
    void catch_up(socketio::Socket& socket, Client& client, domain::FeedSeq after, domain::FeedSeq to,
                  socketio::AckHandle ack);

    Parts parts_;
    Presence presence_;
    std::vector<std::unique_ptr<Part>> io_;
};

}  // namespace onhand::live
