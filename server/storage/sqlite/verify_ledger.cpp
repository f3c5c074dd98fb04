#include <algorithm>
#include <unordered_map>

#include "storage/sqlite/verify_parts.hpp"

// The feed from its first number to its last, and the ledger folded over again: what the movements add up to must be
// what each of them says, and what the level table says at the end.

namespace onhand::storage::sqlite {

namespace {

constexpr const char* gaps = "feed_has_no_gaps";
constexpr const char* versions = "versions_step_by_one";
constexpr const char* available = "available_never_negative";
constexpr const char* fold = "fold_of_feed_equals_levels";
constexpr const char* conserved = "units_conserved";

std::string name_of(domain::LevelKey key) {
    return "product " + std::to_string(domain::raw(key.product)) + " at location " +
           std::to_string(domain::raw(key.location));
}

std::string at(domain::FeedSeq seq) {
    return "at feed number " + std::to_string(seq);
}

class Ledger {
  public:
    Ledger(Connection& connection, Findings& findings) : connection_(connection), findings_(findings) {}
    void check_numbers();
    void fold_movements();
    void compare_levels();
    void compare_places();

  private:
    void fold_one(const domain::Movement& movement);
    void compare_level(const domain::StockLevel& level);

    Connection& connection_;
    Findings& findings_;
    std::unordered_map<domain::LevelKey, domain::StockLevel> folded_;
    std::map<std::int64_t, domain::Quantity> net_of_place_;  // units that came in minus those that left
    std::map<std::int64_t, domain::Quantity> on_hand_at_;    // by location, from the level table
};

// Each number of the feed is in exactly one of the three tables.
void Ledger::check_numbers() {
    Statement orders(connection_, "SELECT seq FROM orders ORDER BY seq");
    Statement movements(connection_, "SELECT seq FROM movement ORDER BY seq");
    Statement events(connection_, "SELECT seq FROM event ORDER BY seq");
    Cursor cursors[] = {orders.open(), movements.open(), events.open()};
    domain::FeedSeq next[] = {0, 0, 0};
    const auto advance = [&](int table) {
        next[table] = cursors[table].next() ? cursors[table].integer(0) : INT64_MAX;
    };
    for (int table = 0; table < 3; ++table) advance(table);
    for (domain::FeedSeq expected = 1;; ++expected) {
        const auto least = static_cast<int>(std::min_element(next, next + 3) - next);
        if (next[least] == INT64_MAX) return;
        if (next[least] != expected) {
            findings_.fail(gaps,
                           (next[least] > expected ? "missing " : "twice ") + at(std::min(next[least], expected)));
            return;
        }
        advance(least);
    }
}

void Ledger::fold_movements() {
    Statement select(connection_, std::string("SELECT ") + movement_columns + " FROM movement ORDER BY seq");
    for (auto row = select.open(); row.next();) fold_one(read_movement(row));
}

void Ledger::fold_one(const domain::Movement& movement) {
    const domain::StockLevel& after = movement.after;
    if (!domain::is_valid(after)) findings_.fail(available, name_of(after.key) + " " + at(movement.seq));
    domain::StockLevel& level = folded_[after.key];
    level.key = after.key;
    if (after.version != level.version + 1)
        findings_.fail(versions, name_of(after.key) + " goes from " + std::to_string(level.version) + " to " +
                                     std::to_string(after.version) + " " + at(movement.seq));
    const domain::LevelDelta delta = domain::delta_of(movement);
    level.on_hand += delta.on_hand;
    level.unavailable += delta.unavailable;
    level.held += delta.held;
    level.allocated += delta.allocated;
    level.incoming += delta.incoming;
    level.version = after.version;
    level.updated_at = after.updated_at;
    if (level != after) {
        findings_.fail(fold, name_of(after.key) + " is not what its movements add up to " + at(movement.seq));
        level = after;  // so that one wrong movement is reported once
    }
    net_of_place_[movement.from] -= movement.quantity;
    net_of_place_[movement.to] += movement.quantity;
}

void Ledger::compare_levels() {
    Statement select(connection_, std::string("SELECT ") + level_columns + " FROM level");
    for (auto row = select.open(); row.next();) compare_level(read_level(row));
    for (const auto& [key, level] : folded_) findings_.fail(fold, name_of(key) + " has movements and no level");
}

void Ledger::compare_level(const domain::StockLevel& level) {
    if (!domain::is_valid(level)) findings_.fail(available, name_of(level.key));
    on_hand_at_[domain::raw(level.key.location)] += level.on_hand;
    domain::StockLevel expected;
    expected.key = level.key;
    expected.updated_at = level.updated_at;
    if (const auto found = folded_.find(level.key); found != folded_.end()) {
        expected = found->second;
        folded_.erase(found);
    }
    if (level != expected) findings_.fail(fold, name_of(level.key) + " differs from the sum of its movements");
}

void Ledger::compare_places() {
    domain::Quantity sum = 0;
    for (const auto& [place, net] : net_of_place_) {
        sum += net;
        if (place > 0 && net != on_hand_at_[place])
            findings_.fail(conserved, "location " + std::to_string(place) + " received " + std::to_string(net) +
                                          " and has " + std::to_string(on_hand_at_[place]) + " on hand");
    }
    if (sum != 0) findings_.fail(conserved, "the sum over all places is " + std::to_string(sum));
}

}  // namespace

void verify_ledger(Connection& connection, Findings& findings) {
    Ledger ledger(connection, findings);
    findings.guard(gaps, [&] { ledger.check_numbers(); });
    findings.begin(versions);
    findings.begin(available);
    findings.begin(conserved);
    findings.guard(fold, [&] {
        ledger.fold_movements();
        ledger.compare_levels();
        ledger.compare_places();
    });
}

}  // namespace onhand::storage::sqlite
