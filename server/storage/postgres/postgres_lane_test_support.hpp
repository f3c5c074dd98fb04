#pragma once
// For tests with several writers: a lane as the engine has one, without threads of its own, that tells how its batches
// ended; and a proxy between a store and the server that cuts the connection at a chosen moment. Test code.

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <mutex>
#include <thread>

#include "storage/postgres/postgres_test_support.hpp"

namespace onhand::storage::postgres {

// One batch at a time: load, judge, commit.
class TestLane {
  public:
    struct Wish {
        domain::Command command;
        domain::KeyHash key{};
    };

    explicit TestLane(Store& store, std::uint64_t seed = 1) : store_(store), ids_(std::mt19937_64(seed)) {
        const auto last = store_.prepare(set_);
        EXPECT_TRUE(last.has_value());
        if (last) ids_.raise_floor(*last);
    }

    // Loads and judges. nullopt when the store does not load.
    std::optional<domain::Changes> judge(const std::vector<Wish>& wishes) {
        domain::RowRequest request;
        std::vector<domain::KeyHash> keys;
        outcomes.clear();
        set_.clear();
        for (const auto& wish : wishes) {
            domain::request_rows(wish.command, set_, request);
            keys.push_back(wish.key);
        }
        auto loaded = store_.load(keys, request, set_);
        if (!loaded) {
            error = loaded.error();
            return std::nullopt;
        }
        known = std::move(*loaded);
        domain::Changes changes;
        for (std::size_t i = 0; i < wishes.size(); ++i) {
            if (known[i]) continue;
            const domain::Context context{++now, domain::AccountId{1}, domain::Role::admin,
                                          ids_,  wishes[i].key,        wishes[i].key};
            outcomes.push_back(domain::decide(wishes[i].command, set_, context, changes));
        }
        return changes;
    }

    // True when the batch was committed; else `error` tells why not.
    bool run(const std::vector<Wish>& wishes) {
        auto changes = judge(wishes);
        if (!changes) return false;
        return commit(*changes) == CommitStatus::committed;
    }

    CommitStatus commit(domain::Changes& changes) {
        auto result = store_.commit(changes);
        error = result.error;
        return result.status;
    }

    // As the engine after a conflict, any number of times.
    void insist(const std::vector<Wish>& wishes) {
        while (!run(wishes)) ASSERT_EQ(error.code, StoreErrc::conflict) << error.detail;
    }

    int placed() const {
        return static_cast<int>(std::count_if(outcomes.begin(), outcomes.end(), [](const auto& outcome) {
            return std::holds_alternative<domain::OrderDone>(outcome);
        }));
    }

    Store& store() { return store_; }
    domain::WorkingSet& set() { return set_; }

    std::vector<domain::Outcome> outcomes;  // of the last batch, without repeats
    KnownKeys known;
    StoreError error;
    UnixMillis now = 1'800'000'000'000;

  private:
    Store& store_;
    UuidGenerator ids_;
    domain::WorkingSet set_;
};

inline TestLane::Wish order_of(const std::string& sku, domain::Quantity quantity, std::uint64_t key = 0) {
    domain::PlaceOrder place;
    place.lines = {{sku, "", quantity}};
    return {place, key == 0 ? domain::KeyHash{} : key_hash(key)};
}

inline TestLane::Wish product_of(const std::string& sku, domain::Quantity quantity) {
    domain::CreateProduct create;
    create.product.sku = create.product.name = sku;
    if (quantity > 0) create.opening_stock = {{"", quantity}};
    return {create, {}};
}

// Expects that nothing is wrong with what is stored, once everything is numbered.
inline void expect_verified(PostgresStorage& storage) {
    while (true) {
        const auto step = storage.outbox().number(0, 1000);
        ASSERT_TRUE(step.has_value()) << step.error().detail;
        if (step->given == 0) break;
    }
    for (const auto& check : storage.verify()) EXPECT_TRUE(check.ok) << check.name << ": " << check.finding;
}

// A store with lanes on a database of its own, and a connection beside it to look and meddle with.
class PostgresLanes : public testing::Test {
  protected:
    void open(int lanes = 2) {
        options_.lanes = lanes;
        if (options_.url.empty()) options_.url = database_.url();
        auto opened = PostgresStorage::open(options_, clock_);
        ASSERT_TRUE(opened.has_value()) << opened.error().detail;
        storage_ = std::move(*opened);
        meddler_ = database_.connect();
    }
    void make_products(const std::vector<std::string>& skus, domain::Quantity quantity) {
        TestLane lane(storage_->store(0), 1000);
        for (const auto& sku : skus) ASSERT_TRUE(lane.run({product_of(sku, quantity)})) << lane.error.detail;
    }

