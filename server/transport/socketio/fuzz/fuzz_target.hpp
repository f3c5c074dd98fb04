// What every fuzz program has in common: the function that libFuzzer calls with each input. A check that fails is an
// ensure() that fails, which ends the program and leaves the input in a file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/ensure.hpp"

// libFuzzer knows it by this name.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);  // NOLINT

namespace onhand::socketio {

inline std::string_view as_text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

}  // namespace onhand::socketio
