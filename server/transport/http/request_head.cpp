#include "transport/http/request_head.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <charconv>

#include "base/ignoring_case.hpp"
#include "transport/http/options.hpp"

namespace onhand::http {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;

constexpr std::size_t host_bytes_max = 261;  // a name of 255 bytes, a colon and a port

constexpr HeadRefusal malformed{400, "invalid_request", "The request is not well-formed HTTP/1.1."};
constexpr HeadRefusal too_large{431, "headers_too_large", "The request's header fields are too large or too many."};
constexpr HeadRefusal no_codings{411, "length_required", "Transfer-Encoding is not supported; send Content-Length."};
constexpr HeadRefusal bad_host{400, "invalid_request", "Exactly one valid Host field is required."};
constexpr HeadRefusal bad_length{400, "invalid_request", "Content-Length must be one decimal number."};
constexpr HeadRefusal duplicate_field{400, "invalid_request", "A header field that may occur once occurs twice."};
constexpr HeadRefusal bad_target{400, "invalid_request", "The request target is not valid."};
constexpr HeadRefusal long_target{414, "uri_too_long", "The request target is too long."};
constexpr HeadRefusal bad_expect{417, "expectation_failed", "Only Expect: 100-continue is supported."};

bool is_token_char(char c) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f) return false;
    return std::string_view("()<>@,;:\\\"/[]?={}").find(c) == std::string_view::npos;
}

bool is_host(std::string_view host) {
    if (host.empty() || host.size() > host_bytes_max) return false;
    return std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') || c == '-' || c == '.' || c == '_' ||
               c == ':' || c == '[' || c == ']';
    });
}

// Beast's grammar, with the fields that matter picked out as they come; nothing is stored elsewhere.
class HeadParser final : public beast_http::basic_parser<true> {
  public:
    explicit HeadParser(RequestHead& head) : head_(head) { header_limit(head_bytes_max + 64); }

    const std::optional<HeadRefusal>& refusal() const { return refusal_; }
    unsigned hosts() const { return hosts_; }

  private:
    void refuse(const HeadRefusal& why) {
        if (!refusal_) refusal_ = why;
    }

    // A field that may occur once.
    void once(std::string_view& slot, std::string_view value) {
        if (slot.data() != nullptr) refuse(duplicate_field);
        slot = value.data() != nullptr ? value : std::string_view("");
    }
    void once(std::optional<std::string_view>& slot, std::string_view value) {
        if (slot) refuse(duplicate_field);
        slot = value;
    }

    void on_length(std::string_view value) {
        if (has_length_) refuse(bad_length);
        has_length_ = true;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), head_.content_length);
        if (error != std::errc() || end != value.data() + value.size() || value.size() > 18) refuse(bad_length);
    }

    void on_key(std::string_view value) {
        if (head_.idempotency_key) head_.duplicate_idempotency_key = true;
        head_.idempotency_key = value;
    }

    void on_named(std::string_view name, std::string_view value) {
        if (equals_ignoring_case(name, "idempotency-key")) return on_key(value);
        if (equals_ignoring_case(name, "sec-fetch-site")) return once(head_.sec_fetch_site, value);
        if (equals_ignoring_case(name, "x-onhand-client")) return once(head_.onhand_client, value);
        if (equals_ignoring_case(name, "x-forwarded-for")) {
            head_.forwarded_for = value;
            return;
        }
        if (equals_ignoring_case(name, "traceparent")) return once(head_.traceparent, value);
    }

    void on_request_impl(beast_http::verb, boost::beast::string_view method, boost::beast::string_view target,
                         int version, error_code&) override {
        head_.method = std::string_view(method.data(), method.size());
        head_.target = std::string_view(target.data(), target.size());
        head_.http11 = version == 11;
    }
    void on_field_impl(beast_http::field field, boost::beast::string_view name_text,
                       boost::beast::string_view value_text, error_code&) override {
        const std::string_view value(value_text.data(), value_text.size());
        switch (field) {
            case beast_http::field::transfer_encoding:
                return refuse(no_codings);
            case beast_http::field::content_length:
                return on_length(value);
            case beast_http::field::host:
                ++hosts_;
                head_.host = value;
                return;
            case beast_http::field::expect:
                return once(expect_, value);
            case beast_http::field::upgrade:
                return once(head_.upgrade, value);
            case beast_http::field::sec_websocket_key:
                return once(head_.websocket_key, value);
            case beast_http::field::sec_websocket_version:
                return once(head_.websocket_version, value);
            case beast_http::field::access_control_request_headers:
                return once(head_.access_control_request_headers, value);
            case beast_http::field::sec_websocket_protocol:
                return once(head_.websocket_protocol, value);
            case beast_http::field::user_agent:
                return once(head_.user_agent, value);
            case beast_http::field::authorization:
                return once(head_.authorization, value);
            case beast_http::field::cookie:
                return once(head_.cookie, value);
            case beast_http::field::origin:
                return once(head_.origin, value);
            case beast_http::field::content_type:
                return once(head_.content_type, value);
            case beast_http::field::content_encoding:
                return once(head_.content_encoding, value);
            case beast_http::field::if_match:
                return once(head_.if_match, value);
            case beast_http::field::if_none_match:
                return once(head_.if_none_match, value);
            case beast_http::field::connection:
                if (head_.connection.empty()) head_.connection = value;
                return;
            case beast_http::field::accept_encoding:
                head_.accept_encoding = value;
                return;
            default:
                return on_named(std::string_view(name_text.data(), name_text.size()), value);
        }
    }
    void on_header_impl(error_code&) override {
        if (!head_.http11 || expect_.data() == nullptr) return;
        if (equals_ignoring_case(expect_, "100-continue")) {
            head_.expect_continue = true;
        } else {
            refuse(bad_expect);
        }
    }
    // The body is read by the session; the parser only ever sees heads.
    void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
    std::size_t on_body_impl(boost::beast::string_view, error_code&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, boost::beast::string_view, error_code&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, boost::beast::string_view, error_code&) override { return 0; }
    void on_finish_impl(error_code&) override {}
    // Only responses have one, but the base class asks for it.
    void on_response_impl(int, boost::beast::string_view, int, error_code&) override {}

    RequestHead& head_;
    std::optional<HeadRefusal> refusal_;
    std::string_view expect_;
    unsigned hosts_ = 0;
    bool has_length_ = false;
};

