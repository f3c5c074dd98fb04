// bench/growth: how the cost of an order grows with what the server has and does: lines of an order, products, orders in
// the database, connections, instances, watchers. Each series starts from a fresh database, or says otherwise. Writes
// docs/performance/growth.json, series by series; plot.mjs makes the pictures from it.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Bench, printTable, short } from "./bench.mjs";
import { busyWarning, machineFacts } from "./facts.mjs";
import { HOT_SKU, SPREAD_PREFIX } from "./prepare.mjs";
import { watch } from "./watch_orders.mjs";

const root = resolve(import.meta.dirname, "..");
const file = join(root, "docs/performance/growth.json");
const CONNECTIONS = 256;
const LARGE_STOCK = 1_000_000_000;

const hot = (connections = CONNECTIONS) => ["orders", "--sku", HOT_SKU, "--connections", connections];
const spread = (skus, lines) => ["orders", "--sku", SPREAD_PREFIX, "--skus", skus, "--lines", lines, "--connections", CONNECTIONS];

const pointOf = (x, result) => ({
  x,
  requests_per_s: result.requests_per_second,
  p50_ms: result.latency_us.p50 / 1000,
  p99_ms: result.latency_us.p99 / 1000,
  cpu_us: result.server_cpu_us,
});

async function withServer(bench, given, use) {
  const server = await bench.startServer(given);
  server.token = await bench.prepare.register(server);
  const points = await use(server);
  await bench.stopServer(server);
  return points;
}

// A point for each of `values`, on one server.
async function along(bench, server, values, loadOf) {
  const points = [];
  for (const x of values) {
    const timing = { warmup: 0.7, duration: bench.seconds(2) };
    points.push(pointOf(x, await bench.load(server, server.token, loadOf(x), timing)));
  }
  return points;
}

const SERIES = {
  lines: {
    what: "lines of an order, 1 000 products, embedded",
    run: (bench) =>
      withServer(bench, {}, async (server) => {
        await bench.prepare.prepareSmall(server, server.token);
        return along(bench, server, [1, 2, 4, 8, 16, 32, 64, 128, 200], (lines) => spread(1000, lines));
      }),
  },
  products: {
    what: "products that orders of one line are spread over, embedded",
    run: async (bench) => {
      const points = [];
      for (const count of [1, 10, 100, 1000, 10_000, 100_000, 300_000]) {
        const some = await withServer(bench, {}, async (server) => {
          await bench.prepare.prepareSpread(server, server.token, Math.max(count, 2), LARGE_STOCK);
          return along(bench, server, [count], () => (count === 1 ? ["orders", "--sku", bench.prepare.skuOf(SPREAD_PREFIX, 0), "--connections", CONNECTIONS] : spread(count, 1)));
        });
        points.push(...some);
      }
      return points;
    },
  },
  connections: {
    what: "connections, each with one order on its way, one product, embedded",
    run: (bench) =>
      withServer(bench, {}, async (server) => {
        await bench.prepare.prepareSmall(server, server.token);
        return along(bench, server, [1, 4, 16, 64, 256, 1024, 2048], (connections) => hot(connections));
      }),
  },
  orders: {
    what: "orders in the database, one product, embedded: one long load, a point for each stretch",
    run: (bench) =>
      withServer(bench, {}, async (server) => {
        await bench.prepare.prepareSmall(server, server.token);
        const points = [];
        let placed = 0;
        const goal = bench.full ? 10_000_000 : 1_000_000;
        while (placed < goal) {
          const result = await bench.load(server, server.token, hot(), { warmup: 0.2, duration: goal / 500_000 });
          points.push({ ...pointOf(placed + result.accepted / 2, result), rss_mb: bench.memory(server).now });
          placed += result.accepted;
        }
        return points;
      }),
  },
  instances: {
    what: "instances on one PostgreSQL and Redis, 256 connections in all, one product",
    run: async (bench) => {
      const postgres = await bench.postgres();
      const redis = await bench.redis();
      const database = await postgres.makeDatabase("growth");
      const first = await bench.startPrepared({ database, flags: ["--redis", redis.url] });
      const servers = [first];
      const points = [];
      for (const count of [1, 2, 3, 4]) {
        while (servers.length < count) servers.push(await bench.startServer({ database, flags: ["--redis", redis.url] }));
        await postgres.sql("CHECKPOINT");
        const timing = { warmup: 1, duration: bench.seconds(3) };
        const all = await Promise.all(servers.map((server) => bench.load(server, first.token, hot(Math.floor(CONNECTIONS / count)), timing)));
        const sum = (field) => all.reduce((total, each) => total + field(each), 0);
        const rate = sum((each) => each.requests_per_second);
        const largest = (field) => Math.max(...all.map(field));
        points.push({
          x: count,
          requests_per_s: rate,
          p50_ms: largest((each) => each.latency_us.p50 / 1000),
          p99_ms: largest((each) => each.latency_us.p99 / 1000),
          cpu_us: sum((each) => each.server_cpu_us * each.sent) / sum((each) => each.sent),
        });
      }
      for (const server of servers) await bench.stopServer(server);
      return points;
    },
  },
  watchers: {
    what: "pages that watch 40 of 1 000 products each, 5 000 orders/s, embedded",
    run: (bench) =>
      withServer(bench, {}, async (server) => {
        await bench.prepare.prepareSmall(server, server.token);
        const points = [];
        for (const x of [10, 100, 250, 500, 1000, 2000]) {
          const { some, server_cores } = await watch(bench, server, server.token, ["--some", x, "--rows", 40], bench.seconds(4));
          if (some.missed > 0) bench.fail(`${x} watchers: ${some.missed} deliveries missed`);
          points.push({ x, p50_ms: some.p50_us / 1000, p99_ms: some.p99_us / 1000, server_cores, bytes_per_s: some.bytes_per_second });
        }
        return points;
      }),
  },
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    binary: { type: "string", default: join(root, "build/bench/onhand") },
    load: { type: "string", default: join(root, "build/bench/onhand-load") },
    seconds: { type: "string" },
    full: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

async function measure(names) {
  const bench = new Bench({ ...options, binary: resolve(options.binary), load: resolve(options.load) });
  const facts = Object.fromEntries(machineFacts(root));
  console.log(busyWarning() ?? "The machine is quiet.");
  try {
    for (const name of names) {
      const { what, run } = SERIES[name];
      const points = await run(bench);
      const data = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
      data[name] = { what, date: facts.date, commit: facts.commit, machine: `${facts.processor}, ${facts.kernel}`, points };
      mkdirSync(join(root, "docs/performance"), { recursive: true });
      writeFileSync(file, `${JSON.stringify(data, (_, value) => (typeof value === "number" ? Number(value.toPrecision(4)) : value), 1)}\n`);
      console.log(`\n${name}: ${what}\n`);
      const columns = Object.keys(points[0]);
      printTable(columns, points.map((point) => columns.map((column) => short(point[column]))));
    }
  } finally {
    await bench.end();
  }
}

if (options.help) {
  console.log(`bench/growth [--seconds N] [--full] [--binary onhand --load onhand-load] [SERIES …]\n`);
  for (const [name, { what }] of Object.entries(SERIES)) console.log(`  ${name.padEnd(14)} ${what}`);
} else {
  await measure(positionals.length > 0 ? positionals : Object.keys(SERIES));
}
