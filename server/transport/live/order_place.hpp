#pragma once
// `order.place` of the live feed as a request to POST /orders and back: the event's argument becomes the body and the
// idempotency key, the answer becomes the acknowledgement. What an order may be, who may place it and what a repeat
// gets is not decided here but where it is for HTTP. Pure; any thread.

#include <string>
#include <string_view>

#include "transport/http/call.hpp"

namespace onhand::live {

// Orders of one client that wait for their answer; further ones are answered 429.
inline constexpr std::size_t orders_in_hand_max = 64;

// The call that `payload`, the text of the whole event ["order.place", argument], asks for. The body is the argument
// without its idempotency_key, spaced and escaped in one way. The caller and the address are left to be filled in.
http::Call read_order_place(std::string_view payload);

// Why nothing is placed for a client that has orders_in_hand_max orders waiting.
http::Problem too_many_orders();

// {"status":201,"order":{…}} or {"status":409,"problem":{…}}, with "retry_after" in seconds where HTTP has the header.
std::string order_ack(const http::CallAnswer& answer);

}  // namespace onhand::live
