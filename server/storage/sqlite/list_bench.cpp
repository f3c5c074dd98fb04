// How long the lists of an embedded store take, alone, without network; the store stays as it is.
//   list_bench DATABASE [calls]
// Prints how long opening takes and, for each kind of question, p50, p99 and the longest of so many calls.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "storage/sqlite/sqlite_storage.hpp"

namespace {

using namespace onhand;
using SteadyClock = std::chrono::steady_clock;

double ms_since(SteadyClock::time_point begin) {
    return std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count();
}

[[noreturn]] void stop_with(const std::string& detail) {
    std::fprintf(stderr, "%s\n", detail.c_str());
    std::exit(1);
}

class Questions {
  public:
    Questions(storage::ReadStore& store, domain::FeedSeq head, int calls) : store_(store), head_(head), calls_(calls) {}

    void ask_orders(const char* what, const std::function<void(domain::OrderFilter&)>& fill) {
        std::string total;
        const auto once = [&] {
            domain::OrderFilter filter;
            fill(filter);
            const auto page = store_.orders(filter);
            if (!page) stop_with(page.error().detail);
            total = std::to_string(page->rows.size()) + " of " + std::to_string(page->total) +
                    (page->total_is_exact ? "" : "+");
        };
        report(what, once, total);
    }
    void ask_movements(const char* what, const std::function<void(domain::MovementFilter&)>& fill) {
        std::string rows;
        const auto once = [&] {
            domain::MovementFilter filter;
            fill(filter);
            const auto page = store_.movements(filter);
            if (!page) stop_with(page.error().detail);
            rows = std::to_string(page->rows.size());
        };
        report(what, once, rows);
    }
    // A feed number anywhere.
    domain::FeedSeq any() {
        return 2'000'000 + static_cast<domain::FeedSeq>(random_() % static_cast<std::uint64_t>(head_ - 2'000'000));
    }
    std::uint64_t draw(std::uint64_t below) { return random_() % below; }

  private:
    void report(const char* what, const std::function<void()>& once, const std::string& rows) {
        std::vector<double> times;
        for (int i = 0; i < calls_; ++i) {
            const auto begin = SteadyClock::now();
            once();
            times.push_back(ms_since(begin));
        }
        const double first = times.front();
        std::sort(times.begin(), times.end());
        const auto at = [&times](double share) {
            return times[static_cast<std::size_t>(share * static_cast<double>(times.size() - 1))];
        };
        std::printf("%-44s p50 %7.3f  p99 %7.3f  max %7.3f  first %7.3f ms  (%s)\n", what, at(.5), at(.99), at(1),
                    first, rows.c_str());
    }

    storage::ReadStore& store_;
    domain::FeedSeq head_;
    int calls_;
    std::mt19937_64 random_{5};
};

using Filter = domain::OrderFilter;
using Status = domain::OrderStatus;
constexpr domain::ProductId hot{1};
constexpr domain::ProductId warm{500};

void orders_by_state(Questions& questions) {
    questions.ask_orders("orders", [](Filter&) {});
    questions.ask_orders("orders, offset 5 000 000", [](Filter& f) { f.offset = 5'000'000; });
    questions.ask_orders("orders before any number", [&](Filter& f) { f.before = questions.any(); });
    questions.ask_orders("cancelled", [](Filter& f) { f.status = Status::cancelled; });
    questions.ask_orders("fulfilled, offset 1 000 000", [](Filter& f) {
        f.status = Status::fulfilled;
        f.offset = 1'000'000;
    });
    questions.ask_orders("placed before any number", [&](Filter& f) {
        f.status = Status::placed;
        f.before = questions.any();
    });
}

void orders_of_products(Questions& questions) {
    const auto cold = [&questions] {
        return domain::ProductId{2'000 + static_cast<std::int64_t>(questions.draw(900'000))};
    };
    questions.ask_orders("of the hot product", [&](Filter& f) { f.product = hot; });
    questions.ask_orders("of the hot product, offset 3 000 000", [&](Filter& f) {
        f.product = hot;
        f.offset = 3'000'000;
    });
    questions.ask_orders("of the hot product, before any", [&](Filter& f) {
        f.product = hot;
        f.before = questions.any();
    });
    questions.ask_orders("of the hot product, cancelled", [&](Filter& f) {
        f.product = hot;
        f.status = Status::cancelled;
    });
    questions.ask_orders("of the hot product, cancelled, before any", [&](Filter& f) {
        f.product = hot;
        f.status = Status::cancelled;
        f.before = questions.any();
    });
    questions.ask_orders("of a warm product, cancelled", [&](Filter& f) {
        f.product = warm;
        f.status = Status::cancelled;
    });
    questions.ask_orders("of a cold product", [&](Filter& f) { f.product = cold(); });
    questions.ask_orders("of a cold product, fulfilled", [&](Filter& f) {
        f.product = cold();
        f.status = Status::fulfilled;
    });
    questions.ask_orders("of an account", [](Filter& f) { f.placed_by = domain::AccountId{1}; });
    questions.ask_orders("of an account, cancelled", [](Filter& f) {
        f.placed_by = domain::AccountId{1};
        f.status = Status::cancelled;
    });
}

