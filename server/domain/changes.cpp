#include "domain/changes.hpp"

namespace onhand::domain {

namespace {

struct TimeOf {
    UnixMillis operator()(const Movement& movement) const { return movement.after.updated_at; }
    UnixMillis operator()(const OrderEvent& event) const { return event.order.updated_at; }
    UnixMillis operator()(const ProductEvent& event) const { return event.product.updated_at; }
    UnixMillis operator()(const LocationEvent& event) const { return event.location.created_at; }
};

}  // namespace

FeedSeq seq_of(const FeedItem& item) {
    return std::visit([](const auto& change) { return change.seq; }, item);
}

void set_seq(FeedItem& item, FeedSeq seq) {
    std::visit([seq](auto& change) { change.seq = seq; }, item);
}

UnixMillis time_of(const FeedItem& item) {
    return std::visit(TimeOf{}, item);
}

}  // namespace onhand::domain
