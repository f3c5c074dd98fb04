#include "transport/http/problem.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.hpp"
#include "transport/http/json_out.hpp"

namespace onhand::http {

namespace {

struct CodeTitle {
    std::string_view code;
    std::string_view title;
};

// table: one row per problem code
constexpr std::array titles{
    CodeTitle{"malformed_json", "The body is not valid JSON"},
    CodeTitle{"invalid_request", "The request is not valid"},
    CodeTitle{"idempotency_key_missing", "An Idempotency-Key is needed"},
    CodeTitle{"idempotency_key_invalid", "The Idempotency-Key is not valid"},
    CodeTitle{"unauthenticated", "Sign in first"},
    CodeTitle{"invalid_credentials", "Wrong e-mail address or password"},
    CodeTitle{"forbidden", "Not allowed"},
    CodeTitle{"cross_origin", "Not from this page"},
    CodeTitle{"registration_closed", "Registration is closed"},
    CodeTitle{"not_found", "Not found"},
    CodeTitle{"unknown_sku", "No such product"},
    CodeTitle{"unknown_location", "No such location"},
    CodeTitle{"method_not_allowed", "Method not allowed"},
    CodeTitle{"request_timeout", "The request took too long"},
    CodeTitle{"length_required", "Content-Length is needed"},
    CodeTitle{"body_too_large", "The body is too large"},
    CodeTitle{"unsupported_media_type", "Unsupported content type"},
    CodeTitle{"insufficient_stock", "Not enough stock"},
    CodeTitle{"invalid_state", "Not possible in this state"},
    CodeTitle{"already_exists", "Already exists"},
    CodeTitle{"breaks_promises", "The stock is promised"},
    CodeTitle{"idempotency_in_progress", "The same request is still being worked on"},
    CodeTitle{"feed_truncated", "That part of the feed is no longer kept"},
    CodeTitle{"version_mismatch", "Changed in the meantime"},
    CodeTitle{"version_required", "If-Match is needed"},
    CodeTitle{"idempotency_mismatch", "The key was used for another request"},
    CodeTitle{"rate_limited", "Too many requests"},
    CodeTitle{"headers_too_large", "The header fields are too large"},
    CodeTitle{"uri_too_long", "The address is too long"},
    CodeTitle{"expectation_failed", "That expectation cannot be met"},
    CodeTitle{"busy", "Busy"},
    CodeTitle{"draining", "Restarting"},
    CodeTitle{"storage_unavailable", "The storage does not answer"},
    CodeTitle{"outcome_unknown", "It is not known whether this was done"},
    CodeTitle{"internal", "Something went wrong"},
};

void append_errors(std::string& out, const std::vector<FieldError>& errors) {
    out += ",\"errors\":[";
    bool first = true;
    for (const auto& error : errors) {
        if (!std::exchange(first, false)) out += ',';
        out += "{\"pointer\":";
        append_json_string(out, error.pointer);
        out += ",\"detail\":";
        append_json_string(out, error.detail);
        out += '}';
    }
    out += ']';
}

void append_shortages(std::string& out, const std::vector<domain::Shortage>& shortages) {
    out += ",\"shortages\":[";
    bool first = true;
    for (const auto& shortage : shortages) {
        if (!std::exchange(first, false)) out += ',';
        out += "{\"sku\":";
        append_json_string(out, shortage.sku);
        out += ",\"location\":";
        append_json_string(out, shortage.location);
        out += ",\"requested\":";
        append_int(out, shortage.requested);
        out += ",\"available\":";
        append_int(out, shortage.available);
        out += '}';
    }
    out += ']';
}

std::int32_t status_of(domain::RefusalCode code) {
    using domain::RefusalCode;
    switch (code) {
        case RefusalCode::invalid_request:
            return 400;
        case RefusalCode::forbidden:
        case RefusalCode::registration_closed:
            return 403;
        case RefusalCode::unknown_sku:
        case RefusalCode::unknown_location:
        case RefusalCode::not_found:
            return 404;
        case RefusalCode::insufficient_stock:
        case RefusalCode::invalid_state:
        case RefusalCode::already_exists:
        case RefusalCode::breaks_promises:
            return 409;
        case RefusalCode::version_mismatch:
            return 412;
        case RefusalCode::idempotency_mismatch:
            return 422;
    }
    return 500;
}

}  // namespace

std::string_view title_of(std::string_view code) {
    const auto* const found = std::ranges::find(titles, code, &CodeTitle::code);
    return found != titles.end() ? found->title : "The request failed";
}

void append_problem(std::string& out, const Problem& problem, std::string_view trace_id) {
    out += "{\"type\":";
    append_json_string(out, "/docs/problems/" + problem.code);
    out += ",\"title\":";
    append_json_string(out, title_of(problem.code));
    out += ",\"status\":";
    append_int(out, problem.status);
    if (!problem.detail.empty()) {
        out += ",\"detail\":";
        append_json_string(out, problem.detail);
    }
    out += ",\"code\":";
    append_json_string(out, problem.code);
    out += ",\"trace_id\":";
    append_json_string(out, trace_id);
    if (!problem.errors.empty()) append_errors(out, problem.errors);
    if (!problem.shortages.empty()) append_shortages(out, problem.shortages);
    if (!problem.current.empty()) {
        out += ",\"current\":";
        out += problem.current;
    }
    out += '}';
}

Problem problem_of(const domain::Refusal& refusal) {
    Problem problem;
    problem.status = status_of(refusal.code);
    problem.code = domain::name(refusal.code);
    problem.detail = refusal.detail;
    problem.shortages = refusal.shortages;
    if (!refusal.pointer.empty()) problem.errors.push_back({refusal.pointer, refusal.detail});
    if (refusal.level) {
        append_level(problem.current, *refusal.level);
    } else if (refusal.product) {
        append_product(problem.current, *refusal.product);
    }
    return problem;
}

Problem invalid_request(std::vector<FieldError> errors) {
    Problem problem;
    problem.status = 400;
    problem.code = "invalid_request";
    problem.detail = errors.size() == 1 ? "One field is wrong." : std::to_string(errors.size()) + " fields are wrong.";
    problem.errors = std::move(errors);
    return problem;
}

}  // namespace onhand::http
