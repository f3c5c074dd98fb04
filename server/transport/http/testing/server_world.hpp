#pragma once
// A whole HTTP server on a free loopback port, on a real engine with a simulated store and a clock that is moved by
// hand, and a client that speaks raw bytes. For tests of the server; the client blocks on the test's thread, with a
// time-out that only a broken server meets.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "domain/account.hpp"
#include "engine/testing/harness.hpp"
#include "transport/http/auth.hpp"
#include "transport/http/http_server.hpp"

namespace onhand::http {

inline constexpr std::array all_roles{domain::Role::viewer, domain::Role::clerk, domain::Role::manager,
                                      domain::Role::admin};

// An engine with one account and one session of each role; the token of a role is "token-of-<role>".
struct EngineWorld {
    EngineWorld() {
        for (const auto role : all_roles) {
            domain::Account account;
            account.id = domain::AccountId{static_cast<std::int64_t>(role) + 1};
            account.uuid = *parse_uuid("01930000-0000-7000-8000-00000000000" + std::to_string(domain::raw(account.id)));
            account.email = std::string(domain::name(role)) + "@example.com";
            account.name = domain::name(role);
            account.role = role;
            add(account);
            domain::Session session;
            session.token_hash = hash_token(token_of(role));
            session.account = account.id;
            session.created_at = session.seen_at = harness.clock.wall_ms();
            session.expires_at = session.created_at + engine::session_absolute_ms;
            harness.accounts.put_session(session);
        }
    }

    static std::string token_of(domain::Role role) { return "token-of-" + std::string(domain::name(role)); }
    void add(const domain::Account& account) { harness.accounts.put_account(account); }

    engine::Harness harness;
    engine::Queries queries{harness.store};
    Services services{harness.engine, harness.stock, harness.accounts, queries, harness.clock};
};

struct HttpAnswer {
    int status = 0;
    std::multimap<std::string, std::string> fields;  // names in lower case
    std::string body;

    std::string field(const std::string& name) const {
        const auto found = fields.find(name);
        return found == fields.end() ? std::string() : found->second;
    }
    bool has(std::string_view text) const { return body.find(text) != std::string::npos; }
};

class RawClient {
  public:
    explicit RawClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        patience_ms(60'000);
        EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    ~RawClient() { ::close(socket_); }
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    void patience_ms(long ms) const {
        timeval patience{};
        patience.tv_sec = ms / 1000;
        patience.tv_usec = ms % 1000 * 1000;
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    }

    // Sends all bytes; false when the server closed the connection meanwhile.
    bool send(std::string_view bytes) const {
        while (!bytes.empty()) {
            const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
        return true;
    }
    void finish_sending() const { ::shutdown(socket_, SHUT_WR); }

    // The next answer, or nullopt when the connection ended (or, with a short patience, nothing came).
    // `without_body` for answers to HEAD.
    std::optional<HttpAnswer> receive(bool without_body = false) {
        auto end = received_.find("\r\n\r\n");
        while (end == std::string::npos) {
            if (!receive_more()) return std::nullopt;
            end = received_.find("\r\n\r\n");
        }
        HttpAnswer answer = parse_head(std::string_view(received_).substr(0, end + 2));
        received_.erase(0, end + 4);
        if (without_body || answer.status == 100 || answer.status == 204 || answer.status == 304) return answer;
        if (answer.field("transfer-encoding") == "chunked") return receive_chunks(std::move(answer));
        std::size_t length = 0;
        const auto text = answer.field("content-length");
        std::from_chars(text.data(), text.data() + text.size(), length);
        while (received_.size() < length)
            if (!receive_more()) return std::nullopt;
        answer.body = received_.substr(0, length);
        received_.erase(0, length);
        return answer;
    }

    // True when the server closes the connection without sending anything more.
    bool closed() { return received_.empty() && !receive_more() && ended_; }
    // Everything up to the end of the connection.
    std::string rest() {
        while (receive_more()) {
        }
        return received_;
    }

    std::optional<HttpAnswer> ask(std::string_view request) {
        send(request);
        return receive();
    }

  private:
    bool receive_more() {
        char bytes[16 * 1024];
        ssize_t count = 0;
        // A recv() with a time-out is not begun again after an interruption, and a ring of io_uring interrupts.
        do count = ::recv(socket_, bytes, sizeof bytes, 0);
        while (count < 0 && errno == EINTR);
        ended_ = count == 0 || (count < 0 && errno == ECONNRESET);
        if (count <= 0) return false;
        received_.append(bytes, static_cast<std::size_t>(count));
        return true;
    }

    static HttpAnswer parse_head(std::string_view head) {
        HttpAnswer answer;
        std::from_chars(head.data() + 9, head.data() + 12, answer.status);
        auto begin = head.find("\r\n") + 2;
        while (begin < head.size()) {
            const auto end = head.find("\r\n", begin);
            const auto line = head.substr(begin, end - begin);
            const auto colon = line.find(": ");
            answer.fields.emplace(fold_case(line.substr(0, colon)), std::string(line.substr(colon + 2)));
            begin = end + 2;
        }
        return answer;
    }

    std::optional<HttpAnswer> receive_chunks(HttpAnswer answer) {
        while (true) {
            auto end = received_.find("\r\n");
            while (end == std::string::npos) {
                if (!receive_more()) return std::nullopt;
                end = received_.find("\r\n");
            }
            std::size_t size = 0;
            std::from_chars(received_.data(), received_.data() + end, size, 16);
            while (received_.size() < end + 2 + size + 2)
                if (!receive_more()) return std::nullopt;
            answer.body += received_.substr(end + 2, size);
            received_.erase(0, end + 2 + size + 2);
            if (size == 0) return answer;
        }
    }

    int socket_;
    std::string received_;
    bool ended_ = false;
};

// The server with its world. Options may be changed before start().
struct ServerWorld : EngineWorld {
    ~ServerWorld() {
        if (server) server->stop();
    }
    void start(std::span<const Route> rows = routes(), StaticFiles page = {}) {
        options.port = 0;
        server = std::make_unique<HttpServer>(options, services, std::move(page), rows);
        ASSERT_TRUE(server->start().has_value());
    }
    std::unique_ptr<RawClient> connect() const { return std::make_unique<RawClient>(server->port()); }
    // One request on a connection of its own.
    std::optional<HttpAnswer> ask(std::string_view request) const { return connect()->ask(request); }

    // Moves the clock on until the server has reacted to it: an answer, or nullopt for the end of the connection.
    std::optional<HttpAnswer> wait_out(RawClient& client, std::int64_t step_ms) {
        client.patience_ms(50);
        for (int tries = 0; tries < 1000; ++tries) {
            harness.clock.advance_ms(step_ms);
            server->sweep_soon();
            if (auto answer = client.receive()) return answer;
            if (client.closed()) return std::nullopt;
        }
        ADD_FAILURE() << "the server never noticed that time passes";
        return std::nullopt;
    }

    Options options;
    std::unique_ptr<HttpServer> server;
};

// "GET path" with the fields every request needs; `fields` are further lines, each ending in CR LF.
inline std::string request_text(std::string_view method, std::string_view path, std::string_view fields = {},
                                std::string_view body = {}) {
    std::string text(method);
    text.append(" ").append(path).append(" HTTP/1.1\r\nHost: localhost\r\n").append(fields);
    if (!body.empty() || method == "POST" || method == "PATCH")
        text.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
    return text.append("\r\n").append(body);
}

inline std::string bearer(domain::Role role) {
    return "Authorization: Bearer " + EngineWorld::token_of(role) + "\r\n";
}

}  // namespace onhand::http
