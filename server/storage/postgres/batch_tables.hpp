#pragma once
// The rows of one batch, table by table and column by column, as batch_writer.cpp gathers and sends them: inserts as
// InsertTable, updates as arrays in the order that the statements of batch_sql.hpp expect. Lane thread.

#include <vector>

#include "storage/postgres/insert_table.hpp"

namespace onhand::storage::postgres {

// The id of the outbox row: as given, or as drawn last in this transaction.
inline constexpr const char* batch_of_row = "coalesce($1::bigint, (SELECT currval('outbox_id_seq')))";

struct BatchTables {
    using enum Type;
    // The columns of an UPDATE, each an array.
    using Columns = std::vector<Array>;

    void clear();

    InsertTable new_products{"product",
                             {{"id", int64},
                              {"sku", text},
                              {"name", text},
                              {"category", text},
                              {"barcode", text},
                              {"price_amount", text},
                              {"price_currency", text},
                              {"attributes", text},
                              {"reorder_point", int64},
                              {"archived", boolean},
                              {"version", int64},
                              {"created_at", int64},
                              {"updated_at", int64}}};
    InsertTable locations{"location",
                          {{"id", int64}, {"code", text}, {"name", text}, {"version", int64}, {"created_at", int64}}};
    InsertTable new_levels{"stock_level",
                           {{"product", int64},
                            {"location", int64},
                            {"on_hand", int64},
                            {"unavailable", int64},
                            {"held", int64},
                            {"allocated", int64},
                            {"incoming", int64},
                            {"version", int64},
                            {"updated_at", int64},
                            {"orders", int64}},
                           {{"fence", "$1::bigint"}},
                           1};
    // An order is placed in its first version, with nothing shipped and nothing cancelled.
    InsertTable orders{"request_result",
                       {{"id", uuid},
                        {"key", uuid},
                        {"fingerprint", uuid},
                        {"place", int32},
                        {"number", int64},
                        {"placed_by", int64},
                        {"at", int64},
                        {"lines", bytes},
                        {"reference", text},
                        {"customer", text},
                        {"note", text},
                        {"words", text, "array_to_tsvector(string_to_array({}, ' '))"}},
                       {{"batch", batch_of_row}, {"status", "0"}, {"version", "1"}, {"updated_at", "{at}"}},
                       1};
    InsertTable answers{
        "request_result",
        {{"key", uuid}, {"fingerprint", uuid}, {"at", int64}, {"answer_status", int32}, {"answer", bytes}}};
    InsertTable movements{
        "movement",
        {{"place", int32},      {"id", uuid},          {"product", int64},  {"location", int64},    {"kind", int16},
         {"quantity", int64},   {"from_place", int64}, {"to_place", int64}, {"reason", int16},      {"actor", int64},
         {"cause_type", int16}, {"cause_id", uuid},    {"on_hand", int64},  {"unavailable", int64}, {"held", int64},
         {"allocated", int64},  {"incoming", int64},   {"version", int64},  {"at", int64},          {"note", text}},
        {{"batch", batch_of_row}},
        1};
    InsertTable accounts{"account",
                         {{"id", int64},
                          {"uuid", uuid},
                          {"email", text},
                          {"name", text},
                          {"password_hash", text},
                          {"role", int16},
                          {"disabled", boolean},
                          {"version", int64},
                          {"created_at", int64},
                          {"updated_at", int64}},
                         {},
                         0,
                         " ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.name, "
                         "password_hash = EXCLUDED.password_hash, role = EXCLUDED.role, "
                         "disabled = EXCLUDED.disabled, version = EXCLUDED.version, "
                         "updated_at = EXCLUDED.updated_at"};
    InsertTable sessions{
        "session",
        {{"token_hash", bytes}, {"account", int64}, {"created_at", int64}, {"expires_at", int64}, {"seen_at", int64}},
        {},
        0,
        " ON CONFLICT (token_hash) DO UPDATE SET expires_at = EXCLUDED.expires_at, seen_at = EXCLUDED.seen_at"};

    Columns products = columns({int64, text, text, text, text, text, text, int64, boolean, int64, int64, int64});
    Columns levels = columns({int64, int64, int64, int64, int64, int64, int64, int64, int64, int64, int64});
    Columns order_states = columns({uuid, int16, int64, int64, bytes});
    Array in_state{int32};
    Array ended_sessions{bytes};
    Array accounts_ended{int64};

  private:
    static Columns columns(std::initializer_list<Type> types) { return {types.begin(), types.end()}; }
};

}  // namespace onhand::storage::postgres
