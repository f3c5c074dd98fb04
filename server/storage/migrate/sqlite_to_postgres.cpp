#include "storage/migrate/sqlite_to_postgres.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <stdexcept>

#include "base/clock.hpp"
#include "domain/batch_codec.hpp"
#include "storage/postgres/import.hpp"
#include "storage/sqlite/sqlite_storage.hpp"

namespace onhand::storage {

namespace {

// Feed items of one row of the target's outbox.
constexpr std::int64_t stretch_items = 256;
constexpr std::size_t answers_at_once = 1024;
constexpr std::int64_t progress_step = 100 * stretch_items;

// Ends the migration with one line. Does not leave this file.
class Stop : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

template <class Value>
Value expect(Result<Value, StoreError>&& result, const char* where) {
    if (result.has_error()) throw Stop(std::string(where) + ": " + result.error().detail);
    if constexpr (!std::is_void_v<Value>) return std::move(*result);
}

constexpr const char* source = "reading the SQLite database";
constexpr const char* target = "writing to PostgreSQL";

void require(const std::vector<Check>& checks, const std::string& what) {
    for (const auto& check : checks)
        if (!check.ok) throw Stop(what + " breaks " + check.name + ": " + check.finding);
}

// The tables that are small enough for memory: all but the feed's.
struct Tables {
    std::map<domain::LocationId, domain::Location> locations;
    std::map<domain::ProductId, domain::Product> products;
    std::map<domain::LevelKey, domain::StockLevel> levels;
    std::vector<domain::Account> accounts;  // by id
    std::map<domain::TokenHash, domain::Session> sessions;

    ReadStore::Visitor filling() {
        ReadStore::Visitor visitor;
        visitor.location = [this](domain::Location&& one) { locations.emplace(one.id, std::move(one)); };
        visitor.product = [this](domain::Product&& one) { products.emplace(one.id, std::move(one)); };
        visitor.level = [this](const domain::StockLevel& one) { levels.emplace(one.key, one); };
        visitor.account = [this](domain::Account&& one) { accounts.push_back(std::move(one)); };
        visitor.session = [this](const domain::Session& one) { sessions.emplace(one.token_hash, one); };
        return visitor;
    }
};

bool same(const domain::Location& a, const domain::Location& b) {
    return a.code == b.code && a.name == b.name && a.version == b.version && a.created_at == b.created_at;
}

bool same(const domain::Account& a, const domain::Account& b) {
    return a.id == b.id && a.uuid == b.uuid && a.email == b.email && a.name == b.name &&
           a.password_hash == b.password_hash && a.role == b.role && a.disabled == b.disabled &&
           a.version == b.version && a.created_at == b.created_at && a.updated_at == b.updated_at;
}

bool same(const domain::Session& a, const domain::Session& b) {
    return a.account == b.account && a.created_at == b.created_at && a.expires_at == b.expires_at &&
           a.seen_at == b.seen_at;
}

template <class Value>
bool same(const Value& a, const Value& b) {
    return a == b;
}

template <class Map>
void compare(const Map& here, const Map& there, const char* what) {
    const auto alike = [](const auto& a, const auto& b) { return a.first == b.first && same(a.second, b.second); };
    if (here.size() != there.size() || !std::equal(here.begin(), here.end(), there.begin(), alike))
        throw Stop(std::string("the ") + what + " in PostgreSQL are not those of the SQLite database");
}

class Migration {
  public:
    Migration(sqlite::SqliteStorage& from, postgres::Import& to, const MigrationProgress& progress)
        : from_(from), to_(to), progress_(progress) {}

    MigrationReport run();

  private:
    void copy_accounts();
    void copy_feed();
    void copy_answers();
    void finish();
    void compare_tables();
    void compare_feed();
    void compare_counts();
    void count(const std::vector<domain::FeedItem>& items);

