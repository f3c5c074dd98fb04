// The live feed from end to end without a network: a polling client that hands its requests straight to the Socket.IO
// server, and batches that are handed straight to the feed. The event loop runs on the test's thread.

#include "transport/live/feed.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>

#include "engine/testing/simulated_store.hpp"
#include "transport/http/auth.hpp"

namespace onhand::live {
namespace {

namespace json = boost::json;

constexpr UnixMillis now = 1'800'000'000'000;
constexpr const char* token = "a-session-token";

// One Socket.IO client by long-polling.
class PollingClient {
  public:
    PollingClient(socketio::Server& server, boost::asio::io_context& io) : server_(server), io_(io) {}

    void open() {
        const auto body = get();
        sid_ = std::string(json::parse(std::string_view(body).substr(1)).at("sid").as_string());
    }
    // Sends Engine.IO packets.
    void post(const std::string& body) {
        auto start = server_.handle_polling(0, view("POST"), body, [](socketio::HttpReply) {});
        io_.poll();
    }
    // Fetches what there is, or waits for it.
    std::string get() {
        std::optional<std::string> body;
        auto start = server_.handle_polling(0, view("GET"), {}, [&](socketio::HttpReply reply) { body = reply.body; });
        if (start.reply) return start.reply->body;
        while (!body) io_.run_one();
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
            const auto body = get();
            for (std::size_t at = 0; at <= body.size();) {
                const auto end = std::min(body.find('\x1e', at), body.size());
                packets_.push_back(body.substr(at, end - at));
                at = end + 1;
            }
        }
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
    json::value ask(const std::string& name, const std::string& argument) {
        const auto id = std::to_string(++ack_);
        post("42" + id + "[\"" + name + "\"," + argument + "]");
        return json::parse(expect("43" + id)).at(0);
    }
    void sign_in() {
        open();
        post("40{\"token\":\"" + std::string(token) + "\"}");
        expect("40");
    }

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
    boost::asio::io_context& io_;
    std::string sid_;
    std::string target_;
    int ack_ = 0;
    std::vector<std::string> packets_;
};

struct LiveFeedTest : testing::Test {
    LiveFeedTest() {
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
        domain::Account account;
        account.id = domain::AccountId{1};
        account.email = "a@example.org";
        accounts.put_account(account);
        session.token_hash = http::hash_token(token);
        session.account = account.id;
        session.seen_at = now;
        session.expires_at = now + 1'000'000;
        accounts.put_session(session);
        feed = std::make_unique<LiveFeed>(LiveFeed::Parts{server, stock, accounts, queries, clock, options,
                                                          [this](std::function<void()> job) {
                                                              if (refuse_jobs) return false;
                                                              job();
                                                              return true;
                                                          }},
                                          std::vector{&io});
    }
    ~LiveFeedTest() override {
        feed->stop();
        server.shutdown([] {});
        io.poll();
        io.stop();
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

    PollingClient client() { return PollingClient(server, io); }

    boost::asio::io_context io{1};
    engine::SimulatedStore store;
    engine::StockView stock;
    engine::AccountBook accounts;
    engine::Queries queries{store};
    ManualClock clock{now};
    http::Options options;
    socketio::Server server{socketio::Options{}, {&io}};
    domain::Session session;
    std::map<int, std::int64_t> versions;
    bool refuse_jobs = false;
    std::unique_ptr<LiveFeed> feed;
};

TEST_F(LiveFeedTest, refuses_a_client_without_a_session) {
    auto stranger = client();
    stranger.open();
    stranger.post("40{\"token\":\"wrong\"}");
    EXPECT_EQ(json::parse(stranger.expect("44")).at("message").as_string(), "unauthenticated");
}

TEST_F(LiveFeedTest, tells_changes_in_feed_order_with_their_stretch) {
    auto watcher = client();
    watcher.sign_in();
    const auto ack = watcher.ask("subscribe", R"({"stock":"all"})");
    EXPECT_TRUE(ack.at("ok").as_bool());
    EXPECT_EQ(ack.at("head").as_int64(), 0);
    commit({1, 2});
    const auto event = watcher.event("stock.changed");
    EXPECT_EQ(event.at("from").as_int64(), 1);
    EXPECT_EQ(event.at("to").as_int64(), 2);
    const auto& changes = event.at("changes").as_array();
    ASSERT_EQ(changes.size(), 2u);
    EXPECT_EQ(changes[0].at("sku").as_string(), "P1");
    EXPECT_EQ(changes[0].at("location").as_string(), "MAIN");
    EXPECT_EQ(changes[1].at("on_hand").as_int64(), 101);
    commit({3});
    EXPECT_EQ(watcher.event("stock.changed").at("from").as_int64(), 3);
}

TEST_F(LiveFeedTest, tells_only_the_rows_asked_for_and_covers_the_others) {
    auto watcher = client();
    watcher.sign_in();
    watcher.ask("subscribe", R"({"stock":{"keys":[["P1","MAIN"]]}})");
    commit({2, 3});
    io.poll();
    commit({1});
    const auto event = watcher.event("stock.changed");
    EXPECT_EQ(event.at("from").as_int64(), 1);
    EXPECT_EQ(event.at("to").as_int64(), 3);
    EXPECT_EQ(event.at("changes").as_array().size(), 1u);
}

TEST_F(LiveFeedTest, tells_present_values_of_rows_that_came_into_view) {
    auto watcher = client();
    watcher.sign_in();
    watcher.ask("subscribe", R"({"stock":{"keys":[]}})");
    commit({2});
    io.run_for(std::chrono::milliseconds(0));
    EXPECT_TRUE(watcher.ask("watch", R"({"keys":[["P2","MAIN"]]})").at("ok").as_bool());
    const auto event = watcher.event("stock.changed");
    EXPECT_EQ(event.at("to").as_int64(), event.at("from").as_int64() - 1);
    EXPECT_EQ(event.at("changes").at(0).at("version").as_int64(), 1);
}

TEST_F(LiveFeedTest, tells_orders_only_to_those_who_want_them) {
    auto with = client();
    with.sign_in();
    with.ask("subscribe", R"({"orders":true})");
    auto without = client();
    without.sign_in();
    without.ask("subscribe", R"({"stock":"all"})");
    commit({1}, true);
    EXPECT_EQ(with.event("order.changed").at("seq").as_int64(), 2);
    EXPECT_EQ(without.event("stock.changed").at("to").as_int64(), 2);
    // Its acknowledgement comes behind whatever was told before.
    without.ask("subscribe", "{}");
    EXPECT_FALSE(without.holds("42[\"order.changed\""));
}

TEST_F(LiveFeedTest, conflates_for_a_client_that_does_not_fetch) {
    auto slow = client();
    slow.sign_in();
    slow.ask("subscribe", R"({"stock":"all"})");
    for (int i = 0; i < 5; ++i) {
        commit({1, 2});
        io.run_one_for(std::chrono::milliseconds(50));
        io.run_one_for(std::chrono::milliseconds(50));
    }
    domain::FeedSeq told = 0;
    std::int64_t newest = 0;
    std::size_t entries = 0;
    while (told < 10) {
        const auto event = slow.event("stock.changed");
        EXPECT_EQ(event.at("from").as_int64(), told + 1);
        told = event.at("to").as_int64();
        for (const auto& change : event.at("changes").as_array())
            newest = std::max(newest, change.at("version").as_int64());
        entries += event.at("changes").as_array().size();
    }
    EXPECT_EQ(newest, 5);
    EXPECT_LT(entries, 10u);
}

TEST_F(LiveFeedTest, resumes_behind_a_number_before_it_acknowledges) {
    auto first = client();
    first.sign_in();
    first.ask("subscribe", R"({"stock":"all"})");
    for (int i = 0; i < 4; ++i) commit({1}, true);
    while (first.event("stock.changed").at("to").as_int64() < 8) {
    }
    auto back = client();
    back.sign_in();
    const auto ack = back.ask("subscribe", R"({"stock":"all","orders":true,"after":3})");
    EXPECT_EQ(ack.at("head").as_int64(), 8);
    const auto missed = back.event("stock.changed");
    EXPECT_EQ(missed.at("from").as_int64(), 4);
    EXPECT_EQ(missed.at("to").as_int64(), 8);
    EXPECT_EQ(missed.at("changes").as_array().size(), 1u);
    EXPECT_EQ(back.event("order.changed").at("seq").as_int64(), 4);
    EXPECT_EQ(back.event("order.changed").at("seq").as_int64(), 6);
}

TEST_F(LiveFeedTest, starts_a_client_over_that_asks_for_the_impossible) {
    auto lost = client();
    lost.sign_in();
    lost.ask("subscribe", R"({"stock":"all","after":999})");
    EXPECT_EQ(lost.event("feed.reset").at("head").as_int64(), 0);
}

TEST_F(LiveFeedTest, starts_a_client_over_when_there_is_no_room_to_catch_up) {
    auto first = client();
    first.sign_in();
    first.ask("subscribe", R"({"stock":"all"})");
    commit({1});
    first.event("stock.changed");
    refuse_jobs = true;
    auto back = client();
    back.sign_in();
    back.ask("subscribe", R"({"stock":"all","after":0})");
    EXPECT_EQ(back.event("feed.reset").at("head").as_int64(), 1);
}

TEST_F(LiveFeedTest, says_what_is_wrong_with_a_subscription) {
    auto clumsy = client();
    clumsy.sign_in();
    const auto ack = clumsy.ask("subscribe", R"({"stock":"some"})");
    EXPECT_FALSE(ack.at("ok").as_bool());
    EXPECT_FALSE(ack.at("error").as_string().empty());
    EXPECT_FALSE(clumsy.ask("dance", "{}").at("ok").as_bool());
}

TEST_F(LiveFeedTest, ends_clients_whose_session_ended) {
    auto leaving = client();
    leaving.sign_in();
    domain::Changes changes;
    changes.sessions.push_back({session, true});
    accounts.apply(changes);
    leaving.expect("42[\"session.ended\"");
}

}  // namespace
}  // namespace onhand::live
