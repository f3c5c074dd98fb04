#include "engine/presumer.hpp"

#include <algorithm>
#include <utility>

#include "base/sort_unique.hpp"

namespace onhand::engine {

namespace {

// Keys are hashes: any of their bits are as good as others.
std::size_t place_of(const domain::KeyHash& key, std::size_t places) {
    std::size_t value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i) value = value << 8U | key[i];
    return value % places;
}

}  // namespace

bool Presumer::fits(const Batch& batch, domain::WorkingSet& set) {
    if (!row_trust_.holds()) return false;
    if (batch.requests.size() > set.sequences.order_number.reserved()) return false;
    rows_.levels.clear();
    rows_.products.clear();
    rows_.locations.clear();
    for (const auto* request : batch.requests) {
        const auto* const order = std::get_if<domain::PlaceOrder>(&request->command);
        if (order == nullptr || is_used(request->key) || !add_rows(*order, set)) return false;
    }
    sort_unique(rows_.levels);
    sort_unique(rows_.products);
    sort_unique(rows_.locations);
    return true;
}

bool Presumer::add_rows(const domain::PlaceOrder& order, domain::WorkingSet& set) {
    for (const auto& line : order.lines) {
        if (!set.has_level(line.sku, line.location)) return false;
        const auto* const product = std::as_const(set).find_product(line.sku);
        const auto* const location = set.find_location(line.location);
        if (product == nullptr || location == nullptr) return false;
        const auto* const level = set.find_level({product->id, location->id});
        if (level == nullptr) return false;
        rows_.levels.emplace_back(level->key, level->version);
        rows_.products.emplace_back(product->id, product->version);
        rows_.locations.emplace_back(location->id, location->version);
    }
    return true;
}

void Presumer::copy_rows(const domain::PlaceOrder& order, domain::WorkingSet& from, domain::WorkingSet& to) {
    for (const auto& line : order.lines) {
        const auto* const product = std::as_const(from).find_product(line.sku);
        const auto* const location = from.find_location(line.location);
        if (product == nullptr || location == nullptr) continue;
        const auto* const level = from.find_level({product->id, location->id});
        if (level == nullptr) continue;
        const auto* const known =
            std::as_const(to).has_product(line.sku) ? std::as_const(to).find_product(line.sku) : nullptr;
        if (known == nullptr || known->version != product->version) to.put_product(*product, false);
        if (!to.has_location(line.location)) to.put_location(*location);
        to.put_level(*level);
    }
}

bool Presumer::changes_products(const domain::Command& command) {
    return std::holds_alternative<domain::CreateProduct>(command) ||
           std::holds_alternative<domain::UpdateProduct>(command) ||
           std::holds_alternative<domain::ArchiveProduct>(command) ||
           std::holds_alternative<domain::CreateLocation>(command) ||
           std::holds_alternative<domain::ImportProducts>(command);
}

bool Presumer::is_used(const domain::KeyHash& key) const {
    return key != domain::KeyHash{} && !keys_.empty() && keys_[place_of(key, keys_.size())] == key;
}

std::size_t Presumer::numbers_ahead(std::size_t requests, std::size_t left) {
    const bool is_busy = requests >= busy_batch;
    return is_busy && left < 2 * requests ? 3 * requests - left : 0;
}

void Presumer::drop_old_numbers(domain::WorkingSet& set, MonoNanos now) const {
    if (now - numbers_at_ < numbers_max_age) return;
    auto& numbers = set.sequences.order_number;
    while (numbers.reserved() > 0) numbers.take();
}

void Presumer::note_committed(const Batch& batch) {
    if (keys_.empty()) keys_.resize(keys_max);
    for (const auto* request : batch.requests)
        if (request->key != domain::KeyHash{}) keys_[place_of(request->key, keys_.size())] = request->key;
}

bool Presumer::keys_seem_new(const Batch& batch) {
    return key_trust_.holds() &&
           std::ranges::none_of(batch.requests, [this](const Request* request) { return is_used(request->key); });
}

void Presumer::Trust::note(bool was_right) {
    if (!was_right) pause_ = next_pause_;
    next_pause_ = was_right ? pause_min : std::min(next_pause_ * 2, pause_max);
}

}  // namespace onhand::engine
