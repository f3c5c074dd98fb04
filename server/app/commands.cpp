#include "app/commands.hpp"

#include <fmt/format.h>
#include <sodium.h>
#include <termios.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>

#include "app/core.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/import_check.hpp"
#include "storage/migrate/sqlite_to_postgres.hpp"
#include "transport/http/exports.hpp"
#include "transport/http/import_run.hpp"
#include "transport/http/passwords.hpp"

namespace onhand::app {

namespace {

namespace json = boost::json;

int fail(std::string_view why, int code = 1) {
    fmt::print(stderr, "onhand: {}\n", why);
    return code;
}

// Opens the database, runs `work` on the started core and closes it again.
int with_core(const Config& config, const std::function<int(Core&)>& work) {
    log::set_level("warn");
    const SystemClock clock;
    auto core = Core::open(config, clock);
    if (!core) return fail(core.error(), 2);
    if (auto started = (*core)->start(); !started) return fail(started.error());
    const int code = work(**core);
    (*core)->stop();
    return code;
}

// The outcome of a command, or its refusal as an exit code and a line.
int report(const Result<domain::Outcome, engine::Failure>& outcome, const std::string& done) {
    if (!outcome) return fail("the database did not take the change");
    if (const auto* refused = domain::refusal(*outcome)) return fail(refused->detail);
    fmt::print("{}\n", done);
    return 0;
}

// One line from standard input, without showing it when somebody types it.
std::string read_secret(const char* prompt) {
    const bool typed = isatty(STDIN_FILENO) == 1;
    termios shown{};
    if (typed) {
        fmt::print(stderr, "{}", prompt);
        tcgetattr(STDIN_FILENO, &shown);
        termios hidden = shown;
        hidden.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &hidden);
    }
    std::string line;
    std::getline(std::cin, line);
    if (typed) {
        tcsetattr(STDIN_FILENO, TCSANOW, &shown);
        fmt::print(stderr, "\n");
    }
    return line;
}

std::optional<std::string> read_new_password(const std::string& email) {
    if (sodium_init() < 0) return std::nullopt;
    const auto password = read_secret("Password: ");
    if (const auto fault = http::password_fault(password, email)) {
        fail(*fault, 2);
        return std::nullopt;
    }
    return http::hash_password(password);
}

std::optional<std::string> read_all(const std::string& file) {
    std::ostringstream text;
    if (file == "-") {
        text << std::cin.rdbuf();
        return text.str();
    }
    std::ifstream stream(file, std::ios::binary);
    if (!stream) return std::nullopt;
    text << stream.rdbuf();
    return text.str();
}

void print_import(const http::ImportReport& result, const ImportArguments& arguments) {
    if (arguments.json) {
        std::string body;
        http::append_import(body, result, arguments.dry_run);
        fmt::print("{}\n", body);
        return;
    }
    for (const auto& error : result.sum.errors)
        fmt::print(stderr, "{}:{}: {}{}{}\n", arguments.file, error.line, error.column,
                   error.column.empty() ? "" : ": ", error.detail);
    fmt::print("{} rows: {} created, {} updated, {} skipped{}\n", result.sum.rows, result.sum.created,
               result.sum.updated, result.sum.skipped, result.sum.applied ? "" : "; nothing was applied");
}

}  // namespace

int import_file(const Config& config, const ImportArguments& arguments) {
    const auto text = read_all(arguments.file);
    if (!text) return fail(fmt::format("cannot read {}", arguments.file), 2);
    return with_core(config, [&](Core& core) {
        http::ImportOrder order;
        order.kind = arguments.kind;
        order.currency = arguments.currency;
        order.dry_run = arguments.dry_run;
        order.partial = arguments.partial;
        const SystemClock clock;
        const auto check = [&](domain::ImportProducts rows) {
            return engine::check_import(std::move(rows), core.stock, core.queries, clock.wall_ms());
        };
        const auto submit = [&core](domain::Command& command) { return core.run(command); };
        const auto commands = [&core] { return core.engine.stats().commands; };
        const http::ImportSteps steps{check, submit, commands, clock};
        const auto result = http::run_import(*text, order, steps);
        if (result.problem) {
            for (const auto& error : result.problem->errors) fail(error.pointer + ": " + error.detail);
            return fail(result.problem->detail);
        }
        print_import(result, arguments);
        return result.sum.errors.empty() || arguments.partial ? 0 : 1;
    });
}

int export_stock(const Config& config, const std::string& file) {
    return with_core(config, [&](Core& core) {
        std::ofstream out;
        if (file != "-") out.open(file, std::ios::binary);
        std::ostream& stream = file == "-" ? std::cout : out;
        if (!stream) return fail(fmt::format("cannot write {}", file), 2);
        http::StockExport source(core.stock, core.queries, {});
        for (;;) {
            std::string piece;
            const auto status = source.next(piece);
            if (status == http::Piece::broken) return fail("the database does not answer");
            stream << piece;
            if (status == http::Piece::end) break;
        }
        stream.flush();
        return stream ? 0 : fail(fmt::format("cannot write {}", file));
    });
}

int add_user(const Config& config, const UserArguments& arguments) {
    const auto role = domain::role_from(arguments.role);
    if (!role) return fail("the role is viewer, clerk, manager or admin", 2);
    if (!domain::is_email(arguments.email)) return fail("that is no e-mail address", 2);
    auto hash = read_new_password(arguments.email);
    if (!hash) return 2;
    return with_core(config, [&](Core& core) {
        domain::CreateAccount create;
        create.account.email = fold_case(arguments.email);
        create.account.name = arguments.name.empty() ? arguments.email : arguments.name;
        create.account.role = *role;
        create.account.password_hash = std::move(*hash);
        return report(core.run(std::move(create)),
                      fmt::format("{} can sign in as {}", arguments.email, arguments.role));
    });
}

