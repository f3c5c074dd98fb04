#include "transport/http/static_files.hpp"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "base/text.hpp"

namespace onhand::http {
namespace {

namespace fs = std::filesystem;

// table: content types by file extension
constexpr std::pair<std::string_view, std::string_view> content_types[] = {
    {".css", "text/css; charset=utf-8"},
    {".csv", "text/csv; charset=utf-8"},
    {".gif", "image/gif"},
    {".html", "text/html; charset=utf-8"},
    {".ico", "image/x-icon"},
    {".jpg", "image/jpeg"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json"},
    {".map", "application/json"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".png", "image/png"},
    {".svg", "image/svg+xml"},
    {".txt", "text/plain; charset=utf-8"},
    {".wasm", "application/wasm"},
    {".webmanifest", "application/manifest+json"},
    {".webp", "image/webp"},
    {".woff2", "font/woff2"},
};

std::string_view type_of(const fs::path& path) {
    const auto extension = path.extension().string();
    for (const auto& [known, type] : content_types)
        if (known == extension) return type;
    return "application/octet-stream";
}

std::optional<std::string> read_file(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return std::nullopt;
    std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (file.bad()) return std::nullopt;
    return bytes;
}

std::string tag_of(std::string_view bytes) {
    std::array<std::uint8_t, 16> hash{};
    crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                       nullptr, 0);
    return to_hex(hash);
}

std::string_view trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

// True when `encoding` is named in the list and not with q=0.
bool accepts(std::string_view list, std::string_view encoding) {
    while (!list.empty()) {
        const auto end = std::min(list.find(','), list.size());
        const auto item = list.substr(0, end);
        list.remove_prefix(std::min(end + 1, list.size()));
        const auto semicolon = std::min(item.find(';'), item.size());
        if (trim(item.substr(0, semicolon)) != encoding) continue;
        const auto quality = trim(item.substr(std::min(semicolon + 1, item.size())));
        return quality != "q=0" && quality != "q=0.0" && quality != "q=0.00" && quality != "q=0.000";
    }
    return false;
}

// True when the last segment of an address has a file extension: then it is a file that is not there, not a view of
// the app.
bool has_extension(std::string_view path) {
    const auto slash = path.rfind('/');
    return path.find('.', slash == std::string_view::npos ? 0 : slash) != std::string_view::npos;
}

}  // namespace

Result<StaticFiles, PageError> StaticFiles::load(const fs::path& directory) {
    std::error_code error;
    StaticFiles files;
    std::size_t bytes_total = 0;
    fs::recursive_directory_iterator walk(directory, error);
    if (error) return PageError{"cannot read the directory " + directory.string()};
    for (; walk != fs::recursive_directory_iterator(); walk.increment(error)) {
        if (error) return PageError{"cannot read the directory " + directory.string()};
        const auto& path = walk->path();
        if (path.filename().string().starts_with('.')) {
            if (walk->is_directory()) walk.disable_recursion_pending();
            continue;
        }
        if (!walk->is_regular_file()) continue;
        const auto extension = path.extension();
        const bool compressed = extension == ".br" || extension == ".gz";
        auto bytes = read_file(path);
        if (!bytes) return PageError{"cannot read " + path.string()};
        bytes_total += bytes->size();
        if (files.files_.size() >= page_files_max || bytes_total > page_bytes_max)
            return PageError{"too many or too large files in " + directory.string()};
        const auto name =
            "/" +
            (compressed ? fs::path(path).replace_extension() : path).lexically_relative(directory).generic_string();
        auto& file = files.files_[name];
        if (compressed) {
            (extension == ".br" ? file.brotli : file.gzip) = std::move(*bytes);
            continue;
        }
        file.content_type = type_of(path);
        file.tag = tag_of(*bytes);
        file.immutable = name.starts_with("/assets/");
        file.bytes = std::move(*bytes);
    }
    // A compressed form without its original has no type and no tag.
    std::erase_if(files.files_, [](const auto& entry) { return entry.second.tag.empty(); });
    return files;
}

const StaticFile* StaticFiles::find(std::string_view path) const {
    auto found = files_.find(path);
    if (found == files_.end() && !has_extension(path)) found = files_.find(std::string_view("/index.html"));
    return found == files_.end() ? nullptr : &found->second;
}

FileForm form_of(const StaticFile& file, std::string_view accept_encoding) {
    FileForm form;
    form.bytes = file.bytes;
    if (!file.brotli.empty() && accepts(accept_encoding, "br")) {
        form.bytes = file.brotli;
        form.encoding = "br";
    } else if (!file.gzip.empty() && accepts(accept_encoding, "gzip")) {
        form.bytes = file.gzip;
        form.encoding = "gzip";
    }
    form.etag = '"' + file.tag;
    if (!form.encoding.empty()) form.etag.append("-").append(form.encoding);
    form.etag += '"';
    return form;
}

bool matches_etag(std::string_view if_none_match, std::string_view etag) {
    while (!if_none_match.empty()) {
        const auto end = std::min(if_none_match.find(','), if_none_match.size());
        auto item = trim(if_none_match.substr(0, end));
        if_none_match.remove_prefix(std::min(end + 1, if_none_match.size()));
        if (item.starts_with("W/")) item.remove_prefix(2);
        if (item == "*" || item == etag) return true;
    }
    return false;
}

}  // namespace onhand::http
