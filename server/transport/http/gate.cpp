#include "transport/http/gate.hpp"

#include <sodium.h>

#include <algorithm>
#include <utility>

#include "base/ensure.hpp"
#include "base/text.hpp"

namespace onhand::http {
namespace {

bool is_safe(std::string_view method) {
    return method == "GET" || method == "HEAD";
}

GateRefusal refuse(std::int32_t status, std::string_view code, std::string_view detail, std::string fields = {}) {
    GateRefusal refusal;
    refusal.problem = plain_problem(status, code, detail);
    refusal.fields = std::move(fields);
    return refusal;
}

GateRefusal refuse_field(std::string pointer, std::string detail) {
    std::vector<FieldError> errors;
    errors.push_back(FieldError{std::move(pointer), std::move(detail)});
    GateRefusal refusal;
    refusal.problem = invalid_request(std::move(errors));
    return refusal;
}

bool contains_word(std::string_view words, std::string_view word) {
    while (!words.empty()) {
        const auto end = std::min(words.find(' '), words.size());
        if (words.substr(0, end) == word) return true;
        words.remove_prefix(std::min(end + 1, words.size()));
    }
    return false;
}

// The media type of a Content-Type value, in lower case; and whether its charset, if any, is UTF-8.
struct MediaType {
    std::string type;
    bool utf8 = true;
};

MediaType media_type_of(std::string_view value) {
    MediaType media;
    const auto semicolon = std::min(value.find(';'), value.size());
    auto type = value.substr(0, semicolon);
    while (!type.empty() && type.back() == ' ') type.remove_suffix(1);
    media.type = fold_case(type);
    const auto rest = fold_case(value.substr(semicolon));
    if (const auto at = rest.find("charset="); at != std::string::npos) {
        auto charset = std::string_view(rest).substr(at + 8);
        if (!charset.empty() && charset.front() == '"') charset.remove_prefix(1);
        media.utf8 = charset.starts_with("utf-8") &&
                     (charset.size() == 5 || charset[5] == '"' || charset[5] == ';' || charset[5] == ' ');
    }
    return media;
}

std::optional<GateRefusal> check_route(const RequestHead& head, const ServerContext& context, Admission& admission) {
    if (!decode_path(head.target, admission.path))
        return refuse(400, "invalid_request", "The path is not a valid one.");
    admission.match = context.router.match(head.method, admission.path);
    show_slashes(admission.path);
    if (admission.match.kind == RouteMatch::Kind::found) {
        admission.route = admission.match.route;
        admission.row = admission.match.index;
        return std::nullopt;
    }
    if (admission.match.kind == RouteMatch::Kind::method_not_allowed) {
        return refuse(405, "method_not_allowed", "This address does not take that method.",
                      "Allow: " + admission.match.allow + "\r\n");
    }
    const bool api = admission.path.starts_with("/api/") || admission.path == "/api";
    if (!api) admission.file = context.files.find(admission.path);
    if (admission.file == nullptr) return refuse(404, "not_found", "There is nothing at this address.");
    if (!is_safe(head.method)) {
        return refuse(405, "method_not_allowed", "This address does not take that method.", "Allow: GET, HEAD\r\n");
    }
    admission.row = context.router.rows().size() + ExtraRows::page;
    return std::nullopt;
}

// Who can only be told to come again learns it before anything is spent on the request.
std::optional<GateRefusal> check_room(const ServerContext& context, const Admission& admission) {
    if (admission.route == nullptr || admission.route->key != KeyNeed::required || context.wait_limit.has_room())
        return std::nullopt;
    GateRefusal refusal;
    refusal.problem = problem_of_failure(engine::Failure::busy);
    return refusal;
}

GateRefusal unauthenticated() {
    return refuse(401, "unauthenticated", "Sign in, or send a valid token.",
                  "WWW-Authenticate: Bearer realm=\"onhand\"\r\n");
}

std::optional<GateRefusal> check_role(const Admission& admission) {
    if (admission.route->access == Access::open || may_use(admission.route->access, admission.identity->role))
        return std::nullopt;
    return refuse(403, "forbidden", "Your role does not allow this.");
}

std::optional<GateRefusal> find_caller(const RequestHead& head, const ServerContext& context, IdentityCache& identities,
                                       UnixMillis now, Admission& admission) {
    const auto& route = *admission.route;
    if (route.access == Access::open) {
        // Signing in on somebody's behalf from another site is a forgery too.
        const bool foreign = head.sec_fetch_site.data() != nullptr && head.sec_fetch_site != "same-origin" &&
                             head.sec_fetch_site != "none";
        if (!is_safe(head.method) && foreign)
            return refuse(403, "cross_origin", "The request comes from another site.");
        return std::nullopt;
    }
    const auto credential = find_credential(head.authorization, head.cookie, context.options);
    if (credential.kind != Credential::Kind::none)
        admission.identity = identities.find(credential.token, context.services.accounts, now);
    if (!admission.identity) return unauthenticated();
    if (credential.kind == Credential::Kind::cookie && !is_safe(head.method) &&
        !is_same_origin(head, context.options)) {
        return refuse(403, "cross_origin", "Requests by cookie that change something must come from the page itself.");
    }
    return std::nullopt;
}

std::optional<GateRefusal> check_body(const RequestHead& head, Admission& admission) {
    const Body body = admission.route != nullptr ? admission.route->body : Body::none;
    admission.body_bytes_max = body == Body::none ? ignored_body_bytes_max : admission.route->body_bytes_max;
    if (head.content_length == 0) return std::nullopt;
    if (head.content_length > admission.body_bytes_max)
        return refuse(413, "body_too_large", "The body is larger than this address takes.");
    if (head.content_encoding && fold_case(*head.content_encoding) != "identity")
        return refuse(415, "unsupported_media_type", "Compressed bodies are not supported.");
    if (body == Body::none) return std::nullopt;
    const std::string_view wanted = body == Body::json ? "application/json" : "text/csv";
    if (head.content_type == wanted) return std::nullopt;  // as most say it; the rest costs copies
    const auto media = media_type_of(head.content_type);
    if (media.type != wanted || !media.utf8) {
        return refuse(
            415, "unsupported_media_type",
            body == Body::json ? "The body must be application/json in UTF-8." : "The body must be text/csv in UTF-8.");
    }
    return std::nullopt;
}

std::optional<GateRefusal> check_key(const RequestHead& head, Admission& admission) {
    const auto& route = *admission.route;
    if (route.key == KeyNeed::none) return std::nullopt;
    if (!head.idempotency_key) {
        if (route.key == KeyNeed::optional) return std::nullopt;
        return refuse(400, "idempotency_key_missing", "Send an Idempotency-Key, so that a repeat cannot act twice.");
    }
    const auto key = *head.idempotency_key;
    const bool printable =
        std::all_of(key.begin(), key.end(), [](char c) { return c >= 0x20 && static_cast<unsigned char>(c) < 0x7f; });
    if (key.empty() || key.size() > idempotency_key_bytes_max || !printable || head.duplicate_idempotency_key)
        return refuse(400, "idempotency_key_invalid", "An Idempotency-Key has 1 to 128 printable ASCII characters.");
    admission.key = hash_key(admission.identity ? admission.identity->uuid : Uuid(), key);
    return std::nullopt;
}

std::optional<GateRefusal> check_query(const RequestHead& head, Admission& admission) {
    if (const auto bad = decode_query(head.target, admission.query))
        return refuse_field(*bad, "This query parameter occurs twice or cannot be read.");
    for (const auto& [name, value] : admission.query) {
        if (!contains_word(admission.route->query_parameters, name))
            return refuse_field(name, "This address has no such query parameter.");
    }
    return std::nullopt;
}

void begin(const RequestHead& head, const ServerContext& context, Admission& admission) {
    admission.route = nullptr;
    admission.file = nullptr;
    admission.row = context.router.rows().size() + ExtraRows::none;
    admission.query.clear();
    admission.identity = nullptr;
    admission.key = domain::KeyHash();
    admission.body_bytes_max = 0;
    admission.head_only = head.method == "HEAD";
}

// What is checked once it is known who asks.
std::optional<GateRefusal> check_request(const RequestHead& head, Admission& admission) {
    if (auto refusal = check_role(admission)) return refusal;
    if (auto refusal = check_body(head, admission)) return refusal;
    if (auto refusal = check_key(head, admission)) return refusal;
    return check_query(head, admission);
}

}  // namespace

Problem plain_problem(std::int32_t status, std::string_view code, std::string_view detail, std::int32_t retry_after) {
    Problem problem;
    problem.status = status;
    problem.code = code;
    problem.detail = detail;
    problem.retry_after = retry_after;
    return problem;
}

Problem problem_of_failure(engine::Failure failure) {
    switch (failure) {
        case engine::Failure::busy:
        case engine::Failure::deadline_passed:
            return plain_problem(503, "busy", "The server has more to do than it can; nothing was applied.", 1);
        case engine::Failure::storage_unavailable:
            return plain_problem(503, "storage_unavailable", "The storage does not answer; nothing was applied.", 2);
        case engine::Failure::draining:
            return plain_problem(503, "draining", "The server is stopping; nothing was applied.", 2);
        case engine::Failure::outcome_unknown:
            break;
    }
    // Not 503, which promises that nothing was applied.
    return plain_problem(500, "outcome_unknown", "It is not known whether this was done; ask again with the same key.",
                         2);
}

domain::KeyHash hash_key(const Uuid& account, std::string_view key) {
    domain::KeyHash hash{};
    crypto_generichash_state state;
    crypto_generichash_init(&state, nullptr, 0, hash.size());
    crypto_generichash_update(&state, account.bytes.data(), account.bytes.size());
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(key.data()), key.size());
    crypto_generichash_final(&state, hash.data(), hash.size());
    return hash;
}