    sqlite::SqliteStorage& from_;
    postgres::Import& to_;
    const MigrationProgress& progress_;
    Tables tables_;
    MigrationReport report_;
};

MigrationReport Migration::run() {
    require(from_.verify(), "the SQLite database");
    expect(from_.read_store().visit_all(tables_.filling()), source);
    copy_accounts();
    copy_feed();
    copy_answers();
    finish();
    compare_tables();
    compare_feed();
    compare_counts();
    report_.checks = to_.verify();
    require(report_.checks, "what was written to PostgreSQL");
    expect(to_.commit(), target);
    return std::move(report_);
}

void Migration::copy_accounts() {
    std::vector<domain::Session> sessions;
    for (const auto& [hash, session] : tables_.sessions) sessions.push_back(session);
    expect(to_.add_accounts(tables_.accounts, sessions), target);
    report_.accounts = static_cast<std::int64_t>(tables_.accounts.size());
    report_.sessions = static_cast<std::int64_t>(sessions.size());
}

// Everything but accounts, sessions and answers is what the feed made of nothing.
void Migration::copy_feed() {
    for (domain::FeedSeq done = 0;;) {
        auto page = expect(from_.read_store().feed(done, stretch_items), source);
        if (page.items.empty()) break;
        done = domain::seq_of(page.items.back());
        count(page.items);
        expect(to_.add_items(std::move(page.items)), target);
        if (progress_ && (done % progress_step == 0 || done == page.head)) progress_(done, page.head);
    }
}

void Migration::count(const std::vector<domain::FeedItem>& items) {
    report_.items += static_cast<std::int64_t>(items.size());
    for (const auto& item : items) {
        if (std::holds_alternative<domain::Movement>(item)) ++report_.movements;
        const auto* event = std::get_if<domain::OrderEvent>(&item);
        if (event && event->kind == domain::OrderEvent::Kind::placed) ++report_.orders;
    }
}

void Migration::copy_answers() {
    std::vector<domain::StoredAnswer> answers;
    const auto hand_over = [&] {
        report_.answers += static_cast<std::int64_t>(answers.size());
        expect(to_.add_answers(std::exchange(answers, {})), target);
    };
    const auto take = [&](domain::StoredAnswer&& answer) {
        answers.push_back(std::move(answer));
        if (answers.size() == answers_at_once) hand_over();
    };
    expect(from_.visit_answers(take), source);
    hand_over();
}

void Migration::finish() {
    domain::WorkingSet set;
    expect(from_.store().prepare(set), source);
    const auto main = tables_.locations.find(domain::main_location);
    if (main == tables_.locations.end()) throw Stop("the SQLite database has no main location");
    const auto& next = set.sequences;
    const postgres::NextNumbers numbers{next.product.peek(), next.location.peek(), next.account.peek(),
                                        next.order_number.peek()};
    std::vector<domain::StockLevel> untouched;
    for (const auto& [key, level] : tables_.levels)
        if (level.version == 0) untouched.push_back(level);
    to_.add_untouched_levels(untouched);
    expect(to_.finish(main->second, numbers), target);
}

void Migration::compare_tables() {
    Tables there;
    expect(to_.visit_all(there.filling()), target);
    compare(tables_.locations, there.locations, "locations");
    compare(tables_.products, there.products, "products");
    compare(tables_.levels, there.levels, "stock levels");
    compare(tables_.sessions, there.sessions, "sessions");
    const auto alike = [](const domain::Account& a, const domain::Account& b) { return same(a, b); };
    if (!std::equal(tables_.accounts.begin(), tables_.accounts.end(), there.accounts.begin(), there.accounts.end(),
                    alike))
        throw Stop("the accounts in PostgreSQL are not those of the SQLite database");
    report_.locations = static_cast<std::int64_t>(there.locations.size());
    report_.products = static_cast<std::int64_t>(there.products.size());
    report_.levels = static_cast<std::int64_t>(there.levels.size());
}

// Item by item, as everybody will be told them.
void Migration::compare_feed() {
    for (domain::FeedSeq done = 0;;) {
        domain::Changes here;
        domain::Changes there;
        here.items = expect(from_.read_store().feed(done, domain::page_limit_max), source).items;
        there.items = expect(to_.feed(done, domain::page_limit_max), target).items;
        if (domain::encode_batch(here) != domain::encode_batch(there))
            throw Stop("the feed in PostgreSQL differs behind number " + std::to_string(done));
        if (here.items.empty()) return;
        done = domain::seq_of(here.items.back());
    }
}

void Migration::compare_counts() {
    using enum domain::OrderStatus;
    for (const auto status : {placed, partially_fulfilled, fulfilled, cancelled, partially_returned, returned}) {
        domain::OrderFilter filter;
        filter.status = status;
        filter.limit = 0;
        const auto here = expect(from_.read_store().orders(filter), source).total;
        const auto there = expect(to_.count_orders(status), target);
        if (here != there)
            throw Stop("PostgreSQL has " + std::to_string(there) + " orders " + std::string(domain::name(status)) +
                       ", the SQLite database " + std::to_string(here));
    }
    if (expect(to_.count_answers(), target) != report_.answers)
        throw Stop("the answers of idempotency keys in PostgreSQL are not those of the SQLite database");
}

}  // namespace

Result<MigrationReport, std::string> migrate_sqlite_to_postgres(const std::string& sqlite_path, const std::string& url,
                                                                const MigrationProgress& progress) {
    // Opening would make it.
    std::error_code ignored;
    if (!std::filesystem::exists(sqlite_path, ignored)) return "there is no database " + sqlite_path;
    const SystemClock clock;
    const auto from = sqlite::SqliteStorage::open({.path = sqlite_path}, clock);
    if (from.has_error()) return from.error().detail;
    const auto to = postgres::Import::begin(url, clock.wall_ms());
    if (to.has_error()) return to.error().detail;
    try {
        return Migration(**from, **to, progress).run();
    } catch (const Stop& stop) {
        return std::string(stop.what());
    }
}

}  // namespace onhand::storage
