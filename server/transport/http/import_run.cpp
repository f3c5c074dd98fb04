#include "transport/http/import_run.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "base/ensure.hpp"
#include "base/text.hpp"
#include "transport/http/conditional.hpp"
#include "transport/http/import_pace.hpp"
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

void add_counts(domain::ImportDone& sum, const domain::ImportDone& part) {
    sum.created += part.created;
    sum.updated += part.updated;
    sum.skipped += part.skipped;
    add_errors(sum.errors, part.errors);
    sum.applied = sum.applied || part.applied;
}

// The part is in no transaction, and another attempt may go better.
bool is_passing(engine::Failure failure) {
    return failure == engine::Failure::busy || failure == engine::Failure::deadline_passed;
}

// One run over one file.
class ImportRun {
  public:
    ImportRun(std::string_view text, const ImportOrder& order, const ImportSteps& steps)
        : text_(text), order_(order), steps_(steps), pace_(steps.clock.mono_ns(), steps.commands()) {}

    ImportReport run();

  private:
    using Rows = std::vector<domain::ImportRow>;
    using Outcome = Result<domain::Outcome, engine::Failure>;
    ImportReport check();
    ImportReport apply();
    ImportReport apply_at_once(const ProductCsv& csv, Rows rows);
    domain::ImportProducts command_of(Rows rows, bool dry_run) const;
    Outcome submit_paced(Rows rows, bool others_are_in);
    Outcome submit(Rows rows, bool others_are_in) const;
    bool take_outcome(const Outcome& outcome, std::int64_t line, ImportReport& report) const;
    static void finish(const ProductCsv& csv, ImportReport& report);

    std::string_view text_;
    const ImportOrder& order_;
    const ImportSteps& steps_;
    ImportPace pace_;
    bool has_repeats_ = true;  // until check() found that there are none
};

domain::ImportProducts ImportRun::command_of(Rows rows, bool dry_run) const {
    domain::ImportProducts command;
    command.rows = std::move(rows);
    command.dry_run = dry_run;
    command.partial = order_.partial;
    return command;
}

// Bad rows of the reader are counted and listed in either pass, since only one is shown.
void ImportRun::finish(const ProductCsv& csv, ImportReport& report) {
    report.sum.rows = csv.rows();
    report.sum.skipped += csv.skipped();
    add_errors(report.sum.errors, csv.errors());
    std::ranges::stable_sort(report.sum.errors, {}, &domain::ImportError::line);
}

ImportReport ImportRun::run() {
    ProductCsv csv(text_, order_.kind, order_.currency);
    Rows rows;
    const bool more = csv.next(rows, domain::import_rows_max + 1);
    ImportReport report;
    if (csv.unreadable()) {
        report.problem = unreadable_problem(*csv.unreadable());
        return report;
    }
    const bool small = !more && rows.size() <= domain::import_rows_max;
    const bool good_form = csv.errors().empty();
    if (small && !order_.dry_run && (order_.partial || good_form)) return apply_at_once(csv, std::move(rows));
    rows = Rows();
    // A file that breaks off in its middle is refused as a whole, also where good rows are to be applied.
    report = check();
    const bool good = !report.problem && (order_.partial || report.sum.errors.empty());
    return order_.dry_run || !good ? report : apply();
}

// Goes through the whole file without changing anything.
ImportReport ImportRun::check() {
    ImportReport report;
    ProductCsv csv(text_, order_.kind, order_.currency);
    for (bool more = true; more;) {
        Rows rows;
        rows.reserve(import_check_rows + 1);
        more = csv.next(rows, import_check_rows);
        if (csv.unreadable()) {
            report.problem = unreadable_problem(*csv.unreadable());
            return report;
        }
        if (rows.empty()) continue;
        const auto done = steps_.check(command_of(std::move(rows), true));
        if (!done) {
            report.problem = problem_of_failure(engine::Failure::storage_unavailable);
            return report;
        }
        add_counts(report.sum, *done);
    }
    has_repeats_ = csv.has_repeats();
    finish(csv, report);
    return report;
}

