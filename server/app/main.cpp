// The program `onhand`: reads the command line and calls the subcommand. Exit codes: 0 ok, 1 failed, 2 usage or
// unsafe configuration.

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <functional>
#include <optional>

#include "app/commands.hpp"
#include "app/config.hpp"
#include "app/serve.hpp"
#include "transport/http/options.hpp"

namespace onhand::app {
namespace {

int refuse(const std::string& why) {
    fmt::print(stderr, "onhand: {}\n", why);
    return 2;
}

// The command line as it is taken apart; `run` is what was asked for.
struct CommandLine {
    CLI::App app{"Onhand: real-time inventory. Stock that is right under any number of concurrent orders."};
    Values flags;
    ImportArguments import;
    std::string import_kind = "products";
    std::string file = "-";
    std::string from;
    std::string to;
    UserArguments user;
    bool json = false;
    bool rebuild = false;
    std::function<int(const Config&)> run;
};

void add_value(CLI::App& command, CommandLine& line, const Setting& setting) {
    const std::string variable(setting.variable);
    command.add_option_function<std::string>(
        "--" + std::string(setting.flag), [&line, variable](const std::string& value) { line.flags[variable] = value; },
        fmt::format("{} [{}]", setting.help, setting.variable));
}

void add_serve(CommandLine& line) {
    auto& command = *line.app.add_subcommand("serve", "Serve the API, the live feed and the page");
    for (const auto& setting : settings()) {
        const std::string variable(setting.variable);
        if (setting.flag == "demo" || setting.flag == "behind-tls")
            command.add_flag_callback(
                "--" + std::string(setting.flag), [&line, variable] { line.flags[variable] = "true"; },
                fmt::format("{} [{}]", setting.help, setting.variable));
        else
            add_value(command, line, setting);
    }
    command.callback([&line] { line.run = serve; });
}

// A subcommand that works on the database; every one of them takes the settings of the database.
CLI::App& add_command(CLI::App& parent, CommandLine& line, const char* name, const char* help) {
    auto& command = *parent.add_subcommand(name, help);
    for (const auto& setting : settings())
        if (setting.flag == "database" || setting.flag == "database-pooler") add_value(command, line, setting);
    return command;
}

void add_import(CommandLine& line) {
    auto& command = add_command(line.app, line, "import", "Import products and stock from a CSV file");
    command.add_option("file", line.import.file, "the file; - is standard input")->required();
    command.add_option("--kind", line.import_kind, "products or stock")->check(CLI::IsMember({"products", "stock"}));
    command.add_option("--currency", line.import.currency, "of prices that the file gives without one");
    command.add_flag("--dry-run", line.import.dry_run, "check only, change nothing");
    command.add_flag("--partial", line.import.partial, "apply the good rows although others are bad");
    command.add_flag("--json", line.import.json, "print the result as JSON");
    command.callback([&line] {
        line.import.kind = line.import_kind == "stock" ? http::ImportKind::stock : http::ImportKind::products;
        line.run = [&line](const Config& config) { return import_file(config, line.import); };
    });
}

void add_data_commands(CommandLine& line) {
    auto& exported = add_command(line.app, line, "export", "Write the stock table as CSV");
    exported.add_option("--output", line.file, "the file; - is standard output");
    exported.callback(
        [&line] { line.run = [&line](const Config& config) { return export_stock(config, line.file); }; });

    auto& verified = add_command(line.app, line, "verify", "Recompute every invariant from the stored rows");
    verified.add_flag("--rebuild", line.rebuild, "first make the derived store anew");
    verified.add_flag("--json", line.json, "print the result as JSON");
    verified.callback(
        [&line] { line.run = [&line](const Config& config) { return verify(config, line.rebuild, line.json); }; });

    auto& migrated =
        add_command(line.app, line, "migrate", "Bring the database to this version's schema, or move it to PostgreSQL");
    auto* from = migrated.add_option("--from", line.from, "move the data of this embedded database, sqlite:PATH");
    auto* to = migrated.add_option("--to", line.to, "into this empty one, postgresql://USER@HOST/DATABASE");
    from->needs(to);
    to->needs(from);
    migrated.add_flag("--json", line.json, "print the counts as JSON");
    migrated.callback([&line] {
        line.run = [&line](const Config& config) {
            return line.from.empty() ? migrate(config) : migrate_to(line.from, line.to, line.json);
        };
    });

    auto& backed_up = add_command(line.app, line, "backup", "Copy the database as of one moment to a new file");
    backed_up.add_option("file", line.file, "the new file")->required();
    backed_up.callback([&line] { line.run = [&line](const Config& config) { return backup(config, line.file); }; });

    auto& restored = add_command(line.app, line, "restore", "Make a new database from a backup, and verify it");
    restored.add_option("file", line.file, "the backup")->required();
    restored.callback([&line] { line.run = [&line](const Config& config) { return restore(line.file, config); }; });
}

void add_user_commands(CommandLine& line) {
    auto& user = *line.app.add_subcommand("user", "Add users, set passwords, list users");
    user.require_subcommand(1);
    auto& added = add_command(user, line, "add", "Add a user; the password is read from standard input");
    added.add_option("email", line.user.email)->required();
    added.add_option("--name", line.user.name, "shown beside what the user does");
    added.add_option("--role", line.user.role, "viewer, clerk, manager or admin (default admin)");
    added.callback([&line] { line.run = [&line](const Config& config) { return add_user(config, line.user); }; });

    auto& password = add_command(user, line, "password", "Set a new password, read from standard input");
    password.add_option("email", line.user.email)->required();
    password.callback(
        [&line] { line.run = [&line](const Config& config) { return set_user_password(config, line.user.email); }; });

    auto& list = add_command(user, line, "list", "List all users");
    list.add_flag("--json", line.json, "print the list as JSON");
    list.callback([&line] { line.run = [&line](const Config& config) { return list_users(config, line.json); }; });
}

int run(int argc, char** argv) {
    CommandLine line;
    line.app.require_subcommand(1);
    line.app.set_version_flag("--version", "onhand " + http::Options{}.version);
    add_serve(line);
    add_import(line);
    add_data_commands(line);
    add_user_commands(line);
    try {
        line.app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        // --help and --version are "errors" of CLI11 too, with exit code 0.
        if (error.get_exit_code() == 0) return line.app.exit(error);
        return refuse(error.what());
    }
    const auto file = read_env_file(".env");
    if (!file) return refuse(file.error());
    const auto config = make_config(line.flags, read_environment(), *file);
    if (!config) return refuse(config.error());
    return line.run(*config);
}

}  // namespace
}  // namespace onhand::app

int main(int argc, char** argv) {
    try {
        return onhand::app::run(argc, argv);
    } catch (const std::exception& error) {
        fmt::print(stderr, "onhand: {}\n", error.what());
        return 1;
    }
}
