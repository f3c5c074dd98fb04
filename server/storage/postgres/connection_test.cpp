#include "storage/postgres/connection.hpp"

#include <gtest/gtest.h>

#include "storage/postgres/postgres_test_support.hpp"

namespace onhand::storage::postgres {
namespace {

constexpr Statement add_numbers{"add_numbers", "SELECT $1::bigint + $2::bigint"};
constexpr Statement divide{"divide", "SELECT 1 / $1::int"};
constexpr Statement echo_text{"echo_text", "SELECT $1::text"};

ConnectOptions options_with(bool prepared) {
    return {.url = test_server_url("tcp_url"), .prepared = prepared, .settings = {{"lock_timeout", "1234ms"}}};
}

// Both ways of sending statements.
class ConnectionTest : public testing::TestWithParam<bool> {
  protected:
    Connection connection{options_with(GetParam())};
    Params params;
};

INSTANTIATE_TEST_SUITE_P(PreparedOrNot, ConnectionTest, testing::Bool(),
                         [](const auto& test) { return test.param ? "prepared" : "unnamed"; });

TEST_P(ConnectionTest, carries_every_kind_of_value_both_ways) {
    const Uuid id{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255}};
    const std::array<std::uint8_t, 3> bytes{0, 255, 7};
    params.int64(INT64_MIN).int32(-5).int16(32000).boolean(true).text("Zoë \\").bytes(bytes).uuid(id).null(Type::text);
    const auto row = connection.query_text("SELECT $1, $2, $3, $4, $5, $6, $7, $8", params);
    ASSERT_EQ(row.rows(), 1);
    EXPECT_EQ(row.integer(0, 0), INT64_MIN);
    EXPECT_EQ(row.integer(0, 1), -5);
    EXPECT_EQ(row.integer(0, 2), 32000);
    EXPECT_TRUE(row.boolean(0, 3));
    EXPECT_EQ(row.text(0, 4), "Zoë \\");
    EXPECT_EQ((row.fixed<3>(0, 5)), bytes);
    EXPECT_EQ(row.uuid(0, 6), id);
    EXPECT_TRUE(row.is_null(0, 7));
    EXPECT_THROW(row.fixed<4>(0, 5), CorruptRow);
    EXPECT_THROW(row.integer(0, 4), CorruptRow);
}

TEST_P(ConnectionTest, carries_columns_of_values) {
    Array numbers(Type::int64), small(Type::int16), texts(Type::text), flags(Type::boolean), ids(Type::uuid);
    const Uuid id{{9}};
    for (int at = 0; at < 3; ++at) numbers.add(at * 1'000'000'000'000);
    small.add(-1);
    small.add_or_null(0);
    small.add(7);
    texts.add_text("");
    texts.add_text_or_null("");
    texts.add_text("c");
    for (const bool flag : {true, false, true}) flags.add_bool(flag);
    ids.add_uuid_or_null(Uuid{});
    ids.add_uuid(id);
    ids.add_null();
    params.array(numbers).array(small).array(texts).array(flags).array(ids);
    const auto rows = connection.query_text("SELECT * FROM unnest($1, $2, $3, $4, $5)", params);
    ASSERT_EQ(rows.rows(), 3);
    EXPECT_EQ(rows.integer(2, 0), 2'000'000'000'000);
    EXPECT_EQ(rows.integer(0, 1), -1);
    EXPECT_TRUE(rows.is_null(1, 1));
    EXPECT_FALSE(rows.is_null(0, 2));
    EXPECT_TRUE(rows.is_null(1, 2));
    EXPECT_EQ(rows.text(2, 2), "c");
    EXPECT_FALSE(rows.boolean(1, 3));
    EXPECT_TRUE(rows.is_null(0, 4));
    EXPECT_EQ(rows.uuid(1, 4), id);
}

TEST_P(ConnectionTest, sends_a_cleared_column_as_an_empty_one) {
    Array numbers(Type::int64);
    numbers.add_null();
    numbers.clear();
    params.array(numbers);
    EXPECT_TRUE(connection.query_text("SELECT unnest($1)", params).empty());
}

TEST_P(ConnectionTest, answers_a_pipeline_in_order) {
    connection.send_begin();
    for (int at = 0; at < 5; ++at) connection.send(add_numbers, params.clear().int64(at).int64(10));
    connection.sync();
    for (int at = 0; at < 5; ++at) EXPECT_EQ(connection.next_result().integer(0, 0), at + 10);
    EXPECT_EQ(connection.expected(), 0U);
    EXPECT_TRUE(connection.in_transaction());
    connection.commit();
    EXPECT_FALSE(connection.in_transaction());
}

TEST_P(ConnectionTest, keeps_its_settings_in_every_transaction) {
    for (int round = 0; round < 2; ++round) {
        connection.begin(Isolation::read_committed);
        EXPECT_EQ(connection.query_text("SHOW lock_timeout", params).text(0, 0), "1234ms");
        connection.commit();
    }
}

TEST_P(ConnectionTest, drops_the_rest_of_a_pipeline_after_a_failure) {
    connection.send_begin();
    connection.send(add_numbers, params.clear().int64(1).int64(2));
    connection.send(divide, params.clear().int32(0));
    connection.send(echo_text, params.clear().text("never"));
    connection.sync();
    EXPECT_EQ(connection.next_result().integer(0, 0), 3);
    try {
        connection.next_result();
        FAIL() << "a division by zero was answered";
    } catch (const SqlError& error) {
        EXPECT_TRUE(error.is("22012"));
        EXPECT_FALSE(error.connection_lost());
        EXPECT_EQ(to_store_error(error).code, StoreErrc::rejected);
    }
    EXPECT_EQ(connection.expected(), 0U);
    EXPECT_TRUE(connection.in_transaction());
    EXPECT_TRUE(connection.rollback());
    // The statement behind the failure was not prepared then; it is now.
    EXPECT_EQ(connection.query(echo_text, params.clear().text("now")).text(0, 0), "now");
}

TEST_P(ConnectionTest, does_not_take_a_rolled_back_commit_for_a_commit) {
    connection.begin(Isolation::read_committed);
    EXPECT_THROW(connection.query(divide, params.clear().int32(0)), SqlError);
    EXPECT_THROW(connection.commit(), SqlError);
    EXPECT_FALSE(connection.in_transaction());
}

TEST_P(ConnectionTest, reads_answers_while_it_still_sends) {
    // Far more in both directions than the buffers of the two sockets hold.
    const std::string text(20'000, 'x');
    const int statements = 1000;
    for (int at = 0; at < statements; ++at) connection.send(echo_text, params.clear().text(text));
    connection.sync();
    for (int at = 0; at < statements; ++at) ASSERT_EQ(connection.next_result().text(0, 0).size(), text.size());
}

TEST_P(ConnectionTest, walks_through_rows_in_portions) {
    connection.begin(Isolation::repeatable_read_only);
    for (const int last : {0, 9, 10, 11, 25}) {
        Cursor cursor(connection, "SELECT n::bigint FROM generate_series(1, $1) n ORDER BY n",
                      params.clear().int32(last), "numbers", 10);
        std::int64_t count = 0;
        while (cursor.next()) ASSERT_EQ(cursor.result().integer(cursor.row(), 0), ++count);
        EXPECT_EQ(count, last);
    }
    connection.commit();
}

TEST_P(ConnectionTest, writes_nothing_while_it_reads) {
    connection.begin(Isolation::repeatable_read_only);
    EXPECT_THROW(connection.execute("CREATE TABLE forbidden (id int)"), SqlError);
    EXPECT_TRUE(connection.rollback());
}

TEST_P(ConnectionTest, tells_a_killed_connection_and_connects_anew) {
    const int old_backend = connection.backend_pid();
    connection.query(echo_text, params.clear().text("before"));
    connection.begin(Isolation::read_committed);
    Connection other(options_with(true));
    Params pid;
    ASSERT_TRUE(other.query_text("SELECT pg_terminate_backend($1, 5000)", pid.int32(old_backend)).boolean(0, 0));
    try {
        connection.query(echo_text, params.clear().text("lost"));
        FAIL() << "a killed connection answered";
    } catch (const SqlError& error) {
        EXPECT_TRUE(error.connection_lost());
        EXPECT_EQ(to_store_error(error).code, StoreErrc::unavailable);
    }
    EXPECT_FALSE(connection.ok());
    EXPECT_FALSE(connection.rollback());
    EXPECT_THROW(connection.query(echo_text, params), SqlError);
    connection.reset();
    EXPECT_NE(connection.backend_pid(), old_backend);
    EXPECT_EQ(connection.query(echo_text, params.clear().text("after")).text(0, 0), "after");
}

TEST_P(ConnectionTest, gives_up_a_server_that_does_not_answer) {
    auto options = options_with(GetParam());
    options.answer_timeout = std::chrono::milliseconds(100);
    Connection impatient(options);
    try {
        impatient.execute("SELECT pg_sleep(30)");
        FAIL() << "somebody slept for half a minute";
    } catch (const SqlError& error) {
        EXPECT_TRUE(error.connection_lost());
        EXPECT_FALSE(impatient.ok());
    }
}

TEST_P(ConnectionTest, runs_scripts_as_a_whole_or_not_at_all) {
    EXPECT_THROW(connection.execute_script("CREATE TEMP TABLE half (n int); SELECT 1 / 0"), SqlError);
    EXPECT_THROW(connection.execute("SELECT * FROM half"), SqlError);
    connection.execute_script("CREATE TEMP TABLE whole (n int); INSERT INTO whole VALUES (1), (2)");
    EXPECT_EQ(connection.query_text("UPDATE whole SET n = 3", Params{}).affected(), 2);
}

TEST(Connection, prepares_each_statement_once) {
    Connection connection(options_with(true));
    Params params;
    for (int at = 0; at < 3; ++at) connection.query(add_numbers, params.clear().int64(at).int64(at));
    const auto rows =
        connection.query_text("SELECT count(*) FROM pg_prepared_statements WHERE name = 'add_numbers'", Params{});
    EXPECT_EQ(rows.integer(0, 0), 1);
}

TEST(Connection, prepares_nothing_when_told_so) {
    Connection connection(options_with(false));
    Params params;
    connection.begin(Isolation::read_committed);
    connection.query(add_numbers, params.int64(1).int64(1));
    EXPECT_EQ(connection.query_text("SELECT count(*) FROM pg_prepared_statements", Params{}).integer(0, 0), 0);
    connection.commit();
}

TEST(Connection, refuses_a_server_that_is_not_there) {
    EXPECT_THROW(Connection({.url = "postgresql://127.0.0.1:1/nothing"}), SqlError);
    EXPECT_THROW(Connection({.url = "postgresql://127.0.0.1:notaport/"}), SqlError);
}

TEST(SqlErrors, are_told_as_the_port_tells_them) {
    const auto code_of = [](const char* state) { return to_store_error(SqlError(state, "", false)).code; };
    for (const char* state : {"40001", "40P01", "55P03", "23505"}) EXPECT_EQ(code_of(state), StoreErrc::conflict);
    for (const char* state : {"23514", "23503", "22001"}) EXPECT_EQ(code_of(state), StoreErrc::rejected);
    EXPECT_EQ(code_of("53100"), StoreErrc::full);
    EXPECT_EQ(code_of("XX001"), StoreErrc::corrupt);
    for (const char* state : {"53300", "57014", "25006", "57P01", ""})
        EXPECT_EQ(code_of(state), StoreErrc::unavailable);
}

}  // namespace
}  // namespace onhand::storage::postgres
