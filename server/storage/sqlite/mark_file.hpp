#pragma once
// The high-water mark: a small file beside the database with the highest feed number that was committed. Rot in the
// middle of SQLite's log silently drops what comes after it; comparing the mark at start makes that an alarm. It says
// nothing about the last second. Written by one thread at a time.

#include <optional>
#include <string>

#include "domain/ids.hpp"

namespace onhand::storage::sqlite {

struct MarkReading {
    std::optional<domain::FeedSeq> head;  // nullopt when there is no mark file
    std::string problem;                  // not empty when there is one that cannot be understood
};

class MarkFile {
  public:
    explicit MarkFile(const std::string& database_path) : path_(database_path + ".mark") {}
    const std::string& path() const { return path_; }

    MarkReading read() const;
    // Replaces the mark in one step and waits until it is on the disk. False when that failed; the old mark then stays.
    bool write(domain::FeedSeq head) const;

  private:
    std::string path_;
};

// Waits until the names in the folder of `path` are on the disk. False when that failed.
bool sync_folder_of(const std::string& path);

}  // namespace onhand::storage::sqlite
