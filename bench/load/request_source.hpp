#pragma once
// Makes the requests of a run: the bytes of the next GET or of the next order with its own Idempotency-Key, and what
// that order asks for. Owned by the load run, one thread; it draws from its own seeded generator, so a run with the
// same seed asks for the same. It sends nothing.

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "load/options.hpp"

namespace onhand::bench {

class RequestSource {
  public:
    RequestSource(const Options& options, std::string_view token);

    // Appends the bytes of the next request to `out`. Returns the units that its order asks for, 0 for a GET.
    std::uint64_t append_next(std::string& out);

    // How many requests were made.
    std::uint64_t made() const { return made_; }
    const std::string& key_prefix() const { return key_prefix_; }

  private:
    void append_order_body(std::uint64_t& units);
    void append_line(std::size_t index);
    std::size_t draw_index();

    const Options options_;
    std::mt19937_64 random_;
    std::string key_prefix_;
    std::string head_start_;          // up to the digits of the key; for GET the whole request
    std::string body_;                // of the order being made
    std::vector<double> zipf_sums_;   // running sums of the weights; empty when even
    std::vector<std::size_t> drawn_;  // articles of the order being made
    std::uint64_t made_ = 0;
};

}  // namespace onhand::bench
