#pragma once
// Who sends a request: the token in it, its hash, the session behind it, and for requests by cookie the proof that
// they come from our own page. Called by the gate on io threads. What a role may do is in the route table.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/account_book.hpp"
#include "transport/http/options.hpp"
#include "transport/http/request_head.hpp"
#include "transport/http/routes.hpp"

namespace onhand::http {

inline constexpr std::size_t token_bytes_max = 128;  // of the text; longer ones are not looked at
inline constexpr std::size_t token_random_bytes = 32;

// The name of the session cookie: `onhand_session`, or `__Host-onhand_session` behind TLS.
std::string_view cookie_name(const Options& options);

// A fresh token: 32 random bytes in base64url, 43 characters.
std::string make_token();

// BLAKE2b-256 of the token's text.
domain::TokenHash hash_token(std::string_view token);

// The Set-Cookie value that signs in, and the one that signs out.
std::string session_cookie(const Options& options, std::string_view token, std::int64_t max_age_s);
std::string ended_cookie(const Options& options);

struct Credential {
    enum class Kind { none, bearer, cookie };
    Kind kind = Kind::none;
    std::string_view token;
};

// The credential of a request: the Authorization field, else the cookie. An Authorization field that is no bearer
// token, and a cookie that occurs twice, count as none.
Credential find_credential(std::string_view authorization, std::string_view cookie, const Options& options);

// True when the request can be trusted to come from our own page: Sec-Fetch-Site says same-origin, or, where the
// browser sends none, Origin is this host or one of the configured origins; and X-Onhand-Client is there.
bool is_same_origin(const RequestHead& head, const Options& options);

// True when Origin names this host or a configured origin. Also used for the live feed's handshake.
bool is_own_origin(std::string_view origin, std::string_view host, const Options& options);

// True when `role` may use a route of this access.
bool may_use(Access access, domain::Role role);

// The session of the last request of a connection, so that the next one with the same token need not be looked up.
class IdentityCache {
  public:
    // The identity behind `token`, or nullptr. `now` is wall time.
    std::shared_ptr<const engine::Identity> find(std::string_view token, const engine::AccountBook& accounts,
                                                 UnixMillis now);

    // True at most once per session_touch_ms: the session's last use should be noted now.
    bool should_touch(UnixMillis now);

  private:
    std::string token_;
    std::shared_ptr<const engine::Identity> identity_;
    std::uint64_t epoch_ = 0;
    UnixMillis touched_at_ = 0;
};

}  // namespace onhand::http
