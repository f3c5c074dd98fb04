#include <gtest/gtest.h>

#include "transport/http/resources.hpp"
#include "transport/http/testing/fake_exchange.hpp"

namespace onhand::http {

namespace {

FakeExchange get(World& world, const std::string& name, Handler handler,
                 const std::map<std::string, std::string>& query = {}) {
    FakeExchange exchange(world, "GET", "/api/v1/exports/" + name);
    for (const auto& [key, value] : query) exchange.with_query(key, value);
    exchange.run(handler);
    return exchange;
}

void import(World& world, const std::string& file) {
    FakeExchange exchange(world, "POST", "/api/v1/imports");
    exchange.with_body(file).run(&import_file);
    ASSERT_TRUE(exchange.json().at("applied").as_bool()) << exchange.text;
}

// The values of a row that an export of another database must repeat: all but version and time.
std::vector<std::string> rows_of(const std::string& csv) {
    std::vector<std::string> rows;
    std::size_t begin = 0;
    while (begin < csv.size()) {
        const auto end = csv.find("\r\n", begin);
        auto row = csv.substr(begin, end - begin);
        row = row.substr(0, row.rfind(','));
        rows.push_back(row.substr(0, row.rfind(',')));
        begin = end + 2;
    }
    return rows;
}

constexpr const char* stock_header =
    "sku,name,category,barcode,unit_price,currency,location,quantity,reorder_point,unavailable,held,allocated,"
    "available,incoming,version,updated_at\r\n";

}  // namespace

TEST(StockExport, writes_what_an_import_reads) {
    World world;
    import(world,
           "sku,name,category,barcode,unit_price,currency,quantity,reorder_point\n"
           "'=1+1,\"Lamp, \"\"big\"\"\",'@home,007,12.50,EUR,5,2\n"
           "B,'-Cable,,,,,0,0\n");
    auto exchange = get(world, "stock.csv", &export_stock);
    EXPECT_EQ(exchange.status, 200);
    EXPECT_EQ(exchange.type, "text/csv; charset=utf-8");
    EXPECT_EQ(exchange.file_name, "stock.csv");
    EXPECT_EQ(exchange.text,
              std::string(stock_header) +
                  "'=1+1,\"Lamp, \"\"big\"\"\",'@home,007,12.50,EUR,MAIN,5,2,0,0,0,5,0,1,2027-01-15T08:00:00.000Z\r\n"
                  "B,'-Cable,,,,,MAIN,0,0,0,0,0,0,0,0,2027-01-15T08:00:00.000Z\r\n");
    World other;
    import(other, exchange.text);
    EXPECT_EQ(rows_of(get(other, "stock.csv", &export_stock).text), rows_of(exchange.text));
    EXPECT_TRUE(other.harness.stock.level("=1+1", "MAIN").has_value());
}

TEST(StockExport, goes_through_all_pages_once) {
    World world;
    std::string file = "sku,name,quantity\n";
    for (int i = 0; i < 1234; ++i) file += "S" + std::to_string(10'000 + i) + ",n,1\n";
    import(world, file);
    const auto rows = rows_of(get(world, "stock.csv", &export_stock).text);
    ASSERT_EQ(rows.size(), 1235U);
    EXPECT_TRUE(std::ranges::is_sorted(rows.begin() + 1, rows.end()));
    EXPECT_EQ(std::ranges::adjacent_find(rows), rows.end());
}

TEST(StockExport, has_a_header_even_when_nothing_matches) {
    World world;
    EXPECT_EQ(get(world, "stock.csv", &export_stock).text, stock_header);
    EXPECT_EQ(get(world, "stock.csv", &export_stock, {{"state", "x"}}).status, 400);
}

TEST(StockExport, breaks_off_when_the_store_cannot_be_read) {
    World world;
    import(world, "sku,name\nA,a\n");
    world.reads_fail = true;
    EXPECT_TRUE(get(world, "stock.csv", &export_stock).stream_broke);
    EXPECT_TRUE(get(world, "orders.csv", &export_orders).stream_broke);
    EXPECT_TRUE(get(world, "movements.csv", &export_movements).stream_broke);
}

TEST(OrderExport, has_a_row_per_line) {
    World world;
    world.harness.add_product("A", 10);
    world.harness.add_product("B", 10);
    FakeExchange order(world, "POST", "/api/v1/orders");
    order.with_body(
        "{\"lines\":[{\"sku\":\"A\",\"quantity\":2},{\"sku\":\"B\",\"quantity\":3}],\"customer\":\"=cmd|' /C "
        "calc'!A0\"}");
    order.run(&place_order);
    const auto id = std::string(order.json().at("id").as_string());
    auto exchange = get(world, "orders.csv", &export_orders);
    const std::string begin = "1001," + id +
                              ",placed,2027-01-15T08:00:00.000Z,2027-01-15T08:00:00.000Z,"
                              "01930000-0000-7000-8000-000000000004,,'=cmd|' /C calc'!A0,,";
    const std::string header =
        "number,id,status,placed_at,updated_at,placed_by,reference,customer,note,sku,location,quantity,allocated,"
        "fulfilled,cancelled,returned\r\n";
    EXPECT_EQ(exchange.text, header + begin + "A,MAIN,2,2,0,0,0\r\n" + begin + "B,MAIN,3,3,0,0,0\r\n");
    EXPECT_EQ(get(world, "orders.csv", &export_orders, {{"sku", "none"}}).text, header);
    EXPECT_EQ(get(world, "orders.csv", &export_orders, {{"status", "fulfilled"}}).text, header);
    EXPECT_EQ(get(world, "orders.csv", &export_orders, {{"status", "x"}}).status, 400);
}

TEST(MovementExport, writes_the_ledger_in_order) {
    World world;
    std::string file = "sku,name,quantity\n";
    for (int i = 0; i < 600; ++i) file += "S" + std::to_string(i) + ",n,7\n";
    import(world, file);
    const auto text = get(world, "movements.csv", &export_movements).text;
    EXPECT_EQ(std::ranges::count(text, '\n'), 601);
    std::int64_t last = 0;
    for (std::size_t at = text.find('\n') + 1; at < text.size(); at = text.find('\n', at) + 1) {
        const auto seq = std::stoll(text.substr(at));
        EXPECT_GT(seq, last);
        last = seq;
    }
    EXPECT_EQ(std::ranges::count(get(world, "movements.csv", &export_movements, {{"sku", "S5"}}).text, '\n'), 2);
    EXPECT_EQ(std::ranges::count(get(world, "movements.csv", &export_movements, {{"sku", "none"}}).text, '\n'), 1);
    EXPECT_EQ(get(world, "movements.csv", &export_movements, {{"order", "x"}}).status, 400);
}

}  // namespace onhand::http