domain::Fingerprint fingerprint_of(std::string_view method, std::string_view path, std::string_view body) {
    domain::Fingerprint hash{};
    crypto_generichash_state state;
    crypto_generichash_init(&state, nullptr, 0, hash.size());
    // A line feed can occur in neither method nor path, so the three parts cannot be shifted against each other.
    const unsigned char separator = '\n';
    for (const auto part : {method, path}) {
        crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()), part.size());
        crypto_generichash_update(&state, &separator, 1);
    }
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(body.data()), body.size());
    crypto_generichash_final(&state, hash.data(), hash.size());
    return hash;
}

std::optional<GateRefusal> admit(const RequestHead& head, const ServerContext& context, IdentityCache& identities,
                                 UnixMillis now, Admission& admission) {
    begin(head, context, admission);
    if (auto refusal = check_route(head, context, admission)) return refusal;
    if (admission.route == nullptr) return check_body(head, admission);
    if (auto refusal = check_room(context, admission)) return refusal;
    if (auto refusal = find_caller(head, context, identities, now, admission)) return refusal;
    return check_request(head, admission);
}

std::optional<GateRefusal> admit_caller(const RequestHead& head, const ServerContext& context,
                                        std::shared_ptr<const engine::Identity> caller, Admission& admission) {
    begin(head, context, admission);
    if (auto refusal = check_route(head, context, admission)) return refusal;
    ensure(admission.route != nullptr, "a call names a route of the table");
    if (auto refusal = check_room(context, admission)) return refusal;
    if (!caller) return unauthenticated();
    admission.identity = std::move(caller);
    return check_request(head, admission);
}

}  // namespace onhand::http
