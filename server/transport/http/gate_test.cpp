#include "transport/http/gate.hpp"

#include <map>

#include "transport/http/resources.hpp"
#include "transport/http/testing/server_world.hpp"

namespace onhand::http {
namespace {

// The roles of the contract, written down again by hand: every route has a line here, and every line a route.
const std::map<std::string, Access> contract_roles = {
    {"POST /api/v1/auth/register", Access::open},
    {"POST /api/v1/auth/login", Access::open},
    {"POST /api/v1/auth/logout", Access::viewer},
    {"GET /api/v1/auth/me", Access::viewer},
    {"GET /api/v1/auth/status", Access::open},
    {"GET /api/v1/users", Access::admin},
    {"POST /api/v1/users", Access::admin},
    {"PATCH /api/v1/users/{id}", Access::admin},
    {"GET /api/v1/products", Access::viewer},
    {"POST /api/v1/products", Access::manager},
    {"GET /api/v1/products/{sku}", Access::viewer},
    {"PATCH /api/v1/products/{sku}", Access::manager},
    {"DELETE /api/v1/products/{sku}", Access::manager},
    {"GET /api/v1/categories", Access::viewer},
    {"GET /api/v1/locations", Access::viewer},
    {"POST /api/v1/locations", Access::manager},
    {"GET /api/v1/stock", Access::viewer},
    {"GET /api/v1/stock/{sku}", Access::viewer},
    {"POST /api/v1/stock/adjustments", Access::manager},
    {"GET /api/v1/movements", Access::viewer},
    {"POST /api/v1/orders", Access::clerk},
    {"GET /api/v1/orders", Access::viewer},
    {"GET /api/v1/orders/{id}", Access::viewer},
    {"POST /api/v1/orders/{id}/fulfil", Access::manager},
    {"POST /api/v1/orders/{id}/cancel", Access::clerk},
    {"GET /api/v1/feed", Access::viewer},
    {"POST /api/v1/imports", Access::manager},
    {"GET /api/v1/admin/locks", Access::admin},
    {"GET /api/v1/exports/stock.csv", Access::viewer},
    {"GET /api/v1/exports/orders.csv", Access::viewer},
    {"GET /api/v1/exports/movements.csv", Access::viewer},
    {"GET /healthz", Access::open},
    {"GET /readyz", Access::open},
    {"GET /version", Access::open},
    {"GET /metrics", Access::open},
    {"GET /openapi.json", Access::open},
    {"GET /docs", Access::open},
    {"GET /docs/style.css", Access::open},
    {"GET /docs/problems/{code}", Access::open},
};

class GateTest : public ::testing::Test {
  protected:
    // The code the gate refuses with, or "" when it lets the request through.
    std::string judge(RequestHead head) {
        head.host = "localhost";
        const auto refusal = admit(head, context, identities, world.services.clock.wall_ms(), admission);
        if (!refusal) return "";
        last = *refusal;
        return refusal->problem.code;
    }

    // A request that is right for the route but for who sends it.
    static RequestHead head_for(const Route& route, std::string& path) {
        path = route.path;
        if (const auto open = path.find('{'); open != std::string::npos)
            path.replace(open, path.find('}') - open + 1, "x");
        RequestHead head;
        head.method = route.method;
        head.target = path;
        if (route.body != Body::none) {
            head.content_length = 2;
            head.content_type = route.body == Body::json ? "application/json" : "text/csv";
        }
        if (route.key == KeyNeed::required) head.idempotency_key = "key";
        return head;
    }

    RequestHead order_head() {
        RequestHead head;
        head.method = "POST";
        head.target = "/api/v1/orders";
        head.content_type = "application/json";
        head.content_length = 2;
        head.idempotency_key = "key";
        head.authorization = clerk;
        return head;
    }

    // The same by cookie, from our own page.
    RequestHead cookie_head() {
        auto head = order_head();
        head.authorization = {};
        head.cookie = cookie;
        head.onhand_client = "web";
        head.sec_fetch_site = "same-origin";
        return head;
    }