    TestDatabase database_;
    ManualClock clock_;
    PostgresOptions options_;
    std::unique_ptr<PostgresStorage> storage_;
    std::unique_ptr<Connection> meddler_;
};

// Passes bytes between a store and the server, and cuts the first connection that commits a batch while armed.
class CuttingProxy {
  public:
    enum class Cut {
        never,
        before,           // the server never gets COMMIT, and sees the connection end
        before_and_hold,  // the server never gets COMMIT and does not see that the connection ended
        after,            // the server has committed and answered; the answer is lost
    };

    explicit CuttingProxy(int server_port) : server_port_(server_port) {
        listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address = loopback(0);
        socklen_t size = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0 ||
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
            throw std::runtime_error("no port for the proxy");
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { run(); });
    }
    ~CuttingProxy() {
        stopping_ = true;
        // Wakes the thread.
        const int waker = connect_to(port_);
        thread_.join();
        ::close(waker);
        ::close(listener_);
        for (const int socket : held_) ::close(socket);
    }
    CuttingProxy(const CuttingProxy&) = delete;
    CuttingProxy& operator=(const CuttingProxy&) = delete;

    int port() const { return port_; }
    void arm(Cut cut) { cut_ = cut; }

  private:
    struct Pair {
        int client;
        int server;
        bool committing = false;
    };

    static sockaddr_in loopback(int port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(static_cast<std::uint16_t>(port));
        return address;
    }
    static int connect_to(int port) {
        const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
        sockaddr_in address = loopback(port);
        if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
            throw std::runtime_error("the proxy cannot connect");
        return socket;
    }
    static void pass(int socket, std::string_view bytes) {
        while (!bytes.empty()) {
            const auto sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    void run() {
        while (!stopping_) {
            std::vector<pollfd> waiting = {{listener_, POLLIN, 0}};
            for (const Pair& pair : pairs_) {
                waiting.push_back({pair.client, POLLIN, 0});
                waiting.push_back({pair.server, POLLIN, 0});
            }
            ::poll(waiting.data(), waiting.size(), -1);
            const std::size_t known = pairs_.size();
            for (std::size_t i = known; i-- > 0;) {
                bool alive = true;
                if (waiting[1 + 2 * i].revents != 0) alive = from_client(pairs_[i]);
                if (alive && waiting[2 + 2 * i].revents != 0) alive = from_server(pairs_[i]);
                if (!alive) pairs_.erase(pairs_.begin() + static_cast<std::ptrdiff_t>(i));
            }
            if (waiting[0].revents != 0 && !stopping_)
                pairs_.push_back({::accept(listener_, nullptr, nullptr), connect_to(server_port_)});
        }
        for (const Pair& pair : pairs_) close_both(pair);
    }

    static bool close_both(const Pair& pair) {
        ::close(pair.client);
        ::close(pair.server);
        return false;
    }

    // False when the pair is gone.
    bool from_client(Pair& pair) {
        const auto count = ::recv(pair.client, buffer_.data(), buffer_.size(), 0);
        if (count <= 0) return close_both(pair);
        const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(count));
        if (cut_ != Cut::never && bytes.find("commit_batch") != bytes.npos) {
            if (cut_ == Cut::after) {
                pair.committing = true;
            } else {
                const bool hold = cut_.exchange(Cut::never) == Cut::before_and_hold;
                if (!hold) return close_both(pair);
                held_.push_back(pair.server);
                ::close(pair.client);
                return false;
            }
        }
        pass(pair.server, bytes);
        return true;
    }

    bool from_server(Pair& pair) {
        const auto count = ::recv(pair.server, buffer_.data(), buffer_.size(), 0);
        if (count <= 0) return close_both(pair);
        const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(count));
        if (pair.committing && bytes.find(std::string_view("COMMIT\0", 7)) != bytes.npos) {
            cut_ = Cut::never;
            return close_both(pair);
        }
        pass(pair.client, bytes);
        return true;
    }

    const int server_port_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<Cut> cut_{Cut::never};
    std::atomic<bool> stopping_{false};
    std::vector<Pair> pairs_;  // the thread's
    std::vector<int> held_;    // the thread's, and the destructor's after it
    std::array<char, 65536> buffer_{};
    std::thread thread_;
};

}  // namespace onhand::storage::postgres
