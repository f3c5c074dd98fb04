#include "storage/postgres/insert_table.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <random>

#include "storage/postgres/postgres_test_support.hpp"

namespace onhand::storage::postgres {
namespace {

// A value of each kind of column; those that may be NULL are nullopt then.
struct Row {
    std::int64_t id = 0;
    std::int64_t number = 0;
    std::int64_t small = 0;
    std::int64_t medium = 0;
    bool flag = false;
    std::string text;
    std::optional<std::string> word;
    std::optional<Uuid> uuid;
    std::optional<std::string> bytes;
    bool operator==(const Row&) const = default;
};

std::span<const std::uint8_t> as_bytes(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

class InsertTableTest : public testing::Test {
  protected:
    void SetUp() override {
        connection_->execute(
            "CREATE TEMP TABLE kinds (id bigint, number bigint, small smallint, medium integer, flag boolean, "
            "label text, word text, ref uuid, raw bytea, twice bigint, lead bigint)");
    }

    void add(const Row& row) {
        table_[0].add(row.id);
        table_[1].add(row.number);
        table_[2].add(row.small);
        table_[3].add(row.medium);
        table_[4].add_bool(row.flag);
        table_[5].add_text(row.text);
        table_[6].add_text_or_null(row.word.value_or(""));
        table_[7].add_uuid_or_null(row.uuid.value_or(Uuid{}));
        if (row.bytes)
            table_[8].add_bytes(as_bytes(*row.bytes));
        else
            table_[8].add_null();
    }

    std::vector<Row> write_and_read(const std::vector<Row>& rows) {
        connection_->execute("TRUNCATE kinds");
        table_.clear();
        for (const Row& row : rows) add(row);
        Params params;
        table_.send(*connection_, params.int64(7));
        connection_->sync();
        connection_->next_result();
        const SqlResult found = connection_->query_text(
            "SELECT id, number, small, medium, flag, label, word, ref, raw, twice, lead FROM kinds ORDER BY id",
            Params{});
        std::vector<Row> read;
        for (int at = 0; at < found.rows(); ++at) {
            Row row{found.integer(at, 0), found.integer(at, 1), found.integer(at, 2),
                    found.integer(at, 3), found.boolean(at, 4), found.string(at, 5),
                    std::nullopt,         std::nullopt,         std::nullopt};
            if (!found.is_null(at, 6)) row.word = found.string(at, 6);
            if (!found.is_null(at, 7)) row.uuid = found.uuid(at, 7);
            const auto raw = found.bytes(at, 8);
            if (!found.is_null(at, 8)) row.bytes = std::string(raw.begin(), raw.end());
            EXPECT_EQ(found.integer(at, 9), 2 * row.number);
            EXPECT_EQ(found.integer(at, 10), 7);
            read.push_back(std::move(row));
        }
        return read;
    }

    TestDatabase database_;
    std::unique_ptr<Connection> connection_ = database_.connect();
    InsertTable table_{"kinds",
                       {{"id", Type::int64},
                        {"number", Type::int64},
                        {"small", Type::int16},
                        {"medium", Type::int32},
                        {"flag", Type::boolean},
                        {"label", Type::text},
                        {"word", Type::text, "lower({})"},
                        {"ref", Type::uuid},
                        {"raw", Type::bytes}},
                       {{"twice", "2 * {number}"}, {"lead", "$1::bigint"}},
                       1};
};

// Few different values, so that columns are shared often, differ late, and begin or end with NULL.
TEST_F(InsertTableTest, writes_what_it_was_given_whatever_the_rows_share) {
    std::mt19937_64 random(4);
    for (int round = 0; round < 60; ++round) {
        SCOPED_TRACE(round);
        const std::uint64_t rarely = 1 + random() % 12;
        const auto chosen = [&] { return random() % rarely == 0; };
        std::vector<Row> rows(1 + random() % 12);
        for (std::size_t at = 0; at < rows.size(); ++at) {
            Row& row = rows[at];
            row.id = static_cast<std::int64_t>(at);
            row.number = chosen() ? INT64_MIN / 4 : 5;
            row.small = chosen() ? -1 : 32'000;
            row.medium = chosen() ? -2'000'000'000 : 0;
            row.flag = chosen();
            row.text = chosen() ? "Ærø" : "";
            if (chosen()) row.word = chosen() ? "other" : "word";
            if (chosen()) row.uuid = Uuid{{chosen() ? std::uint8_t{1} : std::uint8_t{2}}};
            if (chosen()) row.bytes = chosen() ? std::string("\0\xff", 2) : "";
        }
        EXPECT_EQ(write_and_read(rows), rows);
    }
}

TEST_F(InsertTableTest, sends_nothing_without_rows) {
    table_.clear();
    Params params;
    table_.send(*connection_, params.int64(1));
    EXPECT_EQ(connection_->expected(), 0U);
}

}  // namespace
}  // namespace onhand::storage::postgres
