#include "bus/redis/reply.hpp"

#include <hiredis/hiredis.h>

namespace onhand::bus::redis {

bool ReplyView::is_error() const {
    return raw_ != nullptr && raw_->type == REDIS_REPLY_ERROR;
}

bool ReplyView::is_nil() const {
    return raw_ != nullptr && raw_->type == REDIS_REPLY_NIL;
}

bool ReplyView::is_integer() const {
    return raw_ != nullptr && raw_->type == REDIS_REPLY_INTEGER;
}

std::string_view ReplyView::text() const {
    if (raw_ == nullptr || raw_->str == nullptr) return {};
    const bool has_text =
        raw_->type == REDIS_REPLY_STRING || raw_->type == REDIS_REPLY_STATUS || raw_->type == REDIS_REPLY_ERROR;
    return has_text ? std::string_view(raw_->str, raw_->len) : std::string_view{};
}

std::int64_t ReplyView::integer() const {
    return is_integer() ? raw_->integer : 0;
}

std::size_t ReplyView::size() const {
    return raw_ != nullptr && raw_->type == REDIS_REPLY_ARRAY ? raw_->elements : 0;
}

ReplyView ReplyView::operator[](std::size_t index) const {
    return index < size() ? ReplyView(raw_->element[index]) : ReplyView();
}

void Reply::Free::operator()(redisReply* raw) const {
    freeReplyObject(raw);
}

}  // namespace onhand::bus::redis
