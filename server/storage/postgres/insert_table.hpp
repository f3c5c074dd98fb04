#pragma once
// The rows of one batch for one table, gathered column by column, and the INSERT that writes them all. Used by
// batch_writer.cpp, on the lane thread. What all rows share is sent as one value and costs the server next to nothing,
// so there is a statement for each set of columns that differ; few sets occur.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "storage/postgres/column.hpp"
#include "storage/postgres/connection.hpp"

namespace onhand::storage::postgres {

class InsertTable {
  public:
    struct ColumnSpec {
        const char* name;
        Type type;
        const char* as = "";  // what is stored, with {} for the value; empty: the value
    };
    // A column that is not given row by row. `sql` may name a column above as {name}.
    struct Derived {
        const char* name;
        const char* sql;
    };
    // The first column must differ from row to row, or at least is sent so. `leading`: how many parameters of `derived`
    // ($1 …) come before the columns'. `suffix`: as ON CONFLICT.
    InsertTable(const char* table, std::vector<ColumnSpec> columns, std::vector<Derived> derived = {}, int leading = 0,
                const char* suffix = "");
    InsertTable(const InsertTable&) = delete;
    InsertTable& operator=(const InsertTable&) = delete;

    void clear();
    Column& operator[](std::size_t at) { return columns_[at]; }
    std::size_t rows() const { return columns_.front().size(); }

    // Sends the INSERT when there are rows. `params`: the leading ones; used up.
    void send(Connection& connection, Params& params);

  private:
    // Statements kept, and so prepared on each connection; others are put together anew each time.
    static constexpr std::size_t statements_max = 32;
    struct Prepared {
        std::string name;
        std::string sql;
        Statement statement;
    };
    std::string sql(std::uint32_t differing) const;

    const std::string table_;
    const std::vector<ColumnSpec> specs_;
    const std::vector<Derived> derived_;
    const int leading_;
    const std::string suffix_;
    std::vector<Column> columns_;
    std::map<std::uint32_t, std::unique_ptr<Prepared>> statements_;  // by the columns that differ, as bits
};

}  // namespace onhand::storage::postgres
