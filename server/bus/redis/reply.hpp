#pragma once
// What Redis answered, read-only. Reply owns an answer as hiredis made it; ReplyView looks at one or at a part of one.
// Both are lenient: asking for what is not there gives nothing, because whatever came from the network may be wrong.
// Used by everything in bus/redis; one thread at a time.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

struct redisReply;  // NOLINT(readability-identifier-naming): it is hiredis that names it

namespace onhand::bus::redis {

class ReplyView {
  public:
    ReplyView() = default;
    explicit ReplyView(const redisReply* raw) : raw_(raw) {}

    bool exists() const { return raw_ != nullptr; }
    bool is_error() const;
    bool is_nil() const;
    bool is_integer() const;
    // Of text and errors; empty for all others.
    std::string_view text() const;
    // 0 for all that is no integer.
    std::int64_t integer() const;
    // Of arrays; 0 for all others.
    std::size_t size() const;
    // Without existence when there is no such element.
    ReplyView operator[](std::size_t index) const;

  private:
    const redisReply* raw_ = nullptr;
};

class Reply {
  public:
    Reply() = default;
    // Takes ownership.
    explicit Reply(redisReply* raw) : raw_(raw) {}

    explicit operator bool() const { return raw_ != nullptr; }
    ReplyView view() const { return ReplyView(raw_.get()); }

  private:
    struct Free {
        void operator()(redisReply* raw) const;
    };
    std::unique_ptr<redisReply, Free> raw_;
};

}  // namespace onhand::bus::redis
