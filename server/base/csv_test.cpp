#include "base/csv.hpp"

#include <gtest/gtest.h>

namespace onhand {

namespace {

using Record = std::vector<std::string>;

struct Reading {
    std::vector<Record> records;
    std::vector<std::int64_t> lines;
    std::string problem;
    std::int64_t broken_line = 0;
};

Reading read(std::string_view text) {
    CsvReader reader(text);
    Reading reading;
    std::vector<std::string_view> cells;
    while (true) {
        const auto status = reader.next(cells);
        if (status == CsvReader::Status::end) return reading;
        if (status == CsvReader::Status::broken) {
            reading.problem = reader.problem();
            reading.broken_line = reader.line();
            return reading;
        }
        reading.records.emplace_back(cells.begin(), cells.end());
        reading.lines.push_back(reader.line());
    }
}

std::string written(std::string_view text) {
    std::string out;
    CsvWriter writer(out);
    writer.text(text).end_record();
    return out;
}

}  // namespace

TEST(CsvReader, reads_every_kind_of_line_end_and_a_missing_last_one) {
    const std::vector<Record> expected{{"a", "b"}, {"1", "2"}};
    EXPECT_EQ(read("a,b\r\n1,2\r\n").records, expected);
    EXPECT_EQ(read("a,b\n1,2").records, expected);
    EXPECT_EQ(read("a,b\r1,2\r").records, expected);
    EXPECT_EQ(read("a,b\r\n\n\r1,2\n\n").records, expected);
}

TEST(CsvReader, reads_quotes_doubled_quotes_and_line_breaks_inside_quotes) {
    const auto reading = read("a,\"b \"\"x\"\", c\",\"\"\r\n\"one\r\ntwo\nthree\",2,3\nlast,,\n");
    const std::vector<Record> expected{{"a", "b \"x\", c", ""}, {"one\r\ntwo\nthree", "2", "3"}, {"last", "", ""}};
    EXPECT_EQ(reading.records, expected);
    EXPECT_EQ(reading.lines, (std::vector<std::int64_t>{1, 2, 5}));
}

TEST(CsvReader, keeps_many_unescaped_cells_of_one_record_apart) {
    std::string text;
    Record expected;
    for (int i = 0; i < 200; ++i) {
        text += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\"\"\"";
        expected.push_back(std::to_string(i) + "\"");
    }
    EXPECT_EQ(read(text).records, std::vector<Record>{expected});
}

TEST(CsvReader, skips_a_byte_order_mark_but_only_one_and_only_in_front) {
    EXPECT_EQ(read("\xEF\xBB\xBFsku\n1\n").records, (std::vector<Record>{{"sku"}, {"1"}}));
    EXPECT_EQ(read("\xEF\xBB\xBF\xEF\xBB\xBFsku\n").records, (std::vector<Record>{{"\xEF\xBB\xBFsku"}}));
}

TEST(CsvReader, finds_semicolons_and_tabs) {
    EXPECT_EQ(read("a;b\n1,5;2\n").records, (std::vector<Record>{{"a", "b"}, {"1,5", "2"}}));
    EXPECT_EQ(read("a\tb\n1;2\t3\n").records, (std::vector<Record>{{"a", "b"}, {"1;2", "3"}}));
    EXPECT_EQ(read("\"a;b;c\",d\n1,2\n").records, (std::vector<Record>{{"a;b;c", "d"}, {"1", "2"}}));
}

TEST(CsvReader, says_where_a_text_is_broken) {
    const auto open = read("a,b\n1,\"never\nclosed\n");
    EXPECT_EQ(open.problem, "a quoted cell is never closed");
    EXPECT_EQ(open.broken_line, 2);
    EXPECT_EQ(read("a\n\"x\"y\n").problem, "something follows a closing quote");
    EXPECT_EQ(read(std::string_view("a\nx\0y\n", 6)).problem, "it contains NUL bytes; it must be text in UTF-8");
    EXPECT_EQ(read(std::string(csv_cells_max, ',')).problem, "a record has too many cells");
    EXPECT_EQ(read(std::string(csv_cells_max - 1, ',')).problem, "");
    EXPECT_EQ(read(std::string(csv_cell_bytes_max + 1, 'x')).problem, "a cell is too long");
    EXPECT_EQ(read(std::string(csv_cell_bytes_max, 'x')).problem, "");
}

TEST(CsvReader, stays_broken) {
    CsvReader reader("\"x");
    std::vector<std::string_view> cells;
    EXPECT_EQ(reader.next(cells), CsvReader::Status::broken);
    EXPECT_EQ(reader.next(cells), CsvReader::Status::broken);
}

TEST(CsvReader, takes_a_quote_inside_a_plain_cell_as_it_is) {
    EXPECT_EQ(read("pipe 5\",x\n").records, (std::vector<Record>{{"pipe 5\"", "x"}}));
}

TEST(CsvReader, an_empty_text_has_no_records) {
    EXPECT_TRUE(read("").records.empty());
    EXPECT_TRUE(read("\xEF\xBB\xBF\r\n\r\n").records.empty());
}

TEST(CsvWriter, quotes_what_needs_it_and_leaves_the_rest) {
    std::string out;
    CsvWriter writer(out);
    writer.text("plain").text("a,b").text("say \"x\"").text("two\nlines").text(" space").value(-5).value("word");
    writer.end_record();
    writer.text("next").end_record();
    EXPECT_EQ(out, "plain,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\" space\",-5,word\r\nnext\r\n");
}

TEST(CsvWriter, makes_formulas_harmless) {
    EXPECT_EQ(written("=HYPERLINK(\"x\")"), "\"'=HYPERLINK(\"\"x\"\")\"\r\n");
    EXPECT_EQ(written("=cmd|' /C calc'!A0"), "'=cmd|' /C calc'!A0\r\n");
    EXPECT_EQ(written("+1"), "'+1\r\n");
    EXPECT_EQ(written("-1"), "'-1\r\n");
    EXPECT_EQ(written("@x"), "'@x\r\n");
    EXPECT_EQ(written("\tx"), "\"'\tx\"\r\n");
    EXPECT_EQ(written("\rx"), "\"'\rx\"\r\n");
    EXPECT_EQ(written("\xEF\xBC\x9D"
                      "1"),
              "'\xEF\xBC\x9D"
              "1\r\n");
    EXPECT_EQ(written("'=x"), "''=x\r\n");
    EXPECT_EQ(written("'quoted'"), "'quoted'\r\n");
    EXPECT_EQ(written("a=b"), "a=b\r\n");
    EXPECT_EQ(written(""), "\r\n");
}

TEST(CsvWriter, every_text_comes_back_as_it_was) {
    for (const std::string text :
         {"=1", "'=1", "''-1", "'", "''", "", "'x", "\t", "@", "a,b", "\"", "x\r\ny", " ", "\xEF\xBC\x8B"}) {
        std::string out;
        CsvWriter writer(out);
        writer.value("first").text(text).end_record();
        const auto reading = read(out);
        ASSERT_EQ(reading.records.size(), 1U) << text;
        ASSERT_EQ(reading.records[0].size(), 2U) << text;
        EXPECT_EQ(unescape_formula(reading.records[0][1]), text);
    }
}

}  // namespace onhand
