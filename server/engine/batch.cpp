#include "engine/batch.hpp"

#include <unordered_map>
#include <utility>

#include "base/ensure.hpp"

namespace onhand::engine {

namespace {

bool has_key(const Request& request) {
    return request.key != domain::KeyHash{};
}

struct HashKey {
    std::size_t operator()(const domain::KeyHash& key) const noexcept {
        std::size_t value = 0;
        for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8 | key[i];
        return value;
    }
};

Answer mismatch() {
    domain::Refusal refusal;
    refusal.code = domain::RefusalCode::idempotency_mismatch;
    refusal.detail = "This Idempotency-Key was used before with another request.";
    return {domain::Outcome(std::move(refusal)), false};
}

// What an earlier request with the same key was answered, for this one.
Answer repeat_of(storage::KnownKey&& known, const Request& request) {
    if (known.fingerprint != request.fingerprint) return mismatch();
    if (auto* order = std::get_if<domain::Order>(&known.answer))
        return {domain::Outcome(domain::OrderDone{domain::as_placed(*order)}), true};
    auto& stored = std::get<domain::StoredAnswer>(known.answer);
    return {StoredBytes{stored.status, std::move(stored.body)}, true};
}

// The same key twice in one batch: judged once, answered twice.
Answer repeat_of(const Request& first, const Request& request) {
    if (first.fingerprint != request.fingerprint) return mismatch();
    Answer answer = first.answer;
    answer.replayed = true;
    return answer;
}

bool places_order(const Request& request, const domain::Outcome& outcome) {
    return std::holds_alternative<domain::PlaceOrder>(request.command) &&
           std::holds_alternative<domain::OrderDone>(outcome);
}

void judge(Request& request, Batch& batch, domain::WorkingSet& set, UuidGenerator& ids, UnixMillis now) {
    const domain::Context context{now, request.actor, request.role, ids, request.key, request.fingerprint};
    auto outcome = domain::decide(request.command, set, context, batch.changes);
    if (domain::refusal(outcome)) ++batch.refusals;
    const bool placed = places_order(request, outcome);
    if (placed) ++batch.orders_placed;
    if (!has_key(request) || placed) {
        request.answer = {std::move(outcome), false};
        return;
    }
    StoredBytes bytes;
    request.render(outcome, bytes);
    batch.changes.answers.push_back({request.key, request.fingerprint, now, bytes.status, bytes.body});
    request.answer = {std::move(bytes), false};
}

}  // namespace

void fail_all(Batch& batch, Failure failure) {
    for (auto* request : batch.requests) request->answer = {failure, false};
}

Result<storage::KnownKeys, storage::StoreError> load_batch(const Batch& batch, storage::Store& store,
                                                           domain::WorkingSet& set, bool look_up_keys,
                                                           std::size_t more_numbers) {
    std::vector<domain::KeyHash> keys(batch.requests.size());
    domain::RowRequest rows;
    for (std::size_t i = 0; i < keys.size(); ++i) {
        const auto& request = *batch.requests[i];
        if (look_up_keys) keys[i] = request.key;
        domain::request_rows(request.command, set, rows);
    }
    rows.draws.orders += more_numbers;
    auto known = store.load(keys, rows, set);
    if (known) ensure(known->size() == keys.size(), "every key is looked up");
    return known;
}

void judge_batch(Batch& batch, storage::KnownKeys& known, domain::WorkingSet& set, UuidGenerator& ids, UnixMillis now) {
    std::unordered_map<domain::KeyHash, const Request*, HashKey> seen;
    seen.reserve(batch.requests.size());
    // An order of one line makes two items; growing step by step would move every one of them several times.
    batch.changes.items.reserve(batch.requests.size() * 2);
    for (std::size_t i = 0; i < batch.requests.size(); ++i) {
        auto& request = *batch.requests[i];
        if (has_key(request)) {
            if (known[i]) {
                request.answer = repeat_of(std::move(*known[i]), request);
                ++batch.replays;
                continue;
            }
            const auto [first, is_new] = seen.try_emplace(request.key, &request);
            if (!is_new) {
                request.answer = repeat_of(*first->second, request);
                ++batch.replays;
                continue;
            }
        }
        judge(request, batch, set, ids, now);
    }
}

void complete_batch(Batch& batch) {
    // Few sinks (one per io thread): a scan per sink is cheaper than a map.
    std::vector<std::pair<CompletionSink*, std::pair<Request*, Request*>>> lists;
    for (auto* request : batch.requests) {
        request->next = nullptr;
        auto* sink = request->sink;
        ensure(sink != nullptr, "a request knows where to go back to");
        std::size_t i = 0;
        while (i < lists.size() && lists[i].first != sink) ++i;
        if (i == lists.size()) {
            lists.push_back({sink, {request, request}});
        } else {
            lists[i].second.second->next = request;
            lists[i].second.second = request;
        }
    }
    for (auto& [sink, list] : lists) sink->complete(list.first);
    batch.requests.clear();
}

}  // namespace onhand::engine
