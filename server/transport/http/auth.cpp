#include "transport/http/auth.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>

#include "base/ignoring_case.hpp"
#include "base/text.hpp"

namespace onhand::http {
namespace {

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// The value of the cookie `name`, when it occurs exactly once.
std::string_view find_cookie(std::string_view cookies, std::string_view name) {
    std::string_view value;
    unsigned count = 0;
    while (!cookies.empty()) {
        const auto end = std::min(cookies.find(';'), cookies.size());
        const auto pair = trim(cookies.substr(0, end));
        cookies.remove_prefix(std::min(end + 1, cookies.size()));
        if (pair.size() <= name.size() || pair.substr(0, name.size()) != name || pair[name.size()] != '=') continue;
        value = pair.substr(name.size() + 1);
        ++count;
    }
    return count == 1 ? value : std::string_view();
}

std::string cookie_attributes(const Options& options) {
    return options.behind_tls ? "; Path=/; HttpOnly; SameSite=Strict; Secure" : "; Path=/; HttpOnly; SameSite=Strict";
}

}  // namespace

std::string_view cookie_name(const Options& options) {
    return options.behind_tls ? "__Host-onhand_session" : "onhand_session";
}

std::string make_token() {
    std::array<unsigned char, token_random_bytes> bytes;
    randombytes_buf(bytes.data(), bytes.size());
    std::array<char, sodium_base64_ENCODED_LEN(token_random_bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING)> text;
    sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return std::string(text.data());
}

domain::TokenHash hash_token(std::string_view token) {
    domain::TokenHash hash{};
    crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(token.data()), token.size(),
                       nullptr, 0);
    return hash;
}

std::string session_cookie(const Options& options, std::string_view token, std::int64_t max_age_s) {
    std::string text(cookie_name(options));
    text += '=';
    text += token;
    text += "; Max-Age=";
    append_int(text, max_age_s);
    return text + cookie_attributes(options);
}

std::string ended_cookie(const Options& options) {
    return std::string(cookie_name(options)) + "=; Max-Age=0" + cookie_attributes(options);
}

Credential find_credential(std::string_view authorization, std::string_view cookie, const Options& options) {
    Credential credential;
    if (authorization.data() != nullptr) {
        constexpr std::string_view scheme = "bearer ";
        if (authorization.size() <= scheme.size()) return credential;
        if (!equals_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return credential;
        credential.kind = Credential::Kind::bearer;
        credential.token = trim(authorization.substr(scheme.size()));
    } else {
        credential.token = find_cookie(cookie, cookie_name(options));
        if (!credential.token.empty()) credential.kind = Credential::Kind::cookie;
    }
    if (credential.token.empty() || credential.token.size() > token_bytes_max) return Credential();
    return credential;
}

bool is_own_origin(std::string_view origin, std::string_view host, const Options& options) {
    const auto is_it = [origin](const std::string& allowed) { return origin == allowed; };
    if (std::any_of(options.origins.begin(), options.origins.end(), is_it)) return true;
    const std::string_view scheme = options.behind_tls ? "https://" : "http://";
    if (origin.substr(0, scheme.size()) != scheme || host.empty()) return false;
    return equals_ignoring_case(origin.substr(scheme.size()), host);
}

bool is_same_origin(const RequestHead& head, const Options& options) {
    if (head.onhand_client.empty()) return false;
    if (head.sec_fetch_site.data() != nullptr) return head.sec_fetch_site == "same-origin";
    return is_own_origin(head.origin, head.host, options);
}

bool may_use(Access access, domain::Role role) {
    switch (access) {
        case Access::open:
            return true;
        case Access::viewer:
            return role >= domain::Role::viewer;
        case Access::clerk:
            return role >= domain::Role::clerk;
        case Access::manager:
            return role >= domain::Role::manager;
        case Access::admin:
            return role >= domain::Role::admin;
    }
    return false;
}

std::shared_ptr<const engine::Identity> IdentityCache::find(std::string_view token, const engine::AccountBook& accounts,
                                                            UnixMillis now) {
    const auto epoch = accounts.epoch();
    if (identity_ && epoch == epoch_ && token == token_ && now < identity_->expires_at &&
        now - identity_->seen_at < engine::session_idle_ms) {
        return identity_;
    }
    // The epoch is read before the look-up: a change in between makes the next request look again.
    identity_ = accounts.find_session(hash_token(token), now);
    token_ = token;
    epoch_ = epoch;
    return identity_;
}

bool IdentityCache::should_touch(UnixMillis now) {
    if (!identity_ || now - identity_->seen_at < engine::session_touch_ms) return false;
    if (now - touched_at_ < engine::session_touch_ms) return false;
    touched_at_ = now;
    return true;
}

}  // namespace onhand::http
