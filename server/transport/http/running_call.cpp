#include "transport/http/running_call.hpp"

#include <boost/asio/post.hpp>
#include <utility>

#include "base/ensure.hpp"
#include "transport/http/io_thread.hpp"

namespace onhand::http {

RunningCall::RunningCall(IoThread& thread, Call call, CallDone done)
    : thread_(thread),
      call_(std::move(call)),
      done_(std::move(done)),
      exchange_(thread.context(), *this, call_.client_address) {
    exchange_.sink = &thread_;
    head_.method = call_.method;
    head_.target = call_.path;
    head_.content_type = "application/json";
    head_.content_length = call_.body.size();
    if (call_.idempotency_key) head_.idempotency_key = *call_.idempotency_key;
}

std::optional<GateRefusal> RunningCall::refusal() {
    GateRefusal refused;
    auto& context = thread_.context();
    auto& admission = exchange_.admission();
    admission.row = context.router.rows().size() + ExtraRows::none;
    if (call_.refused) {
        refused.problem = *call_.refused;
        return refused;
    }
    if (context.draining.load()) {
        refused.problem = problem_of_failure(engine::Failure::draining);
        return refused;
    }
    return admit_caller(head_, context, call_.caller, admission);
}

void RunningCall::start() {
    const auto& clock = thread_.context().services.clock;
    started_ = clock.mono_ns();
    exchange_.begin(head_, thread_.random(), thread_.random());
    if (const auto refused = refusal()) {
        exchange_.refuse(*refused);
        return resume();
    }
    // As for a request by HTTP: who places orders is using the session.
    if (clock.wall_ms() - call_.caller->seen_at >= engine::session_touch_ms) thread_.touch(*call_.caller);
    const auto state = exchange_.handle(call_.body);
    ensure(state != LiveExchange::State::streaming, "a call has one answer");
    if (state == LiveExchange::State::answered) resume();
}

void RunningCall::finish() {
    auto& answer = exchange_.answer_parts();
    const auto duration = thread_.context().services.clock.mono_ns() - started_;
    thread_.counters().count(exchange_.admission().row, answer.status, duration);
    done_(CallAnswer{answer.status, std::move(answer.body), answer.retry_after});
}

void RunningCall::submit(engine::Request& request) {
    thread_.submit(request);
}

void RunningCall::post(std::function<void()> task) {
    boost::asio::post(thread_.io(), std::move(task));
}

// The exchange, which lives in this object, is still at work here; the call ends after it has returned.
void RunningCall::resume() {
    boost::asio::post(thread_.io(), [this] { thread_.end_call(*this); });
}

}  // namespace onhand::http
