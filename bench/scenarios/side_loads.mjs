// Orders beside other work. A steady 10 000 orders a second at fixed times, alone and beside each kind of work that could
// hold them up: sign-ins one after the other (each hashes a password), imports of 20 000 products, exports, and lists read
// as fast as they are answered. Target: 99 % of orders answered within 1.5 times of what it takes them alone. All in one
// run and in turns, on two cores with the load generator included. Beside `counting`, nothing is asked of the server: a
// program counts where nobody else wants the processor. What orders lose there is what this machine takes from them
// when its processors never rest, and no work of ours could be beside them for less.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const RATE = 10_000;
const CONNECTIONS = 64;
const ROUNDS = 3;
const GOAL = 1.5;
const IMPORT_ROWS = 20_000;
const REST_MS = 300; // between two measurements

const ACCOUNT = { email: "bench@example.com", password: "a password for the bench 42" };
const json = { "Content-Type": "application/json" };
const csv = { "Content-Type": "text/csv" };
const list = (count, path) => Array.from({ length: count }, (_, index) => ["GET", path(index)]);

// The work beside the orders: what is asked for, one request after the other, by so many workers. `counting` asks for nothing.
const WORK = {
  counting: { what: "a program that only counts, as SCHED_IDLE", workers: 0 },
  hash: { what: "sign-ins, two at a time", workers: 2, requests: () => [["POST", "/api/v1/auth/login", json, JSON.stringify(ACCOUNT)]] },
  import: { what: `imports of ${IMPORT_ROWS} products`, workers: 1, requests: (bench) => [["POST", "/api/v1/imports?kind=products", csv, products(bench)]] },
  "export-stock": { what: "exports of 100 000 levels", workers: 1, requests: () => [["GET", "/api/v1/exports/stock.csv"]] },
  "export-orders": { what: "exports of all orders", workers: 1, requests: () => [["GET", "/api/v1/exports/orders.csv"]] },
  orders: { what: "lists of orders, two at a time", workers: 2, requests: () => list(50, (index) => `/api/v1/orders?limit=100&offset=${index * 100}`) },
  movements: { what: "lists of movements, two at a time", workers: 2, requests: () => list(50, (index) => `/api/v1/movements?limit=500&after=${index * 500}`) },
};

const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));

function products({ prepare }) {
  const row = (index) => `${prepare.skuOf(prepare.LARGE_PREFIX, index)},imported ${index},bolts,1.50,EUR,10`;
  const rows = Array.from({ length: IMPORT_ROWS }, (_, index) => row(index));
  return `${["sku,name,category,unit_price,currency,reorder_point", ...rows].join("\n")}\n`;
}

// Starts a program that has the processor only when nobody else wants it: who asks for exports and reports sits at
// another machine, and only what the server does for it shall be beside the orders.
const spawnIdle = (args, stdio) => spawn("chrt", ["--idle", "0", process.execPath, ...args], { stdio });

// Starts the work in a process of its own. Resolves to a function that ends it and resolves to {done, failed, bytes}.
async function startWork(bench, server, token, { workers, requests }) {
  if (workers === 0) return startCounting();
  const program = join(import.meta.dirname, "../side_work.mjs");
  const child = spawnIdle([program], ["pipe", "pipe", "inherit"]);
  let output = "";
  child.stdout.on("data", (bytes) => (output += bytes));
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`side_work ended with ${code}`))));
  });
  child.stdin.write(`${JSON.stringify({ port: server.port, token, workers, requests: requests(bench) })}\n`);
  return async () => {
    child.stdin.end();
    await ended;
    return JSON.parse(output);
  };
}

function startCounting() {
  const child = spawnIdle(["-e", "for (;;);"], ["ignore", "ignore", "inherit"]);
  const ended = once(child, "exit");
  return async () => {
    child.kill();
    await ended;
    return { done: 0, failed: 0, bytes: 0 };
  };
}

async function measure(bench, server, token, work) {
  const stop = work ? await startWork(bench, server, token, work) : undefined;
  const orders = ["orders", "--sku", bench.prepare.SPREAD_PREFIX, "--skus", bench.prepare.SPREAD_PRODUCTS];
  const load = [...orders, "--connections", CONNECTIONS, "--rate", RATE];
  const result = await bench.load(server, token, load, { warmup: 0.5, duration: bench.seconds(3) });
  result.beside = stop ? await stop() : { done: 0, failed: 0, bytes: 0 };
  await sleep(REST_MS);
  return result;
}

function print(bench, name, results) {
  const of = (field) => bench.median(results.map(({ latency_us }) => latency_us[field])) / 1000;
  const sum = (field) => results.reduce((all, { beside }) => all + beside[field], 0);
  const seconds = results.reduce((all, { measured_s }) => all + measured_s + 0.5, 0);
  const refused = results.reduce((all, { accepted, sent }) => all + sent - accepted, 0);
  if (refused > 0) bench.fail(`${name}: ${refused} orders were not accepted`);
  if (sum("failed") > 0) bench.fail(`${name}: ${sum("failed")} requests beside the orders failed`);
  bench.row(name, { p50_ms: of("p50"), p99_ms: of("p99"), p999_ms: of("p999"), max_ms: of("max"), beside_done_per_s: sum("done") / seconds, beside_mb: sum("bytes") / 1e6 });
  return results.map(({ latency_us }) => latency_us.p99);
}

export const group = {
  name: "side_loads",
  title: "Orders beside other work",
  order: 70,
  seconds: 100,
  scenarios: {
    alone: `${RATE} orders a second and nothing else`,
    ...Object.fromEntries(Object.entries(WORK).map(([name, { what }]) => [name, `the same beside ${what}`])),
  },
  async run(bench) {
    const server = await bench.startServer();
    const token = await bench.prepare.register(server);
    await bench.prepare.prepareSmall(server, token);
    await bench.prepare.prepareLarge(server, token);
    await measure(bench, server, token); // so that lists and exports have something to tell
    const sides = { alone: () => measure(bench, server, token) };
    for (const [name, work] of Object.entries(WORK)) if (bench.wants(name)) sides[name] = () => measure(bench, server, token, work);
    const results = await bench.inTurns(sides, ROUNDS);
    const alone = print(bench, "alone", results.alone);
    for (const name of Object.keys(WORK).filter((each) => results[each])) {
      const beside = print(bench, name, results[name]);
      const over = bench.median(beside.map((p99, round) => p99 / alone[round]));
      if (WORK[name].workers > 0) bench.goal(name, "p99 of orders beside it over alone", over, "<=", GOAL);
      else bench.row(name, { p99_over_alone: over });
    }
    await bench.stopServer(server);
    bench.verify(server.database, "after the orders and imports");
  },
};
