#pragma once
// The rows of one batch for one table, gathered column by column, and the INSERT that writes them all. Used by
// batch_writer.cpp, on the lane thread. The statement's text is made once, from the list of columns.

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
    void send(Connection& connection, Params& params) const;

  private:
    std::string name_;
    std::string sql_;
    Statement statement_;
    std::vector<Column> columns_;
};

}  // namespace onhand::storage::postgres
