#pragma once
// The exchange of one connection: holds one request and its answer, runs the handler, and is the engine's Request for
// it, so that nothing is allocated on the way to the engine. Owned and driven by HttpSession on its io thread; pools
// and the lane touch it only between hand-over and return. Knows no sockets.

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "engine/request.hpp"
#include "transport/http/core_exchange.hpp"
#include "transport/http/gate.hpp"

namespace onhand::http {

// What an exchange needs of the connection it lives in.
class ExchangeOwner {
  public:
    virtual ~ExchangeOwner() = default;
    // io thread: gives the exchange to the engine at the end of this turn of the loop.
    virtual void submit(engine::Request& request) = 0;
    // Any thread: runs `task` on the io thread. The connection lives until it ran.
    virtual void post(std::function<void()> task) = 0;
    // io thread: a waiting exchange has its answer (or its next piece).
    virtual void resume() = 0;
};

// An answer ready to be written. Views live until the next begin().
struct Answer {
    std::int32_t status = 500;
    std::string content_type;
    std::string fields;  // lines of the head, each ending in CR LF
    std::string body;
    std::int32_t retry_after = 0;  // as in the Retry-After line; 0 = none
};

class LiveExchange final : public CoreExchange, public engine::Request {
  public:
    enum class State { waiting, answered, streaming };

    LiveExchange(ServerContext& context, ExchangeOwner& owner, std::string client_address);

    // The connection's side, io thread.
    // Begins the next request. `head` must live until the answer was written. `random` feeds the trace id.
    void begin(const RequestHead& head, std::uint64_t random_high, std::uint64_t random_low);
    Admission& admission() { return admission_; }
    // Runs the handler of the admitted route.
    State handle(std::string_view body);
    // Answers without a handler.
    void refuse(const GateRefusal& refusal);
    // Where the request stands.
    State state() const { return state_; }
    Answer& answer_parts() { return answer_; }
    // Asks for the next piece of a streamed answer; resume() of the owner tells that it is there.
    void fetch_piece();
    const std::string& piece() const { return piece_; }
    Piece piece_kind() const { return piece_kind_; }
    // The engine gave the request back, or (with `failure`) did not take it. Resumes the owner when it is answered.
    void completed();
    void not_taken(engine::Failure failure);

    // Exchange.
    std::string_view method() const override { return head_->method; }
    std::string_view path() const override { return admission_.path; }
    std::string_view path_parameter(std::string_view name) const override;
    std::optional<std::string_view> query(std::string_view name) const override;
    std::string_view body() const override { return body_; }
    std::string_view content_type() const override { return head_->content_type; }
    std::optional<std::string_view> if_match() const override { return head_->if_match; }
    std::optional<std::string_view> if_none_match() const override { return head_->if_none_match; }
    std::string_view trace_id() const override { return std::string_view(trace_id_.data(), trace_id_.size()); }
    const engine::Identity& caller() const override;
    const Services& services() const override { return context_.services; }
    void add_header(std::string_view name, std::string_view value) override;
    void reply(std::int32_t status, std::string body, std::string_view content_type) override;
    void problem(const Problem& problem) override;
    void submit(domain::Command command, RenderOutcome render) override;
    void compare_as(std::string body) override { compared_ = std::move(body); }
    void location(std::string value) override { location_ = std::move(value); }
    void read(std::function<void(Exchange&)> work) override;
    Result<domain::Outcome, engine::Failure> submit_and_wait(domain::Command& wish) override;
    void stream(std::string content_type, std::string file_name,
                std::function<Piece(std::string& piece)> next_piece) override;

    // CoreExchange.
    ServerContext& context() override { return context_; }
    std::string_view client_address() const override { return client_address_; }
    void hash(std::function<void()> work, Then then) override;
    void submit_then(domain::Command command, OutcomeThen then) override;

    // engine::Request. Lane thread.
    void render(const domain::Outcome& outcome, engine::StoredBytes& bytes) const override;

  private:
    void run(const std::function<void()>& step);
    void continue_with(const std::function<void()>& step);
    void hand_over(domain::Command command);
    void take_answer();
    void fail(engine::Failure failure);
    void internal_error(std::string_view what);

    ServerContext& context_;
    ExchangeOwner& owner_;
    const std::string peer_address_;
    const bool behind_proxy_;     // the peer is a trusted proxy
    std::string client_address_;  // of the request in hand
    const RequestHead* head_ = nullptr;
    Admission admission_;
    std::string_view body_;
    std::array<char, 32> trace_id_{};

    State state_ = State::answered;  // io thread only
    bool handed_over_ = false;       // io thread only: somebody else will bring the answer
    MonoNanos handed_over_at_ = 0;   // io thread only: to the engine
    // Written by whoever has the request at the moment.
    bool answer_ready_ = false;
    Answer answer_;
    std::string location_;
    std::string compared_;  // empty = the body as sent
    RenderOutcome render_ = nullptr;
    OutcomeThen outcome_then_;
    std::function<Piece(std::string&)> next_piece_;
    std::string piece_;
    Piece piece_kind_ = Piece::end;
};

}  // namespace onhand::http
