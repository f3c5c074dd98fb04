#pragma once
// The subcommands that work on the database directly, while no server runs on it: each returns an exit code (0 ok,
// 1 failed, 2 usage) and prints its result, as JSON with `json`. Main thread.

#include <string>

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
int import_file(const std::string& database, const ImportArguments& arguments);

// Writes the stock table as CSV, in columns that `import` reads.
int export_stock(const std::string& database, const std::string& file);

struct UserArguments {
    std::string email;
    std::string name;
    std::string role = "admin";
};
// The password is read from standard input (one line), so that it shows neither in the process list nor in a history.
int add_user(const std::string& database, const UserArguments& arguments);
int set_user_password(const std::string& database, const std::string& email);
int list_users(const std::string& database, bool json);

int verify(const std::string& database, bool rebuild, bool json);
int migrate(const std::string& database);
int backup(const std::string& database, const std::string& file);
int restore(const std::string& file, const std::string& database);

}  // namespace onhand::app
