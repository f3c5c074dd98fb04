#include "storage/sqlite/run_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/ensure.hpp"
#include "storage/sqlite/blob_codec.hpp"
#include "storage/sqlite/mark_file.hpp"
#include "storage/sqlite/run_entry.hpp"

namespace onhand::storage::sqlite {

namespace {

// Raised whenever the file or its entries change their form; older runs are then made anew.
constexpr std::uint64_t run_format = 1;
constexpr std::uint64_t run_magic = 0x6f6e68616e647275;
constexpr std::size_t block_bytes = 4096;
constexpr std::size_t checksum_bytes = 8;
// magic, format, size of the footer, checksum of the footer
constexpr std::size_t trailer_bytes = 32;
constexpr std::size_t write_bytes = 256 * 1024;
// A durable run is flushed in steps, so that no flush of the log has to wait behind a large one.
constexpr std::uint64_t sync_bytes = 2 * 1024 * 1024;

// Notices damage; the bytes are our own, nobody attacks it.
std::uint64_t checksum(std::string_view bytes) {
    std::uint64_t sum = 0x243f6a8885a308d3ULL ^ bytes.size();
    const auto mix = [&sum](std::uint64_t word) {
        sum = (sum ^ word) * 0x9E3779B97F4A7C15ULL;
        sum ^= sum >> 29;
    };
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, bytes.data() + at, 8);
        mix(word);
    }
    std::uint64_t rest = 0;
    std::memcpy(&rest, bytes.data() + at, bytes.size() - at);
    mix(rest);
    return sum;
}

