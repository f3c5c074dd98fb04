#include <filesystem>

#include "storage/sqlite/database.hpp"
#include "storage/sqlite/mark_file.hpp"
#include "storage/sqlite/verify.hpp"

namespace onhand::storage::sqlite {

namespace {

void copy_database(const std::string& from, const std::string& to) {
    Connection source(from, Connection::Mode::read);
    Connection target(to, Connection::Mode::write);
    sqlite3_backup* backup = sqlite3_backup_init(target.handle(), "main", source.handle(), "main");
    if (!backup) throw target.error();
    // All pages in one step: one moment of the source, whatever is committed meanwhile.
    const int code = sqlite3_backup_step(backup, -1);
    sqlite3_backup_finish(backup);
    if (code != SQLITE_DONE) throw SqlError(code, sqlite3_errstr(code));
}

}  // namespace

Result<void, StoreError> backup_database(const std::string& from, const std::string& to) {
    std::error_code error;
    if (std::filesystem::exists(to, error)) return StoreError{StoreErrc::unavailable, to + " exists already"};
    const std::string part = to + ".part";
    std::filesystem::remove(part, error);
    try {
        copy_database(from, part);
    } catch (const SqlError& failure) {
        std::filesystem::remove(part, error);
        return to_store_error(failure);
    }
    std::filesystem::rename(part, to, error);
    if (error || !sync_folder_of(to))
        return StoreError{StoreErrc::unavailable, "cannot finish the backup " + to + ": " + error.message()};
    return {};
}

}  // namespace onhand::storage::sqlite
