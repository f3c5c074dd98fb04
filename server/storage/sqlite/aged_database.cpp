// Makes a large, old database for measurements: years of trade, written through the store as the engine would have.
//   aged_database FOLDER [orders] [products] [years]
// FOLDER/onhand.db gets product HOT, which half of the orders ask for, S-000000 to S-000999, and P-000000 onwards;
// orders of one to three lines, of which a quarter was shipped or cancelled later; customers out of 2 000 names, and
// references on a third of the orders. No account is made: the first one to register is the one who placed all of it.
// `onhand verify` finds nothing wrong with it.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "storage/sqlite/sqlite_storage.hpp"

namespace {

using namespace onhand;

constexpr int spread_products = 1000;
constexpr domain::Quantity deep_stock = 1'000'000'000;
constexpr int catalogue_batch = 20'000;
constexpr int orders_batch = 5'000;
// The keys of more orders than these would not find room in memory.
constexpr int orders_caught_up = 1'000'000;
// Orders change this many orders after they were placed.
constexpr std::size_t open_orders = 40'000;

constexpr const char* kinds[] = {"bolt",  "nut",  "washer", "screw",  "bracket",
                                 "hinge", "hook", "clamp",  "anchor", "rivet"};
constexpr const char* materials[] = {"steel", "brass", "copper", "nylon", "zinc", "oak", "carbon"};
constexpr const char* first_names[] = {"Anna", "Ben",  "Carla", "David",  "Elena", "Felix", "Greta",
                                       "Hugo", "Ida",  "Jonas", "Karin",  "Leon",  "Maria", "Nils",
                                       "Olga", "Paul", "Rosa",  "Stefan", "Tina",  "Viktor"};

[[noreturn]] void stop_with(const char* what, const std::string& detail) {
    std::fprintf(stderr, "%s: %s\n", what, detail.c_str());
    std::exit(1);
}

std::string padded(const char* prefix, int number) {
    char text[32];
    std::snprintf(text, sizeof text, "%s-%06d", prefix, number);
    return text;
}

class Trade {
  public:
    Trade(storage::Store& store, int products, std::int64_t orders, double years)
        : store_(store), ids_([this] { return random_(); }), products_(products), orders_(orders) {
        span_ms_ = static_cast<UnixMillis>(years * 365.25 * 86'400'000.0);
        begin_ms_ = now_ = SystemClock{}.wall_ms() - span_ms_;
    }

    void make_catalogue() {
        levels_.reserve(static_cast<std::size_t>(products_));
        for (int i = 0; i < products_; ++i) {
            add_product(i);
            if ((i + 1) % catalogue_batch == 0) commit();
        }
        commit();
    }

    // `catch_up` is called between batches, now and then.
    void make_orders(const std::function<void()>& catch_up) {
        for (std::int64_t i = 0; i < orders_; ++i) {
            now_ = begin_ms_ + static_cast<UnixMillis>(static_cast<double>(span_ms_) * static_cast<double>(i) /
                                                       static_cast<double>(orders_));
            place(i);
            if (open_.size() > open_orders) finish_oldest();
            if ((i + 1) % orders_batch == 0) commit();
            if ((i + 1) % orders_caught_up == 0) catch_up();
        }
        commit();
    }

  private:
    void commit() {
        const auto result = store_.commit(changes_);
        if (result.status != storage::CommitStatus::committed) stop_with("commit", result.error.detail);
        changes_ = {};
    }

    std::string sku_of(int i) const {
        if (i == 0) return "HOT";
        if (i <= spread_products) return padded("S", i - 1);
        return padded("P", i - 1 - spread_products);
    }

    void add_product(int i) {
        domain::ProductEvent event;
        domain::Product& product = event.product;
        const std::string kind = kinds[i % 10];
        product.id = domain::ProductId{i + 1};
        product.sku = sku_of(i);
        product.name = std::string(materials[i % 7]) + " " + kind + " " + std::to_string(i);
        product.category = kind + "s";
        product.unit_price = {std::to_string(1 + i % 90) + ".50", "EUR"};
        product.reorder_point = 10;
        product.created_at = product.updated_at = now_;
        event.actor = domain::AccountId{1};
        changes_.items.emplace_back(event);
        domain::StockLevel level;
        level.key = {product.id, domain::main_location};
        levels_.push_back(level);
        const domain::Quantity quantity = i <= spread_products ? deep_stock : 10'000 + i % 997;
        const domain::Cause cause{domain::CauseType::product, {}};
        move(levels_.back(), domain::MovementKind::received, quantity, domain::raw(domain::Place::supplier),
             domain::raw(domain::main_location), domain::Reason::opening_stock, cause);
    }

    void move(domain::StockLevel& level, domain::MovementKind kind, domain::Quantity quantity, std::int64_t from,
              std::int64_t to, domain::Reason reason, const domain::Cause& cause) {
        const auto after = domain::apply(level, domain::delta_of(kind, quantity, true), now_);
        if (!after) stop_with("trade", "there is not enough stock for so many orders");
        level = *after;
        domain::Movement movement;
        movement.id = ids_.next(now_);
        movement.kind = kind;
        movement.quantity = quantity;
        movement.from = from;
        movement.to = to;
        movement.reason = reason;
        movement.actor = domain::AccountId{1};
        movement.cause = cause;
        movement.after = level;
        changes_.items.emplace_back(std::move(movement));
        changes_.levels[level.key] = level;
    }

