#include "storage/sqlite/row_stream.hpp"

#include <gtest/gtest.h>

#include "storage/sqlite/sqlite_test_support.hpp"

namespace onhand::storage::sqlite {
namespace {

struct RowStreamTest : testing::Test {
    RowStreamTest() : connection(folder.file("rows.db"), Connection::Mode::write) {
        connection.execute("CREATE TABLE numbers (n INTEGER PRIMARY KEY)");
    }
    void fill(std::int64_t count) {
        Statement insert(connection, "INSERT INTO numbers VALUES (?)");
        connection.execute("BEGIN");
        for (std::int64_t n = 1; n <= count; ++n) insert.run(n);
        connection.execute("COMMIT");
    }
    static std::int64_t number(const Cursor& row) { return row.integer(0); }

    TemporaryFolder folder;
    Connection connection;
    const std::string sql = "SELECT n FROM numbers ORDER BY n";
};

}  // namespace

TEST_F(RowStreamTest, gives_every_row_once_and_in_order) {
    constexpr auto block = static_cast<std::int64_t>(RowStream<std::int64_t>::block_rows);
    std::int64_t filled = 0;
    for (const std::int64_t count : {std::int64_t{0}, std::int64_t{1}, block, block + 1, 5 * block}) {
        connection.execute("DELETE FROM numbers");
        fill(count);
        RowStream<std::int64_t> stream(connection, sql, number, 2);
        std::int64_t next = 1;
        for (auto rows = stream.take(); !rows.empty(); rows = stream.take())
            for (const auto row : rows) ASSERT_EQ(row, next++);
        EXPECT_EQ(next, count + 1);
        EXPECT_TRUE(stream.take().empty()) << "the end stays the end";
        filled += count;
    }
    EXPECT_GT(filled, 0);
}

TEST_F(RowStreamTest, may_be_left_in_the_middle) {
    fill(20'000);
    for (int i = 0; i < 20; ++i) {
        RowStream<std::int64_t> stream(connection, sql, number, 1);
        if (i % 2 == 0) EXPECT_EQ(stream.take().front(), 1);
    }
    EXPECT_EQ(connection.query_int("SELECT count(*) FROM numbers"), 20'000);
}

TEST_F(RowStreamTest, throws_what_reading_threw_after_the_rows_before_it) {
    fill(3000);
    const auto fails = [](const Cursor& row) -> std::int64_t {
        if (row.integer(0) == 2500) throw std::runtime_error("row 2500");
        return row.integer(0);
    };
    RowStream<std::int64_t> stream(connection, sql, fails, 8);
    std::size_t rows = 0;
    const auto read_all = [&] {
        for (auto block = stream.take(); !block.empty(); block = stream.take()) rows += block.size();
    };
    EXPECT_THROW(read_all(), std::runtime_error);
    EXPECT_EQ(rows, 2048U);
    RowStream<std::int64_t> wrong(connection, "SELECT nothing FROM nowhere", number, 8);
    EXPECT_THROW(wrong.take(), SqlError);
}

}  // namespace onhand::storage::sqlite
