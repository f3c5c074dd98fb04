#pragma once
// The live feed from end to end without a network: polling clients that hand their requests straight to the Socket.IO
// server, batches that are handed straight to the feed, and orders that the test answers itself. Both event loops run
// on the test's thread, when a client waits for something.

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/testing/fake_cluster.hpp"
#include "engine/testing/simulated_store.hpp"
#include "transport/http/auth.hpp"
#include "transport/live/feed.hpp"

namespace onhand::live {

namespace json = boost::json;

inline constexpr UnixMillis now = 1'800'000'000'000;
inline constexpr const char* token = "a-session-token";

// The event loops of the io threads.
struct Loops {
    boost::asio::io_context first{1};
    boost::asio::io_context second{1};

    std::vector<boost::asio::io_context*> all() { return {&first, &second}; }
    // Runs what is ready; when nothing is, waits for a timer of the first a little.
    void turn() {
        if (first.poll() + second.poll() == 0) first.run_one_for(std::chrono::milliseconds(5));
    }
};

// One Socket.IO client by long-polling.
class PollingClient {
  public:
    PollingClient(socketio::Server& server, Loops& loops, unsigned io_index)
        : server_(server), loops_(loops), io_index_(io_index) {}

    void open() {
        const auto body = get();
        sid_ = std::string(json::parse(std::string_view(body).substr(1)).at("sid").as_string());
    }
    // Sends Engine.IO packets.
    void post(const std::string& body) {
        auto start = server_.handle_polling(io_index_, view("POST"), body, [](socketio::HttpReply) {});
        loops_.first.poll();
        loops_.second.poll();
    }
    // Fetches what there is, or waits for it.
    std::string get() {
        std::optional<std::string> body;
        auto start =
            server_.handle_polling(io_index_, view("GET"), {}, [&](socketio::HttpReply reply) { body = reply.body; });
        if (start.reply) return start.reply->body;
        while (!body) loops_.turn();
        return *body;
    }
    // Fetches until a packet begins with `prefix`, and returns what follows it. Other packets are kept for later calls.
    std::string expect(const std::string& prefix) {
        for (;;) {
            for (auto packet = packets_.begin(); packet != packets_.end(); ++packet) {
                if (!packet->starts_with(prefix)) continue;
                auto rest = packet->substr(prefix.size());
                packets_.erase(packet);
                return rest;
            }
            fetch();
        }
    }
    // Fetches, waiting for something to come, and keeps the packets.
    void fetch() {
        const auto body = get();
        for (std::size_t at = 0; at <= body.size();) {
            const auto end = std::min(body.find('\x1e', at), body.size());
            packets_.push_back(body.substr(at, end - at));
            at = end + 1;
        }
    }
    // How many packets that were fetched and not asked for begin with `prefix`.
    std::ptrdiff_t count(const std::string& prefix) const {
        return std::count_if(packets_.begin(), packets_.end(),
                             [&](const auto& packet) { return packet.starts_with(prefix); });
    }
    // True when a packet that was fetched and not asked for begins with `prefix`.
    bool holds(const std::string& prefix) const {
        return std::any_of(packets_.begin(), packets_.end(),
                           [&](const auto& packet) { return packet.starts_with(prefix); });
    }
    json::value event(const std::string& name) {
        const auto text = expect("42[\"" + name + "\",");
        return json::parse(std::string_view(text).substr(0, text.size() - 1));
    }
    // Sends an event with an ack and returns the ack's argument.
    json::value ask(const std::string& name, const std::string& argument) { return answer_to(send(name, argument)); }
    // The two halves of ask().
    int send(const std::string& name, const std::string& argument) {
        post("42" + std::to_string(++ack_) + "[\"" + name + "\"," + argument + "]");
        return ack_;
    }
    json::value answer_to(int ack) { return json::parse(expect("43" + std::to_string(ack))).at(0); }
    void sign_in(const std::string& with_token = token) {
        open();
        post("40{\"token\":\"" + with_token + "\"}");
        expect("40");
    }
    // The client goes: it closes its session.
    void leave() { post("1"); }

  private:
    socketio::RequestView view(std::string_view method) {
        target_ = "/socket.io/?EIO=4&transport=polling" + (sid_.empty() ? "" : "&sid=" + sid_);
        socketio::RequestView request;
        request.method = method;
        request.target = target_;
        request.host = "localhost";
        return request;
    }

