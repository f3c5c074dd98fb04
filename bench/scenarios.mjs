// The scenarios of bench/run: prepares a database, puts load on it with onhand-load, prints one row each, and at the end
// checks that the database agrees with what was answered. See bench/RESULTS.md for what is measured and why.

import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import { busySeconds, busyWarning, machineFacts } from "./facts.mjs";
import * as prepare from "./prepare.mjs";
import { cpuSeconds, memory, startServer, stopServer } from "./server.mjs";

const root = resolve(import.meta.dirname, "..");
const run = promisify(execFile);
const LOAD_TIMEOUT_MS = 120_000;
const VERIFY_TIMEOUT_MS = 120_000;
const STARTS = 5;

const hot = ["orders", "--sku", prepare.HOT_SKU];
const spread = ["orders", "--sku", prepare.SPREAD_PREFIX, "--skus", prepare.SPREAD_PRODUCTS, "--lines", "1-3"];
const page = (query) => ["get", "--path", `/api/v1/stock?limit=100&${query}`, "--connections", 1];

// `seconds` is how long each is measured unless --seconds says otherwise.
const ORDER_SCENARIOS = [
  { name: "idle1", what: "one order at a time, idle server", seconds: 4, load: ["idle", "--sku", prepare.HOT_SKU] },
  { name: "hot64", what: "64 connections, one product", seconds: 8, load: [...hot, "--connections", 64] },
  { name: "hot256", what: "256 connections, one product", seconds: 10, load: [...hot, "--connections", 256] },
  { name: "spread256", what: "256 connections, 1 000 products, 1 to 3 lines", seconds: 10, load: [...spread, "--connections", 256] },
  { name: "zipf256", what: "the same, products drawn by Zipf's law", seconds: 6, load: [...spread, "--spread", "zipf", "--connections", 256] },
  { name: "open20k", what: "20 000 orders/s sent at fixed times, one product", seconds: 6, load: [...hot, "--connections", 256, "--rate", 20_000] },
];

const PAGE_SCENARIOS = [
  { name: "stockpage-offset", what: "100 rows at offset 50 000", seconds: 3, load: page("offset=50000") },
  { name: "stockpage-search", what: "search for a word, first 100 rows", seconds: 3, load: page("search=bolt") },
  { name: "stockpage-narrow", what: "search for one product", seconds: 3, load: page("search=bolt+77770") },
  { name: "stockpage-sort", what: "sorted by -available, offset 50 000", seconds: 3, load: page("sort=-available&offset=50000") },
];

