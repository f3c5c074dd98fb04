#pragma once
// The page: a directory read into memory at the start and served from there. A path is looked up in a map, so nothing
// outside the directory can ever be reached. Read by every io thread, changed by nobody.

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.hpp"

namespace onhand::http {

inline constexpr std::size_t page_files_max = 4096;
inline constexpr std::size_t page_bytes_max = 64 * 1024 * 1024;

struct StaticFile {
    std::string content_type;
    std::string tag;  // hexadecimal hash of the bytes; the ETag is made of it and the encoding
    std::string bytes;
    std::string brotli;  // precompressed forms; empty when there is none
    std::string gzip;
    bool immutable = false;  // the name carries a hash of the content
};

// A file in the form a client gets.
struct FileForm {
    std::string_view bytes;
    std::string_view encoding;  // "br", "gzip" or empty
    std::string etag;           // with quotes
};

// Why the page could not be read; one clear line for who starts the server.
struct PageError {
    std::string detail;
};

class StaticFiles {
  public:
    StaticFiles() = default;

    // Reads every file below `directory` except those whose name begins with a dot.
    static Result<StaticFiles, PageError> load(const std::filesystem::path& directory);

    // The file at `path` ("/assets/app.js"; "/" and paths of the app without a file extension give index.html), or
    // nullptr. `path` is decoded.
    const StaticFile* find(std::string_view path) const;

    bool empty() const { return files_.empty(); }

  private:
    struct Hash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
    };
    std::unordered_map<std::string, StaticFile, Hash, std::equal_to<>> files_;
};

// The form that `accept_encoding` asks for.
FileForm form_of(const StaticFile& file, std::string_view accept_encoding);

// True when an If-None-Match value names `etag` (weakly compared) or is "*".
bool matches_etag(std::string_view if_none_match, std::string_view etag);

}  // namespace onhand::http
