#include "storage/postgres/batch_tables.hpp"

namespace onhand::storage::postgres {

void BatchTables::clear() {
    for (InsertTable* table :
         {&new_products, &locations, &new_levels, &orders, &answers, &movements, &accounts, &sessions})
        table->clear();
    for (Columns* table : {&products, &levels, &order_states})
        for (Array& column : *table) column.clear();
    in_state.clear();
    ended_sessions.clear();
    accounts_ended.clear();
}

}  // namespace onhand::storage::postgres