std::optional<HeadRefusal> check_host(const RequestHead& head, unsigned hosts) {
    if (hosts == 0 && !head.http11) return std::nullopt;
    if (hosts != 1 || !is_host(head.host)) return bad_host;
    return std::nullopt;
}

// Brings the target into origin form and holds it to ASCII.
std::optional<HeadRefusal> check_target(RequestHead& head) {
    if (head.target.size() > target_bytes_max) return long_target;
    const bool clean = std::all_of(head.target.begin(), head.target.end(), [](char c) {
        return static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7f && c != '#' && c != '\\';
    });
    if (!clean) return bad_target;
    constexpr std::string_view scheme = "http://";
    if (head.target.size() > scheme.size() && equals_ignoring_case(head.target.substr(0, scheme.size()), scheme)) {
        const auto rest = head.target.substr(scheme.size());
        const auto path_at = rest.find_first_of("/?");
        if (head.host.empty() || !equals_ignoring_case(rest.substr(0, path_at), head.host)) return bad_target;
        head.target = path_at == std::string_view::npos ? std::string_view("/") : rest.substr(path_at);
    }
    if (head.target.empty() || head.target.front() != '/') return bad_target;
    return std::nullopt;
}

}  // namespace

HeadProgress find_head(std::string_view bytes, std::size_t& length, HeadRefusal& refusal) {
    refusal = malformed;
    if (!bytes.empty() && !is_token_char(bytes.front())) return HeadProgress::refused;
    std::size_t lines = 0;
    std::size_t begin = 0;
    while (true) {
        const auto end = bytes.find('\n', begin);
        if (end == std::string_view::npos) break;
        if (end == 0 || bytes[end - 1] != '\r') return HeadProgress::refused;  // a bare line feed
        if (end + 1 > head_bytes_max) break;
        if (end == begin + 1) {
            length = end + 1;
            return HeadProgress::complete;
        }
        // A line that begins with white space continues the one before (obs-fold), which nobody sends any more.
        if (lines > 0 && (bytes[begin] == ' ' || bytes[begin] == '\t')) return HeadProgress::refused;
        if (++lines > head_fields_max + 1) {
            refusal = too_large;
            return HeadProgress::refused;
        }
        begin = end + 1;
    }
    if (bytes.size() < head_bytes_max) return HeadProgress::more;
    refusal = lines == 0 ? long_target : too_large;
    return HeadProgress::refused;
}

std::optional<HeadRefusal> parse_head(std::string_view bytes, RequestHead& head) {
    head = RequestHead();
    HeadParser parser(head);
    parser.body_limit(boost::none);  // the route's limit is checked where the route is known
    error_code error;
    const auto used = parser.put(boost::asio::const_buffer(bytes.data(), bytes.size()), error);
    if (parser.refusal()) return parser.refusal();
    if (error || used != bytes.size() || !parser.is_header_done()) return malformed;
    if (auto refusal = check_host(head, parser.hosts())) return refusal;
    if (auto refusal = check_target(head)) return refusal;
    head.keep_alive = parser.keep_alive();
    head.upgrade_websocket = parser.upgrade() && equals_ignoring_case(head.upgrade, "websocket");
    return std::nullopt;
}

}  // namespace onhand::http
