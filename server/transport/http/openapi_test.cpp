// The published description against the route table: every row is described, nothing else is, and both say the same
// about roles, bodies, keys and parameters.
#include <algorithm>
#include <set>
#include <sstream>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

#include "transport/http/problem.hpp"
#include "transport/http/routes.hpp"
#include "transport/http/system.hpp"

namespace onhand::http {

namespace {

namespace json = boost::json;
using Words = std::set<std::string>;

const json::value& document() {
    static const json::value value = json::parse(openapi_document());
    return value;
}

std::string text(const json::value& value) {
    return std::string(value.as_string());
}

// What a `$ref` names, or the value itself.
const json::value& resolved(const json::value& value) {
    const auto* const reference = value.is_object() ? value.as_object().if_contains("$ref") : nullptr;
    return reference != nullptr ? document().at_pointer(text(*reference).substr(1)) : value;
}

// The operation of a route, or nullptr.
const json::object* operation_of(const Route& route) {
    std::string method(route.method);
    std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(c - 'A' + 'a'); });
    const auto* const path = document().at("paths").as_object().if_contains(route.path);
    const auto* const operation = path != nullptr ? path->as_object().if_contains(method) : nullptr;
    return operation != nullptr ? &operation->as_object() : nullptr;
}

// Routes of a build for benchmarks are nobody's API.
bool is_yardstick(const Route& route) {
    return route.path.starts_with("/bench/");
}

std::string shown(const Route& route) {
    return std::string(route.method) + " " + std::string(route.path);
}

// The names of the parameters in one place; with " required" where they are.
Words parameters(const json::object& operation, std::string_view place) {
    Words names;
    const auto* const list = operation.if_contains("parameters");
    if (list == nullptr) return names;
    for (const auto& each : list->as_array()) {
        const auto& parameter = resolved(each).as_object();
        if (text(parameter.at("in")) != place) continue;
        const auto* const required = parameter.if_contains("required");
        names.insert(text(parameter.at("name")) + (required != nullptr && required->as_bool() ? " required" : ""));
    }
    return names;
}

Words words(std::string_view list) {
    std::istringstream in{std::string(list)};
    Words all;
    std::string word;
    while (in >> word) all.insert(word);
    return all;
}

Words braced_names(std::string_view path) {
    Words names;
    for (auto at = path.find('{'); at != path.npos; at = path.find('{', at + 1))
        names.insert(std::string(path.substr(at + 1, path.find('}', at) - at - 1)) + " required");
    return names;
}

std::string body_of(const json::object& operation) {
    const auto* const body = operation.if_contains("requestBody");
    return body != nullptr ? std::string(body->at("content").as_object().begin()->key()) : "";
}

std::string_view media_type(Body body) {
    return body == Body::json ? "application/json" : body == Body::csv ? "text/csv" : "";
}

std::string_view role_name(Access access) {
    constexpr std::array names{"open", "viewer", "clerk", "manager", "admin"};
    return names[static_cast<std::size_t>(access)];
}

template <class Visit>
void for_each_object(const json::value& value, const Visit& visit) {
    if (value.is_array()) {
        for (const auto& each : value.as_array()) for_each_object(each, visit);
    } else if (value.is_object()) {
        visit(value.as_object());
        for (const auto& member : value.as_object()) for_each_object(member.value(), visit);
    }
}

}  // namespace

TEST(OpenApi, describes_every_route_and_no_other) {
    Words routed;
    for (const auto& route : routes()) {
        if (is_yardstick(route)) continue;
        EXPECT_NE(operation_of(route), nullptr) << shown(route) << " is not described";
        std::string method(route.method);
        std::ranges::transform(method, method.begin(), [](char c) { return static_cast<char>(c - 'A' + 'a'); });
        routed.insert(method + " " + std::string(route.path));
    }
    for (const auto& path : document().at("paths").as_object())
        for (const auto& operation : path.value().as_object())
            EXPECT_TRUE(routed.contains(std::string(operation.key()) + " " + std::string(path.key())))
                << operation.key() << " " << path.key() << " does not exist";
}

TEST(OpenApi, agrees_with_the_routes_about_roles_bodies_keys_and_parameters) {
    for (const auto& route : routes()) {
        if (is_yardstick(route)) continue;
        const auto* const operation = operation_of(route);
        ASSERT_NE(operation, nullptr) << shown(route);
        EXPECT_EQ(text(operation->at("x-access")), role_name(route.access)) << shown(route);
        EXPECT_EQ(operation->if_contains("security") != nullptr, route.access == Access::open) << shown(route);
        EXPECT_EQ(body_of(*operation), media_type(route.body)) << shown(route);
        EXPECT_EQ(parameters(*operation, "query"), words(route.query_parameters)) << shown(route);
        EXPECT_EQ(parameters(*operation, "path"), braced_names(route.path)) << shown(route);
        const auto headers = parameters(*operation, "header");
        EXPECT_EQ(headers.contains("Idempotency-Key required"), route.key == KeyNeed::required) << shown(route);
    }
}

TEST(OpenApi, has_only_references_that_lead_somewhere) {
    int references = 0;
    for_each_object(document(), [&](const json::object& object) {
        const auto* const reference = object.if_contains("$ref");
        if (reference == nullptr) return;
        ++references;
        boost::system::error_code error;
        document().find_pointer(text(*reference).substr(1), error);
        EXPECT_FALSE(error) << text(*reference);
    });
    EXPECT_GT(references, 100);
}

TEST(OpenApi, gives_each_operation_its_own_name_and_answers) {
    Words names;
    for (const auto& path : document().at("paths").as_object()) {
        for (const auto& entry : path.value().as_object()) {
            const auto& operation = entry.value().as_object();
            EXPECT_TRUE(names.insert(text(operation.at("operationId"))).second) << text(operation.at("operationId"));
            EXPECT_FALSE(operation.at("responses").as_object().empty());
            const bool open = operation.if_contains("security") != nullptr;
            EXPECT_EQ(operation.at("responses").as_object().contains("401") || open, true) << path.key();
        }
    }
}

TEST(OpenApi, shows_problems_as_the_server_writes_them) {
    for (const auto& entry : document().at("components").at("responses").as_object()) {
        const auto& example = entry.value().at("content").at("application/problem+json").at("example");
        const auto code = text(example.at("code"));
        EXPECT_EQ(text(example.at("title")), title_of(code)) << code;
        EXPECT_EQ(text(example.at("type")), "/docs/problems/" + code);
    }
}

}  // namespace onhand::http
