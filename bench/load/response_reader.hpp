#pragma once
// Cuts the bytes of one keep-alive connection into HTTP/1.1 answers. Bytes in, answers out: the owner reads from its
// socket into room(), says how much came, and takes answers until there is no more. Pipelined answers are fine. Used by
// the load generator, one reader per connection. It reads what Onhand sends: answers with a Content-Length, and 204 and
// 304; a chunked answer or one that ends with the connection is an error, not a guess.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace onhand::bench {

// Views point into the reader's buffer and hold until its next call of room().
struct Response {
    std::int32_t status = 0;
    std::string_view body;
    bool keep_alive = true;  // false when the server announced that it closes
};

class ResponseReader {
  public:
    enum class Progress { complete, need_more, broken };

    static constexpr std::size_t head_bytes_max = 16 * 1024;
    static constexpr std::size_t body_bytes_max = 64 * 1024 * 1024;

    // Where the next bytes go, at least 4 KiB. Moves what is left over from before, so no Response is valid after it.
    std::span<char> room();
    // `count` bytes were written to room().
    void received(std::size_t count);

    // The next whole answer. After `broken` the connection is of no use.
    Progress next(Response& response);

    // True between two answers, when the end of the stream is no loss.
    bool is_empty() const { return begin_ == end_; }

  private:
    struct Head {
        std::size_t length = 0;
        std::size_t body_length = 0;
        std::int32_t status = 0;
        bool keep_alive = true;
    };

    bool read_head(std::string_view text);
    bool read_field(std::string_view line);

    std::vector<char> buffer_;
    std::size_t begin_ = 0;  // unread bytes are buffer_[begin_ .. end_)
    std::size_t end_ = 0;
    Head head_;  // of the answer that is being read; length 0 = not yet seen whole
};

}  // namespace onhand::bench
