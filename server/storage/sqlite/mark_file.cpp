#include "storage/sqlite/mark_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/text.hpp"

namespace onhand::storage::sqlite {

namespace {

constexpr std::string_view heading = "onhand-mark 1 ";

// FNV-1a; it only has to notice a damaged file.
std::uint64_t checksum(std::string_view text) {
    std::uint64_t sum = 0xcbf29ce484222325ULL;
    for (const char byte : text) sum = (sum ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
    return sum;
}

// "onhand-mark 1 HEAD CHECKSUM\n"
std::string line_of(domain::FeedSeq head) {
    std::string line(heading);
    append_int(line, head);
    char sum[32];
    std::snprintf(sum, sizeof sum, " %016llx\n", static_cast<unsigned long long>(checksum(line)));
    return line + sum;
}

bool write_and_sync(const std::string& path, std::string_view text) {
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor < 0) return false;
    const bool written = ::write(descriptor, text.data(), text.size()) == static_cast<ssize_t>(text.size());
    const bool synced = written && ::fsync(descriptor) == 0;
    return (::close(descriptor) == 0) && synced;
}

}  // namespace

MarkReading MarkFile::read() const {
    std::error_code error;
    if (!std::filesystem::exists(path_, error)) return {};
    std::ifstream file(path_);
    std::stringstream content;
    content << file.rdbuf();
    const std::string text = content.str();
    if (text.starts_with(heading)) {
        const auto end = text.find(' ', heading.size());
        const auto head = parse_int(std::string_view(text).substr(heading.size(), end - heading.size()));
        if (head && *head >= 0 && text == line_of(*head)) return {head, {}};
    }
    return {std::nullopt, "the mark file " + path_ + " is damaged"};
}

bool MarkFile::write(domain::FeedSeq head) const {
    const std::string next = path_ + ".new";
    return write_and_sync(next, line_of(head)) && ::rename(next.c_str(), path_.c_str()) == 0 && sync_folder_of(path_);
}

bool sync_folder_of(const std::string& path) {
    auto folder = std::filesystem::path(path).parent_path().string();
    if (folder.empty()) folder = ".";
    const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return false;
    const bool synced = ::fsync(descriptor) == 0;
    ::close(descriptor);
    return synced;
}

}  // namespace onhand::storage::sqlite