    socketio::Server& server_;
    Loops& loops_;
    unsigned io_index_;
    std::string sid_;
    std::string target_;
    int ack_ = 0;
    std::vector<std::string> packets_;
};

// A feed with three products, one account with a session, and what a test does to it.
struct FeedWorld : testing::Test {
    // `shared`: one of several instances.
    explicit FeedWorld(bool shared = false) {
        domain::Location main;
        main.id = domain::main_location;
        main.code = domain::main_location_code;
        stock.put_location(main);
        for (int i = 1; i <= 3; ++i) {
            domain::Product product;
            product.id = domain::ProductId{i};
            product.sku = "P" + std::to_string(i);
            stock.put_product(product);
            stock.put_level(level(i, 0));
        }
        stock.set_head(0);
        session = add_account(1, "Ada Admin", token);
        LiveFeed::Parts parts{server, stock, accounts, queries, clock, options, {}, {}};
        parts.run_blocking = [this](std::function<void()> job) {
            if (refuse_jobs) return false;
            if (keep_jobs)
                jobs.push_back(std::move(job));
            else
                job();
            return true;
        };
        parts.call = [this](std::size_t io_index, http::Call call, http::CallDone done) {
            calls.push_back({io_index, std::move(call), std::move(done)});
        };
        if (shared) parts.cluster = &lone.cluster;
        feed = std::make_unique<LiveFeed>(std::move(parts), loops.all());
    }
    ~FeedWorld() override {
        feed->stop();
        server.shutdown([] {});
        for (auto* io : loops.all()) {
            io->poll();
            io->stop();
        }
    }

    // An account with a session of its own.
    domain::Session add_account(int id, const std::string& name, const std::string& with_token) {
        domain::Account account;
        account.id = domain::AccountId{id};
        account.uuid.bytes.back() = static_cast<std::uint8_t>(id);
        account.email = name + "@example.org";
        account.name = name;
        accounts.put_account(account);
        domain::Session made;
        made.token_hash = http::hash_token(with_token);
        made.account = account.id;
        made.seen_at = clock.wall_ms();
        made.expires_at = made.seen_at + engine::session_absolute_ms;
        accounts.put_session(made);
        return made;
    }

    static domain::StockLevel level(int product, std::int64_t version) {
        domain::StockLevel made;
        made.key = {domain::ProductId{product}, domain::main_location};
        made.on_hand = 100 + version;
        made.version = version;
        return made;
    }

    // Commits one movement per product given, to the store, the view and the feed, as the engine does.
    void commit(const std::vector<int>& products, bool with_order = false) {
        domain::Changes changes;
        for (const int product : products) {
            domain::Movement movement;
            movement.after = level(product, ++versions[product]);
            movement.quantity = 1;
            changes.levels[movement.after.key] = movement.after;
            changes.items.emplace_back(movement);
        }
        if (with_order) {
            domain::OrderEvent event;
            event.order.number = 1001;
            changes.items.emplace_back(event);
        }
        ASSERT_EQ(store.commit(changes).status, storage::CommitStatus::committed);
        stock.apply(changes, domain::seq_of(changes.items.back()));
        auto batch = std::make_shared<domain::FeedBatch>();
        batch->first = domain::seq_of(changes.items.front());
        batch->items = changes.items;
        feed->on_batch(batch);
    }

    // A client of the whole table that was told one change of P1.
    PollingClient tell_one_change() {
        auto first = client();
        first.sign_in();
        first.ask("subscribe", R"({"stock":"all"})");
        commit({1});
        first.event("stock.changed");
        return first;
    }

    PollingClient client(unsigned io_index = 0) { return PollingClient(server, loops, io_index); }

    // What clients asked of the API, for the test to answer.
    struct PendingCall {
        std::size_t io_index = 0;
        http::Call call;
        http::CallDone done;
    };

    Loops loops;
    engine::SimulatedStore store;
    engine::StockView stock;
    engine::AccountBook accounts;
    engine::Queries queries{store};
    engine::LoneCluster lone{store, stock, accounts};
    ManualClock clock{now};
    http::Options options;
    socketio::Server server{socketio::Options{}, loops.all()};
    domain::Session session;
    std::map<int, std::int64_t> versions;
    bool refuse_jobs = false;
    bool keep_jobs = false;
    std::vector<std::function<void()>> jobs;
    std::vector<PendingCall> calls;
    std::unique_ptr<LiveFeed> feed;
};

}  // namespace onhand::live
