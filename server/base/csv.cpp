#include "base/csv.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace onhand {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Counts the separators of the first line that stand outside quotes; the most frequent one is the delimiter.
char find_delimiter(std::string_view text) {
    constexpr std::array candidates{',', ';', '\t'};
    std::array<std::size_t, candidates.size()> counts{};
    bool quoted = false;
    for (const char c : text) {
        if (c == '"') quoted = !quoted;
        if (quoted) continue;
        if (c == '\n' || c == '\r') break;
        for (std::size_t i = 0; i < candidates.size(); ++i)
            if (c == candidates[i]) ++counts[i];
    }
    const auto most = std::ranges::max_element(counts);
    return candidates[static_cast<std::size_t>(most - counts.begin())];
}

// How many line ends there are, CRLF counted once.
std::int64_t count_line_ends(std::string_view text) {
    std::int64_t count = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n') ++count;
        if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) ++count;
    }
    return count;
}

bool looks_like_formula(std::string_view text) {
    // The last four are the full-width forms, which some spreadsheets read like the others.
    constexpr std::array<std::string_view, 11> starts{
        "=", "+", "-", "@", "\t", "\r", "\n", "\xEF\xBC\x9D", "\xEF\xBC\x8B", "\xEF\xBC\x8D", "\xEF\xBC\xA0"};
    return std::ranges::any_of(starts, [&](std::string_view start) { return text.starts_with(start); });
}

bool is_formula_behind_apostrophes(std::string_view text) {
    const auto start = text.find_first_not_of('\'');
    return start != std::string_view::npos && looks_like_formula(text.substr(start));
}

}  // namespace

CsvReader::CsvReader(std::string_view text) : rest_(text) {
    if (rest_.starts_with(byte_order_mark)) rest_.remove_prefix(byte_order_mark.size());
    delimiter_ = find_delimiter(rest_);
}

CsvReader::Status CsvReader::broken(std::string_view why) {
    problem_ = why;
    return Status::broken;
}

bool CsvReader::cell_failed(std::string_view why) {
    problem_ = why;
    return false;
}

bool CsvReader::take_line_end() {
    if (rest_.empty() || (rest_.front() != '\r' && rest_.front() != '\n')) return false;
    rest_.remove_prefix(rest_.starts_with("\r\n") ? 2 : 1);
    ++next_line_;
    return true;
}

CsvReader::Status CsvReader::next(std::vector<std::string_view>& cells) {
    cells.clear();
    if (!unescaped_.empty()) unescaped_.clear();
    if (!problem_.empty()) return Status::broken;
    while (take_line_end()) {
    }
    line_ = next_line_;
    if (rest_.empty()) return Status::end;
    while (true) {
        if (cells.size() >= csv_cells_max) return broken("a record has too many cells");
        if (!take_cell(cells)) return Status::broken;
        if (rest_.empty() || take_line_end()) return Status::record;
        // take_cell stops at a delimiter, a line end or the end of the text.
        rest_.remove_prefix(1);
    }
}

bool CsvReader::take_cell(std::vector<std::string_view>& cells) {
    std::string_view cell;
    const bool taken = rest_.starts_with('"') ? take_quoted(cell) : take_plain(cell);
    if (!taken) return false;
    if (cell.size() > csv_cell_bytes_max) return cell_failed("a cell is too long");
    if (cell.find('\0') != cell.npos) return cell_failed("it contains NUL bytes; it must be text in UTF-8");
    cells.push_back(cell);
    return true;
}

// Cells are short: a plain loop is faster than searching for each of the three.
bool CsvReader::take_plain(std::string_view& cell) {
    const auto stop = std::ranges::find_if(
        rest_, [delimiter = delimiter_](char c) { return c == delimiter || c == '\r' || c == '\n'; });
    cell = rest_.substr(0, static_cast<std::size_t>(stop - rest_.begin()));
    rest_.remove_prefix(cell.size());
    return true;
}

bool CsvReader::take_quoted(std::string_view& cell) {
    std::size_t at = 1;
    bool doubled = false;
    while (true) {
        at = rest_.find('"', at);
        if (at == std::string_view::npos) return cell_failed("a quoted cell is never closed");
        if (at + 1 >= rest_.size() || rest_[at + 1] != '"') break;
        doubled = true;
        at += 2;
    }
    cell = rest_.substr(1, at - 1);
    rest_.remove_prefix(at + 1);
    next_line_ += count_line_ends(cell);
    if (!rest_.empty() && rest_.front() != delimiter_ && rest_.front() != '\r' && rest_.front() != '\n')
        return cell_failed("something follows a closing quote");
    if (!doubled) return true;
    std::string& plain = unescaped_.emplace_back();
    plain.reserve(cell.size());
    for (std::size_t i = 0; i < cell.size(); ++i) {
        plain += cell[i];
        if (cell[i] == '"') ++i;
    }
    cell = plain;
    return true;
}

CsvWriter& CsvWriter::value(std::string_view text) {
    separate();
    out_ += text;
    return *this;
}

CsvWriter& CsvWriter::value(std::int64_t number) {
    separate();
    append_int(out_, number);
    return *this;
}

CsvWriter& CsvWriter::text(std::string_view text) {
    separate();
    const std::string harmless = escape_formula(text);
    const bool plain = harmless.find_first_of("\",;\t\r\n") == std::string::npos && !harmless.starts_with(' ') &&
                       !harmless.ends_with(' ');
    if (plain) {
        out_ += harmless;
        return *this;
    }
    out_ += '"';
    for (const char c : harmless) {
        out_ += c;
        if (c == '"') out_ += '"';
    }
    out_ += '"';
    return *this;
}

void CsvWriter::end_record() {
    out_ += "\r\n";
    first_ = true;
}

void CsvWriter::separate() {
    if (!first_) out_ += ',';
    first_ = false;
}

std::string escape_formula(std::string_view text) {
    if (is_formula_behind_apostrophes(text)) return "'" + std::string(text);
    return std::string(text);
}

std::string_view unescape_formula(std::string_view cell) {
    if (cell.starts_with('\'') && is_formula_behind_apostrophes(cell)) cell.remove_prefix(1);
    return cell;
}

}  // namespace onhand
