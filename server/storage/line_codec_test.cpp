#include "storage/line_codec.hpp"

#include <gtest/gtest.h>

namespace onhand::storage {
namespace {

std::vector<domain::OrderLine> sample_lines() {
    std::vector<domain::OrderLine> lines;
    for (int i = 1; i <= 3; ++i) {
        domain::OrderLine line;
        line.level = {domain::ProductId{i * 1'000'000'007LL}, domain::LocationId{i}};
        line.sku = "SKU \xc3\xa6 " + std::to_string(i);
        line.location = i == 1 ? "MAIN" : "SHOP";
        line.quantity = i * 100;
        line.fulfilled = i * 10;
        line.cancelled = i;
        line.returned = i * 9;
        lines.push_back(line);
    }
    return lines;
}

TEST(LineCodec, named_lines_and_progress_come_back) {
    const auto lines = sample_lines();
    Bytes named;
    Bytes progress;
    encode_named_lines(named, lines);
    encode_progress(progress, lines);
    std::vector<domain::OrderLine> decoded;
    ASSERT_TRUE(decode_named_lines(named, decoded));
    EXPECT_NE(decoded, lines);
    ASSERT_TRUE(decode_progress(progress, decoded));
    EXPECT_EQ(decoded, lines);
}

TEST(LineCodec, named_lines_that_are_cut_too_long_or_of_another_format_are_refused) {
    Bytes named;
    encode_named_lines(named, sample_lines());
    std::vector<domain::OrderLine> decoded;
    for (std::size_t size = 0; size < named.size(); ++size)
        EXPECT_FALSE(decode_named_lines(ByteView(named).first(size), decoded)) << size;
    Bytes longer = named;
    longer.push_back(0);
    EXPECT_FALSE(decode_named_lines(longer, decoded));
    named.front() = blob_format + 1;
    EXPECT_FALSE(decode_named_lines(named, decoded));
}

TEST(LineCodec, lines_with_impossible_numbers_are_refused) {
    std::vector<domain::OrderLine> decoded;
    Bytes blob;
    auto lines = sample_lines();
    lines[1].quantity = 0;
    encode_named_lines(blob, lines);
    EXPECT_FALSE(decode_named_lines(blob, decoded));
    lines[1].quantity = domain::order_line_quantity_max + 1;
    encode_named_lines(blob, lines);
    EXPECT_FALSE(decode_named_lines(blob, decoded));
    blob = {blob_format};
    append_number(blob, domain::order_lines_max + 1);
    EXPECT_FALSE(decode_named_lines(blob, decoded));
}

TEST(LineCodec, progress_beyond_the_lines_is_refused) {
    const auto refused = [](auto change) {
        auto lines = sample_lines();
        change(lines[2]);
        Bytes blob;
        encode_progress(blob, lines);
        return !decode_progress(blob, lines);
    };
    EXPECT_FALSE(refused([](auto&) {}));
    EXPECT_TRUE(refused([](auto& line) { line.fulfilled = line.quantity; }));
    EXPECT_TRUE(refused([](auto& line) { line.cancelled = -1; }));
    EXPECT_TRUE(refused([](auto& line) { line.returned = line.fulfilled + 1; }));
    Bytes blob;
    encode_progress(blob, sample_lines());
    std::vector<domain::OrderLine> fewer(2);
    EXPECT_FALSE(decode_progress(blob, fewer));
}

}  // namespace
}  // namespace onhand::storage
