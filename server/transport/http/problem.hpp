#pragma once
// Problem answers (RFC 9457, application/problem+json): the one form of every error that a client sees. Pure.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "domain/outcome.hpp"

namespace onhand::http {

struct FieldError {
    std::string pointer;  // JSON pointer ("/lines/0/quantity"), or the name of a query parameter or header
    std::string detail;
};

struct Problem {
    std::int32_t status = 500;
    std::string code;    // snake_case, stable; `type` is /docs/problems/<code>
    std::string detail;  // one sentence for people; nothing internal
    std::vector<FieldError> errors;
    std::vector<domain::Shortage> shortages;
    std::string current;           // JSON text of the present representation, for version_mismatch; or empty
    std::int32_t retry_after = 0;  // seconds; 0 = no Retry-After header
};

// The title that belongs to a code ("Not enough stock"), the same in every answer.
std::string_view title_of(std::string_view code);

// Appends the JSON object.
void append_problem(std::string& out, const Problem& problem, std::string_view trace_id);

// The problem that says what a refusal says. Status and code as in the contract's table.
Problem problem_of(const domain::Refusal& refusal);

Problem invalid_request(std::vector<FieldError> errors);

}  // namespace onhand::http
