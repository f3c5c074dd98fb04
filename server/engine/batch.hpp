#pragma once
// One batch on its way through the lane: the requests, their answers so far, and what they change. Internal to the
// engine; lane thread only.

#include <optional>
#include <vector>

#include "domain/decide.hpp"
#include "engine/request.hpp"
#include "storage/storage.hpp"

namespace onhand::engine {

struct Batch {
    std::vector<Request*> requests;  // in order of arrival
    domain::Changes changes;
    std::uint64_t orders_placed = 0;
    std::uint64_t refusals = 0;
    std::uint64_t replays = 0;

    void clear_result() {
        changes = {};
        orders_placed = refusals = replays = 0;
    }
};

// Answers all requests with the same failure.
void fail_all(Batch& batch, Failure failure);

// Loads what the batch needs into `set`: the known keys (in the order of the requests) and the rows. Unless
// `look_up_keys`, all keys are taken for new. Order numbers for later batches, `more_numbers`, are reserved with them.
Result<storage::KnownKeys, storage::StoreError> load_batch(const Batch& batch, storage::Store& store,
                                                           domain::WorkingSet& set, bool look_up_keys = true,
                                                           std::size_t more_numbers = 0);

// Judges the requests in order: repeats of known keys get their first answer, all others go through decide(). Fills
// answers and changes; calls Request::render where an answer must be stored.
void judge_batch(Batch& batch, storage::KnownKeys& known, domain::WorkingSet& set, UuidGenerator& ids, UnixMillis now);

// Hands the finished requests back, one call per sink.
void complete_batch(Batch& batch);

}  // namespace onhand::engine
