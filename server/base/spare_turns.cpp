#include "base/spare_turns.hpp"

#include "base/ensure.hpp"
#include "base/thread_name.hpp"
#include "base/urgency.hpp"

namespace onhand {
namespace {

thread_local SpareTurns* turns_of_this_thread = nullptr;

}  // namespace

SpareTurns::SpareTurns() {
    ensure(turns_of_this_thread == nullptr, "a thread has its turns once");
    turns_of_this_thread = this;
}

SpareTurns::~SpareTurns() {
    turns_of_this_thread = nullptr;
    if (!thread_.joinable()) return;
    stopping_ = true;
    asked_.post();
    thread_.join();
}

void SpareTurns::wait() {
    const auto now = Clock::now();
    if (now < until_) return;
    if (!thread_.joinable()) thread_ = std::thread([this] { answer(); });
    // An answer that came too late tells of the past.
    if (is_asked_) is_asked_ = !answered_.wait_until(now);
    if (!is_asked_) asked_.post();
    is_asked_ = !answered_.wait_until(now + patience);
    until_ = is_asked_ ? now + patience + without : Clock::now() + turn;
}

void SpareTurns::answer() {
    name_thread("spare turns");
    yield_to_all();
    while (true) {
        asked_.wait();
        if (stopping_) return;
        answered_.post();
    }
}

void give_way() {
    if (turns_of_this_thread != nullptr) turns_of_this_thread->wait();
}

}  // namespace onhand
