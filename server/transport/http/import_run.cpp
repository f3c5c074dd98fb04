#include "transport/http/import_run.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "transport/http/conditional.hpp"
#include "transport/http/json_in.hpp"

namespace onhand::http {

namespace {

Problem problem_of_failure(engine::Failure failure) {
    Problem problem;
    problem.status = 503;
    problem.retry_after = 1;
    problem.detail = "Nothing was applied. Try again.";
    switch (failure) {
        case engine::Failure::busy:
        case engine::Failure::deadline_passed:
            problem.code = "busy";
            break;
        case engine::Failure::draining:
            problem.code = "draining";
            break;
        case engine::Failure::storage_unavailable:
            problem.code = "storage_unavailable";
            break;
        case engine::Failure::outcome_unknown:
            problem.status = 500;
            problem.code = "outcome_unknown";
            problem.detail = "It is not known whether the file was applied. Sending it again is safe.";
            break;
    }
    return problem;
}

Problem unreadable_problem(const domain::ImportError& error) {
    Errors errors;
    const std::string where = error.line > 0 ? "line " + std::to_string(error.line) : "file";
    add_error(errors, where, error.detail);
    Problem problem = invalid_request(std::move(errors));
    problem.detail = "The file cannot be read: " + error.detail + ".";
    return problem;
}

void add_errors(std::vector<domain::ImportError>& all, const std::vector<domain::ImportError>& more) {
    for (const auto& error : more)
        if (all.size() < import_errors_max) all.push_back(error);
}

// Gives one chunk to the engine. Returns false when the pass ends here.
bool submit_chunk(const SubmitAndWait& submit, domain::ImportProducts chunk, std::int64_t line, ImportReport& pass) {
    const bool dry_run = chunk.dry_run;
    const auto outcome = submit(std::move(chunk));
    const domain::Refusal* const refusal = outcome ? domain::refusal(*outcome) : nullptr;
    const auto* const done = outcome ? std::get_if<domain::ImportDone>(&*outcome) : nullptr;
    if (done == nullptr) {
        Problem problem = refusal != nullptr ? problem_of(*refusal) : problem_of_failure(outcome.error());
        if (pass.sum.applied) {
            // Earlier chunks are in. Say so as a result, not as a failure that "applied nothing".
            add_errors(pass.sum.errors,
                       {{line, "", "rows from here on were not applied: " + problem.detail + " Send the file again."}});
        } else {
            pass.problem = std::move(problem);
        }
        return false;
    }
    pass.sum.created += done->created;
    pass.sum.updated += done->updated;
    pass.sum.skipped += done->skipped;
    add_errors(pass.sum.errors, done->errors);
    pass.sum.applied = pass.sum.applied || done->applied;
    if (dry_run || done->applied) return true;
    // Whole or nothing, and since the check something changed.
    return false;
}

// Goes through the file once. Bad rows of the reader are counted and listed in either pass, since only one is shown.
ImportReport run_pass(std::string_view text, const ImportOrder& order, bool dry_run, const SubmitAndWait& submit) {
    ImportReport pass;
    ProductCsv csv(text, order.kind, order.currency);
    bool more = true;
    while (more) {
        domain::ImportProducts chunk;
        chunk.dry_run = dry_run;
        chunk.partial = order.partial;
        more = csv.next(chunk.rows, domain::import_rows_max);
        if (csv.unreadable()) {
            if (!pass.sum.applied) pass.problem = unreadable_problem(*csv.unreadable());
            return pass;
        }
        if (chunk.rows.empty()) break;
        const auto line = chunk.rows.front().line;
        if (!submit_chunk(submit, std::move(chunk), line, pass)) break;
    }
    pass.sum.rows = csv.rows();
    pass.sum.skipped += csv.skipped();
    add_errors(pass.sum.errors, csv.errors());
    std::ranges::stable_sort(pass.sum.errors, {}, &domain::ImportError::line);
    return pass;
}

struct Survey {
    std::int64_t rows = 0;
    bool bad = false;
    std::optional<Problem> problem;
};

// Reads the whole file without the engine: can it be read, are there bad rows, how many rows are there?
Survey survey(std::string_view text, const ImportOrder& order) {
    Survey result;
    ProductCsv csv(text, order.kind, order.currency);
    std::vector<domain::ImportRow> rows;
    while (csv.next(rows, domain::import_rows_max)) rows.clear();
    if (csv.unreadable()) result.problem = unreadable_problem(*csv.unreadable());
    result.rows = csv.rows();
    result.bad = !csv.errors().empty();
    return result;
}

}  // namespace

ImportReport run_import(std::string_view text, const ImportOrder& order, const SubmitAndWait& submit) {
    ImportReport report;
    const Survey found = survey(text, order);
    if (found.problem) {
        report.problem = found.problem;
        return report;
    }
    const bool whole_or_nothing = !order.partial;
    const bool many_chunks = found.rows > static_cast<std::int64_t>(domain::import_rows_max);
    const bool check_first = order.dry_run || (whole_or_nothing && (many_chunks || found.bad));
    if (check_first) {
        report = run_pass(text, order, true, submit);
        const bool good = !report.problem && report.sum.errors.empty();
        if (order.dry_run || !good) return report;
    }
    return run_pass(text, order, false, submit);
}

void append_import(std::string& body, const ImportReport& pass, bool dry_run) {
    body += "{\"rows\":";
    append_int(body, pass.sum.rows);
    body += ",\"created\":";
    append_int(body, pass.sum.created);
    body += ",\"updated\":";
    append_int(body, pass.sum.updated);
    body += ",\"skipped\":";
    append_int(body, pass.sum.skipped);
    body += dry_run ? ",\"dry_run\":true" : ",\"dry_run\":false";
    body += pass.sum.applied ? ",\"applied\":true" : ",\"applied\":false";
    body += ",\"errors\":[";
    for (std::size_t i = 0; i < pass.sum.errors.size(); ++i) {
        const auto& error = pass.sum.errors[i];
        body += i > 0 ? ",{\"line\":" : "{\"line\":";
        append_int(body, error.line);
        body += ",\"column\":";
        append_json_string(body, error.column);
        body += ",\"detail\":";
        append_json_string(body, error.detail);
        body += '}';
    }
    body += "]}";
}

}  // namespace onhand::http
