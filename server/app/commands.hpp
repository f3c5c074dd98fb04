#pragma once
// The subcommands that work on the database directly (on the embedded one, while no server runs on it): each returns an
// exit code (0 ok, 1 failed, 2 usage) and prints its result, as JSON with `json`. Main thread.

#include <string>

#include "app/config.hpp"
#include "transport/http/product_csv.hpp"

namespace onhand::app {

struct ImportArguments {
    std::string file;  // "-" = standard input
    http::ImportKind kind = http::ImportKind::products;
    std::string currency;
    bool dry_run = false;
    bool partial = false;
    bool json = false;
};
int import_file(const Config& config, const ImportArguments& arguments);

// Writes the stock table as CSV, in columns that `import` reads.
int export_stock(const Config& config, const std::string& file);

struct UserArguments {
    std::string email;
    std::string name;
    std::string role = "admin";
};
// The password is read from standard input (one line), so that it shows neither in the process list nor in a history.
int add_user(const Config& config, const UserArguments& arguments);
int set_user_password(const Config& config, const std::string& email);
int list_users(const Config& config, bool json);

int verify(const Config& config, bool rebuild, bool json);
// Brings the database to this version's schema.
int migrate(const Config& config);
// Moves everything from an embedded database into an empty PostgreSQL database, counts and checks it.
int migrate_to(const std::string& from, const std::string& to, bool json);
int backup(const Config& config, const std::string& file);
int restore(const std::string& file, const Config& config);

}  // namespace onhand::app
