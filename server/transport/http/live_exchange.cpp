#include "transport/http/live_exchange.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <semaphore>
#include <span>
#include <thread>
#include <utility>

#include "base/ensure.hpp"
#include "base/log.hpp"
#include "base/text.hpp"

namespace onhand::http {
namespace {

constexpr std::string_view json_type = "application/json";
constexpr std::string_view problem_type = "application/problem+json";

constexpr MonoNanos step_aside_max = std::chrono::nanoseconds(std::chrono::milliseconds(20)).count();

void append_hex(char* out, std::uint64_t value) {
    for (int i = 15; i >= 0; --i) {
        out[i] = "0123456789abcdef"[value & 15U];
        value >>= 4U;
    }
}

bool is_lower_hex(std::string_view text) {
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

// Called by a pool thread after a piece of work that began at `begun`: while commands wait it leaves the processor, the
// disk and the engine to them for about as long as the piece took. The exchange may be gone by then.
void step_aside(const ServerContext& context, MonoNanos begun) {
    if (context.wait_limit.waiting() == 0) return;
    const auto took = context.services.clock.mono_ns() - begun;
    std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(took, step_aside_max)));
}

// The trace id in a traceparent field of the W3C form "00-<32 hex>-<16 hex>-<2 hex>", or empty.
std::string_view trace_of(std::string_view traceparent) {
    if (traceparent.size() != 55 || !traceparent.starts_with("00-")) return {};
    const auto id = traceparent.substr(3, 32);
    if (traceparent[35] != '-' || !is_lower_hex(id)) return {};
    return id.find_first_not_of('0') == std::string_view::npos ? std::string_view() : id;
}

// One command whose outcome a pool thread waits for.
class WaitingRequest final : public engine::Request, public engine::CompletionSink {
  public:
    void complete(engine::Request*) override { done.release(); }
    void render(const domain::Outcome&, engine::StoredBytes&) const override {
        ensure(false, "without a key nothing is stored");
    }
    std::binary_semaphore done{0};
};

}  // namespace

LiveExchange::LiveExchange(ServerContext& context, ExchangeOwner& owner, std::string client_address)
    : context_(context),
      owner_(owner),
      peer_address_(std::move(client_address)),
      behind_proxy_(context.options.trusted_proxies.contains(peer_address_)),
      client_address_(peer_address_) {}

void LiveExchange::begin(const RequestHead& head, std::uint64_t random_high, std::uint64_t random_low) {
    head_ = &head;
    if (behind_proxy_) {
        const auto client = nearest_client(head.forwarded_for);
        client_address_ = client.empty() ? peer_address_ : client;
    }
    body_ = {};
    state_ = State::answered;
    answer_ready_ = false;
    answer_.fields.clear();
    answer_.body.clear();
    location_.clear();
    compared_.clear();
    answer_.retry_after = 0;
    next_piece_ = nullptr;
    if (const auto given = trace_of(head.traceparent); !given.empty()) {
        std::copy(given.begin(), given.end(), trace_id_.begin());
    } else {
        append_hex(trace_id_.data(), random_high);
        append_hex(trace_id_.data() + 16, random_low);
    }
}

LiveExchange::State LiveExchange::handle(std::string_view body) {
    body_ = body;
    const auto handler = admission_.route->handler;
    run([this, handler] { handler(*this); });
    return state_;
}

void LiveExchange::refuse(const GateRefusal& refusal) {
    answer_.fields = refusal.fields;
    problem(refusal.problem);
    state_ = State::answered;
}

// Runs one step of a handler and finds out where the request stands afterwards.
void LiveExchange::run(const std::function<void()>& step) {
    handed_over_ = false;
    answer_ready_ = false;
    try {
        step();
    } catch (const std::exception& error) {
        ensure(!handed_over_, "a handler that throws has handed nothing over");
        internal_error(error.what());
    }
    if (handed_over_) {
        state_ = State::waiting;
        return;
    }
    if (!answer_ready_) internal_error("a handler ended without an answer");
    state_ = next_piece_ ? State::streaming : State::answered;
}

void LiveExchange::continue_with(const std::function<void()>& step) {
    run(step);
    if (state_ != State::waiting) owner_.resume();
}

