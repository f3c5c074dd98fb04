#include "load/report.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace onhand::bench {
namespace {

RunResult good_result() {
    RunResult result;
    result.sent = 120;
    result.statuses[201] = 110;
    result.statuses[409] = 10;
    result.accepted = 110;
    result.accepted_units = 220;
    result.insufficient_stock = 9;
    result.measured_s = 2.0;
    result.measured_answers = 100;
    result.tool_cpu_s = 0.0006;
    for (int i = 0; i < 100; ++i) result.latencies.record(1500);
    return result;
}

TEST(LoadReport, is_json_with_the_counts_and_latencies) {
    Options options;
    options.label = "hot64";
    const auto json = boost::json::parse(json_report(options, good_result()));
    EXPECT_EQ(json.at("label").as_string(), "hot64");
    EXPECT_EQ(json.at("mode").as_string(), "orders");
    EXPECT_DOUBLE_EQ(json.at("requests_per_second").as_double(), 50.0);
    EXPECT_EQ(json.at("latency_us").at("p99").to_number<int>(), 1500);
    EXPECT_EQ(json.at("statuses").as_object().size(), 2U);
    EXPECT_EQ(json.at("statuses").at("409").to_number<int>(), 10);
    EXPECT_EQ(json.at("accepted_units").to_number<int>(), 220);
    EXPECT_EQ(json.at("insufficient_stock").to_number<int>(), 9);
    EXPECT_DOUBLE_EQ(json.at("tool_cpu_us_per_request").as_double(), 5.0);
}

TEST(LoadReport, is_one_readable_line) {
    auto result = good_result();
    Options options;
    EXPECT_EQ(
        text_report(options, result),
        "orders 64 connections: 50/s  p50 1.500 ms  p90 1.500  p99 1.500  p99.9 1.500  max 1.500  201: 110 409: 10 "
        "short: 9  (tool 5.0 us each)");
    result.lost = 3;
    result.unsent = 4;
    result.first_error = "connection lost";
    const auto text = text_report(options, result);
    EXPECT_NE(text.find("LOST: 3"), std::string::npos);
    EXPECT_NE(text.find("UNSENT: 4"), std::string::npos);
    EXPECT_NE(text.find("connection lost"), std::string::npos);
}

TEST(LoadReport, of_an_empty_run_divides_by_nothing) {
    const auto json = boost::json::parse(json_report(Options(), RunResult()));
    EXPECT_EQ(json.at("requests_per_second").as_double(), 0.0);
    EXPECT_EQ(json.at("tool_cpu_us_per_request").as_double(), 0.0);
}

TEST(LoadReport, fails_when_anything_was_lost_or_nothing_succeeded) {
    EXPECT_EQ(exit_code_of(good_result()), 0);
    auto result = good_result();
    result.lost = 1;
    EXPECT_EQ(exit_code_of(result), 1);
    result = good_result();
    result.unsent = 1;
    EXPECT_EQ(exit_code_of(result), 1);
    result = good_result();
    result.statuses[201] = 0;
    EXPECT_EQ(exit_code_of(result), 1);
    result = good_result();
    result.first_error = "connection lost";
    EXPECT_EQ(exit_code_of(result), 1);
}

}  // namespace
}  // namespace onhand::bench
