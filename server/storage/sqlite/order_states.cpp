#include "storage/sqlite/order_states.hpp"

#include <algorithm>

namespace onhand::storage::sqlite {

namespace {

std::size_t block_of(domain::FeedSeq seq) {
    return static_cast<std::size_t>(slice_of(seq));
}

std::size_t place_of(domain::FeedSeq seq) {
    return static_cast<std::size_t>(seq - 1) & (StateBlock::numbers - 1);
}

// Blocks that are being changed: each is copied once, when it is first written to.
class BlockWriter {
  public:
    explicit BlockWriter(StateSnapshot& snapshot) : snapshot_(snapshot) {}

    void set(domain::FeedSeq seq, domain::OrderStatus status) {
        const std::size_t block = block_of(seq);
        if (block != block_) open(block);
        open_->set(place_of(seq), status);
    }

  private:
    void open(std::size_t block) {
        if (block >= snapshot_.blocks.size()) snapshot_.blocks.resize(block + 1);
        auto& shared = snapshot_.blocks[block];
        auto& mine = mine_[block];
        if (!mine) {
            mine = shared ? std::make_shared<StateBlock>(*shared) : std::make_shared<StateBlock>();
            shared = mine;
        }
        block_ = block;
        open_ = mine.get();
    }

    StateSnapshot& snapshot_;
    std::map<std::size_t, std::shared_ptr<StateBlock>> mine_;
    std::size_t block_ = SIZE_MAX;
    StateBlock* open_ = nullptr;
};

}  // namespace

std::optional<domain::OrderStatus> StateBlock::at(std::size_t place) const {
    const int state = states_[place / 2] >> (4 * (place % 2)) & 15;
    if (state == 0) return std::nullopt;
    return static_cast<domain::OrderStatus>(state - 1);
}

void StateBlock::set(std::size_t place, domain::OrderStatus status) {
    auto& counts = in_part_[place >> part_bits];
    if (const auto before = at(place)) --counts[static_cast<std::size_t>(*before)];
    ++counts[static_cast<std::size_t>(status)];
    const auto shift = 4 * (place % 2);
    auto& byte = states_[place / 2];
    byte = static_cast<std::uint8_t>((byte & ~(15U << shift)) | (static_cast<unsigned>(status) + 1) << shift);
}

std::optional<domain::OrderStatus> StateSnapshot::status(domain::FeedSeq seq) const {
    const std::size_t block = block_of(seq);
    if (seq < 1 || block >= blocks.size() || !blocks[block]) return std::nullopt;
    return blocks[block]->at(place_of(seq));
}

domain::FeedSeq StateSnapshot::reach_down(domain::FeedSeq seq, domain::OrderStatus status) const {
    constexpr domain::FeedSeq part_numbers = 1 << StateBlock::part_bits;
    for (domain::FeedSeq part = (seq - 1) >> StateBlock::part_bits; part >= 0;) {
        const auto block = static_cast<std::size_t>(part) / StateBlock::parts;
        if (block >= blocks.size() || !blocks[block]) {
            part = static_cast<domain::FeedSeq>(std::min(block, blocks.size()) * StateBlock::parts) - 1;
            continue;
        }
        if (blocks[block]->has(static_cast<std::size_t>(part) % StateBlock::parts, status))
            return std::min(seq, (part + 1) * part_numbers);
        --part;
    }
    return 0;
}

StateSnapshotPtr OrderStates::snapshot() const {
    const std::lock_guard lock(mutex_);
    return current_;
}

void OrderStates::replace(StateSnapshotPtr next) {
    const std::lock_guard lock(mutex_);
    std::swap(current_, next);
}

void OrderStates::load(DerivedReader& reader) {
    auto next = std::make_shared<StateSnapshot>();
    BlockWriter writer(*next);
    const DerivedMoment moment(reader);
    next->applied = reader.begin();
    reader.groups_down([&](const OrderCounts& group) {
        reader.chunks_down(group, [&](OrderChunk& chunk, const DerivedReader::Load& fill) {
            fill();
            for (const OrderEntry& entry : chunk.entries) writer.set(entry.seq, entry.status);
        });
    });
    replace(std::move(next));
}

void OrderStates::apply(std::span<const OrderEntry> orders,
                        const std::map<domain::FeedSeq, domain::OrderStatus>& states, domain::FeedSeq applied) {
    const auto now = snapshot();
    if (!now) return;
    auto next = std::make_shared<StateSnapshot>(*now);
    next->applied = applied;
    BlockWriter writer(*next);
    for (const OrderEntry& entry : orders) writer.set(entry.seq, entry.status);
    for (const auto& [seq, status] : states) writer.set(seq, status);
    replace(std::move(next));
}

void OrderStates::drop() {
    replace(nullptr);
}

}  // namespace onhand::storage::sqlite
