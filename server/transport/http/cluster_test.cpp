// The server as one of several instances: sessions opened elsewhere, counts of all instances, locks, readiness.

#include <gtest/gtest.h>

#include <map>

#include "engine/testing/fake_cluster.hpp"
#include "transport/http/login_limiter.hpp"
#include "transport/http/testing/server_world.hpp"

namespace onhand::http {
namespace {

class FakeCounter final : public bus::Counter {
  public:
    std::optional<std::int64_t> add(std::string_view key, std::chrono::milliseconds) override {
        const std::lock_guard lock(mutex_);
        if (away) return std::nullopt;
        return ++counts_[std::string(key)];
    }
    std::optional<std::int64_t> read(std::string_view key) override {
        const std::lock_guard lock(mutex_);
        if (away) return std::nullopt;
        return counts_[std::string(key)];
    }
    void forget(std::string_view key) override {
        const std::lock_guard lock(mutex_);
        counts_.erase(std::string(key));
    }
    std::int64_t of(const std::string& key) {
        const std::lock_guard lock(mutex_);
        return counts_[key];
    }
    void set(const std::string& key, std::int64_t value) {
        const std::lock_guard lock(mutex_);
        counts_[key] = value;
    }
    std::atomic<bool> away = false;

  private:
    std::mutex mutex_;
    std::map<std::string, std::int64_t> counts_;
};

struct ClusterTest : ::testing::Test, ServerWorld {
    void SetUp() override {
        services.cluster = &lone.cluster;
        options.registration = Registration::open;
        start();
    }
    void TearDown() override { server->stop(); }

    // What another instance committed: an account and a session of it.
    void open_elsewhere(const std::string& token) {
        domain::Account account;
        account.id = domain::AccountId{77};
        account.uuid = *parse_uuid("01930000-0000-7000-8000-000000000077");
        account.email = "elsewhere@example.com";
        account.name = "Else";
        account.role = domain::Role::clerk;
        domain::Session session;
        session.token_hash = hash_token(token);
        session.account = account.id;
        session.created_at = session.seen_at = harness.clock.wall_ms();
        session.expires_at = session.created_at + engine::session_absolute_ms;
        domain::Changes changes;
        changes.accounts = {account};
        changes.sessions = {{session, false}};
        ASSERT_EQ(harness.store.commit(changes).status, storage::CommitStatus::committed);
    }
    int status_with(const std::string& token) {
        const auto answer = ask(request_text("GET", "/api/v1/auth/me", "Authorization: Bearer " + token + "\r\n"));
        return answer ? answer->status : 0;
    }
    int log_in(const std::string& password) {
        const std::string body = R"({"email":"clerk@example.com","password":")" + password + "\"}";
        const auto answer = ask(request_text("POST", "/api/v1/auth/login", "Content-Type: application/json\r\n", body));
        return answer ? answer->status : 0;
    }

    engine::FakeLocks locks;
    FakeCounter counter;
    engine::LoneCluster lone{harness.store, harness.stock, harness.accounts, &counter, &locks, true};
};

TEST_F(ClusterTest, knows_a_session_that_another_instance_opened) {
    open_elsewhere("their-token");
    EXPECT_EQ(status_with("their-token"), 200);
    EXPECT_EQ(status_with("their-token"), 200);
    EXPECT_EQ(status_with("nobodys-token"), 401);
    EXPECT_EQ(status_with("nobodys-token"), 401);
}

TEST_F(ClusterTest, a_body_is_read_after_the_session_was_looked_up) {
    harness.add_product("A", 10);
    open_elsewhere("their-token");
    const auto client = connect();
    const auto fields =
        "Authorization: Bearer their-token\r\nContent-Type: application/json\r\nIdempotency-Key: one\r\n";
    const auto placed =
        client->ask(request_text("POST", "/api/v1/orders", fields, R"({"lines":[{"sku":"A","quantity":1}]})"));
    ASSERT_TRUE(placed);
    EXPECT_EQ(placed->status, 201);
    const auto me = client->ask(request_text("GET", "/api/v1/auth/me", "Authorization: Bearer their-token\r\n"));
    ASSERT_TRUE(me);
    EXPECT_EQ(me->status, 200);
}

TEST_F(ClusterTest, wrong_sign_ins_count_for_all_instances) {
    EXPECT_EQ(log_in("wrong password"), 401);
    EXPECT_EQ(counter.of("login:account:clerk@example.com"), 1);
    EXPECT_EQ(counter.of("login:address:127.0.0.1"), 1);
    counter.set("login:account:clerk@example.com", LoginLimiter::account_failures_max);
    EXPECT_EQ(log_in("wrong password"), 429);
    counter.away = true;
    EXPECT_EQ(log_in("wrong password"), 401) << "each instance goes on with its own limit";
}

TEST_F(ClusterTest, registrations_count_for_all_instances) {
    counter.set("register:address:127.0.0.1", LoginLimiter::registrations_max);
    const std::string body = R"({"email":"new@example.com","password":"correct horse battery","name":"New"})";
    const auto answer = ask(request_text("POST", "/api/v1/auth/register", "Content-Type: application/json\r\n", body));
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 429);
    EXPECT_NE(answer->field("retry-after"), "");
}

TEST_F(ClusterTest, lists_locks_to_admins_only) {
    const auto listed = ask(request_text("GET", "/api/v1/admin/locks", bearer(domain::Role::admin)));
    ASSERT_TRUE(listed);
    EXPECT_EQ(listed->status, 200);
    EXPECT_TRUE(listed->has(R"("mode":"degraded")")) << listed->body;
    EXPECT_TRUE(
        listed->has(R"("sku":"LAMP \"1\"","owner":"host-0","held_ms":3,"lease_left_ms":1997,"waiting":["other-1"])"))
        << listed->body;
    EXPECT_EQ(ask(request_text("GET", "/api/v1/admin/locks", bearer(domain::Role::manager)))->status, 403);
    EXPECT_EQ(ask(request_text("GET", "/api/v1/admin/locks?limit=0", bearer(domain::Role::admin)))->status, 400);
}

TEST_F(ClusterTest, is_ready_but_degraded_while_redis_is_away) {
    const auto ready = ask(request_text("GET", "/readyz"));
    ASSERT_TRUE(ready);
    EXPECT_EQ(ready->status, 200);
    EXPECT_TRUE(ready->has(R"("redis":"degraded")")) << ready->body;
    const auto metrics = ask(request_text("GET", "/metrics"));
    ASSERT_TRUE(metrics);
    EXPECT_TRUE(metrics->has("onhand_redis_connected 0"));
    EXPECT_TRUE(metrics->has("onhand_relay_applied_total 0"));
    EXPECT_TRUE(metrics->has("onhand_locks_away_total 0"));
}

}  // namespace
}  // namespace onhand::http
