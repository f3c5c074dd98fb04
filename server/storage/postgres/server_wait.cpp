#include "storage/postgres/server_wait.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <thread>
#include <utility>

#include "base/log.hpp"

namespace onhand::storage::postgres {

namespace {

constexpr std::chrono::milliseconds pause{200};

// True when asking again may give another answer.
bool may_come(const std::string& url, std::chrono::milliseconds connect_timeout) {
    const auto seconds = std::to_string(std::chrono::ceil<std::chrono::seconds>(connect_timeout).count());
    const char* const keywords[] = {"connect_timeout", "dbname", nullptr};
    const char* const values[] = {seconds.c_str(), url.c_str(), nullptr};
    const auto answer = PQpingParams(keywords, values, /*expand_dbname=*/1);
    return answer == PQPING_REJECT || answer == PQPING_NO_RESPONSE;
}

}  // namespace

void wait_for_server(const std::string& url, std::chrono::milliseconds connect_timeout,
                     std::chrono::milliseconds patience) {
    const auto end = std::chrono::steady_clock::now() + patience;
    for (bool is_told = false; std::chrono::steady_clock::now() < end && may_come(url, connect_timeout);) {
        if (!std::exchange(is_told, true))
            log::warn("postgres", fmt::format("the server does not answer; waiting for it, {} s at most",
                                              std::chrono::ceil<std::chrono::seconds>(patience).count()));
        std::this_thread::sleep_for(pause);
    }
}

}  // namespace onhand::storage::postgres