const options = parseArgs({
  options: {
    binary: { type: "string", default: join(root, "build/bench/onhand") },
    load: { type: "string", default: join(root, "build/bench/onhand-load") },
    only: { type: "string" },
    seconds: { type: "string" },
    "keep-data": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
}).values;

const USAGE = `bench/run [--only NAME,…] [--seconds N] [--binary onhand] [--load onhand-load] [--keep-data]

  --only       some of: ${[...ORDER_SCENARIOS, ...PAGE_SCENARIOS].map(({ name }) => name).join(" ")} start100k
  --seconds    how long each scenario is measured
  --binary     the server; --load the load generator (given both, nothing is built)
`;

const problems = [];
const chosen = options.only?.split(",");
const isChosen = ({ name }) => chosen === undefined || chosen.some((each) => name === each || name.startsWith(`${each}-`));

const ms = (microseconds) => (microseconds / 1000).toFixed(microseconds < 10_000 ? 2 : 1);

function print(cells) {
  console.log(`| ${cells.join(" | ")} |`);
}

function fail(text) {
  problems.push(text);
  console.log(`FAILED: ${text}`);
}

// Runs onhand-load against the server. Its exit code 1 says that requests were lost or unsent; the counts tell more.
async function putLoad(server, token, { name, seconds, load }) {
  const measured = options.seconds ?? seconds;
  const args = [...load, "--url", server.url, "--token", token, "--label", name, "--json"];
  const timing = ["--warmup", name.startsWith("stockpage") ? 0.5 : 1.5, "--duration", measured];
  const before = { busy: busySeconds(), server: cpuSeconds(server), at: performance.now() };
  const command = [options.load, [...args, ...timing].map(String), { timeout: LOAD_TIMEOUT_MS }];
  const { stdout } = await run(...command).catch((error) => {
    if (error.code === 1 && error.stdout) return error;
    throw new Error(`onhand-load: ${error.stderr || error.message}`);
  });
  const result = JSON.parse(stdout);
  const serverCpu = cpuSeconds(server) - before.server;
  const toolCpu = (result.tool_cpu_us_per_request * result.sent) / 1e6;
  const elapsed = (performance.now() - before.at) / 1000;
  result.server_cpu_us = (serverCpu * 1e6) / result.sent;
  result.others = Math.max(0, (busySeconds() - before.busy - serverCpu - toolCpu) / elapsed);
  return result;
}

function printLoad({ name, what }, result) {
  const { p50, p90, p99, p999, max } = result.latency_us;
  const statuses = Object.entries(result.statuses).map(([status, count]) => `${status}: ${count}`);
  if (result.lost > 0) statuses.push(`lost: ${result.lost}`);
  if (result.unsent > 0) statuses.push(`unsent: ${result.unsent}`);
  print([
    name,
    what,
    Math.round(result.requests_per_second),
    ...[p50, p90, p99, p999, max].map(ms),
    result.server_cpu_us.toFixed(1),
    result.tool_cpu_us_per_request.toFixed(1),
    result.others.toFixed(2),
    statuses.join(", "),
  ]);
  const bad = Object.keys(result.statuses).filter((status) => status !== "200" && status !== "201");
  if (bad.length > 0 || result.lost > 0) fail(`${name}: ${statuses.join(", ")} ${result.first_error}`);
}

const LOAD_COLUMNS = ["scenario", "what", "requests/s", "p50 ms", "p90", "p99", "p99.9", "max", "server CPU µs each", "tool CPU µs each", "others' cores", "answers"];

function printHead(columns) {
  print(columns);
  print(columns.map(() => "---"));
}

// `onhand verify` on a database that no server has open.
function verify(database, what) {
  const begun = performance.now();
  try {
    execFileSync(options.binary, ["verify", "--database", database], { timeout: VERIFY_TIMEOUT_MS, encoding: "utf8" });
    console.log(`onhand verify (${what}): ok, ${((performance.now() - begun) / 1000).toFixed(1)} s`);
  } catch (error) {
    fail(`onhand verify (${what}): ${error.stdout || error.message}`);
  }
}

async function orderScenarios(folder) {
  const scenarios = ORDER_SCENARIOS.filter(isChosen);
  if (scenarios.length === 0) return;
  const server = await startServer(options.binary, folder);
  const token = await prepare.register(server);
  await prepare.prepareSmall(server, token);
  printHead(LOAD_COLUMNS);
  let units = 0;
  for (const scenario of scenarios) {
    const result = await putLoad(server, token, scenario);
    units += result.accepted_units;
    printLoad(scenario, result);
  }
  const allocated = await prepare.allocatedUnits(server, token);
  console.log(`\nunits of accepted orders: ${units}; allocated in stock: ${allocated}`);
  if (units !== allocated) fail("accepted orders and allocated stock differ");
  console.log(`resident memory after the load: ${memory(server).now.toFixed(0)} MB`);
  await stopServer(server);
  console.log(`database: ${(statSync(join(folder, "onhand.db")).size / 1e6).toFixed(0)} MB`);
  verify(server.database, "after the load");
}

async function makeLarge(folder) {
  const server = await startServer(options.binary, folder);
  const token = await prepare.register(server);
  const seconds = await prepare.prepareLarge(server, token);
  console.log(`\nimport of ${prepare.LARGE_PRODUCTS} products with stock: ${seconds.toFixed(1)} s`);
  await stopServer(server);
}

async function pageScenarios(folder) {
  const scenarios = PAGE_SCENARIOS.filter(isChosen);
  if (scenarios.length === 0) return;
  const server = await startServer(options.binary, folder);
  const token = await prepare.signIn(server);
  console.log("");
  printHead(LOAD_COLUMNS);
  for (const scenario of scenarios) printLoad(scenario, await putLoad(server, token, scenario));
  await stopServer(server);
}

async function startScenario(folder) {
  if (!isChosen({ name: "start100k" })) return;
  const times = [];
  const resident = [];
  for (let count = 0; count < STARTS; count++) {
    const server = await startServer(options.binary, folder);
    times.push(server.ready_ms);
    resident.push(memory(server));
    await stopServer(server);
  }
  const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)].toFixed(0);
  console.log("");
  printHead(["scenario", "what", "median", "all"]);
  const list = (numbers) => numbers.map((number) => number.toFixed(0)).join(", ");
  print(["start100k", "ms from exec to 200 of /readyz, 100 000 products", median(times), list(times)]);
  const now = resident.map((each) => each.now);
  const peak = resident.map((each) => each.peak);
  print(["rss100k", "MB resident then", median(now), list(now)]);
  print(["rss100k-peak", "MB at most until then", median(peak), list(peak)]);
}

async function main() {
  for (const program of [options.binary, options.load]) {
    if (!existsSync(program)) throw new Error(`${program} is missing; build it with: tools/build.sh bench onhand onhand-load`);
  }
  for (const [name, value] of machineFacts(root)) console.log(`${name}: ${value}`);
  console.log(`${busyWarning() ?? "The machine is quiet."}\n`);
  const folder = mkdtempSync(join(tmpdir(), "onhand-bench-"));
  const large = join(folder, "large");
  const small = join(folder, "small");
  try {
    for (const each of [small, large]) mkdirSync(each);
    await orderScenarios(small);
    if ([...PAGE_SCENARIOS, { name: "start100k" }].some(isChosen)) {
      await makeLarge(large);
      await pageScenarios(large);
      await startScenario(large);
      verify(`sqlite:${join(large, "onhand.db")}`, "100 000 products");
    }
  } finally {
    if (options["keep-data"]) console.log(`data kept in ${folder}`);
    else rmSync(folder, { recursive: true, force: true });
  }
  console.log(problems.length === 0 ? "\nall checks passed" : `\n${problems.length} FAILED: ${problems.join("; ")}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

if (options.help) {
  console.log(USAGE);
} else {
  await main();
}
