#include "transport/socketio/frame.hpp"

#include <gtest/gtest.h>

namespace onhand::socketio {
namespace {

TEST(Frame, holds_both_forms_of_a_text_packet) {
    const auto frame = Frame::text({"42", "[\"a\"]"});
    EXPECT_EQ(frame.websocket_bytes(),
              "\x81\x07"
              "42[\"a\"]");
    EXPECT_EQ(frame.polling_text(), "42[\"a\"]");
    EXPECT_EQ(frame.size(), 9U);
}

TEST(Frame, holds_both_forms_of_a_binary_packet) {
    const auto frame = Frame::binary(std::string_view("\x01\x02\x03", 3));
    EXPECT_EQ(frame.websocket_bytes(), "\x82\x03\x01\x02\x03");
    EXPECT_EQ(frame.polling_text(), "bAQID");
}

TEST(Frame, of_raw_bytes_has_no_polling_form) {
    EXPECT_EQ(Frame::raw("HTTP").websocket_bytes(), "HTTP");
    EXPECT_EQ(Frame::raw("HTTP").polling_text(), "");
    EXPECT_EQ(Frame().size(), 0U);
}

TEST(FrameQueue, keeps_order_and_counts_bytes) {
    FrameQueue queue;
    EXPECT_TRUE(queue.empty());
    std::size_t popped = 0;
    std::size_t bytes = 0;
    for (std::size_t pushed = 0; pushed < 1000; ++pushed) {
        const auto frame = Frame::raw(std::to_string(pushed));
        bytes += frame.size();
        queue.push(frame);
        // Two in, one out, so that the queue is compacted while it is in use.
        if (pushed % 2 == 1) {
            EXPECT_EQ(queue.at(0).websocket_bytes(), std::to_string(popped));
            bytes -= queue.at(0).size();
            queue.pop();
            ++popped;
        }
        EXPECT_EQ(queue.bytes(), bytes);
    }
    EXPECT_EQ(queue.count(), 500U);
    EXPECT_EQ(queue.at(499).websocket_bytes(), "999");
    while (!queue.empty()) queue.pop();
    EXPECT_EQ(queue.bytes(), 0U);
}

}  // namespace
}  // namespace onhand::socketio
