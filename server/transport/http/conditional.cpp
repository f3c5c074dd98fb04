#include "transport/http/conditional.hpp"

#include <utility>

#include "base/log.hpp"
#include "base/text.hpp"

namespace onhand::http {

namespace {

constexpr std::int32_t unreadable_retry_s = 2;

Problem plain_problem(std::int32_t status, std::string code, std::string detail) {
    Problem problem;
    problem.status = status;
    problem.code = std::move(code);
    problem.detail = std::move(detail);
    return problem;
}

}  // namespace

std::string etag_of(std::int64_t version) {
    return '"' + std::to_string(version) + '"';
}

bool lists_etag(std::string_view if_none_match, std::string_view etag) {
    std::string_view rest = if_none_match;
    while (!rest.empty()) {
        if (rest.front() == ' ' || rest.front() == '\t' || rest.front() == ',') {
            rest.remove_prefix(1);
            continue;
        }
        if (rest.front() == '*') return true;
        if (rest.starts_with("W/")) rest.remove_prefix(2);
        const auto end = rest.starts_with('"') ? rest.find('"', 1) : std::string_view::npos;
        if (end == std::string_view::npos) return false;
        if (rest.substr(0, end + 1) == etag) return true;
        rest.remove_prefix(end + 1);
    }
    return false;
}

void reply_with_etag(Exchange& exchange, const std::string& etag, std::string body) {
    exchange.add_header("ETag", etag);
    const auto known = exchange.if_none_match();
    if (known && lists_etag(*known, etag)) {
        exchange.reply(304, {});
    } else {
        exchange.reply(200, std::move(body));
    }
}

std::optional<std::int64_t> required_version(Exchange& exchange) {
    const auto field = exchange.if_match();
    if (!field) {
        exchange.problem(plain_problem(428, "version_required",
                                       "Send If-Match with the ETag that you read, so that no other change is lost."));
        return std::nullopt;
    }
    std::string_view tag = *field;
    if (tag.size() > 2 && tag.front() == '"' && tag.back() == '"') {
        tag = tag.substr(1, tag.size() - 2);
        const auto version = parse_int(tag);
        if (version && *version >= 0) return version;
    }
    Errors errors;
    add_error(errors, "If-Match", "must be one ETag as it was read, like \"3\" with its quotes");
    exchange.problem(invalid_request(std::move(errors)));
    return std::nullopt;
}

JsonNode* read_object(Exchange& exchange, JsonDocument& document) {
    if (auto wrong = document.parse(exchange.body())) {
        exchange.problem(plain_problem(400, "malformed_json", "The body is not valid JSON: " + *wrong + "."));
        return nullptr;
    }
    if (document.root().kind == JsonKind::object) return &document.root();
    Errors errors;
    add_error(errors, "", "must be an object");
    exchange.problem(invalid_request(std::move(errors)));
    return nullptr;
}

bool refuse_if_wrong(Exchange& exchange, Errors& errors) {
    if (errors.empty()) return false;
    exchange.problem(invalid_request(std::move(errors)));
    return true;
}

Problem not_found(std::string detail) {
    return plain_problem(404, "not_found", std::move(detail));
}

void reply_unreadable(Exchange& exchange, const engine::ReadError& error) {
    log::error("http", "cannot read the store: " + error.detail);
    Problem problem = plain_problem(503, "storage_unavailable", "The storage does not answer. Try again.");
    problem.retry_after = unreadable_retry_s;
    exchange.problem(problem);
}

}  // namespace onhand::http
