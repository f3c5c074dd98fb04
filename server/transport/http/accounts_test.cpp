#include "transport/http/accounts.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "transport/http/login_limiter.hpp"
#include "transport/http/testing/server_world.hpp"

namespace onhand::http {
namespace {

constexpr std::string_view json_type = "Content-Type: application/json\r\n";
const std::string password = "correct horse battery";

std::string text_of(const HttpAnswer& answer, std::string_view pointer) {
    boost::system::error_code error;
    const auto value = boost::json::parse(answer.body);
    const auto* found = value.find_pointer(pointer, error);
    return found != nullptr && found->is_string() ? std::string(found->as_string()) : "";
}

struct AccountsTest : ::testing::Test, ServerWorld {
    // Registration is open in most cases, because the world has accounts already.
    void begin(Registration registration = Registration::open) {
        options.registration = registration;
        start();
    }
    HttpAnswer post(std::string_view path, std::string_view body, std::string_view fields = {}) const {
        const auto answer = ask(request_text("POST", path, std::string(json_type) + std::string(fields), body));
        EXPECT_TRUE(answer) << path;
        return answer.value_or(HttpAnswer());
    }
    HttpAnswer register_ann() const {
        return post("/api/v1/auth/register",
                    R"({"email":"Ann@Example.com","password":"correct horse battery","name":"Ann"})");
    }
    HttpAnswer log_in(std::string_view with_password, std::string_view email = "ann@example.com") const {
        return post("/api/v1/auth/login",
                    R"({"email":")" + std::string(email) + R"(","password":")" + std::string(with_password) + R"("})");
    }
    int me(const std::string& token) const {
        return ask(request_text("GET", "/api/v1/auth/me", "Authorization: Bearer " + token + "\r\n"))->status;
    }
};

TEST_F(AccountsTest, registers_signs_in_and_out) {
    begin();
    const auto made = register_ann();
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(text_of(made, "/user/email"), "ann@example.com");
    EXPECT_EQ(text_of(made, "/user/role"), "admin") << "the first account of the store";
    const auto next =
        post("/api/v1/auth/register", R"({"email":"bo@example.com","password":"correct horse battery","name":"Bo"})");
    EXPECT_EQ(text_of(next, "/user/role"), "clerk");
    EXPECT_EQ(made.field("cache-control"), "no-store");
    const auto token = text_of(made, "/token");
    EXPECT_EQ(token.size(), 43U);
    EXPECT_EQ(made.field("set-cookie"),
              "onhand_session=" + token + "; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict");
    EXPECT_EQ(me(token), 200);

    const auto second = log_in(password, "ANN@example.com");
    ASSERT_EQ(second.status, 200) << second.body;
    const auto other_token = text_of(second, "/token");
    EXPECT_NE(other_token, token) << "every sign-in has its own session";
    const auto out = post("/api/v1/auth/logout", "", "Authorization: Bearer " + token + "\r\n");
    EXPECT_EQ(out.status, 204);
    EXPECT_EQ(out.field("set-cookie"), "onhand_session=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict");
    EXPECT_EQ(me(token), 401);
    EXPECT_EQ(me(other_token), 200);
}

TEST_F(AccountsTest, the_stored_password_is_argon2id) {
    begin();
    ASSERT_EQ(register_ann().status, 201);
    const auto account = harness.accounts.by_email("ann@example.com");
    ASSERT_TRUE(account);
    EXPECT_EQ(account->password_hash.rfind("$argon2id$v=19$m=19456,t=2,p=1$", 0), 0U);
}

TEST_F(AccountsTest, a_wrong_password_and_an_unknown_account_look_the_same) {
    begin();
    ASSERT_EQ(register_ann().status, 201);
    const auto wrong = log_in("wrong horse battery");
    const auto unknown = log_in("wrong horse battery", "nobody@example.com");
    EXPECT_EQ(wrong.status, 401);
    EXPECT_EQ(text_of(wrong, "/code"), "invalid_credentials");
    EXPECT_EQ(wrong.fields.count("set-cookie"), 0U);
    EXPECT_EQ(unknown.status, 401);
    EXPECT_EQ(text_of(unknown, "/code"), text_of(wrong, "/code"));
    EXPECT_EQ(text_of(unknown, "/detail"), text_of(wrong, "/detail"));
}

TEST_F(AccountsTest, guessing_is_slowed) {
    begin();
    for (std::uint32_t i = 0; i < LoginLimiter::account_failures_max; ++i)
        ASSERT_EQ(log_in("guess", "victim@example.com").status, 401) << i;
    const auto limited = log_in("guess", "victim@example.com");
    EXPECT_EQ(limited.status, 429);
    EXPECT_EQ(limited.field("retry-after"), "3600");
    EXPECT_EQ(log_in("guess", "other@example.com").status, 401);
}

TEST_F(AccountsTest, registration_closes_after_the_first_account) {
    begin(Registration::first);
    const auto refused = register_ann();
    EXPECT_EQ(refused.status, 403);
    EXPECT_EQ(text_of(refused, "/code"), "registration_closed");
    const auto status = ask(request_text("GET", "/api/v1/auth/status"));
    EXPECT_EQ(status->body, R"({"registration":"closed","has_accounts":true,"demo":null})");
}

TEST_F(AccountsTest, names_every_wrong_field) {
    begin();
    const auto answer = post("/api/v1/auth/register", R"({"email":"nonsense","password":"short","extra":1})");
    EXPECT_EQ(answer.status, 400);
    for (const auto* pointer : {"/email", "/password", "/name", "/extra"})
        EXPECT_TRUE(answer.has("\"pointer\":\"" + std::string(pointer) + "\"")) << pointer << answer.body;
    EXPECT_EQ(post("/api/v1/auth/register", "{").status, 400);
    EXPECT_EQ(post("/api/v1/auth/register", "[]").status, 400);
    // Nobody can give themselves a role.
    const auto role =
        post("/api/v1/auth/register", R"({"email":"a@b","password":"correct horse","name":"A","role":"admin"})");
    EXPECT_EQ(role.status, 400);
}

TEST_F(AccountsTest, an_address_registers_once) {
    begin();
    ASSERT_EQ(register_ann().status, 201);
    const auto again = register_ann();
    EXPECT_EQ(again.status, 409);
    EXPECT_EQ(text_of(again, "/code"), "already_exists");
}

TEST_F(AccountsTest, admins_create_and_change_accounts) {
    begin(Registration::first);
    const auto admin = bearer(domain::Role::admin);
    const auto made =
        post("/api/v1/users",
             R"({"email":"bo@example.com","password":"correct horse battery","name":"Bo","role":"viewer"})", admin);
    ASSERT_EQ(made.status, 201) << made.body;
    const auto id = text_of(made, "/id");
    const auto token = text_of(log_in(password, "bo@example.com"), "/token");
    ASSERT_EQ(me(token), 200);

    const auto list = ask(request_text("GET", "/api/v1/users?limit=500", admin));
    EXPECT_TRUE(list->has("bo@example.com"));
    EXPECT_FALSE(list->has("argon2id")) << "hashes stay inside";
    EXPECT_EQ(ask(request_text("GET", "/api/v1/users?limit=501", admin))->status, 400);

    const auto patch = [&](std::string_view body, std::string_view fields = {}) {
        return *ask(
            request_text("PATCH", "/api/v1/users/" + id, admin + std::string(json_type) + std::string(fields), body));
    };
    EXPECT_EQ(patch(R"({"name":"Bob"})", "If-Match: \"9\"\r\n").status, 412);
    EXPECT_EQ(text_of(patch(R"({"name":"Bob"})", "If-Match: \"1\"\r\n"), "/name"), "Bob");
    EXPECT_EQ(me(token), 200);
    EXPECT_EQ(patch(R"({"role":"king"})").status, 400);
    EXPECT_EQ(patch(R"({"password":"another horse battery"})").status, 200);
    EXPECT_EQ(me(token), 401) << "a new password ends the sessions";
    EXPECT_EQ(log_in("another horse battery", "bo@example.com").status, 200);
    EXPECT_EQ(patch(R"({"disabled":true})").status, 200);
    EXPECT_EQ(log_in("another horse battery", "bo@example.com").status, 401);
    EXPECT_EQ(ask(request_text("PATCH", "/api/v1/users/nobody", admin + std::string(json_type), "{}"))->status, 404);
}

TEST_F(AccountsTest, the_page_signs_in_by_cookie) {
    begin();
    const auto made = register_ann();
    const auto cookie = "Cookie: onhand_session=" + text_of(made, "/token") + "\r\n";
    EXPECT_EQ(ask(request_text("GET", "/api/v1/auth/me", cookie))->status, 200);
    EXPECT_EQ(post("/api/v1/auth/logout", "", cookie).status, 403);
    EXPECT_EQ(post("/api/v1/auth/logout", "", cookie + "X-Onhand-Client: web\r\nSec-Fetch-Site: cross-site\r\n").status,
              403);
    EXPECT_EQ(
        post("/api/v1/auth/logout", "", cookie + "X-Onhand-Client: web\r\nSec-Fetch-Site: same-origin\r\n").status,
        204);
    EXPECT_EQ(ask(request_text("GET", "/api/v1/auth/me", cookie))->status, 401);
}

TEST_F(AccountsTest, shows_the_demo_account) {
    options.demo = DemoAccount{"demo@example.com", "demo-password"};
    begin();
    const auto status = ask(request_text("GET", "/api/v1/auth/status"));
    EXPECT_TRUE(status->has(R"("demo":{"email":"demo@example.com","password":"demo-password"})"));
}

struct SystemTest : AccountsTest {};

TEST_F(SystemTest, tells_how_the_process_is) {
    begin();
    EXPECT_EQ(ask(request_text("GET", "/healthz"))->body, "{\"status\":\"ok\"}");
    EXPECT_EQ(text_of(*ask(request_text("GET", "/version")), "/name"), "onhand");
    const auto ready = ask(request_text("GET", "/readyz"));
    EXPECT_EQ(ready->status, 200) << ready->body;
    harness.engine.stop();
    const auto unready = ask(request_text("GET", "/readyz"));
    EXPECT_EQ(unready->status, 503);
    EXPECT_TRUE(unready->has("\"accepting\":\"failed\""));
}

TEST_F(SystemTest, counts_requests_by_route) {
    begin();
    for (int i = 0; i < 3; ++i) ask(request_text("GET", "/healthz"));
    ask(request_text("GET", "/api/v1/stock"));
    const auto text = ask(request_text("GET", "/metrics"));
    EXPECT_EQ(text->field("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_TRUE(text->has("onhand_http_requests_total{method=\"GET\",route=\"/healthz\",status=\"2xx\"} 3"));
    EXPECT_TRUE(text->has("onhand_http_requests_total{method=\"GET\",route=\"/api/v1/stock\",status=\"4xx\"} 1"));
    EXPECT_TRUE(text->has("onhand_http_request_duration_seconds_count{method=\"GET\",route=\"/healthz\"} 3"));
    EXPECT_TRUE(
        text->has("onhand_http_request_duration_seconds_bucket{method=\"GET\",route=\"/healthz\",le=\"+Inf\"} 3"));
    EXPECT_TRUE(text->has("onhand_feed_head"));
}

TEST_F(SystemTest, documents_itself) {
    begin();
    const auto document = ask(request_text("GET", "/openapi.json"));
    EXPECT_EQ(document->field("content-type"), "application/json");
    EXPECT_TRUE(boost::json::parse(document->body).is_object());
    const auto page = ask(request_text("GET", "/docs"));
    for (const auto& route : routes()) EXPECT_TRUE(page->has("<td>" + std::string(route.path) + "</td>"));
    EXPECT_FALSE(page->has("<script"));
    const auto problem = ask(request_text("GET", "/docs/problems/insufficient_stock"));
    EXPECT_EQ(problem->status, 200);
    EXPECT_TRUE(problem->has("Not enough stock"));
    EXPECT_EQ(ask(request_text("GET", "/docs/problems/nonsense"))->status, 404);
}

}  // namespace
}  // namespace onhand::http
