#pragma once
// Knows which SKU and location an import file has named so far, and in which line. About 40 bytes a row: the names lie
// behind one another in one piece of memory. Owned by a ProductCsv; one thread at a time.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace onhand::http {

class SeenRows {
  public:
    // Notes the row; 0 when it is new, else the line of the first one like it. Neither text holds U+0000. Lines are
    // above 0. Requires that all names noted have less than 4 GiB.
    std::int64_t note(std::string_view sku, std::string_view location, std::int64_t line);

  private:
    struct Entry {
        std::uint32_t hash = 0;
        std::uint32_t line = 0;  // 0 = a free place
        std::uint32_t at = 0;    // in names_
    };

    void grow();
    Entry& free_place(std::uint32_t hash);

    std::string names_;           // "SKU", U+0000, "LOCATION", U+0000, and so on
    std::vector<Entry> entries_;  // a power of two of places, open addressing
    std::size_t count_ = 0;
    std::string name_;  // of the row at hand
};

}  // namespace onhand::http