void LiveExchange::internal_error(std::string_view what) {
    log::error("http", "handler of " + admission_.path + " failed: " + std::string(what));
    answer_.fields.clear();
    next_piece_ = nullptr;
    problem(plain_problem(500, "internal", "Something went wrong here; it has been noted."));
}

std::string_view LiveExchange::path_parameter(std::string_view name) const {
    const auto& match = admission_.match;
    for (std::size_t i = 0; i < match.parameter_count; ++i)
        if (match.parameters[i].name == name) return match.parameters[i].value;
    ensure(false, "the route has the path parameter");
    return {};
}

std::optional<std::string_view> LiveExchange::query(std::string_view name) const {
    for (const auto& [given, value] : admission_.query)
        if (given == name) return value;
    return std::nullopt;
}

const engine::Identity& LiveExchange::caller() const {
    ensure(admission_.identity != nullptr, "the route needs a role");
    return *admission_.identity;
}

void LiveExchange::add_header(std::string_view name, std::string_view value) {
    answer_.fields += name;
    answer_.fields += ": ";
    if (is_printable(value)) {
        answer_.fields += value;
    } else {
        for (const char c : value)
            if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) answer_.fields += c;
    }
    answer_.fields += "\r\n";
}

void LiveExchange::reply(std::int32_t status, std::string body, std::string_view content_type) {
    ensure(!answer_ready_, "one answer per request");
    answer_.status = status;
    answer_.body = std::move(body);
    answer_.content_type = content_type.empty() ? json_type : content_type;
    if (status == 204 || status == 304) answer_.content_type.clear();
    answer_ready_ = true;
}

void LiveExchange::problem(const Problem& problem) {
    if (problem.retry_after > 0) add_header("Retry-After", std::to_string(problem.retry_after));
    answer_.retry_after = problem.retry_after;
    std::string body;
    append_problem(body, problem, trace_id());
    answer_ready_ = false;
    reply(problem.status, std::move(body), problem_type);
}

void LiveExchange::hand_over(domain::Command given) {
    ensure(!handed_over_ && !answer_ready_, "one end per handler");
    command = std::move(given);
    const auto* identity = admission_.identity.get();
    actor = identity != nullptr ? identity->account : domain::AccountId();
    role = identity != nullptr ? identity->role : domain::Role::viewer;
    deadline = 0;
    next = nullptr;
    handed_over_ = true;
    handed_over_at_ = context_.services.clock.mono_ns();
    context_.wait_limit.entered();
    owner_.submit(*this);
}

void LiveExchange::submit(domain::Command given, RenderOutcome render_outcome) {
    render_ = render_outcome;
    outcome_then_ = nullptr;
    key = admission_.key;
    fingerprint = domain::Fingerprint();
    if (key != domain::KeyHash())
        fingerprint = fingerprint_of(head_->method, admission_.path, compared_.empty() ? body_ : compared_);
    hand_over(std::move(given));
}

void LiveExchange::submit_then(domain::Command given, OutcomeThen then) {
    outcome_then_ = std::move(then);
    key = domain::KeyHash();
    fingerprint = domain::Fingerprint();
    hand_over(std::move(given));
}

void LiveExchange::render(const domain::Outcome& outcome, engine::StoredBytes& bytes) const {
    const RenderContext rendering{context_.services.accounts, trace_id()};
    render_(outcome, rendering, bytes.status, bytes.body);
}

void LiveExchange::completed() {
    const auto* failure = std::get_if<engine::Failure>(&answer.value);
    if (failure != nullptr && (*failure == engine::Failure::busy || *failure == engine::Failure::draining)) {
        context_.wait_limit.turned_back();
    } else {
        const auto now = context_.services.clock.mono_ns();
        context_.wait_limit.left(now, now - handed_over_at_);
    }
    if (failure != nullptr) return not_taken(*failure);
    if (outcome_then_) {
        const auto then = std::exchange(outcome_then_, nullptr);
        const auto outcome = std::move(std::get<domain::Outcome>(answer.value));
        return continue_with([this, &then, &outcome] { then(*this, outcome); });
    }
    continue_with([this] { take_answer(); });
}

void LiveExchange::not_taken(engine::Failure failure) {
    continue_with([this, failure] { fail(failure); });
}

