#include "storage/sqlite/derived_store.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "base/log.hpp"
#include "domain/order_search.hpp"

namespace onhand::storage::sqlite {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr const char* derived_settings =
    "PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY; PRAGMA secure_delete = OFF;";

void remove_database(const std::string& path) {
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path + suffix, ignored);
}

std::unique_ptr<Connection> open_derived(const std::string& path) {
    auto connection = std::make_unique<Connection>(path, Connection::Mode::write);
    if (connection->query_text("PRAGMA journal_mode = WAL") != "wal")
        throw SqlError(SQLITE_CANTOPEN, "the derived store cannot use a write-ahead log");
    connection->execute(derived_settings);
    return connection;
}

}  // namespace

DerivedSource::DerivedSource(const std::string& main_path)
    : main_(main_path, Connection::Mode::read),
      head_(main_,
            "SELECT max(coalesce((SELECT max(seq) FROM orders), 0), coalesce((SELECT max(seq) FROM movement), 0), "
            "coalesce((SELECT max(seq) FROM event), 0))"),
      movements_(main_, "SELECT seq, product, location FROM movement WHERE seq > ?1 AND seq <= ?2 ORDER BY seq"),
      orders_(
          main_,
          "SELECT seq, placed_by, lines, reference, customer FROM orders WHERE seq > ?1 AND seq <= ?2 ORDER BY seq"),
      events_(main_,
              "SELECT order_seq, data FROM event WHERE seq > ?1 AND seq <= ?2 AND order_seq IS NOT NULL ORDER BY seq") {
    main_.execute("PRAGMA cache_size = -8192; PRAGMA query_only = ON;");
}

DerivedIndex::DatabaseId DerivedSource::database_id() {
    Statement select(main_, "SELECT database_id FROM store");
    auto row = select.open();
    if (!row.next()) throw_corrupt("the database has no id");
    return row.bytes<16>(0);
}

domain::FeedSeq DerivedSource::head() {
    auto row = head_.open();
    return row.next() ? row.integer(0) : 0;
}

void DerivedSource::collect(domain::FeedSeq after, domain::FeedSeq last, DerivedIndex& index) {
    Transaction transaction(main_, Transaction::Kind::read);
    for (auto row = movements_.open(after, last); row.next();)
        index.add_movement(row.integer(0), row.integer(1), row.integer(2));
    for (auto row = orders_.open(after, last); row.next();) collect_order(row, index);
    for (auto row = events_.open(after, last); row.next();) {
        // The blob begins with the format and the state (blob_codec.hpp).
        ByteReader data(row.blob(1));
        const bool known = data.byte() == blob_format;
        const std::uint8_t status = data.byte();
        if (!known || !data.ok() || status >= order_states) throw_corrupt("an order event cannot be read");
        index.change_state(row.integer(0), static_cast<domain::OrderStatus>(status));
    }
}

void DerivedSource::collect_order(const Cursor& row, DerivedIndex& index) {
    std::vector<domain::OrderLine> lines;
    if (!decode_lines(row.blob(2), lines)) throw_corrupt("order lines cannot be read");
    std::vector<std::int64_t> products;
    products.reserve(lines.size());
    for (const auto& line : lines) products.push_back(domain::raw(line.level.product));
    std::vector<std::string> words;
    if (!row.is_null(3) || !row.is_null(4)) words = domain::words_of(row.text(3), row.text(4));
    index.add_order({row.integer(0), row.integer(1), domain::OrderStatus::placed}, products, words);
}

DerivedStore::DerivedStore(const std::string& main_path, const std::string& path) : path_(path), source_(main_path) {
    open_or_remake();
    applied_ = index_->applied();
}

DerivedStore::~DerivedStore() {
    stop();
}

void DerivedStore::open_or_remake() {
    try {
        connection_ = open_derived(path_);
        const bool is_new = connection_->query_int("SELECT count(*) FROM sqlite_schema") == 0;
        if (is_new) DerivedIndex::create(*connection_, source_.database_id());
        const bool sound = connection_->query_text("PRAGMA quick_check(1)") == "ok";
        if (sound && DerivedIndex::fits(*connection_, source_.database_id())) {
            index_ = std::make_unique<DerivedIndex>(*connection_);
            if (index_->applied() <= source_.head()) return;
        }
        log::warn("storage", "the derived store does not fit the database and is made again");
    } catch (const SqlError& error) {
        log::warn("storage", std::string("the derived store is made again: ") + error.what());
    }
    remake();
}

void DerivedStore::remake() {
    index_.reset();
    connection_.reset();
    remove_database(path_);
    connection_ = open_derived(path_);
    DerivedIndex::create(*connection_, source_.database_id());
    index_ = std::make_unique<DerivedIndex>(*connection_);
}

void DerivedStore::catch_up(domain::FeedSeq last) {
    const std::lock_guard lock(work_);
    for (domain::FeedSeq done = index_->applied(); done < last;) {
        const domain::FeedSeq next = std::min(last, done + stretch_max);
        // What a failed stretch left behind would be written twice.
        index_->discard();
        source_.collect(done, next, *index_);
        index_->flush(next);
        done = next;
        applied_.store(done, std::memory_order_release);
    }
}

void DerivedStore::rebuild() {
    {
        const std::lock_guard lock(work_);
        index_->reset();
        applied_.store(0, std::memory_order_release);
    }
    catch_up(source_.head());
}

void DerivedStore::start(std::function<void()> every_second) {
    every_second_ = std::move(every_second);
    thread_ = std::thread([this] { run(); });
}

void DerivedStore::stop() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

void DerivedStore::notify(domain::FeedSeq head) {
    // The order matters: either the thread, about to wait, sees the new target, or this sees that it waits.
    target_.store(head, std::memory_order_seq_cst);
    if (!waiting_.load(std::memory_order_seq_cst)) return;
    const std::lock_guard lock(mutex_);
    wake_.notify_one();
}

// Waits until there is something to apply or `until` has come. False when the thread has to end.
bool DerivedStore::wait_for_work(SteadyClock::time_point until) {
    std::unique_lock lock(mutex_);
    waiting_.store(true, std::memory_order_seq_cst);
    wake_.wait_until(lock, until, [this] { return stopping_ || target_.load(std::memory_order_seq_cst) > applied(); });
    waiting_.store(false, std::memory_order_seq_cst);
    return !stopping_;
}

void DerivedStore::run() {
    auto next_second = SteadyClock::now() + std::chrono::seconds(1);
    while (wait_for_work(next_second)) {
        if (target_.load() > applied()) apply_quietly();
        if (SteadyClock::now() >= next_second) {
            every_second_();
            next_second = SteadyClock::now() + std::chrono::seconds(1);
        }
        // Lets a stretch gather: one flush for many batches. While this waits, notify() costs nothing.
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, std::chrono::milliseconds(flush_interval_ms), [this] { return stopping_; });
    }
    apply_quietly();
    every_second_();
}

void DerivedStore::apply_quietly() {
    try {
        catch_up(target_.load());
        failing_ = false;
    } catch (const SqlError& error) {
        // Lists stay right without it, only slower, because readers add from the main tables what it has not applied.
        if (!failing_) log::error("storage", std::string("the derived store does not follow: ") + error.what());
        failing_ = true;
    }
}

}  // namespace onhand::storage::sqlite