void append_fixed(std::string& out, std::uint64_t value, std::size_t bytes = 8) {
    for (std::size_t i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

// Reads what append_fixed() wrote; past the end everything is 0 and ok() is false.
class FixedReader {
  public:
    explicit FixedReader(std::string_view bytes) : rest_(bytes) {}
    std::uint64_t number(std::size_t bytes = 8) {
        std::uint64_t value = 0;
        const auto part = text(bytes);
        for (std::size_t i = part.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(part[i]);
        return value;
    }
    std::int64_t signed_number() { return static_cast<std::int64_t>(number()); }
    std::array<std::uint8_t, 16> id() {
        std::array<std::uint8_t, 16> id{};
        const auto part = text(id.size());
        std::memcpy(id.data(), part.data(), part.size());
        return id;
    }
    std::string_view text(std::size_t bytes) {
        if (bytes > rest_.size()) {
            ok_ = false;
            rest_ = {};
            return {};
        }
        const auto part = rest_.substr(0, bytes);
        rest_.remove_prefix(bytes);
        return part;
    }
    bool ok() const { return ok_; }

  private:
    std::string_view rest_;
    bool ok_ = true;
};

void append_id(std::string& out, const std::array<std::uint8_t, 16>& id) {
    out.append(reinterpret_cast<const char*>(id.data()), id.size());
}

void append_info(std::string& out, const RunInfo& info) {
    append_id(out, info.database);
    for (const auto number : {info.after.seq, info.after.answer, info.last.seq, info.last.answer,
                              info.anchor.movement_seq, info.anchor.answer})
        append_fixed(out, static_cast<std::uint64_t>(number));
    append_id(out, info.anchor.movement_id);
    append_id(out, info.anchor.answer_key);
    append_fixed(out, info.keys);
    append_fixed(out, info.entries);
}

RunInfo read_info(FixedReader& reader) {
    RunInfo info;
    info.database = reader.id();
    for (auto* number : {&info.after.seq, &info.after.answer, &info.last.seq, &info.last.answer,
                         &info.anchor.movement_seq, &info.anchor.answer})
        *number = reader.signed_number();
    info.anchor.movement_id = reader.id();
    info.anchor.answer_key = reader.id();
    info.keys = reader.number();
    info.entries = reader.number();
    return info;
}

// LEB128, as append_number() of the blobs.
void append_length(std::string& out, std::size_t value) {
    while (value >= 0x80) {
        out.push_back(static_cast<char>(value | 0x80));
        value >>= 7;
    }
    out.push_back(static_cast<char>(value));
}

[[noreturn]] void throw_failed(const char* what, const std::string& path) {
    const int code = errno == ENOSPC || errno == EDQUOT ? SQLITE_FULL : SQLITE_IOERR;
    throw RunError(code, std::string("cannot ") + what + " " + path + ": " + std::strerror(errno));
}

}  // namespace

RunWriter::RunWriter(std::string path, const RunInfo& info, bool durable)
    : path_(std::move(path)), info_(info), durable_(durable), filter_(info.keys) {
    info_.entries = 0;
    const std::string part = path_ + ".part";
    descriptor_ = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (descriptor_ < 0) throw_failed("make", part);
}

RunWriter::~RunWriter() {
    if (descriptor_ < 0) return;
    ::close(descriptor_);
    ::unlink((path_ + ".part").c_str());
}

void RunWriter::add(std::string_view name, std::string_view value) {
    ensure(!name.empty() && name.size() + value.size() < UINT16_MAX, "an entry of a run has a bounded size");
    if (!block_.empty() && block_.size() + name.size() + value.size() + checksum_bytes + 6 > block_bytes) end_block();
    if (block_.empty()) {
        block_index_ = index_.size();
        append_fixed(index_, offset_ + out_.size());
        index_.resize(index_.size() + 4);  // the size, known at the end of the block
        append_fixed(index_, name.size(), 2);
        index_ += name;
        ++blocks_;
    }
    append_length(block_, name.size());
    append_length(block_, value.size());
    block_ += name;
    block_ += value;
    ++info_.entries;
    if (name.front() == static_cast<char>(known_key_kind)) filter_.add(read_big_endian(name.substr(1, 8)));
}

void RunWriter::end_block() {
    if (block_.empty()) return;
    append_fixed(block_, checksum(block_));
    for (std::size_t i = 0; i < 4; ++i) index_[block_index_ + 8 + i] = static_cast<char>(block_.size() >> (8 * i));
    append(block_);
    block_.clear();
}

void RunWriter::append(std::string_view bytes) {
    out_ += bytes;
    if (out_.size() >= write_bytes) write_out();
}

void RunWriter::write_out() {
    for (std::string_view rest = out_; !rest.empty();) {
        const auto written = ::write(descriptor_, rest.data(), rest.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) throw_failed("write", path_);
        rest.remove_prefix(static_cast<std::size_t>(written));
    }
    offset_ += out_.size();
    out_.clear();
    if (!durable_ || offset_ - synced_ < sync_bytes) return;
    if (::fdatasync(descriptor_) != 0) throw_failed("sync", path_);
    synced_ = offset_;
}

std::string RunWriter::footer() const {
    std::string footer;
    append_info(footer, info_);
    append_fixed(footer, blocks_, 4);
    append_fixed(footer, index_.size());
    footer += index_;
    append_fixed(footer, filter_.lines().size());
    if (!filter_.lines().empty())
        footer.append(reinterpret_cast<const char*>(filter_.lines().data()),
                      filter_.lines().size() * sizeof(KeyFilter::Line));
    return footer;
}

void RunWriter::finish() {
    end_block();
    const std::string last = footer();
    append(last);
    std::string trailer;
    for (const auto number : {run_magic, run_format, std::uint64_t{last.size()}, checksum(last)})
        append_fixed(trailer, number);
    append(trailer);
    write_out();
    if (durable_ && ::fdatasync(descriptor_) != 0) throw_failed("sync", path_);
    const std::string part = path_ + ".part";
    if (::rename(part.c_str(), path_.c_str()) != 0) throw_failed("rename", part);
    ::close(descriptor_);
    descriptor_ = -1;
    if (durable_ && !sync_folder_of(path_)) throw_failed("sync the folder of", path_);
}

Run::Run(std::string path) : path_(std::move(path)) {
    descriptor_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor_ < 0) throw_failed("open", path_);
    try {
        read_footer();
    } catch (...) {
        ::close(descriptor_);
        throw;
    }
}

Run::~Run() {
    ::close(descriptor_);
}

namespace {

void read_at(int descriptor, std::uint64_t offset, char* out, std::size_t size, const std::string& path) {
    while (size > 0) {
        const auto count = ::pread(descriptor, out, size, static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) throw_failed("read", path);
        if (count == 0) throw RunError(SQLITE_CORRUPT, path + " is too short");
        out += count;
        offset += static_cast<std::uint64_t>(count);
        size -= static_cast<std::size_t>(count);
    }
}

}  // namespace

void Run::read_footer() {
    const RunError damaged(SQLITE_CORRUPT, path_ + " is not a whole run");
    struct stat status{};
    if (::fstat(descriptor_, &status) != 0) throw_failed("look at", path_);
    size_ = static_cast<std::uint64_t>(status.st_size);
    if (size_ < trailer_bytes) throw damaged;
    std::string bytes(trailer_bytes, '\0');
    read_at(descriptor_, size_ - trailer_bytes, bytes.data(), bytes.size(), path_);
    FixedReader trailer(bytes);
    if (trailer.number() != run_magic || trailer.number() != run_format) throw damaged;
    const std::uint64_t footer_size = trailer.number();
    const std::uint64_t sum = trailer.number();
    if (footer_size > size_ - trailer_bytes) throw damaged;
    std::string footer(footer_size, '\0');
    read_at(descriptor_, size_ - trailer_bytes - footer_size, footer.data(), footer.size(), path_);
    if (checksum(footer) != sum) throw damaged;
    FixedReader reader(footer);
    info_ = read_info(reader);
    const auto blocks = static_cast<std::uint32_t>(reader.number(4));
    const auto index = reader.text(reader.number());
    if (!reader.ok()) throw damaged;
    read_index(index, blocks);
    const std::uint64_t lines = reader.number();
    const auto filter = reader.text(lines * sizeof(KeyFilter::Line));
    if (!reader.ok()) throw damaged;
    std::vector<KeyFilter::Line> content(lines);
    if (lines > 0) std::memcpy(content.data(), filter.data(), filter.size());
    filter_ = KeyFilter(std::move(content));
}

void Run::read_index(std::string_view index, std::uint32_t blocks) {
    FixedReader reader(index);
    places_.reserve(blocks);
    for (std::uint32_t i = 0; i < blocks && reader.ok(); ++i) {
        Place place;
        place.offset = reader.number();
        place.size = static_cast<std::uint32_t>(reader.number(4));
        const auto name = reader.text(reader.number(2));
        place.name_at = static_cast<std::uint32_t>(names_.size());
        place.name_size = static_cast<std::uint32_t>(name.size());
        names_ += name;
        const bool inside = place.size > checksum_bytes && place.offset < size_ && place.size < size_ - place.offset;
        if (!reader.ok() || !inside) throw RunError(SQLITE_CORRUPT, "the index of " + path_ + " is damaged");
        places_.push_back(place);
    }
}

std::size_t Run::memory_bytes() const {
    return names_.capacity() + places_.capacity() * sizeof(Place) + filter_.lines().size() * sizeof(KeyFilter::Line);
}

void Run::read_block(std::size_t block, std::string& out) const {
    try {
        const Place& place = places_[block];
        out.resize(place.size);
        read_at(descriptor_, place.offset, out.data(), out.size(), path_);
        const std::size_t content = out.size() - checksum_bytes;
        if (checksum(std::string_view(out).substr(0, content)) != FixedReader(out.substr(content)).number())
            throw RunError(SQLITE_CORRUPT, "a block of " + path_ + " is damaged");
        out.resize(content);
    } catch (const RunError&) {
        damaged_.store(true, std::memory_order_relaxed);
        throw;
    }
}

std::size_t Run::block_of(std::string_view name) const {
    const auto above =
        std::upper_bound(places_.begin(), places_.end(), name,
                         [this](std::string_view one, const Place& place) { return one < name_of(place); });
    return above == places_.begin() ? 0 : static_cast<std::size_t>(above - places_.begin()) - 1;
}

void RunCursor::load(std::size_t block) {
    if (block == block_) return;
    block_ = none;
    run_->read_block(block, bytes_);
    entries_.clear();
    ByteReader reader(ByteView{reinterpret_cast<const std::uint8_t*>(bytes_.data()), bytes_.size()});
    while (!reader.at_end()) {
        Entry entry;
        entry.name_size = static_cast<std::uint32_t>(reader.number());
        entry.value_size = static_cast<std::uint32_t>(reader.number());
        entry.name_at = static_cast<std::uint32_t>(bytes_.size() - reader.rest().size());
        entry.value_at = entry.name_at + entry.name_size;
        if (!reader.skip(std::size_t{entry.name_size} + entry.value_size))
            throw RunError(SQLITE_CORRUPT, "a block of " + run_->path() + " makes no sense");
        entries_.push_back(entry);
    }
    block_ = block;
}

// Goes to where `name` is or would be, perhaps behind the last entry of its block. False when the run is empty.
bool RunCursor::go_to(std::string_view name) {
    if (run_->blocks() == 0) return false;
    load(run_->block_of(name));
    const auto found = std::lower_bound(
        entries_.begin(), entries_.end(), name,
        [this](const Entry& entry, std::string_view wanted) { return view(entry.name_at, entry.name_size) < wanted; });
    at_ = static_cast<std::size_t>(found - entries_.begin());
    return true;
}

bool RunCursor::seek(std::string_view name) {
    if (!go_to(name)) return false;
    if (at_ < entries_.size()) return true;
    --at_;
    return next();
}

bool RunCursor::seek_below(std::string_view name) {
    if (!go_to(name)) return false;
    return previous();
}

bool RunCursor::next() {
    if (at_ + 1 < entries_.size()) {
        ++at_;
        return true;
    }
    if (block_ + 1 >= run_->blocks()) return false;
    load(block_ + 1);
    at_ = 0;
    return true;
}

bool RunCursor::previous() {
    if (at_ > 0) {
        --at_;
        return true;
    }
    if (block_ == 0) return false;
    load(block_ - 1);
    at_ = entries_.size() - 1;
    return true;
}

}  // namespace onhand::storage::sqlite