    int draw_product() {
        const auto draw = random_() % 10;
        if (draw < 5) return 0;
        if (draw == 5) return 1 + static_cast<int>(random_() % spread_products);
        return static_cast<int>(random_() % static_cast<std::uint64_t>(products_));
    }

    void place(std::int64_t index) {
        domain::OrderEvent event;
        domain::Order& order = event.order;
        order.id = ids_.next(now_);
        order.number = domain::first_order_number + index;
        order.placed_by = event.actor = domain::AccountId{1};
        order.placed_at = order.updated_at = now_;
        const auto lines = random_() % 10 < 8 ? 1U : 2U + random_() % 2;
        while (order.lines.size() < lines) {
            domain::OrderLine line;
            line.level = levels_[static_cast<std::size_t>(draw_product())].key;
            line.quantity = 1 + static_cast<domain::Quantity>(random_() % 3);
            const auto same = [&line](const auto& other) { return other.level == line.level; };
            if (std::none_of(order.lines.begin(), order.lines.end(), same)) order.lines.push_back(line);
        }
        if (random_() % 10 < 6)
            order.customer = std::string(first_names[random_() % 20]) + " Name" + std::to_string(random_() % 100);
        if (random_() % 3 == 0) order.reference = "WEB-" + std::to_string(20'000'000 + index);
        for (std::uint64_t half = 0; half < 2; ++half) {
            const std::uint64_t bytes = random_();
            std::memcpy(event.key.data() + 8 * half, &bytes, sizeof bytes);
        }
        event.fingerprint = event.key;
        const domain::Cause cause{domain::CauseType::order, order.id};
        const std::int64_t here = domain::raw(domain::main_location);
        for (const auto& line : order.lines)
            move(level_of(line), domain::MovementKind::allocated, line.quantity, here, here,
                 domain::Reason::order_placed, cause);
        open_.push_back(order);
        changes_.items.emplace_back(std::move(event));
    }

    domain::StockLevel& level_of(const domain::OrderLine& line) {
        return levels_[static_cast<std::size_t>(domain::raw(line.level.product) - 1)];
    }

    void finish_oldest() {
        domain::OrderEvent event;
        event.order = std::move(open_.front());
        open_.pop_front();
        const auto draw = random_() % 20;
        if (draw >= 5) return;
        const bool shipped = draw != 0;
        domain::Order& order = event.order;
        const std::int64_t here = domain::raw(domain::main_location);
        const domain::Cause cause{domain::CauseType::order, order.id};
        for (auto& line : order.lines) {
            if (shipped)
                move(level_of(line), domain::MovementKind::fulfilled, line.quantity, here,
                     domain::raw(domain::Place::customer), domain::Reason::order_shipped, cause);
            else
                move(level_of(line), domain::MovementKind::deallocated, line.quantity, here, here,
                     domain::Reason::order_cancelled, cause);
            (shipped ? line.fulfilled : line.cancelled) = line.quantity;
        }
        order.status = domain::status_of(order.lines);
        order.version = 2;
        order.updated_at = now_;
        event.kind = shipped ? domain::OrderEvent::Kind::fulfilled : domain::OrderEvent::Kind::cancelled;
        event.actor = domain::AccountId{1};
        changes_.items.emplace_back(std::move(event));
    }

    storage::Store& store_;
    std::mt19937_64 random_{1};
    UuidGenerator ids_;
    const int products_;
    const std::int64_t orders_;
    UnixMillis span_ms_ = 0;
    UnixMillis begin_ms_ = 0;
    UnixMillis now_ = 0;
    std::vector<domain::StockLevel> levels_;
    std::deque<domain::Order> open_;
    domain::Changes changes_;
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) stop_with("usage", "aged_database FOLDER [orders] [products] [years]");
    const std::int64_t orders = argc > 2 ? std::atoll(argv[2]) : 10'000'000;
    const int products = argc > 3 ? std::atoi(argv[3]) : 1'000'000;
    const double years = argc > 4 ? std::atof(argv[4]) : 2.0;
    if (orders < 0 || products <= spread_products || years <= 0) stop_with("usage", "more than 1000 products");
    storage::sqlite::SqliteOptions options;
    options.path = std::string(argv[1]) + "/onhand.db";
    const SystemClock clock;
    const auto begin = std::chrono::steady_clock::now();
    {
        // Without the background thread; what it does behind the commits is done at once for many.
        options.background = false;
        auto opened = storage::sqlite::SqliteStorage::open(options, clock);
        if (!opened) stop_with("open", opened.error().detail);
        auto& store = (*opened)->store();
        if (store.head() != 0) stop_with("folder", "there is a database already");
        const auto catch_up = [&] {
            if (auto done = (*opened)->catch_up_derived(store.head()); !done) stop_with("lists", done.error().detail);
        };
        Trade trade(store, products, orders, years);
        trade.make_catalogue();
        std::printf("%d products: %.1f s\n", products, seconds_since(begin));
        trade.make_orders(catch_up);
        std::printf("%lld orders: %.1f s\n", static_cast<long long>(orders), seconds_since(begin));
        catch_up();
    }
    std::printf("lists: %.1f s\n", seconds_since(begin));
}
