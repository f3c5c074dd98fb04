#pragma once
// Row numbers in an order, as a list of short pieces: a row is put in or taken out at the cost of a binary search and a
// move within one piece, and the row at a position is found by adding up the lengths of the pieces. About 5 bytes a
// row. The order itself is the caller's: each call that searches takes `less(a, b)` over row numbers, always the same
// strict order without equals. Used by the stock table; one thread changes it, under the stock view's lock.

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/ensure.hpp"

namespace onhand::engine {

using Slot = std::uint32_t;
inline constexpr Slot no_slot = ~Slot{0};

class OrderedSlots {
  public:
    std::size_t size() const { return size_; }

    // Replaces everything by `slots`, which are in order.
    void assign(std::span<const Slot> slots) {
        pieces_.clear();
        counts_.clear();
        size_ = slots.size();
        while (!slots.empty()) {
            const auto part = slots.first(std::min(slots.size(), piece_size));
            add_piece(pieces_.size(), part);
            slots = slots.subspan(part.size());
        }
    }

    template <class Less>
    void insert(Slot slot, const Less& less) {
        ++size_;
        if (pieces_.empty()) return add_piece(0, std::span(&slot, 1));
        auto piece = is_in(recent_, slot, less) ? recent_ : piece_of(slot, less);
        recent_ = piece;
        const bool is_last = less(*(end(piece) - 1), slot);
        auto* const behind = is_last ? end(piece) : std::lower_bound(begin(piece), end(piece), slot, less);
        auto at = behind - begin(piece);
        if (counts_[piece] == piece_size) {
            // Rows that come in order fill their pieces; any other full piece is cut in two.
            const bool at_the_end = at == static_cast<std::ptrdiff_t>(piece_size);
            if (at_the_end) {
                recent_ = piece + 1;
                return add_piece(piece + 1, std::span(&slot, 1));
            }
            split(piece);
            if (at > static_cast<std::ptrdiff_t>(counts_[piece])) {
                at -= counts_[piece];
                ++piece;
            }
        }
        auto* const place = begin(piece) + at;
        std::copy_backward(place, end(piece), end(piece) + 1);
        *place = slot;
        ++counts_[piece];
    }

    // Requires that `slot` is in the list.
    template <class Less>
    void erase(Slot slot, const Less& less) {
        ensure(!pieces_.empty(), "a row is taken off a list that has it");
        const auto piece = piece_of(slot, less);
        auto* const place = std::lower_bound(begin(piece), end(piece), slot, less);
        ensure(place != end(piece) && *place == slot, "a row is taken off a list that has it");
        std::copy(place + 1, end(piece), place);
        --size_;
        if (--counts_[piece] > 0) return;
        pieces_.erase(pieces_.begin() + static_cast<std::ptrdiff_t>(piece));
        counts_.erase(counts_.begin() + static_cast<std::ptrdiff_t>(piece));
    }

    // Calls visit(std::span<const Slot>) for all rows in order, some at a time.
    template <class Visit>
    void each_piece(const Visit& visit) const {
        for (std::size_t piece = 0; piece < pieces_.size(); ++piece)
            visit(std::span<const Slot>(begin(piece), counts_[piece]));
    }

    // Calls visit(slot) in order from position `from` on, until it returns false or the list ends.
    template <class Visit>
    void forward(std::size_t from, const Visit& visit) const {
        for (std::size_t piece = 0; piece < pieces_.size(); ++piece) {
            if (from >= counts_[piece]) {
                from -= counts_[piece];
                continue;
            }
            for (; from < counts_[piece]; ++from)
                if (!visit(pieces_[piece]->slots[from])) return;
            from = 0;
        }
    }

    // The same from the end backwards: position 0 is the last row.
    template <class Visit>
    void backward(std::size_t from, const Visit& visit) const {
        for (std::size_t piece = pieces_.size(); piece-- > 0;) {
            if (from >= counts_[piece]) {
                from -= counts_[piece];
                continue;
            }
            for (auto left = counts_[piece] - from; left-- > 0;)
                if (!visit(pieces_[piece]->slots[left])) return;
            from = 0;
        }
    }

  private:
    static constexpr std::size_t piece_size = 512;
    struct Piece {
        std::array<Slot, piece_size> slots;
    };

    Slot* begin(std::size_t piece) const { return pieces_[piece]->slots.data(); }
    Slot* end(std::size_t piece) const { return begin(piece) + counts_[piece]; }

    // The piece that holds `slot` or would: the last one whose first row is not behind it.
    template <class Less>
    std::size_t piece_of(Slot slot, const Less& less) const {
        const auto behind = std::partition_point(pieces_.begin() + 1, pieces_.end(),
                                                 [&](const auto& piece) { return !less(slot, piece->slots.front()); });
        return static_cast<std::size_t>(behind - pieces_.begin()) - 1;
    }

    // True when `piece` exists and holds `slot` or would.
    template <class Less>
    bool is_in(std::size_t piece, Slot slot, const Less& less) const {
        return piece < pieces_.size() && less(pieces_[piece]->slots.front(), slot) &&
               (piece + 1 == pieces_.size() || less(slot, pieces_[piece + 1]->slots.front()));
    }

    void add_piece(std::size_t at, std::span<const Slot> slots) {
        auto piece = std::make_unique<Piece>();
        std::ranges::copy(slots, piece->slots.begin());
        pieces_.insert(pieces_.begin() + static_cast<std::ptrdiff_t>(at), std::move(piece));
        counts_.insert(counts_.begin() + static_cast<std::ptrdiff_t>(at), static_cast<std::uint32_t>(slots.size()));
    }

    void split(std::size_t piece) {
        const auto half = counts_[piece] / 2;
        add_piece(piece + 1, std::span<const Slot>(begin(piece) + half, counts_[piece] - half));
        counts_[piece] = half;
    }

    std::vector<std::unique_ptr<Piece>> pieces_;  // none is empty
    std::vector<std::uint32_t> counts_;           // of each piece; apart, so that adding them up stays in the cache
    std::size_t size_ = 0;
    std::size_t recent_ = 0;  // the piece of the last insertion: rows that come in order need no search
};

}  // namespace onhand::engine
