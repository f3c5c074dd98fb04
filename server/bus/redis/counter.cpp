#include "bus/redis/counter.hpp"

#include "bus/redis/prefix.hpp"

namespace onhand::bus::redis {
namespace {

// KEYS: the count. ARGV: what to do, and the window in ms. A window that is longer than it can be, because the clock
// was set back, is cut to its length; what is no count begins anew. An addition may be repeated after a lost
// connection, and then counts twice: a limit on a rate can bear that.
constexpr std::string_view counter_script_text = R"lua(
local count, deed, window = KEYS[1], ARGV[1], tonumber(ARGV[2])
if deed == 'forget' then return redis.call('DEL', count) end
local now = redis.pcall('GET', count)
if type(now) == 'table' and not string.find(now.err, 'WRONGTYPE') then return now end
local is_count = type(now) == 'string' and string.match(now, '^%d+$') and #now < 16
if deed == 'read' then return is_count and tonumber(now) or 0 end
if now and not is_count then redis.call('DEL', count) end
local value = redis.call('INCR', count)
local left = redis.call('PTTL', count)
if left < 0 or left > window then redis.call('PEXPIRE', count, window) end
return value
)lua";

const Script& counter_script() {
    static const Script script(counter_script_text);
    return script;
}

}  // namespace

RedisCounter::RedisCounter(Locator& locator, std::string_view scope, std::chrono::milliseconds call_max)
    : locator_(locator), prefix_(prefix_of(scope)), call_max_(call_max) {}

std::optional<std::int64_t> RedisCounter::add(std::string_view key, std::chrono::milliseconds window) {
    return run("add", key, window);
}

std::optional<std::int64_t> RedisCounter::read(std::string_view key) {
    return run("read", key, {});
}

void RedisCounter::forget(std::string_view key) {
    run("forget", key, {});
}

std::optional<std::int64_t> RedisCounter::run(std::string_view deed, std::string_view key,
                                              std::chrono::milliseconds window) {
    const auto deadline = std::chrono::steady_clock::now() + call_max_;
    auto runner = borrow(deadline);
    if (!runner) return std::nullopt;
    ScriptCall call;
    call.keys.push_back(prefix_ + "count:" + std::string(key.substr(0, key_bytes_max)));
    call.arguments = {std::string(deed), std::to_string(window.count())};
    const auto replies = runner->run(std::span(&call, 1), deadline);
    give_back(std::move(runner));
    const auto reply = replies.front().view();
    return reply.is_integer() ? std::optional(reply.integer()) : std::nullopt;
}

std::unique_ptr<ScriptRunner> RedisCounter::borrow(SteadyTime deadline) {
    std::unique_lock lock(mutex_);
    const bool has_one = returned_.wait_until(lock, deadline, [this] { return !idle_.empty() || made_ < runners_max; });
    if (!has_one) return nullptr;
    if (idle_.empty()) {
        ++made_;
        return std::make_unique<ScriptRunner>(locator_, counter_script());
    }
    auto runner = std::move(idle_.back());
    idle_.pop_back();
    return runner;
}

void RedisCounter::give_back(std::unique_ptr<ScriptRunner> runner) {
    {
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(runner));
    }
    returned_.notify_one();
}

}  // namespace onhand::bus::redis