void LiveExchange::take_answer() {
    engine::StoredBytes bytes;
    if (auto* stored = std::get_if<engine::StoredBytes>(&answer.value)) {
        bytes = std::move(*stored);
    } else {
        const auto& outcome = std::get<domain::Outcome>(answer.value);
        render(outcome, bytes);
        const auto* placed = std::get_if<domain::OrderDone>(&outcome);
        if (placed != nullptr && location_.ends_with('/')) append_uuid(location_, placed->order.id);
    }
    if (bytes.status == 201 && !location_.empty() && !location_.ends_with('/')) add_header("Location", location_);
    if (answer.replayed) add_header("Idempotency-Replayed", "true");
    answer = engine::Answer();
    reply(bytes.status, std::move(bytes.body), bytes.status >= 400 ? problem_type : json_type);
}

void LiveExchange::fail(engine::Failure failure) {
    problem(problem_of_failure(failure));
}

void LiveExchange::read(std::function<void(Exchange&)> work) {
    ensure(!handed_over_ && !answer_ready_, "one end per handler");
    handed_over_ = true;
    const bool taken = context_.read_pool.post([this, work = std::move(work), &context = context_] {
        const auto begun = context.services.clock.mono_ns();
        try {
            work(*this);
        } catch (const std::exception& error) {
            answer_ready_ = false;
            internal_error(error.what());
        }
        owner_.post([this] {
            if (!answer_ready_) internal_error("work on the read pool ended without an answer");
            state_ = next_piece_ ? State::streaming : State::answered;
            owner_.resume();
        });
        step_aside(context, begun);
    });
    if (taken) return;
    handed_over_ = false;
    fail(engine::Failure::busy);
}

void LiveExchange::hash(std::function<void()> work, Then then) {
    ensure(!handed_over_ && !answer_ready_, "one end per handler");
    handed_over_ = true;
    const bool taken = context_.hash_pool.post([this, work = std::move(work), then = std::move(then)] {
        std::string fault;
        try {
            work();
        } catch (const std::exception& error) {
            fault = error.what();
        }
        owner_.post([this, then, fault] {
            continue_with([this, &then, &fault] {
                if (fault.empty()) return then(*this);
                internal_error(fault);
            });
        });
    });
    if (taken) return;
    handed_over_ = false;
    fail(engine::Failure::busy);
}

Result<domain::Outcome, engine::Failure> LiveExchange::submit_and_wait(domain::Command& wish) {
    WaitingRequest request;
    std::swap(request.command, wish);
    request.actor = caller().account;
    request.role = caller().role;
    request.sink = &request;
    const auto refused = [&](engine::Failure failure) {
        std::swap(request.command, wish);
        return failure;
    };
    engine::Request* const pointer = &request;
    if (context_.services.engine.submit(std::span<engine::Request* const>(&pointer, 1)) == 0)
        return refused(context_.services.engine.draining() ? engine::Failure::draining : engine::Failure::busy);
    request.done.acquire();
    if (const auto* failure = std::get_if<engine::Failure>(&request.answer.value)) return refused(*failure);
    return std::move(std::get<domain::Outcome>(request.answer.value));
}

void LiveExchange::stream(std::string content_type, std::string file_name,
                          std::function<Piece(std::string& piece)> next_piece) {
    if (!file_name.empty()) add_header("Content-Disposition", "attachment; filename=\"" + file_name + "\"");
    reply(200, {}, content_type);
    next_piece_ = std::move(next_piece);
}

void LiveExchange::fetch_piece() {
    state_ = State::waiting;
    const bool taken = context_.read_pool.post_next_step([this, &context = context_] {
        const auto begun = context.services.clock.mono_ns();
        piece_.clear();
        auto kind = Piece::broken;
        try {
            kind = next_piece_(piece_);
        } catch (const std::exception& error) {
            log::error("http", "stream of " + admission_.path + " failed: " + error.what());
        }
        // Before the piece goes out: after it, another thread of the pool would begin with the next one at once.
        step_aside(context, begun);
        owner_.post([this, kind] {
            piece_kind_ = kind;
            state_ = State::streaming;
            owner_.resume();
        });
    });
    if (taken) return;
    piece_.clear();
    piece_kind_ = Piece::broken;
    state_ = State::streaming;
}

}  // namespace onhand::http
