#pragma once
// CSV, RFC 4180: a reader that goes through a text record by record, and the appenders that write one. The reader
// takes CRLF, LF and lone CR as ends of lines, skips a byte order mark and empty lines, and finds out whether cells are
// separated by comma, semicolon or tab. Knows nothing of what the cells mean. Pure; one reader belongs to one thread.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace onhand {

inline constexpr std::size_t csv_cells_max = 2000;             // of one record
inline constexpr std::size_t csv_cell_bytes_max = 256 * 1024;  // product descriptions can be long

class CsvReader {
  public:
    enum class Status {
        record,  // `cells` holds the next record
        end,     // nothing is left
        broken,  // the text cannot be read from here on; problem() tells why, line() where
    };

    // `text` must outlive the reader and the cells.
    explicit CsvReader(std::string_view text);

    // Reads the next record. The cells are valid until the next call; escaped ones lie in the reader.
    Status next(std::vector<std::string_view>& cells);

    // The line, counted from 1, on which the last record began, or on which the text is broken.
    std::int64_t line() const { return line_; }
    // Why the text is broken, as a phrase for people.
    std::string_view problem() const { return problem_; }
    char delimiter() const { return delimiter_; }

  private:
    bool take_cell(std::vector<std::string_view>& cells);
    bool take_quoted(std::string_view& cell);
    bool take_plain(std::string_view& cell);
    bool take_line_end();
    Status broken(std::string_view why);
    bool cell_failed(std::string_view why);

    std::string_view rest_;
    char delimiter_ = ',';
    std::int64_t line_ = 0;       // of the record at hand
    std::int64_t next_line_ = 1;  // of `rest_`
    std::string_view problem_;
    std::deque<std::string> unescaped_;  // a deque, because cells point into its elements
};

// Separates the cells of a record that is being written: nothing before the first, a comma before others.
class CsvWriter {
  public:
    // Appends to `out`, which must outlive the writer.
    explicit CsvWriter(std::string& out) : out_(out) {}

    // A number or a word of our own, as it is.
    CsvWriter& value(std::string_view text);
    CsvWriter& value(std::int64_t number);
    // Text that people entered: quoted where needed, and made harmless for spreadsheets (see escape_formula).
    CsvWriter& text(std::string_view text);
    void end_record();

  private:
    void separate();
    std::string& out_;
    bool first_ = true;
};

// A spreadsheet takes a cell that begins with = + - @ (also full-width), a tab or a line break for a formula. Puts an
// apostrophe in front of such a text, and of one that is such a text behind apostrophes, so that unescape_formula
// gives every text back as it was.
std::string escape_formula(std::string_view text);
std::string_view unescape_formula(std::string_view cell);

}  // namespace onhand
