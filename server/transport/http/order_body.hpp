#pragma once
// Reading the JSON of a new order. Called by place_order() (orders.cpp) and by the no-op that the benchmark measures it
// against (bench_noop.cpp), on the io thread, so that both do the same work. Does not talk to the engine.

#include "transport/http/exchange.hpp"

namespace onhand::http {

// Fills `order` from the body and keeps the body's canonical form for comparing repeats. False when the request was
// refused and answered.
bool read_new_order(Exchange& exchange, domain::PlaceOrder& order);

}  // namespace onhand::http
