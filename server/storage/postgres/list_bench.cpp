// How fast the shared store answers lists when it holds many orders, alone, without engine or network.
//   postgres_list_bench URL fill [orders] [products]   fills an empty database, that was migrated, with SQL
//   postgres_list_bench URL [questions of a kind]      asks, and prints the times of each kind of question
// Half of the orders are on one product, the others are spread; one in a thousand is still placed, one in ten thousand
// cancelled, the others fulfilled. What is filled serves lists of orders only: it has no feed and fails verify.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "storage/postgres/postgres_storage.hpp"
#include "storage/postgres/reader.hpp"

namespace {

using namespace onhand;
using namespace onhand::storage::postgres;

constexpr std::int64_t first_product = 20'000;  // ids of three bytes, so that SQL can write them
constexpr std::int64_t batch_orders = 64;

void stop_with(const char* what, const std::string& detail) {
    std::fprintf(stderr, "%s: %s\n", what, detail.c_str());
    std::exit(1);
}

// Each with :orders, :products and :first to be replaced.
constexpr const char* fill_sql[] = {
    "INSERT INTO product SELECT :first + g, 'SKU-' || g, 'Product ' || g, '', '', '1.00', 'EUR', '{}', 0, false, 1, 0, "
    "0 "
    "FROM generate_series(0, :products - 1) g",
    "INSERT INTO outbox (id, n, changes, orders, number, first_seq) SELECT g + 1, 128, '\\x01', '{64,0,0,0,0,0}', g + "
    "1, "
    "g * 128 + 1 FROM generate_series(0, :orders / 64 - 1) g",
    "CREATE TEMP TABLE wanted AS SELECT g, CASE WHEN g % 2 = 0 THEN :first ELSE :first + floor(random() * "
    ":products)::bigint "
    "END AS p FROM generate_series(0, :orders - 1) g",
    "INSERT INTO request_result (id, key, fingerprint, batch, number, version, placed_by, at, updated_at, place, "
    "status, "
    "lines) SELECT ('01930000' || lpad(to_hex(g), 8, '0') || '7000800000000000')::uuid, gen_random_uuid(), "
    "gen_random_uuid(), g / 64 + 1, 1001 + g, 1, 1 + g % 50, g, g, (g % 64) * 2 + 1, "
    "CASE WHEN g % 1000 = 7 THEN 0 WHEN g % 10000 = 8 THEN 3 ELSE 2 END, "
    "decode('0101' || lpad(to_hex((p & 127) | 128), 2, '0') || lpad(to_hex((p >> 7 & 127) | 128), 2, '0') || "
    "lpad(to_hex(p >> 14), 2, '0') || '0101' || '0153' || '044d41494e', 'hex') FROM wanted",
    "INSERT INTO movement SELECT p, g / 64 + 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0, 1, g, (g % 64) * 2, 4, 0, 1, "
    "gen_random_uuid(), ('01930000' || lpad(to_hex(g), 8, '0') || '7000800000000000')::uuid FROM wanted ORDER BY p, g",
    "INSERT INTO stock_level SELECT p, 1, 1000000000, 0, 0, 0, 0, 1, 0, 0, count(*) FROM wanted GROUP BY p",
    "UPDATE feed_head SET seq = :orders * 2, batch = :orders / 64, orders = (SELECT array_agg((SELECT count(*) FROM "
    "request_result WHERE status = s) ORDER BY s) FROM generate_series(0, 5) s)",
    "VACUUM ANALYZE",
};

void replace_all(std::string& text, const std::string& what, const std::string& by) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what)) text.replace(at, what.size(), by);
}

void fill(const std::string& url, const std::string& orders, const std::string& products) {
    Connection connection({.url = url, .answer_timeout = std::chrono::hours(1)});
    for (const std::string original : fill_sql) {
        std::string sql = original;
        replace_all(sql, ":orders", orders);
        replace_all(sql, ":products", products);
        replace_all(sql, ":first", std::to_string(first_product));
        const auto begin = std::chrono::steady_clock::now();
        connection.execute(sql.c_str());
        std::printf("%6.1f s  %.70s\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count(),
                    sql.c_str());
        std::fflush(stdout);
    }
}

