#include "transport/http/problem.hpp"

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>

namespace onhand::http {

namespace {

boost::json::value json_of(const Problem& problem) {
    std::string out;
    append_problem(out, problem, "trace");
    return boost::json::parse(out);
}

}  // namespace

TEST(ProblemOf, gives_every_refusal_its_status_of_the_contract) {
    using Code = domain::RefusalCode;
    const std::vector<std::pair<Code, std::int32_t>> expected{
        {Code::insufficient_stock, 409}, {Code::unknown_sku, 404},         {Code::unknown_location, 404},
        {Code::not_found, 404},          {Code::invalid_state, 409},       {Code::already_exists, 409},
        {Code::breaks_promises, 409},    {Code::version_mismatch, 412},    {Code::invalid_request, 400},
        {Code::forbidden, 403},          {Code::registration_closed, 403}, {Code::idempotency_mismatch, 422}};
    for (const auto& [code, status] : expected) {
        domain::Refusal refusal;
        refusal.code = code;
        const auto problem = problem_of(refusal);
        EXPECT_EQ(problem.status, status) << domain::name(code);
        EXPECT_EQ(problem.code, domain::name(code));
        EXPECT_NE(title_of(problem.code), title_of("no such code")) << problem.code;
    }
}

TEST(ProblemOf, carries_shortages_pointer_and_the_present_state) {
    domain::Refusal refusal;
    refusal.code = domain::RefusalCode::insufficient_stock;
    refusal.detail = "Say \"no\".";
    refusal.shortages = {{"A", "MAIN", 3, 2}, {"B", "EAST", 1, 0}};
    refusal.pointer = "/lines/0";
    refusal.level.emplace();
    refusal.level->sku = "A";
    const auto value = json_of(problem_of(refusal));
    EXPECT_EQ(value.at("detail").as_string(), "Say \"no\".");
    EXPECT_EQ(value.at("shortages").as_array().size(), 2U);
    EXPECT_EQ(value.at("shortages").at(1).at("location").as_string(), "EAST");
    EXPECT_EQ(value.at("errors").at(0).at("pointer").as_string(), "/lines/0");
    EXPECT_EQ(value.at("current").at("sku").as_string(), "A");
    refusal.level.reset();
    refusal.product.emplace();
    refusal.product->sku = "P";
    EXPECT_EQ(json_of(problem_of(refusal)).at("current").at("sku").as_string(), "P");
}

TEST(InvalidRequest, lists_fields_and_escapes_them) {
    const auto value = json_of(invalid_request({{"/a\"b", "is\nwrong"}, {"/c", "too"}}));
    EXPECT_EQ(value.at("status").as_int64(), 400);
    EXPECT_EQ(value.at("code").as_string(), "invalid_request");
    EXPECT_EQ(value.at("detail").as_string(), "2 fields are wrong.");
    EXPECT_EQ(value.at("errors").at(0).at("pointer").as_string(), "/a\"b");
    EXPECT_EQ(value.at("errors").at(0).at("detail").as_string(), "is\nwrong");
    EXPECT_EQ(value.at("trace_id").as_string(), "trace");
    EXPECT_EQ(value.as_object().if_contains("shortages"), nullptr);
    EXPECT_EQ(value.as_object().if_contains("current"), nullptr);
}

}  // namespace onhand::http
