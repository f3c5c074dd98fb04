#pragma once
// A small blocking HTTP client for this machine's own server: what the demo's replay uses to go through the real API.
// One connection, one request at a time, answers with a Content-Length only. One thread.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace onhand::app {

struct HttpAnswer {
    int status = 0;
    std::string body;
};

class HttpClient {
  public:
    HttpClient(std::string host, std::uint16_t port) : host_(std::move(host)), port_(port) {}
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    // Sent with every request from now on.
    void set_header(const std::string& name, const std::string& value) { headers_[name] = value; }

    // nullopt when the server does not answer within ten seconds, or not in a form understood here.
    std::optional<HttpAnswer> send(std::string_view method, std::string_view target, std::string_view content_type,
                                   std::string_view body, std::string_view idempotency_key = {});

  private:
    bool connect();
    void close();
    bool write_all(std::string_view bytes);
    std::optional<HttpAnswer> read_answer();

    const std::string host_;
    const std::uint16_t port_;
    std::map<std::string, std::string> headers_;
    int socket_ = -1;
};

}  // namespace onhand::app
