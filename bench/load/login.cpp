#include "load/login.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/json.hpp>
#include <optional>

#include "load/response_reader.hpp"

namespace onhand::bench {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr int timeout_s = 10;

Result<std::string, std::string> failed(std::string reason) {
    return Result<std::string, std::string>(boost::system::in_place_error, "cannot sign in: " + std::move(reason));
}

std::string request_text(const Options& options) {
    const auto body =
        boost::json::serialize(boost::json::object{{"email", options.email}, {"password", options.password}});
    return fmt::format(
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost:{}\r\nContent-Type: application/json\r\n"
        "Connection: close\r\nContent-Length: {}\r\n\r\n{}",
        options.port, body.size(), body);
}

std::optional<std::string> token_in(std::string_view body) {
    error_code error;
    const auto json = boost::json::parse(body, error);
    if (error || !json.is_object()) return std::nullopt;
    const auto* const token = json.as_object().if_contains("token");
    if (token == nullptr || !token->is_string()) return std::nullopt;
    return std::string(token->as_string());
}

}  // namespace

Result<std::string, std::string> sign_in(const Options& options) {
    asio::io_context io;
    asio::ip::tcp::socket socket(io);
    error_code error;
    socket.connect({asio::ip::make_address(options.host), options.port}, error);
    if (error) return failed(error.message());
    const timeval timeout{timeout_s, 0};
    ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
    asio::write(socket, asio::buffer(request_text(options)), error);
    if (error) return failed(error.message());

    ResponseReader reader;
    Response response;
    auto progress = ResponseReader::Progress::need_more;
    while (progress == ResponseReader::Progress::need_more) {
        const auto room = reader.room();
        // A plain recv(): Asio would wait on after the time-out.
        const auto count = ::recv(socket.native_handle(), room.data(), room.size(), 0);
        if (count <= 0) return failed("the server did not answer");
        reader.received(static_cast<std::size_t>(count));
        progress = reader.next(response);
    }
    if (progress == ResponseReader::Progress::broken) return failed("the answer cannot be read");
    if (response.status != 200) return failed(fmt::format("status {}", response.status));
    const auto token = token_in(response.body);
    if (!token) return failed("the answer has no token");
    return Result<std::string, std::string>(boost::system::in_place_value, *token);
}

}  // namespace onhand::bench
