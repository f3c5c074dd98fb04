#pragma once
// A disk that fails on demand, for tests: a layer under SQLite (a VFS) that passes everything to the real one, except
// that the chosen call on the database or its log fails. Process-wide; made once.

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <string>
#include <string_view>

namespace onhand::storage::sqlite {

class FaultyDisk {
  public:
    enum class Fault { none, sync, write_full, write_error };

    static FaultyDisk& instance() {
        static FaultyDisk disk;
        return disk;
    }

    // The `nth` (from 0) matching call on a file whose name ends in `suffix` fails, and all after it, until heal().
    void fail(Fault fault, int nth, std::string suffix) {
        suffix_ = std::move(suffix);
        left_ = nth;
        fault_ = fault;
    }
    void heal() { fault_ = Fault::none; }
    // True when the fault was met since fail().
    bool was_met() const { return left_ < 0; }

  private:
    struct File {
        sqlite3_file base;
        char name[256];
        sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
    };

    FaultyDisk() : real_(sqlite3_vfs_find(nullptr)), vfs_(*real_) {
        vfs_.zName = "faulty";
        vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
        vfs_.xOpen = open;
        sqlite3_vfs_register(&vfs_, 1);
    }

    static File* file(sqlite3_file* base) { return reinterpret_cast<File*>(base); }
    static sqlite3_file* real(sqlite3_file* base) { return file(base)->real(); }

    static int open(sqlite3_vfs*, const char* name, sqlite3_file* base, int flags, int* out_flags) {
        FaultyDisk& disk = instance();
        std::memset(base, 0, sizeof(File));
        if (name) std::strncpy(file(base)->name, name, sizeof(File::name) - 1);
        const int code = disk.real_->xOpen(disk.real_, name, real(base), flags, out_flags);
        if (real(base)->pMethods) base->pMethods = &disk.methods();
        return code;
    }

    bool meets(sqlite3_file* base, Fault fault) {
        if (fault_ != fault || !std::string_view(file(base)->name).ends_with(suffix_)) return false;
        if (left_ > 0) {
            --left_;
            return false;
        }
        left_ = -1;
        return true;
    }

    static int write(sqlite3_file* f, const void* data, int size, sqlite3_int64 offset) {
        if (instance().meets(f, Fault::write_full)) return SQLITE_FULL;
        if (instance().meets(f, Fault::write_error)) return SQLITE_IOERR_WRITE;
        return real(f)->pMethods->xWrite(real(f), data, size, offset);
    }
    static int sync(sqlite3_file* f, int flags) {
        if (instance().meets(f, Fault::sync)) return SQLITE_IOERR_FSYNC;
        return real(f)->pMethods->xSync(real(f), flags);
    }

    const sqlite3_io_methods& methods() {
        static const sqlite3_io_methods all = {
            3,
            [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); },
            [](sqlite3_file* f, void* data, int size, sqlite3_int64 at) {
                return real(f)->pMethods->xRead(real(f), data, size, at);
            },
            write,
            [](sqlite3_file* f, sqlite3_int64 size) { return real(f)->pMethods->xTruncate(real(f), size); },
            sync,
            [](sqlite3_file* f, sqlite3_int64* size) { return real(f)->pMethods->xFileSize(real(f), size); },
            [](sqlite3_file* f, int lock) { return real(f)->pMethods->xLock(real(f), lock); },
            [](sqlite3_file* f, int lock) { return real(f)->pMethods->xUnlock(real(f), lock); },
            [](sqlite3_file* f, int* out) { return real(f)->pMethods->xCheckReservedLock(real(f), out); },
            [](sqlite3_file* f, int op, void* arg) { return real(f)->pMethods->xFileControl(real(f), op, arg); },
            [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); },
            [](sqlite3_file* f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); },
            [](sqlite3_file* f, int page, int size, int extend, void volatile** out) {
                return real(f)->pMethods->xShmMap(real(f), page, size, extend, out);
            },
            [](sqlite3_file* f, int offset, int n, int flags) {
                return real(f)->pMethods->xShmLock(real(f), offset, n, flags);
            },
            [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); },
            [](sqlite3_file* f, int remove) { return real(f)->pMethods->xShmUnmap(real(f), remove); },
            [](sqlite3_file* f, sqlite3_int64 at, int size, void** out) {
                return real(f)->pMethods->xFetch(real(f), at, size, out);
            },
            [](sqlite3_file* f, sqlite3_int64 at, void* page) {
                return real(f)->pMethods->xUnfetch(real(f), at, page);
            }};
        return all;
    }

    sqlite3_vfs* real_;
    sqlite3_vfs vfs_;
    std::string suffix_;
    std::atomic<int> left_{0};
    std::atomic<Fault> fault_{Fault::none};
};

}  // namespace onhand::storage::sqlite
