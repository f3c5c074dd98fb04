#include "transport/http/product_csv.hpp"

#include <gtest/gtest.h>

namespace onhand::http {

namespace {

struct Import {
    std::vector<domain::ImportRow> rows;
    std::vector<std::string> errors;  // "line column: detail"
    std::string unreadable;
    std::int64_t records = 0;
    std::int64_t skipped = 0;
};

Import read(std::string_view text, ImportKind kind = ImportKind::products, std::string currency = {}) {
    ProductCsv csv(text, kind, std::move(currency));
    Import import;
    while (csv.next(import.rows, import.rows.size() + 3)) {
    }
    for (const auto& error : csv.errors())
        import.errors.push_back(std::to_string(error.line) + " " + error.column + ": " + error.detail);
    if (csv.unreadable()) import.unreadable = std::to_string(csv.unreadable()->line) + " " + csv.unreadable()->detail;
    import.records = csv.rows();
    import.skipped = csv.skipped();
    return import;
}

// The one error of a file with one row.
std::string error_of(const std::string& header, const std::string& row) {
    const auto import = read(header + "\n" + row + "\n");
    EXPECT_EQ(import.unreadable, "");
    EXPECT_EQ(import.rows.size(), 0U) << row;
    EXPECT_EQ(import.errors.size(), 1U) << row;
    return import.errors.empty() ? "" : import.errors.front();
}

std::string quantity_error(const std::string& quantity) {
    return error_of("sku,quantity", "A," + quantity);
}

}  // namespace

TEST(ProductCsv, reads_our_own_columns_in_any_order_and_case) {
    const auto import = read(
        "Quantity,SKU, name ,unit_price,currency,location,REORDER_POINT,category,barcode\r\n"
        "5,A-1,\"Lamp, big\",12.50,EUR,EAST,3,Light,0012\r\n"
        ",B,,,,,,,\r\n");
    ASSERT_EQ(import.rows.size(), 2U) << import.unreadable;
    const auto& row = import.rows[0];
    EXPECT_EQ(row.line, 2);
    EXPECT_EQ(row.sku, "A-1");
    EXPECT_EQ(row.name, "Lamp, big");
    EXPECT_EQ(row.category, "Light");
    EXPECT_EQ(row.barcode, "0012");
    EXPECT_EQ(row.unit_price, (domain::Money{"12.50", "EUR"}));
    EXPECT_EQ(row.location, "EAST");
    EXPECT_EQ(row.quantity, 5);
    EXPECT_EQ(row.reorder_point, 3);
    EXPECT_EQ(import.rows[1].sku, "B");
    EXPECT_EQ(import.rows[1].name, std::nullopt);
    EXPECT_EQ(import.rows[1].quantity, std::nullopt);
    EXPECT_EQ(import.rows[1].unit_price, std::nullopt);
    EXPECT_EQ(import.records, 2);
}

TEST(ProductCsv, refuses_headers_it_cannot_use) {
    EXPECT_EQ(read("").unreadable, "1 the file is empty");
    EXPECT_EQ(read("name,quantity\nA,1\n").unreadable, "1 there is no column \"sku\"");
    EXPECT_EQ(read("sku,quantity,Quantity\n").unreadable, "1 the column \"quantity\" occurs twice");
    EXPECT_EQ(read("sku,qty\n").unreadable, "1 the column \"qty\" is not known");
    EXPECT_EQ(read("sku,\n").unreadable, "1 the column \"\" is not known");
    EXPECT_EQ(read("\xEF\xBB\xBF\xEF\xBB\xBFsku\n").unreadable.substr(0, 12), "1 the column");
    EXPECT_EQ(read("sku,na\xFFme\n").unreadable, "1 the header is not UTF-8");
    EXPECT_EQ(read(std::string_view("\xFF\xFEs\0k\0", 6)).unreadable, "0 the file is UTF-16; save it as UTF-8");
    EXPECT_NE(read(std::string_view("PK\x03\x04\x00\x00", 6)).unreadable, "");
    EXPECT_EQ(read("A-1,Lamp\n").unreadable, "1 the column \"a-1\" is not known");
}

TEST(ProductCsv, names_line_column_and_reason_of_bad_rows_and_keeps_the_good_ones) {
    const auto import = read(
        "sku,name,quantity\n"
        "A,\"two\nlines\",1\n"
        "B,b,x\n"
        "C,c,3\n"
        ",d,4\n"
        "E,e\n"
        "F,f,6,\n"
        "G,g,7,x\n"
        "H,\xFFh,8\n");
    ASSERT_EQ(import.rows.size(), 2U);
    EXPECT_EQ(import.rows[0].sku, "C");
    EXPECT_EQ(import.rows[1].sku, "F");
    EXPECT_EQ(import.errors,
              (std::vector<std::string>{"2 name: must be at most 256 bytes without control characters",
                                        "4 quantity: must be a whole number from 0 to 1000000000000",
                                        "6 sku: is required", "7 : the row has 2 cells, the header has 3",
                                        "9 : the row has 4 cells, the header has 3", "10 : the row is not UTF-8"}));
    EXPECT_EQ(import.records, 8);
    EXPECT_EQ(import.skipped, 6);
}

TEST(ProductCsv, takes_plain_whole_numbers_only) {
    for (const std::string quantity : {"\"1,5\"", "1.5", "1e3", "-1", "-0", "+1", "1 000", "0x10", "\xEF\xBC\x95",
                                       "ten", "1000000000001", "99999999999999999999", "=1"})
        EXPECT_EQ(quantity_error(quantity), "2 quantity: must be a whole number from 0 to 1000000000000") << quantity;
    EXPECT_EQ(read("sku,quantity\nA, 5 \nB,05\nC,0\nD,1000000000000\n").rows.size(), 4U);
}

TEST(ProductCsv, wants_a_currency_with_a_price) {
    EXPECT_EQ(error_of("sku,unit_price", "A,1.00"), "2 unit_price: needs a currency");
    EXPECT_EQ(error_of("sku,unit_price,currency", "A,1.00,eur"), "2 currency: must be three capital letters, like EUR");
    EXPECT_EQ(error_of("sku,unit_price,currency", "A,\"1,50\",EUR").substr(0, 12), "2 unit_price");
    EXPECT_EQ(read("sku,unit_price\nA,1.00\n", ImportKind::products, "CHF").rows.at(0).unit_price,
              (domain::Money{"1.00", "CHF"}));
}

TEST(ProductCsv, refuses_the_same_sku_and_location_twice) {
    const auto import = read("sku,location,quantity\nA,,1\nA,EAST,1\nA,MAIN,2\na,,1\n");
    EXPECT_EQ(import.rows.size(), 3U);
    EXPECT_EQ(import.errors, std::vector<std::string>{"4 sku: the same SKU and location stand in line 2"});
}

TEST(ProductCsv, keeps_leading_zeros_and_gives_back_what_was_made_harmless) {
    const auto import = read("sku,barcode\n'-7,'+1\n007,00012345\n''=x,'x\n");
    ASSERT_EQ(import.rows.size(), 3U);
    EXPECT_EQ(import.rows[0].sku, "-7");
    EXPECT_EQ(import.rows[0].barcode, "+1");
    EXPECT_EQ(import.rows[1].sku, "007");
    EXPECT_EQ(import.rows[1].barcode, "00012345");
    EXPECT_EQ(import.rows[2].sku, "'=x");
    EXPECT_EQ(import.rows[2].barcode, "'x");
}

TEST(ProductCsv, finds_semicolons_tabs_and_a_byte_order_mark) {
    EXPECT_EQ(read("\xEF\xBB\xBFsku;quantity\r\nA;5\r\n").rows.at(0).quantity, 5);
    EXPECT_EQ(read("sku\tquantity\rA\t5\r").rows.at(0).quantity, 5);
}

TEST(ProductCsv, stops_at_a_text_that_cannot_be_read_further) {
    EXPECT_EQ(read("sku,quantity\nA,1\nB,\"2\n").unreadable, "3 a quoted cell is never closed");
    EXPECT_EQ(read("sku,quantity\nA,1\nB,\"2\"x\n").unreadable, "3 something follows a closing quote");
}

TEST(ProductCsv, bounds_the_rows_and_the_list_of_errors) {
    std::string text = "sku,quantity\n";
    for (int i = 0; i < 2000; ++i) text += "A,x\n";
    const auto bad = read(text);
    EXPECT_EQ(bad.errors.size(), import_errors_max);
    EXPECT_EQ(bad.skipped, 2000);
    // Rows that carry no article are read fastest.
    text = "sku,name,type,stock\n";
    for (std::int64_t i = 0; i <= import_file_rows_max; ++i) text += ",,grouped,\n";
    EXPECT_EQ(read(text).unreadable, "2000002 a file may have at most 2000000 rows");
}

TEST(ProductCsv, gives_rows_chunk_by_chunk) {
    ProductCsv csv("sku\nA\nB\nC\n", ImportKind::products, "");
    std::vector<domain::ImportRow> rows;
    EXPECT_TRUE(csv.next(rows, 2));
    EXPECT_EQ(rows.size(), 2U);
    rows.clear();
    EXPECT_FALSE(csv.next(rows, 2));
    ASSERT_EQ(rows.size(), 1U);
    EXPECT_EQ(rows[0].sku, "C");
}

TEST(ProductCsv, tells_of_repeats_and_spares_looking_for_them) {
    const std::string_view text = "sku,location\nA,\nA,EAST\nB,\nA,MAIN\n";
    std::vector<domain::ImportRow> rows;
    ProductCsv csv(text.substr(0, text.size() - 7), ImportKind::products, "");
    csv.next(rows, 10);
    EXPECT_EQ(rows.size(), 3U);
    EXPECT_FALSE(csv.has_repeats());
    rows.clear();
    ProductCsv repeating(text, ImportKind::products, "");
    repeating.next(rows, 10);
    EXPECT_EQ(rows.size(), 3U);
    EXPECT_TRUE(repeating.has_repeats());
    rows.clear();
    ProductCsv trusting(text, ImportKind::products, "");
    trusting.expect_no_repeats();
    trusting.next(rows, 10);
    EXPECT_EQ(rows.size(), 4U);
}

TEST(ProductCsv, leaves_nothing_of_a_bad_row_in_the_next) {
    const auto import = read("sku,name,quantity\nA,Name,x\nB,,\n");
    ASSERT_EQ(import.rows.size(), 1U);
    EXPECT_EQ(import.rows[0].sku, "B");
    EXPECT_FALSE(import.rows[0].name);
}

TEST(StockCsv, takes_sku_location_and_quantity_only) {
    const auto import = read("sku,location,quantity\nA,EAST,5\nB,,\n", ImportKind::stock);
    EXPECT_EQ(import.rows.size(), 1U);
    EXPECT_EQ(import.errors, std::vector<std::string>{"3 quantity: is required"});
    EXPECT_EQ(read("sku,location\n", ImportKind::stock).unreadable, "1 there is no column \"quantity\"");
    EXPECT_EQ(read("sku,quantity,name\n", ImportKind::stock).unreadable, "1 an import of stock has no column \"name\"");
    EXPECT_NE(read("Handle,Title,Variant SKU\n", ImportKind::stock).unreadable, "");
}

TEST(ShopifyCsv, groups_variants_by_handle_in_the_classic_names) {
    const auto import = read(
        "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,"
        "Variant SKU,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Variant Barcode,Image Src,Status\n"
        "shirt,Shirt,\"<p>a \"\"good\"\" one</p>\n<p>x</p>\",Acme,Shirts,\"a, "
        "b\",TRUE,Size,S,Colour,Red,SH-S-R,5,deny,19.90,'0123,http://x/1.jpg,active\n"
        "shirt,,,,,,,,M,,Red,SH-M-R,7,deny,19.90,,,\n"
        "shirt,,,,,,,,,,,,,,,,http://x/2.jpg,\n"
        "mug,Mug,,Acme,,,TRUE,Title,Default Title,,,MUG,0,continue,5.00,,,active\n",
        ImportKind::products, "USD");
    ASSERT_EQ(import.unreadable, "");
    ASSERT_EQ(import.errors, std::vector<std::string>{});
    ASSERT_EQ(import.rows.size(), 3U);
    EXPECT_EQ(import.rows[0].sku, "SH-S-R");
    EXPECT_EQ(import.rows[0].name, "Shirt - S / Red");
    EXPECT_EQ(import.rows[0].category, "Shirts");
    EXPECT_EQ(import.rows[0].barcode, "0123");
    EXPECT_EQ(import.rows[0].unit_price, (domain::Money{"19.90", "USD"}));
    EXPECT_EQ(import.rows[0].quantity, 5);
    EXPECT_EQ(import.rows[1].name, "Shirt - M / Red");
    EXPECT_EQ(import.rows[1].category, "Shirts");
    EXPECT_EQ(import.rows[1].line, 4);
    EXPECT_EQ(import.rows[2].name, "Mug");
    EXPECT_EQ(import.rows[2].category, std::nullopt);
    EXPECT_EQ(import.rows[2].quantity, 0);
    EXPECT_EQ(import.skipped, 1);
}

TEST(ShopifyCsv, knows_the_new_names_and_leaves_prices_without_a_currency_out) {
    const auto import = read(
        "Title,URL handle,Description,Vendor,Product category,Type,Status,SKU,Barcode,Option1 name,Option1 value,"
        "Option1 Linked To,Price,Price / International,Inventory quantity,Product image URL,"
        "Size (product.metafields.custom.size)\n"
        "Lamp,lamp,,Acme,Home > Lighting > Lamps,,active,L-1,,,,,12.00,13.00,4,,\n");
    ASSERT_EQ(import.rows.size(), 1U) << import.unreadable;
    EXPECT_EQ(import.rows[0].sku, "L-1");
    EXPECT_EQ(import.rows[0].name, "Lamp");
    EXPECT_EQ(import.rows[0].category, "Home > Lighting > Lamps");
    EXPECT_EQ(import.rows[0].unit_price, std::nullopt);
    EXPECT_EQ(import.rows[0].quantity, 4);
}

TEST(ShopifyCsv, refuses_variants_without_sku_or_without_their_product) {
    const auto import = read(
        "Handle,Title,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty\n"
        "a,A,S,,1.00,1\n"
        "b,,M,B-M,1.00,1\n"
        "a,,L,A-L,1.00,-2\n");
    EXPECT_EQ(import.rows.size(), 0U);
    EXPECT_EQ(import.errors,
              (std::vector<std::string>{"2 variant sku: is required",
                                        "3 handle: the first row of this product, which has its title, is missing",
                                        "4 variant inventory qty: must be a whole number from 0 to 1000000000000"}));
}

TEST(WooCommerceCsv, takes_simple_products_and_variations) {
    const auto import = read(
        "ID,Type,SKU,\"GTIN, UPC, EAN, or ISBN\",Name,Published,In stock?,Stock,Low stock amount,Regular "
        "price,Categories,Meta: x\n"
        "1,simple,W-1,4006381333931,Pen,1,1,12,3,1.20,\"Office > Writing, Sale\",\n"
        "2,variable,W-2,,Shirt,1,1,,,,Shirts,\n"
        "3,\"variation, virtual\",W-2-S,,Shirt - S,1,1,parent,,15,,\n",
        ImportKind::products, "EUR");
    ASSERT_EQ(import.errors, std::vector<std::string>{});
    ASSERT_EQ(import.rows.size(), 2U) << import.unreadable;
    EXPECT_EQ(import.rows[0].category, "Writing");
    EXPECT_EQ(import.rows[0].barcode, "4006381333931");
    EXPECT_EQ(import.rows[0].quantity, 12);
    EXPECT_EQ(import.rows[0].reorder_point, 3);
    EXPECT_EQ(import.rows[0].unit_price, (domain::Money{"1.20", "EUR"}));
    EXPECT_EQ(import.rows[1].sku, "W-2-S");
    EXPECT_EQ(import.rows[1].quantity, std::nullopt);
    EXPECT_EQ(import.skipped, 1);
}

}  // namespace onhand::http
