#pragma once
// A run: an immutable file of sorted entries (run_entry.hpp) about one stretch of the feed. Entries lie in blocks of
// 4 KiB with a checksum each; the first name of each block, and the filter of the known keys, are read into memory when
// the run is opened. Runs are derived from the database and can always be made again. RunWriter belongs to one thread;
// a Run never changes and serves any thread; a RunCursor belongs to one.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/changes.hpp"
#include "storage/sqlite/database.hpp"
#include "storage/sqlite/key_filter.hpp"

namespace onhand::storage::sqlite {

// A run that cannot be read (SQLITE_CORRUPT) or written (SQLITE_IOERR, SQLITE_FULL).
class RunError : public SqlError {
  public:
    using SqlError::SqlError;
};

// How far the rows of the database are in runs: feed items, and ids of stored answers.
struct RunPosition {
    domain::FeedSeq seq = 0;
    std::int64_t answer = 0;
    auto operator<=>(const RunPosition&) const = default;
};

// The newest movement and answer up to the end of the run. Where the database has others, it is another one, or its
// past is: it was restored, or copied and gone on differently.
struct RunAnchor {
    domain::FeedSeq movement_seq = 0;  // 0 = there was none
    std::array<std::uint8_t, 16> movement_id{};
    std::int64_t answer = 0;
    std::array<std::uint8_t, 16> answer_key{};
};

struct RunInfo {
    std::array<std::uint8_t, 16> database{};
    RunPosition after;  // the run holds what comes after this …
    RunPosition last;   // … up to this
    RunAnchor anchor;
    std::uint64_t keys = 0;     // known keys in it, or more
    std::uint64_t entries = 0;  // set by the writer
};

// Writes a run beside its final name. Throws RunError; a writer that did not finish() leaves nothing behind.
class RunWriter {
  public:
    // `durable`: the content reaches the disk bit by bit and is there when finish() returns.
    RunWriter(std::string path, const RunInfo& info, bool durable);
    ~RunWriter();
    RunWriter(const RunWriter&) = delete;
    RunWriter& operator=(const RunWriter&) = delete;

    // Names rise strictly.
    void add(std::string_view name, std::string_view value);
    // Completes the file and gives it its name.
    void finish();

  private:
    void end_block();
    void write_out();
    void append(std::string_view bytes);
    std::string footer() const;

    const std::string path_;
    RunInfo info_;
    const bool durable_;
    int descriptor_ = -1;
    KeyFilter filter_;
    std::string block_;
    std::size_t block_index_ = 0;  // where the block in hand is in the index
    std::string index_;            // per block: offset (8), size (4), length of the name (2), name
    std::uint32_t blocks_ = 0;
    std::string out_;  // not written yet
    std::uint64_t offset_ = 0;
    std::uint64_t synced_ = 0;
};

class Run {
  public:
    // Reads footer, index and filter. Throws RunError when the file is not a whole run of this format.
    explicit Run(std::string path);
    ~Run();
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;

    const RunInfo& info() const { return info_; }
    const std::string& path() const { return path_; }
    const KeyFilter& filter() const { return filter_; }
    // Bytes of memory the open run takes.
    std::size_t memory_bytes() const;

    std::size_t blocks() const { return places_.size(); }
    // Reads one block; throws RunError and marks the run when it is damaged.
    void read_block(std::size_t block, std::string& out) const;
    // The last block whose first name is not above `name`; 0 when there is none.
    std::size_t block_of(std::string_view name) const;

    // Set by whoever met a block that cannot be read.
    bool is_damaged() const { return damaged_.load(std::memory_order_relaxed); }

  private:
    struct Place {
        std::uint64_t offset = 0;
        std::uint32_t size = 0;
        std::uint32_t name_at = 0;  // in names_
        std::uint32_t name_size = 0;
    };
    void read_footer();
    void read_index(std::string_view index, std::uint32_t blocks);
    std::string_view name_of(const Place& place) const {
        return std::string_view(names_).substr(place.name_at, place.name_size);
    }

    const std::string path_;
    int descriptor_ = -1;
    std::uint64_t size_ = 0;
    RunInfo info_;
    KeyFilter filter_;
    std::string names_;
    std::vector<Place> places_;
    mutable std::atomic<bool> damaged_{false};
};

using RunPtr = std::shared_ptr<const Run>;

// Goes over the entries of a run. Name and value are good until the next call.
class RunCursor {
  public:
    explicit RunCursor(const Run& run) : run_(&run) {}

    // Goes to the first entry not below `name`; false when there is none.
    bool seek(std::string_view name);
    // Goes to the last entry below `name`; false when there is none.
    bool seek_below(std::string_view name);
    bool next();
    bool previous();

    std::string_view name() const { return view(entries_[at_].name_at, entries_[at_].name_size); }
    std::string_view value() const { return view(entries_[at_].value_at, entries_[at_].value_size); }

  private:
    struct Entry {
        std::uint32_t name_at = 0;
        std::uint32_t name_size = 0;
        std::uint32_t value_at = 0;
        std::uint32_t value_size = 0;
    };
    static constexpr std::size_t none = SIZE_MAX;
    void load(std::size_t block);
    bool go_to(std::string_view name);
    std::string_view view(std::uint32_t at, std::uint32_t size) const { return {bytes_.data() + at, size}; }

    const Run* run_;
    std::size_t block_ = none;
    std::string bytes_;
    std::vector<Entry> entries_;
    std::size_t at_ = 0;
};

}  // namespace onhand::storage::sqlite