int set_user_password(const Config& config, const std::string& email) {
    auto hash = read_new_password(email);
    if (!hash) return 2;
    return with_core(config, [&](Core& core) {
        const auto account = core.accounts.by_email(fold_case(email));
        if (!account) return fail("no such user", 2);
        domain::UpdateAccount update;
        update.account = account->uuid;
        update.password_hash = std::move(*hash);
        return report(core.run(std::move(update)), "the password is changed and all sessions are ended");
    });
}

int list_users(const Config& config, bool as_json) {
    return with_core(config, [&](Core& core) {
        json::array all;
        for (const auto& account : core.accounts.accounts()) {
            if (!as_json) {
                fmt::print("{:<8} {:<40} {}{}\n", domain::name(account.role), account.email, account.name,
                           account.disabled ? " (disabled)" : "");
                continue;
            }
            json::object one;
            one["id"] = to_string(account.uuid);
            one["email"] = account.email;
            one["name"] = account.name;
            one["role"] = std::string(domain::name(account.role));
            one["disabled"] = account.disabled;
            all.push_back(std::move(one));
        }
        if (as_json) fmt::print("{}\n", json::serialize(all));
        return 0;
    });
}

int verify(const Config& config, bool rebuild, bool as_json) {
    if (rebuild && config.is_shared()) return fail("only the embedded store has a derived store to make anew", 2);
    return with_core(config, [&](Core& core) {
        if (rebuild)
            if (const auto rebuilt = core.sqlite->rebuild_derived(); !rebuilt) return fail(rebuilt.error().detail);
        bool all_ok = true;
        json::array lines;
        for (const auto& check : core.verify()) {
            all_ok = all_ok && check.ok;
            if (as_json)
                lines.push_back(json::object{{"name", check.name}, {"ok", check.ok}, {"finding", check.finding}});
            else
                fmt::print("{:<6} {}{}{}\n", check.ok ? "ok" : "FAILED", check.name, check.finding.empty() ? "" : ": ",
                           check.finding);
        }
        if (as_json) fmt::print("{}\n", json::serialize(lines));
        return all_ok ? 0 : 1;
    });
}

int migrate(const Config& config) {
    return with_core(config, [&](Core&) {
        fmt::print("{} is up to date\n", config.shown_database());
        return 0;
    });
}

int migrate_to(const std::string& from, const std::string& to, bool as_json) {
    log::set_level("warn");
    const auto source = make_config({{"DATABASE_URL", from}}, {}, {});
    const auto target = make_config({{"DATABASE_URL", to}}, {}, {});
    if (!source || source->is_shared()) return fail("--from must be sqlite:PATH", 2);
    if (!target || !target->is_shared()) return fail("--to must be postgresql://USER@HOST/DATABASE", 2);
    if (!std::filesystem::exists(source->sqlite_path()))
        return fail(fmt::format("there is no {}", source->sqlite_path()), 2);
    const bool show = isatty(STDERR_FILENO) == 1;
    const auto progress = [show](std::int64_t done, std::int64_t all) {
        if (show) fmt::print(stderr, "\r{} of {} changes", done, all);
    };
    const auto moved = storage::migrate_sqlite_to_postgres(source->sqlite_path(), target->database, progress);
    if (show) fmt::print(stderr, "\n");
    if (!moved) return fail(moved.error());
    const std::pair<const char*, std::int64_t> counts[] = {
        {"changes", moved->items},     {"orders", moved->orders},       {"movements", moved->movements},
        {"products", moved->products}, {"locations", moved->locations}, {"levels", moved->levels},
        {"accounts", moved->accounts}, {"sessions", moved->sessions},   {"answers", moved->answers}};
    json::object lines;
    for (const auto& [name, count] : counts) {
        lines[name] = count;
        if (!as_json) fmt::print("{:<10} {}\n", name, count);
    }
    if (as_json)
        fmt::print("{}\n", json::serialize(lines));
    else
        fmt::print("moved to {}; all {} checks hold there\n", target->shown_database(), moved->checks.size());
    return 0;
}

int backup(const Config& config, const std::string& file) {
    if (config.is_shared()) return fail("back a PostgreSQL database up with pg_dump or pg_basebackup", 2);
    return with_core(config, [&](Core& core) {
        if (const auto done = core.sqlite->backup_to(file); !done) return fail(done.error().detail);
        fmt::print("{}\n", file);
        return 0;
    });
}

int restore(const std::string& file, const Config& config) {
    namespace fs = std::filesystem;
    if (config.is_shared()) return fail("restore a PostgreSQL database with pg_restore, then run verify", 2);
    const auto database = config.sqlite_path();
    std::error_code error;
    if (!fs::exists(file, error)) return fail(fmt::format("there is no {}", file), 2);
    for (const char* part : {"", "-wal", "-shm", ".mark", ".derived", ".runs"})
        if (fs::exists(database + part, error))
            return fail(fmt::format("{}{} exists; move it away first", database, part), 2);
    const auto folder = fs::path(database).parent_path();
    if (!folder.empty()) fs::create_directories(folder, error);
    fs::copy_file(file, database, error);
    if (error) return fail(fmt::format("cannot copy to {}: {}", database, error.message()));
    const int code = verify(config, true, false);
    if (code == 0) fmt::print("restored {} from {}\n", database, file);
    return code;
}

}  // namespace onhand::app
