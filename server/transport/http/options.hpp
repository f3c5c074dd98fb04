#pragma once
// The settings of the HTTP server, with their defaults. Filled by app/config, read by everything in this folder and
// never changed after the start. Plain values.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "transport/http/trusted_proxies.hpp"

namespace onhand::http {

// Limits of a request that do not depend on the route.
inline constexpr std::size_t head_bytes_max = 8192;        // request line and fields
inline constexpr std::size_t head_fields_max = 100;        // fields
inline constexpr std::size_t target_bytes_max = 8000;      // request target
inline constexpr std::size_t unread_body_max = 64 * 1024;  // a body nobody wants is read and dropped up to this size

// Who may register an account.
enum class Registration { first, open };  // only the first account; everybody

// An account that the sign-in page shows, for trying out.
struct DemoAccount {
    std::string email;
    std::string password;
};

struct Options {
    std::string host = "127.0.0.1";
    std::uint16_t port = 3000;  // 0 = any free one; see HttpServer::port()
    unsigned io_threads = 1;    // 1 to 64
    std::size_t connections_max = 20'000;

    std::int64_t idle_ms = 75'000;         // a connection between two requests
    std::int64_t header_ms = 10'000;       // from the first byte of a request to the end of its head
    std::int64_t body_ms = 10'000;         // for the body, and 1 ms more for each 32 bytes of it
    std::int64_t write_stall_ms = 20'000;  // without any progress of an answer
    std::int64_t linger_ms = 2'000;        // reading on after an answer that closes the connection
    std::int64_t sweep_ms = 500;           // how often the time-outs are looked at

    bool behind_tls = false;           // cookies get `Secure` and `__Host-`, answers get HSTS
    std::vector<std::string> origins;  // further origins of the page, "https://stock.example.com"
    TrustedProxies trusted_proxies;    // whose X-Forwarded-For is believed
    Registration registration = Registration::first;
    std::optional<DemoAccount> demo;

    unsigned read_threads = 2;
    std::size_t read_queue_max = 256;  // questions to the database that wait; more are answered busy
    std::size_t hash_queue_max = 32;   // passwords that wait to be hashed; more are answered busy

    std::string version = "0.1.0";
    std::string commit;  // what was built; empty when unknown
};

}  // namespace onhand::http
