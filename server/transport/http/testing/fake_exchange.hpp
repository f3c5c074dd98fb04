#pragma once
// An exchange without network, for tests of handlers: what the request says is set by the test, and the answer is
// recorded. Commands go to a real engine on a simulated store (World), or are only recorded. Work for the read pool is
// done at once on the test's thread. Includes no Beast.

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "base/ensure.hpp"
#include "engine/testing/harness.hpp"
#include "transport/http/exchange.hpp"

namespace onhand::http {

// A store that does not answer readers.
class UnreadableStore final : public storage::ReadStore {
  public:
    template <class Value>
    using Answer = Result<Value, storage::StoreError>;
    static storage::StoreError error() { return {storage::StoreErrc::unavailable, "secret detail"}; }

    Answer<std::optional<domain::OrderRow>> order(const Uuid&) override { return error(); }
    Answer<domain::OrderPage> orders(const domain::OrderFilter&) override { return error(); }
    Answer<domain::MovementPage> movements(const domain::MovementFilter&) override { return error(); }
    Answer<domain::FeedPage> feed(domain::FeedSeq, std::int64_t) override { return error(); }
    Answer<std::vector<domain::Product>> products(std::span<const domain::ProductId>) override { return error(); }
    Answer<std::vector<domain::Account>> accounts(std::span<const domain::AccountId>) override { return error(); }
    Answer<std::optional<domain::Session>> session(const domain::TokenHash&) override { return error(); }
    Answer<Moment> visit_all(const Visitor&) override { return error(); }
    Answer<void> ping() override { return error(); }
};

// An engine with one account of each role.
struct World {
    World() {
        for (const auto role : {domain::Role::viewer, domain::Role::clerk, domain::Role::manager, domain::Role::admin})
            harness.accounts.put_account(account_of(role));
    }

    static domain::Account account_of(domain::Role role) {
        domain::Account account;
        account.id = domain::AccountId{static_cast<std::int64_t>(role) + 1};
        account.uuid = *parse_uuid("01930000-0000-7000-8000-00000000000" + std::to_string(domain::raw(account.id)));
        account.email = std::string(domain::name(role)) + "@example.com";
        account.name = domain::name(role);
        account.role = role;
        return account;
    }

    engine::Harness harness;
    engine::Queries queries{harness.store};
    Services services{harness.engine, harness.stock, harness.accounts, queries, harness.clock};
    // The same with a store that does not answer readers; used while reads_fail.
    UnreadableStore unreadable;
    engine::Queries failing_queries{unreadable};
    Services without_reads{harness.engine, harness.stock, harness.accounts, failing_queries, harness.clock};
    bool reads_fail = false;
};

class FakeExchange final : public Exchange {
  public:
    FakeExchange(World& world, std::string method, std::string path)
        : world_(world), method_(std::move(method)), path_(std::move(path)) {
        as(domain::Role::admin);
    }

    // What the request says.
    FakeExchange& as(domain::Role role) {
        const auto account = World::account_of(role);
        caller_.account = account.id;
        caller_.uuid = account.uuid;
        caller_.role = role;
        return *this;
    }
    FakeExchange& with_body(std::string body) {
        body_ = std::move(body);
        return *this;
    }
    FakeExchange& with_query(const std::string& name, std::string value) {
        query_[name] = std::move(value);
        return *this;
    }
    FakeExchange& with_parameter(const std::string& name, std::string value) {
        parameters_[name] = std::move(value);
        return *this;
    }
    FakeExchange& with_if_match(std::string value) {
        if_match_ = std::move(value);
        return *this;
    }
    FakeExchange& with_if_none_match(std::string value) {
        if_none_match_ = std::move(value);
        return *this;
    }
    // Commands are recorded, not carried out.
    FakeExchange& only_record() {
        only_record_ = true;
        return *this;
    }
    // What submit_and_wait() answers from its call number `call` (from 0) on, instead of asking the engine.
    FakeExchange& fail_waits_from(int call, engine::Failure failure) {
        fail_from_ = call;
        wait_failure_ = failure;
        return *this;
    }
    FakeExchange& run(Handler handler) {
        handler(*this);
        return *this;
    }

    // What was answered.
    std::int32_t status = 0;  // 0 = no answer
    std::string text;
    std::string type;
    std::map<std::string, std::string> headers;
    std::vector<domain::Command> commands;
    std::string file_name;
    std::string compared_as;
    bool stream_broke = false;
    int answers = 0;