struct Kind {
    const char* name;
    std::function<domain::OrderFilter(std::uint64_t)> filter;
};

void ask(storage::ReadStore& store, std::int64_t orders, std::int64_t products, int questions) {
    using enum domain::OrderStatus;
    const domain::ProductId hot{first_product};
    const auto some = [=](std::uint64_t random) {
        return domain::ProductId{first_product +
                                 static_cast<std::int64_t>(random % static_cast<std::uint64_t>(products))};
    };
    const auto cursor = [=](std::uint64_t random) {
        return static_cast<domain::FeedSeq>(random % static_cast<std::uint64_t>(orders * 2));
    };
    const Kind kinds[] = {
        {"all", [](auto) { return domain::OrderFilter{}; }},
        {"all, behind a cursor", [=](auto r) { return domain::OrderFilter{.before = cursor(r)}; }},
        {"all, offset up to 10 000",
         [](auto r) { return domain::OrderFilter{.offset = static_cast<std::int64_t>(r % 10'000)}; }},
        {"fulfilled (nearly all)", [](auto) { return domain::OrderFilter{.status = fulfilled}; }},
        {"placed (1 in 1000)", [](auto) { return domain::OrderFilter{.status = placed}; }},
        {"cancelled (1 in 10 000)", [](auto) { return domain::OrderFilter{.status = cancelled}; }},
        {"cancelled, behind a cursor",
         [=](auto r) { return domain::OrderFilter{.status = cancelled, .before = cursor(r)}; }},
        {"of a product", [=](auto r) { return domain::OrderFilter{.product = some(r)}; }},
        {"of the hot product (half)", [=](auto) { return domain::OrderFilter{.product = hot}; }},
        {"of the hot product, cursor",
         [=](auto r) { return domain::OrderFilter{.product = hot, .before = cursor(r)}; }},
        {"of a product, placed", [=](auto r) { return domain::OrderFilter{.status = placed, .product = some(r)}; }},
        {"of the hot product, fulfilled",
         [=](auto) { return domain::OrderFilter{.status = fulfilled, .product = hot}; }},
        {"by number",
         [=](auto r) {
             return domain::OrderFilter{.search = std::to_string(1001 + r % static_cast<std::uint64_t>(orders))};
         }},
        {"of an account (1 in 50)",
         [](auto r) {
             return domain::OrderFilter{.placed_by = domain::AccountId{1 + static_cast<std::int64_t>(r % 50)}};
         }},
    };
    std::mt19937_64 random(1);
    for (const auto& kind : kinds) {
        std::vector<double> times;
        std::int64_t total = 0;
        for (int i = 0; i < questions; ++i) {
            const auto filter = kind.filter(random());
            const auto begin = std::chrono::steady_clock::now();
            const auto page = store.orders(filter);
            if (!page) stop_with(kind.name, page.error().detail);
            times.push_back(
                std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
            total = page->total;
        }
        std::sort(times.begin(), times.end());
        const auto percentile = [&](double p) {
            return times[static_cast<std::size_t>(p * static_cast<double>(times.size() - 1))];
        };
        std::printf("%-32s ms p50 %7.2f p99 %7.2f max %7.2f  total %lld\n", kind.name, percentile(.5), percentile(.99),
                    percentile(1), static_cast<long long>(total));
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) stop_with("usage", "postgres_list_bench URL [fill [orders] [products] | questions]");
    const std::string url = argv[1];
    const SystemClock clock;
    auto opened = PostgresStorage::open({.url = url}, clock);
    if (!opened) stop_with("open", opened.error().detail);
    if (argc > 2 && std::strcmp(argv[2], "fill") == 0) {
        fill(url, argc > 3 ? argv[3] : "10000000", argc > 4 ? argv[4] : "1000000");
        return 0;
    }
    Connection connection({.url = url});
    const auto counts = connection.query_text(
        "SELECT (SELECT sum(o) FROM unnest(orders) o)::bigint, (SELECT count(*) FROM product) FROM feed_head",
        Params{});
    ask((*opened)->read_store(), counts.integer(0, 0), counts.integer(0, 1),
        argc > 2 ? std::max(1, std::atoi(argv[2])) : 200);
}