void searches(Questions& questions) {
    const auto found = [&questions](const char* what, const char* text, domain::FeedSeq before = 0,
                                    std::optional<Status> status = {}, std::optional<domain::ProductId> product = {}) {
        questions.ask_orders(what, [&](Filter& f) {
            f.search = text;
            f.before = before;
            f.status = status;
            f.product = product;
        });
    };
    found("search anna", "anna");
    found("search anna name5", "anna name5");
    found("search name", "name");
    found("search n (every customer)", "n");
    found("search web (every reference)", "web");
    found("search 2 (every reference)", "2");
    found("search web-25000000", "web-25000000");
    found("search anna, in the middle", "anna", 12'000'000);
    found("search anna, cancelled", "anna", 0, Status::cancelled);
    found("search anna, of a warm product", "anna", 0, {}, warm);
    found("search anna, of the hot product", "anna", 0, {}, hot);
    found("search nobody", "nobodyatall");
    found("search number", "5000000");
    found("search anna ben (few)", "anna ben");
}

void movements(Questions& questions) {
    using Movements = domain::MovementFilter;
    questions.ask_movements("movements", [](Movements&) {});
    questions.ask_movements("movements before any", [&](Movements& f) { f.before = questions.any(); });
    questions.ask_movements("movements after any", [&](Movements& f) { f.after = questions.any(); });
    questions.ask_movements("of the hot product", [&](Movements& f) { f.product = hot; });
    questions.ask_movements("of the hot product, before any", [&](Movements& f) {
        f.product = hot;
        f.before = questions.any();
    });
    questions.ask_movements("of the hot product, after any", [&](Movements& f) {
        f.product = hot;
        f.after = questions.any();
    });
    questions.ask_movements("of a cold product", [&](Movements& f) {
        f.product = domain::ProductId{2'000 + static_cast<std::int64_t>(questions.draw(900'000))};
    });
    questions.ask_movements("of a location, after any", [&](Movements& f) {
        f.location = domain::main_location;
        f.after = questions.any();
    });
    questions.ask_movements("of a location and the hot product", [&](Movements& f) {
        f.location = domain::main_location;
        f.product = hot;
        f.before = questions.any();
    });
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) stop_with("list_bench DATABASE [calls]");
    storage::sqlite::SqliteOptions options;
    options.path = argv[1];
    const SystemClock clock;
    const auto begin = SteadyClock::now();
    auto opened = storage::sqlite::SqliteStorage::open(options, clock);
    if (!opened) stop_with(opened.error().detail);
    std::printf("open: %.1f ms, %zu known keys\n", ms_since(begin), (*opened)->known_keys());
    Questions questions((*opened)->read_store(), (*opened)->store().head(), argc > 2 ? std::atoi(argv[2]) : 100);
    orders_by_state(questions);
    orders_of_products(questions);
    searches(questions);
    movements(questions);
}
