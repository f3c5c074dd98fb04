// A shop with years behind it: how long its start takes, what it keeps in memory, how long every list takes, and how many
// orders a second it takes beside an empty one. Targets: start under 2 s, lists under 10 ms (p99), pauses of at most 50 ms,
// 80 % of the orders. The usual size is half a million orders of 100 000 products; --full has 10 million of a million.

import { execFileSync } from "node:child_process";
import { askInTurn, quantile, stockPages, tellDearest } from "../ask_in_turn.mjs";
import { HOT_SKU, SPREAD_PREFIX, SPREAD_PRODUCTS } from "../prepare.mjs";

const SIZES = { usual: { orders: 500_000, products: 100_000 }, full: { orders: 10_000_000, products: 1_000_000 } };
const MAKING_MS_MAX = 1_800_000;
const ROUNDS = 3;
const HOT = ["orders", "--sku", HOT_SKU, "--connections", 256];
const SPREAD = ["orders", "--sku", SPREAD_PREFIX, "--skus", SPREAD_PRODUCTS, "--connections", 256];

const orders = (query) => `/api/v1/orders?limit=50&${query}`;
const movements = (query) => `/api/v1/movements?limit=100&${query}`;

// What aged_database puts in.
function lists(size) {
  const middle = Math.floor(size.orders / 2);
  return {
    agedorders: {
      newest: orders(""),
      deep: orders(`offset=${middle}`),
      placed: orders("status=placed"),
      "fulfilled deep": orders(`status=fulfilled&offset=${Math.floor(size.orders / 20)}`),
      cancelled: orders("status=cancelled"),
      "of the hot product": orders("sku=HOT"),
      "of a spread product": orders("sku=S-000500"),
      "of a rare product": orders("sku=P-000777"),
      "placed, of the hot product": orders("sku=HOT&status=placed"),
      "cancelled, of a spread product": orders("sku=S-000500&status=cancelled"),
      "by customer": orders("search=Anna"),
      "by two words": orders("search=Anna+shop"),
      "by reference": orders(`search=WEB-${20_000_000 + middle}`),
      "by number": orders(`search=${middle}`),
      "by nothing there": orders("search=zzzz"),
    },
    agedmovements: {
      newest: movements(""),
      "in the middle": movements(`after=${size.orders}`),
      "of the hot product": movements("sku=HOT"),
      "of a spread product": movements("sku=S-000500"),
      "of a rare product": movements("sku=P-000777"),
    },
    agedstock: stockPages({ search: "brass", words: "brass+bolt+77", sku: "P-077777", category: "bolts" }),
  };
}

export const group = {
  name: "aged",
  title: "A database with years behind it",
  order: 55,
  seconds: 60,
  scenarios: {
    agedstart: "from exec until /readyz says 200, and memory then",
    agedorders: "lists of orders",
    agedmovements: "lists of movements",
    agedstock: "stock pages",
    agedrate: "orders at full speed: hot product and 1 000 products, on an empty database and on this one",
  },

  async run(bench) {
    const size = bench.full ? SIZES.full : SIZES.usual;
    const folder = bench.newFolder("aged");
    const begun = performance.now();
    execFileSync(bench.program("aged_database"), [folder, size.orders, size.products].map(String), { timeout: MAKING_MS_MAX });
    bench.note(`${size.orders} orders of ${size.products} products, made in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
    const server = await bench.startServer({ folder });
    const memory = bench.memory(server);
    bench.row("agedstart", { ready_ms: server.ready_ms, rss_mb: memory.now, peak_mb: memory.peak });
    bench.goal("agedstart", "ms from exec until ready", server.ready_ms, "<=", 2000);
    server.token = await bench.prepare.register(server);
    for (const [name, paths] of Object.entries(lists(size))) if (bench.wants(name)) await ask(bench, server, name, paths);
    if (bench.wants("agedrate")) await rates(bench, server);
    bench.note(`resident at the end: ${bench.memory(server).now.toFixed(0)} MB`);
    await bench.stopServer(server);
    bench.verify(server.database, `${size.orders} orders`);
  },
};

async function ask(bench, server, name, paths) {
  const times = await askInTurn(server, paths, bench.seconds(5));
  const all = Object.values(times).flat();
  const worst = Math.max(...Object.values(times).map((each) => quantile(each, 0.99)));
  bench.row(name, { p50_ms: quantile(all, 0.5), p99_ms: quantile(all, 0.99), worst_p99_ms: worst });
  bench.note(`Dearest of ${name}, p99 in ms (p50): ${tellDearest(times, times)}`);
  bench.goal(name, "p99 in ms of the dearest kind", worst, "<=", 10);
}

async function rates(bench, server) {
  const empty = await bench.startPrepared();
  for (const [name, load] of Object.entries({ hot: HOT, spread: SPREAD })) {
    const measure = (which) => () => bench.load(which, which.token, load, { warmup: 0.5, duration: bench.seconds(3) });
    const results = await bench.inTurns({ empty: measure(empty), aged: measure(server) }, ROUNDS);
    for (const [side, each] of Object.entries(results)) {
      const scenario = `agedrate/${name} ${side}`;
      bench.row(scenario, bench.loadValues(scenario, each));
    }
    const ratio = bench.median(results.aged.map((each, round) => each.requests_per_second / results.empty[round].requests_per_second));
    bench.goal("agedrate", `${name}: orders a second over those of an empty database`, ratio, ">=", 0.8);
    const longest = Math.max(...results.aged.map(({ latency_us }) => latency_us.max)) / 1000;
    bench.goal("agedrate", `${name}: longest wait in ms`, longest, "<=", 50);
  }
  await bench.stopServer(empty);
}
