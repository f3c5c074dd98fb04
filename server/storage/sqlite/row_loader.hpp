#pragma once
// Loads the rows a batch will be judged on into the working set, by prepared point look-ups. Used by the writer, on
// the lane thread and its connection, inside a read transaction of the caller. Rows the set already holds are left as
// they are. Throws SqlError.

#include "domain/working_set.hpp"
#include "storage/sqlite/rows.hpp"

namespace onhand::storage::sqlite {

class RowLoader {
  public:
    RowLoader(Connection& connection, OrderLookup& orders);

    void load(const domain::RowRequest& request, domain::WorkingSet& set);
    // Sets sequences, account_count and enabled_admin_count; returns the greatest id made so far.
    Uuid prepare(domain::WorkingSet& set);

  private:
    void load_product(std::string_view sku, domain::WorkingSet& set);
    void load_product_with_levels(std::string_view sku, domain::WorkingSet& set);
    void load_location(std::string_view code, domain::WorkingSet& set);
    void load_level(domain::LevelKey key, domain::WorkingSet& set);
    void load_order(const Uuid& id, domain::WorkingSet& set);
    void load_account(Cursor row, domain::WorkingSet& set, bool& found);
    void load_session(const domain::TokenHash& hash, domain::WorkingSet& set);

    Connection& connection_;
    OrderLookup& orders_;
    Statement select_product_;
    Statement select_location_;
    Statement select_level_;
    Statement select_levels_of_;
    Statement select_email_;
    Statement select_uuid_;
    Statement select_account_;
    Statement select_session_;
};

}  // namespace onhand::storage::sqlite
