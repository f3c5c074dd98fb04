#pragma once
// Counts over all instances, in Redis: "onhand:count:<key>" with the window as time to live. Made by the program, asked
// by the limiters on any thread; keeps a few connections.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bus/counter.hpp"
#include "bus/redis/locator.hpp"
#include "bus/redis/script_runner.hpp"

namespace onhand::bus::redis {

class RedisCounter final : public Counter {
  public:
    // Calls at the same time; who finds all of them busy waits.
    static constexpr std::size_t runners_max = 4;
    // Of a key; a longer one is counted by its first bytes.
    static constexpr std::size_t key_bytes_max = 512;

    // The locator outlives it. `scope` as in prefix_of(). A call ends after `call_max`.
    RedisCounter(Locator& locator, std::string_view scope, std::chrono::milliseconds call_max = call_time_max);

    std::optional<std::int64_t> add(std::string_view key, std::chrono::milliseconds window) override;
    std::optional<std::int64_t> read(std::string_view key) override;
    void forget(std::string_view key) override;

  private:
    std::optional<std::int64_t> run(std::string_view deed, std::string_view key, std::chrono::milliseconds window);
    std::unique_ptr<ScriptRunner> borrow(SteadyTime deadline);
    void give_back(std::unique_ptr<ScriptRunner> runner);

    Locator& locator_;
    const std::string prefix_;
    const std::chrono::milliseconds call_max_;
    std::mutex mutex_;
    std::condition_variable returned_;
    std::vector<std::unique_ptr<ScriptRunner>> idle_;
    std::size_t made_ = 0;
};

}  // namespace onhand::bus::redis
