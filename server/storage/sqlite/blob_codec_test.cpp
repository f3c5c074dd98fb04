#include "storage/sqlite/blob_codec.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <random>

namespace onhand::storage::sqlite {
namespace {

domain::Order sample_order() {
    domain::Order order;
    order.status = domain::OrderStatus::partially_fulfilled;
    order.version = 3;
    order.updated_at = 1'800'000'000'123;
    for (int i = 1; i <= 3; ++i) {
        domain::OrderLine line;
        line.level = {domain::ProductId{i * 1'000'000'007LL}, domain::LocationId{i}};
        line.quantity = i * 100;
        line.fulfilled = i * 10;
        line.cancelled = i;
        order.lines.push_back(line);
    }
    return order;
}

domain::Product sample_product() {
    domain::Product product;
    product.id = domain::ProductId{42};
    product.sku = "SKU \xc3\xa6";
    product.name = std::string(300, 'n');
    product.category = "tools";
    product.barcode = "4006381333931";
    product.unit_price = {"12.50", "EUR"};
    product.attributes = R"({"color":"red"})";
    product.reorder_point = domain::quantity_max;
    product.archived = true;
    product.version = 9;
    product.created_at = 1;
    product.updated_at = 1'800'000'000'123;
    return product;
}

TEST(BlobCodec, numbers_of_every_length_come_back) {
    for (int shift = 0; shift < 64; ++shift) {
        for (const std::uint64_t value :
             {std::uint64_t{1} << shift, (std::uint64_t{1} << shift) - 1, UINT64_MAX >> shift}) {
            Bytes bytes;
            append_number(bytes, value);
            ByteReader reader(bytes);
            EXPECT_EQ(reader.number(), value);
            EXPECT_TRUE(reader.ok() && reader.at_end());
        }
    }
}

TEST(BlobCodec, an_overlong_number_is_refused) {
    const Bytes too_large = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02};
    ByteReader reader(too_large);
    reader.number();
    EXPECT_FALSE(reader.ok());
    const Bytes endless(11, 0x80);
    ByteReader other(endless);
    other.number();
    EXPECT_FALSE(other.ok());
}

TEST(BlobCodec, lines_and_progress_come_back) {
    const domain::Order order = sample_order();
    Bytes lines;
    Bytes progress;
    encode_lines(lines, order.lines);
    encode_progress(progress, order.lines);
    std::vector<domain::OrderLine> decoded;
    ASSERT_TRUE(decode_lines(lines, decoded));
    ASSERT_TRUE(decode_progress(progress, decoded));
    EXPECT_EQ(decoded, order.lines);
}

TEST(BlobCodec, an_order_state_comes_back) {
    const domain::Order order = sample_order();
    Bytes bytes;
    encode_order_state(bytes, order);
    domain::Order decoded = domain::as_placed(order);
    ASSERT_TRUE(decode_order_state(bytes, decoded));
    EXPECT_EQ(decoded.lines, order.lines);
    EXPECT_EQ(decoded.status, order.status);
    EXPECT_EQ(decoded.version, order.version);
    EXPECT_EQ(decoded.updated_at, order.updated_at);
}

TEST(BlobCodec, a_product_and_a_location_come_back) {
    const domain::Product product = sample_product();
    Bytes bytes;
    encode_product(bytes, product);
    domain::Product decoded;
    ASSERT_TRUE(decode_product(bytes, decoded));
    EXPECT_EQ(decoded.sku, product.sku);
    EXPECT_EQ(decoded.name, product.name);
    EXPECT_EQ(decoded.unit_price, product.unit_price);
    EXPECT_EQ(decoded.attributes, product.attributes);
    EXPECT_EQ(decoded.reorder_point, product.reorder_point);
    EXPECT_TRUE(decoded.archived);
    EXPECT_EQ(decoded.version, 9);
    EXPECT_EQ(decoded.updated_at, product.updated_at);

    const domain::Location location{domain::LocationId{7}, "SHOP", "The shop", 2, 55};
    encode_location(bytes, location);
    domain::Location place;
    ASSERT_TRUE(decode_location(bytes, place));
    EXPECT_EQ(place.code, "SHOP");
    EXPECT_EQ(place.name, "The shop");
    EXPECT_EQ(domain::raw(place.id), 7);
    EXPECT_EQ(place.version, 2);
    EXPECT_EQ(place.created_at, 55);
}

// Decodes `bytes` as everything; true when anything accepted them.
bool any_accepts(ByteView bytes) {
    std::vector<domain::OrderLine> lines;
    auto known = sample_order();
    domain::Product product;
    domain::Location location;
    const bool as_lines = decode_lines(bytes, lines);
    const bool as_progress = decode_progress(bytes, known.lines);
    const bool as_state = decode_order_state(bytes, known);
    const bool as_product = decode_product(bytes, product);
    return decode_location(bytes, location) || as_lines || as_progress || as_state || as_product;
}

struct Form {
    Bytes whole;
    std::function<bool(ByteView)> decode;
};

std::vector<Form> all_forms() {
    std::vector<Form> forms(5);
    encode_lines(forms[0].whole, sample_order().lines);
    forms[0].decode = [](ByteView bytes) {
        std::vector<domain::OrderLine> lines;
        return decode_lines(bytes, lines);
    };
    encode_progress(forms[1].whole, sample_order().lines);
    forms[1].decode = [](ByteView bytes) {
        auto order = sample_order();
        return decode_progress(bytes, order.lines);
    };
    encode_order_state(forms[2].whole, sample_order());
    forms[2].decode = [](ByteView bytes) {
        auto order = sample_order();
        return decode_order_state(bytes, order);
    };
    encode_product(forms[3].whole, sample_product());
    forms[3].decode = [](ByteView bytes) {
        domain::Product product;
        return decode_product(bytes, product);
    };
    encode_location(forms[4].whole, {domain::LocationId{300}, "SHOP", "The shop", 200, 1'800'000'000'000});
    forms[4].decode = [](ByteView bytes) {
        domain::Location location;
        return decode_location(bytes, location);
    };
    return forms;
}

TEST(BlobCodec, cut_and_lengthened_blobs_are_refused) {
    for (const Form& form : all_forms()) {
        ASSERT_TRUE(form.decode(form.whole));
        for (std::size_t size = 0; size < form.whole.size(); ++size)
            EXPECT_FALSE(form.decode(ByteView(form.whole).first(size))) << "cut at " << size;
        Bytes longer = form.whole;
        longer.push_back(0);
        EXPECT_FALSE(form.decode(longer));
    }
}

TEST(BlobCodec, another_format_is_refused) {
    Bytes bytes;
    encode_lines(bytes, sample_order().lines);
    bytes[0] = blob_format + 1;
    EXPECT_FALSE(any_accepts(bytes));
}

TEST(BlobCodec, garbage_is_decoded_without_harm) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 20'000; ++i) {
        Bytes bytes(random() % 40);
        for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
        if (!bytes.empty() && i % 2 == 0) bytes[0] = blob_format;
        any_accepts(bytes);
        std::vector<std::int64_t> numbers;
        decode_postings(bytes, 5, numbers);
        for (std::size_t n = 1; n < numbers.size(); ++n) ASSERT_GE(numbers[n], numbers[n - 1]);
    }
}

TEST(BlobCodec, progress_beyond_the_quantity_is_refused) {
    auto lines = sample_order().lines;
    Bytes bytes;
    lines[0].fulfilled = lines[0].quantity + 1;
    encode_progress(bytes, lines);
    EXPECT_FALSE(decode_progress(bytes, lines));
}

TEST(BlobCodec, postings_come_back) {
    Bytes bytes;
    std::vector<std::int64_t> expected;
    std::int64_t last = 100;
    for (const std::int64_t next : {101LL, 102LL, 400LL, 70'000LL, 1'000'000'000'000LL}) {
        append_posting(bytes, last, next);
        expected.push_back(next);
        last = next;
    }
    std::vector<std::int64_t> numbers;
    ASSERT_TRUE(decode_postings(bytes, 100, numbers));
    EXPECT_EQ(numbers, expected);
}

}  // namespace
}  // namespace onhand::storage::sqlite