    // The answer as JSON; a test fails when it is none.
    boost::json::value json() const {
        boost::system::error_code error;
        auto value = boost::json::parse(text, error);
        EXPECT_FALSE(error) << text;
        return value;
    }
    std::string code() const { return std::string(json().at("code").as_string()); }
    // "pointer: detail" of each wrong field.
    std::vector<std::string> errors() const {
        std::vector<std::string> all;
        const auto document = json();
        if (const auto* const list = document.as_object().if_contains("errors"))
            for (const auto& error : list->as_array()) {
                const auto& pointer = error.at("pointer").as_string();
                const auto& detail = error.at("detail").as_string();
                all.push_back(std::string(pointer) + ": " + std::string(detail));
            }
        return all;
    }
    // The pointers alone.
    std::vector<std::string> wrong() const {
        auto all = errors();
        for (auto& each : all) each = each.substr(0, each.find(": "));
        return all;
    }
    template <class Command>
    const Command& command() const {
        ensure(commands.size() == 1, "one command was submitted");
        return std::get<Command>(commands.front());
    }

    std::string_view method() const override { return method_; }
    std::string_view path() const override { return path_; }
    std::string_view path_parameter(std::string_view name) const override { return parameters_.at(std::string(name)); }
    std::optional<std::string_view> query(std::string_view name) const override {
        const auto found = query_.find(std::string(name));
        if (found == query_.end()) return std::nullopt;
        return found->second;
    }
    std::string_view body() const override { return body_; }
    std::string_view content_type() const override { return "application/json"; }
    std::optional<std::string_view> if_match() const override { return if_match_; }
    std::optional<std::string_view> if_none_match() const override { return if_none_match_; }
    std::string_view trace_id() const override { return "trace-1"; }
    const engine::Identity& caller() const override { return caller_; }
    const Services& services() const override { return world_.reads_fail ? world_.without_reads : world_.services; }

    void add_header(std::string_view name, std::string_view value) override {
        headers[std::string(name)] = std::string(value);
    }
    void reply(std::int32_t with_status, std::string with_body, std::string_view content_type) override {
        ++answers;
        status = with_status;
        text = std::move(with_body);
        type = content_type.empty() ? "application/json" : std::string(content_type);
    }
    void problem(const Problem& problem) override {
        std::string body;
        append_problem(body, problem, trace_id());
        reply(problem.status, std::move(body), "application/problem+json");
    }
    void compare_as(std::string body) override { compared_as = std::move(body); }
    void location(std::string value) override { location_ = std::move(value); }

    void submit(domain::Command command, RenderOutcome render) override {
        commands.push_back(command);
        if (only_record_) return;
        auto answer = ask(std::move(command));
        std::int32_t rendered_status = 0;
        std::string rendered;
        render(answer, {world_.services.accounts, trace_id()}, rendered_status, rendered);
        if (rendered_status == 201 && !location_.empty()) add_header("Location", complete(location_, answer));
        reply(rendered_status, std::move(rendered), rendered_status >= 400 ? "application/problem+json" : "");
    }

    Result<domain::Outcome, engine::Failure> submit_and_wait(domain::Command& command) override {
        commands.push_back(command);
        if (fail_from_ >= 0 && waits_++ >= fail_from_) return wait_failure_;
        return ask(command);
    }

    void read(std::function<void(Exchange&)> work) override { work(*this); }

    void stream(std::string content_type, std::string with_file_name,
                std::function<Piece(std::string& piece)> next) override {
        std::string all;
        std::string piece;
        auto said = Piece::more;
        while ((said = next(piece)) == Piece::more) {
            all += piece;
            piece.clear();
        }
        EXPECT_TRUE(said == Piece::broken || piece.empty()) << "the end comes without a piece";
        stream_broke = said == Piece::broken;
        file_name = std::move(with_file_name);
        reply(200, std::move(all), content_type);
    }

  private:
    domain::Outcome ask(domain::Command command) {
        auto& request = world_.harness.make(std::move(command));
        request.actor = caller_.account;
        request.role = caller_.role;
        ensure(world_.harness.submit(request), "the queue has room");
        world_.harness.sink.wait_for(world_.harness.submitted);
        return std::get<domain::Outcome>(request.answer.value);
    }

    static std::string complete(std::string location, const domain::Outcome& outcome) {
        const auto* const placed = std::get_if<domain::OrderDone>(&outcome);
        if (placed != nullptr && location.ends_with('/')) append_uuid(location, placed->order.id);
        return location;
    }

    World& world_;
    std::string method_;
    std::string path_;
    std::string body_;
    std::map<std::string, std::string> query_;
    std::map<std::string, std::string> parameters_;
    std::optional<std::string> if_match_;
    std::optional<std::string> if_none_match_;
    engine::Identity caller_;
    std::string location_;
    bool only_record_ = false;
    int waits_ = 0;
    int fail_from_ = -1;
    engine::Failure wait_failure_ = engine::Failure::busy;
};

}  // namespace onhand::http
