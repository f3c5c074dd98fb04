#pragma once
// The lock file beside the database, held as long as the process uses it: a second process is turned away at the door
// instead of meeting BUSY in the middle of a batch. Opening thread only.

#include <optional>
#include <string>

namespace onhand::storage::sqlite {

class LockFile {
  public:
    LockFile() = default;
    ~LockFile();
    LockFile(const LockFile&) = delete;
    LockFile& operator=(const LockFile&) = delete;

    // Takes the lock. Returns why that is not possible, in one line, or nullopt.
    std::optional<std::string> acquire(const std::string& database_path);

  private:
    int descriptor_ = -1;
};

}  // namespace onhand::storage::sqlite
