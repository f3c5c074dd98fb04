#include "storage/sqlite/lock_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace onhand::storage::sqlite {

LockFile::~LockFile() {
    // The file stays: removing it would let a process that is waiting on it and a newcomer both hold "the" lock.
    if (descriptor_ >= 0) ::close(descriptor_);
}

std::optional<std::string> LockFile::acquire(const std::string& database_path) {
    const std::string path = database_path + ".lock";
    descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (descriptor_ < 0) return "cannot create " + path + ": " + std::strerror(errno);
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return std::nullopt;
    if (errno == EWOULDBLOCK) return "another process is using " + database_path + " (" + path + " is locked)";
    return "cannot lock " + path + ": " + std::strerror(errno);
}

}  // namespace onhand::storage::sqlite