    EngineWorld world;
    Options options;
    ServerContext context{options, world.services, routes(), StaticFiles()};
    IdentityCache identities;
    Admission admission;
    GateRefusal last;
    const std::string clerk = "Bearer token-of-clerk";
    const std::string cookie = "theme=dark; onhand_session=token-of-clerk";
};

TEST_F(GateTest, every_route_takes_exactly_the_roles_of_the_contract) {
    std::size_t rows = 0;
    for (const auto& route : routes()) {
        if (route.path.starts_with("/bench/")) continue;  // a yardstick of benchmark builds
        const auto name = std::string(route.method) + " " + std::string(route.path);
        const auto expected = contract_roles.find(name);
        ASSERT_NE(expected, contract_roles.end()) << name << " is not in the contract";
        ++rows;
        std::string path;
        auto head = head_for(route, path);
        EXPECT_EQ(judge(head), expected->second == Access::open ? "" : "unauthenticated") << name << " by nobody";
        for (const auto role : all_roles) {
            const auto token = "Bearer " + EngineWorld::token_of(role);
            head.authorization = token;
            const bool allowed =
                expected->second == Access::open || static_cast<int>(role) + 1 >= static_cast<int>(expected->second);
            EXPECT_EQ(judge(head), allowed ? "" : "forbidden") << name << " by " << domain::name(role);
        }
    }
    EXPECT_EQ(rows, contract_roles.size()) << "a route of the contract is missing";
}

TEST_F(GateTest, takes_no_token_that_is_not_exactly_right) {
    for (const std::string value : {"Bearer token-of-cler", "Bearer token-of-clerk1", "Bearer Token-of-clerk",
                                    "Bearer ", "Bearer", "", "Basic token-of-clerk", "token-of-clerk",
                                    ("Bearer "
                                     "x\x80")}) {
        auto head = order_head();
        head.authorization = value;
        EXPECT_EQ(judge(head), "unauthenticated") << value;
    }
    auto head = order_head();
    head.authorization = "bearer  token-of-clerk";
    EXPECT_EQ(judge(head), "");
}

TEST_F(GateTest, a_wrong_authorization_field_is_not_made_good_by_a_cookie) {
    auto head = cookie_head();
    head.authorization = "Bearer nonsense";
    EXPECT_EQ(judge(head), "unauthenticated");
}

TEST_F(GateTest, unsafe_requests_by_cookie_need_the_proof_of_the_own_page) {
    EXPECT_EQ(judge(cookie_head()), "");
    for (const std::string_view site : {"cross-site", "same-site", "none", ""}) {
        auto head = cookie_head();
        head.sec_fetch_site = site;
        head.origin = "http://localhost";
        EXPECT_EQ(judge(head), "cross_origin") << site;
    }
    auto head = cookie_head();
    head.onhand_client = {};
    EXPECT_EQ(judge(head), "cross_origin") << "without X-Onhand-Client";
    EXPECT_EQ(last.problem.status, 403);
}

TEST_F(GateTest, without_fetch_metadata_the_origin_must_be_ours) {
    auto head = cookie_head();
    head.sec_fetch_site = std::string_view();
    head.origin = "http://localhost";
    EXPECT_EQ(judge(head), "");
    for (const std::string_view origin : {"", "null", "http://localhost.evil", "https://localhost",
                                          "http://localhost:81", "http://evil", "localhost"}) {
        head.origin = origin;
        EXPECT_EQ(judge(head), "cross_origin") << origin;
    }
}

TEST_F(GateTest, requests_by_token_and_safe_requests_need_no_proof) {
    EXPECT_EQ(judge(order_head()), "");
    RequestHead read;
    read.method = "GET";
    read.target = "/api/v1/stock";
    read.cookie = cookie;
    EXPECT_EQ(judge(read), "");
}

TEST_F(GateTest, signing_in_from_another_site_is_refused) {
    RequestHead head;
    head.method = "POST";
    head.target = "/api/v1/auth/login";
    head.content_type = "application/json";
    head.content_length = 2;
    EXPECT_EQ(judge(head), "");
    head.sec_fetch_site = "cross-site";
    EXPECT_EQ(judge(head), "cross_origin");
}

TEST_F(GateTest, two_cookies_of_one_name_are_none) {
    auto head = cookie_head();
    const std::string two = "onhand_session=token-of-clerk; onhand_session=token-of-admin";
    head.cookie = two;
    EXPECT_EQ(judge(head), "unauthenticated");
}

TEST_F(GateTest, an_ended_session_is_noticed_though_it_was_cached) {
    ASSERT_EQ(judge(order_head()), "");
    domain::Changes changes;
    domain::SessionChange ended;
    ended.session.token_hash = hash_token("token-of-clerk");
    ended.ended = true;
    changes.sessions.push_back(ended);
    world.harness.accounts.apply(changes);
    EXPECT_EQ(judge(order_head()), "unauthenticated");
}

TEST_F(GateTest, a_session_ends_when_it_is_idle_or_old) {
    ASSERT_EQ(judge(order_head()), "");
    world.harness.clock.advance_ms(engine::session_idle_ms - 1);
    EXPECT_EQ(judge(order_head()), "");
    world.harness.clock.advance_ms(1);
    EXPECT_EQ(judge(order_head()), "unauthenticated");
}

TEST_F(GateTest, keys_have_1_to_128_printable_characters) {
    auto head = order_head();
    head.idempotency_key.reset();
    EXPECT_EQ(judge(head), "idempotency_key_missing");
    const std::string longest(idempotency_key_bytes_max, '~');
    const std::string too_long(idempotency_key_bytes_max + 1, 'a');
    for (const std::string_view good : {std::string_view("a"), std::string_view("a b!"), std::string_view(longest)}) {
        head.idempotency_key = good;
        EXPECT_EQ(judge(head), "") << good;
    }
    for (const std::string_view bad :
         {std::string_view(""), std::string_view(too_long), std::string_view("a\tb"), std::string_view("\xc3\xa4")}) {
        head.idempotency_key = bad;
        EXPECT_EQ(judge(head), "idempotency_key_invalid") << bad;
    }
    head.idempotency_key = "a";
    head.duplicate_idempotency_key = true;
    EXPECT_EQ(judge(head), "idempotency_key_invalid");
}

TEST_F(GateTest, keys_of_two_accounts_never_meet) {
    ASSERT_EQ(judge(order_head()), "");
    const auto of_clerk = admission.key;
    auto head = order_head();
    head.authorization = "Bearer token-of-admin";
    ASSERT_EQ(judge(head), "");
    EXPECT_NE(admission.key, of_clerk);
    EXPECT_NE(of_clerk, domain::KeyHash());
}

TEST_F(GateTest, bodies_must_be_of_the_kind_the_route_takes) {
    for (const std::string_view type :
         {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx",
          "application/json; charset=utf-16", "text/json"}) {
        auto head = order_head();
        head.content_type = type;
        EXPECT_EQ(judge(head), "unsupported_media_type") << type;
    }
    for (const std::string_view type : {"application/json", "Application/JSON", "application/json; charset=UTF-8",
                                        "application/json;charset=\"utf-8\""}) {
        auto head = order_head();
        head.content_type = type;
        EXPECT_EQ(judge(head), "") << type;
    }
    for (const std::string_view coding : {"gzip", "deflate", "br", "identity, gzip"}) {
        auto head = order_head();
        head.content_encoding = coding;
        EXPECT_EQ(judge(head), "unsupported_media_type") << coding;
    }
}

TEST_F(GateTest, bodies_are_limited_by_route) {
    for (const auto& route : routes()) {
        std::string path;
        auto head = head_for(route, path);
        head.authorization = "Bearer token-of-admin";
        const auto limit = route.body == Body::none ? ignored_body_bytes_max : route.body_bytes_max;
        head.content_length = limit - 1;
        EXPECT_EQ(judge(head), "") << path;
        head.content_length = limit;
        EXPECT_EQ(judge(head), "") << path;
        head.content_length = limit + 1;
        EXPECT_EQ(judge(head), "body_too_large") << path;
        EXPECT_EQ(last.problem.status, 413);
    }
}

TEST_F(GateTest, unknown_and_repeated_query_parameters_are_named) {
    RequestHead head;
    head.method = "GET";
    head.target = "/api/v1/stock?search=a&limit=5";
    head.authorization = clerk;
    EXPECT_EQ(judge(head), "");
    for (const std::string_view target :
         {"/api/v1/stock?serch=a", "/api/v1/stock?limit=1&limit=2", "/api/v1/stock?limit=%zz", "/api/v1/stock?a[]=1"}) {
        head.target = target;
        EXPECT_EQ(judge(head), "invalid_request") << target;
        ASSERT_EQ(last.problem.errors.size(), 1U);
        EXPECT_NE(target.find(last.problem.errors[0].pointer), std::string_view::npos);
    }
}

TEST_F(GateTest, refuses_commands_and_nothing_else_while_too_many_wait) {
    auto& limit = context.wait_limit;
    const auto now = world.services.clock.mono_ns();
    for (int i = 0; i < 1000; ++i) limit.entered();
    for (int i = 1; i <= 3; ++i) {
        limit.entered();
        limit.left(now + i * WaitLimit::wait_max, 2 * WaitLimit::wait_max);
    }
    auto head = order_head();
    EXPECT_EQ(judge(head), "busy");
    EXPECT_EQ(last.problem.status, 503);
    EXPECT_EQ(last.problem.retry_after, 1);
    head.authorization = {};
    EXPECT_EQ(judge(head), "busy") << "before anything is looked up";
    for (const auto& route : routes()) {
        std::string path;
        const auto each = head_for(route, path);
        EXPECT_EQ(judge(each) == "busy", route.key == KeyNeed::required) << route.method << ' ' << route.path;
    }
    while (limit.waiting() >= limit.limit()) limit.turned_back();
    EXPECT_EQ(judge(order_head()), "");
}

TEST_F(GateTest, tells_wrong_methods_and_wrong_addresses_apart) {
    RequestHead head;
    for (const std::string_view method : {"DELETE", "TRACE", "PROPFIND", "OPTIONS"}) {
        head.method = method;
        head.target = "/api/v1/orders";
        EXPECT_EQ(judge(head), "method_not_allowed") << method;
        EXPECT_EQ(last.fields, "Allow: POST, GET, HEAD\r\n");
    }
    head.method = "GET";
    for (const std::string_view target : {"/api/v1/nothing", "/api", "/api/v2/orders", "/nothing"}) {
        head.target = target;
        EXPECT_EQ(judge(head), "not_found") << target;
    }
}

TEST(Fingerprint, differs_with_method_path_and_body) {
    const auto base = fingerprint_of("POST", "/a", "b");
    EXPECT_EQ(base, fingerprint_of("POST", "/a", "b"));
    EXPECT_NE(base, fingerprint_of("PATCH", "/a", "b"));
    EXPECT_NE(base, fingerprint_of("POST", "/a\nb", ""));
    EXPECT_NE(base, fingerprint_of("POST", "/ab", ""));
    EXPECT_NE(base, fingerprint_of("POST", "/a", "b "));
}

}  // namespace
}  // namespace onhand::http