ImportReport ImportRun::apply_at_once(const ProductCsv& csv, Rows rows) {
    ImportReport report;
    if (!rows.empty()) {
        const auto line = rows.front().line;
        take_outcome(submit(std::move(rows), false), line, report);
    }
    finish(csv, report);
    return report;
}

// Part by part; while one is with the engine the next is read.
ImportReport ImportRun::apply() {
    ImportReport report;
    ProductCsv csv(text_, order_.kind, order_.currency);
    if (!has_repeats_) csv.expect_no_repeats();
    std::future<Outcome> waiting;
    std::size_t part_rows = pace_.rows();
    std::int64_t waiting_line = 0;
    bool good = true;
    for (bool more = true; more && good;) {
        Rows rows;
        rows.reserve(part_rows + 1);
        more = csv.next(rows, part_rows);
        ensure(!csv.unreadable(), "a file that was checked can be read");
        if (waiting.valid()) {
            good = take_outcome(waiting.get(), waiting_line, report);
            part_rows = pace_.rows();
        }
        if (!good || rows.empty()) continue;
        waiting_line = rows.front().line;
        waiting = std::async(std::launch::async,
                             [this, others_are_in = report.sum.applied, part = std::move(rows)]() mutable {
                                 return submit_paced(std::move(part), others_are_in);
                             });
    }
    if (waiting.valid()) take_outcome(waiting.get(), waiting_line, report);
    finish(csv, report);
    return report;
}

// Also rests afterwards. The run's thread reads on meanwhile and looks at the pace when it has the outcome.
ImportRun::Outcome ImportRun::submit_paced(Rows rows, bool others_are_in) {
    const auto count = rows.size();
    pace_.begin_part(steps_.clock.mono_ns(), steps_.commands());
    auto outcome = submit(std::move(rows), others_are_in);
    pace_.end_part(steps_.clock.mono_ns(), count);
    if (pace_.rest() > 0) std::this_thread::sleep_for(std::chrono::nanoseconds(pace_.rest()));
    return outcome;
}

// With parts of the file applied already, a busy engine is asked again for a while: to break off would leave half.
ImportRun::Outcome ImportRun::submit(Rows rows, bool others_are_in) const {
    constexpr int attempts_max = 100;
    constexpr std::chrono::milliseconds pause{100};
    domain::Command command = command_of(std::move(rows), false);
    auto outcome = steps_.submit(command);
    for (int attempt = 1; others_are_in && !outcome && is_passing(outcome.error()) && attempt < attempts_max;
         ++attempt) {
        std::this_thread::sleep_for(pause);
        outcome = steps_.submit(command);
    }
    return outcome;
}

// False when the run ends here. `line` is where the part begins.
bool ImportRun::take_outcome(const Outcome& outcome, std::int64_t line, ImportReport& report) const {
    const auto* const done = outcome ? std::get_if<domain::ImportDone>(&*outcome) : nullptr;
    if (done != nullptr) {
        add_counts(report.sum, *done);
        // Else: whole or nothing, and since the check something changed.
        return done->applied;
    }
    const auto* const refusal = outcome ? domain::refusal(*outcome) : nullptr;
    Problem problem = refusal != nullptr ? problem_of(*refusal) : problem_of_failure(outcome.error());
    if (report.sum.applied) {
        // Earlier parts are in. Say so as a result, not as a failure that "applied nothing".
        add_errors(report.sum.errors,
                   {{line, "", "rows from here on were not applied: " + problem.detail + " Send the file again."}});
    } else {
        report.problem = std::move(problem);
    }
    return false;
}

}  // namespace

ImportReport run_import(std::string_view text, const ImportOrder& order, const ImportSteps& steps) {
    return ImportRun(text, order, steps).run();
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
