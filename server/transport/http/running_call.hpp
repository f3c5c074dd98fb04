#pragma once
// A Call on its way: what a connection is to a request that came by HTTP. It gives the exchange a head made of what the
// call says and passes its answer on. Owned by its IoThread from start() until the answer was given; used on it only.

#include <functional>
#include <string>

#include "base/clock.hpp"
#include "transport/http/call.hpp"
#include "transport/http/live_exchange.hpp"
#include "transport/http/request_head.hpp"

namespace onhand::http {

class IoThread;

class RunningCall final : public ExchangeOwner {
  public:
    RunningCall(IoThread& thread, Call call, CallDone done);

    // Asks the gate and runs the handler. The answer comes later in any case.
    void start();
    // Counts the call and gives the answer. For the thread, when it has let the call go.
    void finish();

    // ExchangeOwner.
    void submit(engine::Request& request) override;
    void post(std::function<void()> task) override;
    void resume() override;

  private:
    std::optional<GateRefusal> refusal();

    IoThread& thread_;
    const Call call_;
    const CallDone done_;
    RequestHead head_;
    LiveExchange exchange_;
    MonoNanos started_ = 0;
};

}  // namespace onhand::http
