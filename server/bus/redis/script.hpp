#pragma once
// A Lua script and the digest that Redis knows it by. Made once, read by any thread.

#include <string>
#include <string_view>

namespace onhand::bus::redis {

class Script {
  public:
    explicit Script(std::string_view text);
    const std::string& text() const { return text_; }
    // SHA-1 of the text, 40 hexadecimal digits, for EVALSHA.
    const std::string& digest() const { return digest_; }

  private:
    std::string text_;
    std::string digest_;
};

}  // namespace onhand::bus::redis
