#include "storage/sqlite/posting_part.hpp"

#include "storage/sqlite/database.hpp"

namespace onhand::storage::sqlite {

namespace {

// Several parts fit into a block of a run.
constexpr std::size_t part_bytes_max = 900;

[[noreturn]] void throw_senseless() {
    throw_corrupt("a part of a list makes no sense");
}

}  // namespace

void PostingPart::append_to(std::vector<domain::FeedSeq>& out) const {
    const std::size_t size = out.size();
    out.push_back(first);
    if (!decode_postings(differences, first, out) || out.back() != last ||
        out.size() - size != static_cast<std::size_t>(count))
        throw_senseless();
}

PostingPart read_part(std::string_view name, std::string_view value) {
    ByteReader reader(ByteView{reinterpret_cast<const std::uint8_t*>(value.data()), value.size()});
    PostingPart part;
    part.first = number_of(name);
    part.before = reader.signed_number();
    part.count = reader.signed_number();
    part.last = part.first + reader.signed_number();
    if (!reader.ok() || part.count < 1 || part.before < 0 || part.last < part.first) throw_senseless();
    part.differences = reader.rest();
    return part;
}

void PartWriter::add(std::string_view list, const PostingPart& part) {
    begin(list, part.first, part.differences.size());
    differences_.insert(differences_.end(), part.differences.begin(), part.differences.end());
    count_ += part.count - 1;
    last_ = part.last;
}

void PartWriter::add(std::string_view list, domain::FeedSeq number) {
    begin(list, number, 0);
}

// Takes `first` as the next number of the list, in the part in hand or a new one.
void PartWriter::begin(std::string_view list, domain::FeedSeq first, std::size_t bytes) {
    if (list != list_) {
        end_part();
        list_ = list;
        before_ = 0;
    } else if (first_ != 0 && differences_.size() + bytes >= part_bytes_max) {
        end_part();
    }
    if (first_ == 0)
        first_ = first;
    else
        append_posting(differences_, last_, first);
    last_ = first;
    ++count_;
}

void PartWriter::end_part() {
    if (first_ == 0) return;
    value_.clear();
    append_number(value_, static_cast<std::uint64_t>(before_));
    append_number(value_, static_cast<std::uint64_t>(count_));
    append_number(value_, static_cast<std::uint64_t>(last_ - first_));
    value_.insert(value_.end(), differences_.begin(), differences_.end());
    write_(with_number(list_, first_), {reinterpret_cast<const char*>(value_.data()), value_.size()});
    before_ += count_;
    first_ = 0;
    count_ = 0;
    differences_.clear();
}

void PartWriter::finish() {
    end_part();
    list_.clear();
}

}  // namespace onhand::storage::sqlite
