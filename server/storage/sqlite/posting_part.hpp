#pragma once
// A part of a list of feed numbers, as it lies in a run: the first number is in the entry's name, the value holds
//
//   how many numbers of this list come before it in the run, how many it has, last minus first,
//   and the differences from one number to the next                                      (all LEB128)
//
// PartWriter puts numbers and whole parts together into parts of bounded size. Pure, one thread at a time.

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/sqlite/blob_codec.hpp"
#include "storage/sqlite/run_entry.hpp"

namespace onhand::storage::sqlite {

struct PostingPart {
    domain::FeedSeq first = 0;
    domain::FeedSeq last = 0;
    std::int64_t before = 0;  // numbers of the list in earlier parts of the run
    std::int64_t count = 0;
    ByteView differences;

    // Appends the numbers, rising. Throws SqlError when the part makes no sense.
    void append_to(std::vector<domain::FeedSeq>& out) const;
};

// Throws SqlError when the value cannot be read.
PostingPart read_part(std::string_view name, std::string_view value);

class PartWriter {
  public:
    // `write(name, value)` takes each finished part.
    using Write = std::function<void(std::string_view name, std::string_view value)>;
    explicit PartWriter(Write write) : write_(std::move(write)) {}

    // Parts and numbers come list by list in the order of their names; numbers rise.
    void add(std::string_view list, const PostingPart& part);
    void add(std::string_view list, domain::FeedSeq number);
    // Writes what is left.
    void finish();

  private:
    void begin(std::string_view list, domain::FeedSeq first, std::size_t bytes);
    void end_part();

    Write write_;
    std::string list_;
    domain::FeedSeq first_ = 0;  // 0 = no part in hand
    domain::FeedSeq last_ = 0;
    std::int64_t before_ = 0;
    std::int64_t count_ = 0;
    Bytes differences_;
    Bytes value_;
};

}  // namespace onhand::storage::sqlite
