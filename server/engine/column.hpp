#pragma once
// A growing array that never moves its elements: memory is taken in pieces of a fixed number of elements, so that a
// reader may look at an element while another one is appended, and growing costs the writer nothing but the new piece.
// Used by the stock view for its rows. Appending is for one thread at a time, and not while somebody reads the array
// of pieces; the stock view's lock sees to both.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace onhand::engine {

template <class Value>
class Column {
  public:
    static constexpr std::size_t piece_bits = 14;
    static constexpr std::size_t piece_size = std::size_t{1} << piece_bits;

    // Appends a value-initialised element.
    Value& append() {
        if (size_ == pieces_.size() * piece_size) pieces_.push_back(std::make_unique<Value[]>(piece_size));
        return (*this)[size_++];
    }

    Value& operator[](std::size_t at) { return pieces_[at >> piece_bits][at & (piece_size - 1)]; }
    const Value& operator[](std::size_t at) const { return pieces_[at >> piece_bits][at & (piece_size - 1)]; }

    std::size_t size() const { return size_; }

  private:
    std::vector<std::unique_ptr<Value[]>> pieces_;
    std::size_t size_ = 0;
};

}  // namespace onhand::engine
