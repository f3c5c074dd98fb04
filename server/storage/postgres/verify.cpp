#include "storage/postgres/verify.hpp"

#include "storage/postgres/verify_parts.hpp"

namespace onhand::storage::postgres {

namespace {

constexpr const char* readable = "database_can_be_read";
constexpr const char* numbers = "order_numbers_are_unique";
constexpr const char* names = "levels_have_their_names";

// For one statement of the verification: it may count a whole table.
constexpr std::chrono::minutes statement_wait{30};

constexpr Statement number_twice{
    "verify_numbers",
    "SELECT number FROM request_result WHERE number IS NOT NULL GROUP BY number HAVING count(*) > 1 LIMIT 1"};

constexpr Statement level_without_names{
    "verify_names",
    "SELECT s.product, s.location FROM stock_level s LEFT JOIN product p ON p.id = s.product "
    "LEFT JOIN location l ON l.id = s.location WHERE p.id IS NULL OR l.id IS NULL LIMIT 1"};

}  // namespace

void verify_orders(Connection& connection, Findings& findings) {
    findings.guard(numbers, [&] {
        const auto twice = connection.query(number_twice);
        if (!twice.empty())
            findings.fail(numbers, "number " + std::to_string(twice.integer(0, 0)) + " belongs to several orders");
    });
}

void verify_levels(Connection& connection, Findings& findings) {
    findings.guard(names, [&] {
        const auto nameless = connection.query(level_without_names);
        if (!nameless.empty())
            findings.fail(names, "there is a level of product " + std::to_string(nameless.integer(0, 0)) +
                                     " at location " + std::to_string(nameless.integer(0, 1)) +
                                     ", and not both of them are there");
    });
}

std::vector<Check> verify_open_transaction(Connection& connection) {
    Findings findings;
    findings.begin(readable);
    verify_feed(connection, findings);
    verify_orders(connection, findings);
    verify_levels(connection, findings);
    return findings.take();
}

std::vector<Check> verify_database(ConnectOptions options) {
    options.answer_timeout = statement_wait;
    options.settings = {{"statement_timeout", "0"}, {"idle_in_transaction_session_timeout", "0"}};
    try {
        Connection connection(std::move(options));
        connection.begin(Isolation::repeatable_read_only);
        return verify_open_transaction(connection);
    } catch (const SqlError& error) {
        return {{readable, false, error.what()}};
    }
}

}  // namespace onhand::storage::postgres
