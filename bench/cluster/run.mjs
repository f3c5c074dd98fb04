// The scenarios of bench/cluster/run: Onhand on PostgreSQL and Redis beside the peer on the same two, one and two
// instances, with and without product locks, and the way of an event between two instances. What is compared is
// measured in turns, so that a busy spell of the machine meets both. See bench/RESULTS.md for what is measured and why.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { busyWarning, machineFacts } from "../facts.mjs";
import * as prepare from "../prepare.mjs";
import { freePort, startProgram, startServer, stopServer } from "../server.mjs";
import { measureLive } from "./live.mjs";
import { putLoad } from "./load.mjs";
import { startPostgres, startRedis, stopService } from "./services.mjs";

const root = resolve(import.meta.dirname, "../..");
const peerFolder = join(root, "bench/peer");
const VERIFY_TIMEOUT_MS = 300_000;
const LIVE_RATE = 5000; // orders a second beside the measurement
const PROBES = { first: 936, count: 64, perSecond: 100 }; // the last of the 1 000 products are the measurement's own

const hot = (connections) => ["--sku", prepare.HOT_SKU, "--connections", connections];
const spread = (connections) => ["--sku", prepare.SPREAD_PREFIX, "--skus", prepare.SPREAD_PRODUCTS, "--connections", connections];

const PEER_SCENARIOS = [
  { name: "hot64", what: "64 connections, one product", load: hot(64) },
  { name: "hot256", what: "256 connections, one product", load: hot(256) },
  { name: "spread64", what: "64 connections, 1 000 products", load: spread(64) },
  { name: "spread256", what: "256 connections, 1 000 products", load: spread(256) },
];
const NAMES = [...PEER_SCENARIOS.map(({ name }) => name), "two", "locks", "locks-two", "live"];

const options = parseArgs({
  options: {
    binary: { type: "string", default: join(root, "build/bench/onhand") },
    load: { type: "string", default: join(root, "build/bench/onhand-load") },
    only: { type: "string" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "5" },
    flags: { type: "string", default: "" },
    embedded: { type: "boolean", default: false },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
}).values;

const USAGE = `bench/cluster/run [--only NAME,…] [--rounds N] [--seconds N] [--flags "…"] [--embedded] [--json FILE] [--binary onhand --load onhand-load]

  --only       some of: ${NAMES.join(" ")}
  --rounds     how often each side of a comparison is measured (3)
  --seconds    how long each time (5)
  --flags      further flags of onhand serve, separated by spaces
  --embedded   Onhand with its embedded store instead of PostgreSQL and Redis: what one process alone does
  --json       also write the values to this file, for bench/run
  --binary     the server; --load the load generator (given both, nothing is built)
`;

options.binary = resolve(options.binary);
options.load = resolve(options.load);

const ROUNDS = Number(options.rounds);
const SECONDS = Number(options.seconds);
const chosen = (name) => options.only === undefined || options.only.split(",").includes(name);
const problems = [];
// The same for --json: the values of each side, and the goals.
const recorded = { rows: [], goals: [] };

function fail(text) {
  problems.push(text);
  console.log(`FAILED: ${text}`);
}

const print = (cells) => console.log(`| ${cells.join(" | ")} |`);
function printHead(columns) {
  console.log("");
  print(columns);
  print(columns.map(() => "---"));
}

const median = (numbers) => {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
};
// Three digits that mean something.
const short = (number) => (number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number >= 1 ? number.toFixed(2) : number.toFixed(3));
const list = (numbers) => numbers.map(short).join(", ");

// One run of everything: the services, and the databases of the two programs with what they were asked to keep.
class Bench {
  constructor(folder) {
    this.folder = folder;
    this.units = 0;
    this.peerUnits = 0;
  }

  async start() {
    this.postgres = await startPostgres(join(this.folder, "postgres"));
    this.redis = await startRedis(join(this.folder, "redis"));
    this.database = options.embedded ? `sqlite:${join(this.folder, "onhand.db")}` : await this.postgres.makeDatabase("onhand");
    this.peerDatabase = await this.postgres.makeDatabase("peer");
    const server = await this.startOnhand([]);
    this.token = await prepare.register(server);
    await prepare.prepareSmall(server, this.token);
    await stopServer(server);
    this.peerToken = this.preparePeer().trim();
  }

  async stop() {
    if (this.postgres) await stopService(this.postgres, "SIGINT");
    if (this.redis) await stopService(this.redis, "SIGTERM");
  }

  startOnhand(flags) {
    const shared = options.embedded ? [] : ["--redis", this.redis.url];
    const more = options.flags.split(" ").filter((flag) => flag !== "");
    return startServer(options.binary, this.folder, [...shared, ...more, ...flags], this.database);
  }

  get peerSettings() {
    return { DATABASE_URL: this.peerDatabase, REDIS_URL: this.redis.url, NODE_ENV: "production" };
  }

  async startPeer() {
    const port = await freePort();
    const settings = { ...this.peerSettings, PORT: String(port) };
    return startProgram(process.execPath, [join(peerFolder, "server.mjs")], port, this.folder, settings);
  }

  preparePeer(...args) {
    const skus = [prepare.HOT_SKU];
    for (let index = 0; index < prepare.SPREAD_PRODUCTS; index++) skus.push(prepare.skuOf(prepare.SPREAD_PREFIX, index));
    const env = { PATH: process.env.PATH, ...this.peerSettings };
    return execFileSync(process.execPath, [join(peerFolder, "prepare.mjs"), ...args], { env, input: `${skus.join("\n")}\n`, encoding: "utf8" });
  }

  // Each measurement begins right after a checkpoint, so that none pays for the one before.
  async load(servers, args, token = this.token) {
    await this.postgres.sql("CHECKPOINT");
    const timing = ["--warmup", 1, "--duration", SECONDS];
    const targets = servers.map((server) => ({ server, token }));
    const result = await putLoad(options.load, targets, [...args, ...timing], { postgres: this.postgres, redis: this.redis });
    if (token === this.peerToken) this.peerUnits += result.units;
    else {
      this.units += result.units;
      if (result.refused.length > 0) fail(`Onhand refused: ${result.refused.join(", ")}`);
    }
    return result;
  }

  // What was answered is what the databases have.
  async check() {
    const server = await this.startOnhand([]);
    const allocated = await prepare.allocatedUnits(server, this.token);
    await stopServer(server);
    console.log(`\nOnhand: units of accepted orders ${this.units}, allocated in stock ${allocated}`);
    if (allocated !== this.units) fail("Onhand: accepted orders and allocated stock differ");
    const begun = performance.now();
    try {
      execFileSync(options.binary, ["verify", "--database", this.database], { cwd: this.folder, timeout: VERIFY_TIMEOUT_MS, encoding: "utf8" });
      console.log(`onhand verify: ok, ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    } catch (error) {
      fail(`onhand verify: ${error.stdout || error.message}`);
    }
    const { units, wrong } = JSON.parse(this.preparePeer("--check"));
    console.log(`peer: units of accepted orders ${this.peerUnits}, sold in its tables ${units}`);
    // An order whose client had gone may stand without having been counted.
    if (units < this.peerUnits || wrong.length > 0) fail(`peer: ${JSON.stringify({ units, wrong })}`);
  }
}

// Measures `sides` ({name: function}) in turns and resolves to {name: [result of each round]}.
async function inTurns(sides) {
  const results = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    const names = Object.keys(sides);
    // The other way round every second time, so that none is always the first.
    for (const name of round % 2 === 0 ? names : names.reverse()) results[name].push(await sides[name]());
  }
  return results;
}

const COLUMNS = ["scenario", "server", "orders/s", "rounds", "p50 ms", "p99 ms", "max ms", "CPU µs each", "cores: server, PostgreSQL, Redis, load, else", "refused"];

function printSide(scenario, name, results) {
  const of = (field) => median(results.map((each) => each[field]));
  const [key] = scenario === "" ? [recorded.rows.at(-1).scenario] : scenario.split(":", 1);
  const values = { orders_per_s: of("rate"), p50_ms: of("p50"), p99_ms: of("p99"), max_ms: of("max"), cpu_us: of("cpu") };
  recorded.rows.push({ scenario: key, side: name, values });
  const cores = (field) => median(results.map((each) => each.cores[field])).toFixed(2);
  print([
    scenario,
    name,
    short(of("rate")),
    list(results.map(({ rate }) => rate)),
    short(of("p50")),
    short(of("p99")),
    short(of("max")),
    short(of("cpu")),
    ["servers", "postgres", "redis", "load", "else"].map(cores).join(", "),
    [...new Set(results.flatMap(({ refused }) => refused))].join("; ") || "none",
  ]);
}

// The ratio of two sides, as the median of the rounds' ratios.
const ratio = (above, below, field) => median(above.map((each, round) => each[field] / below[round][field]));

function goal(text, value, reached) {
  const [scenario] = text.split(":", 1);
  recorded.goals.push({ scenario, text: text.slice(scenario.length + 2), value, reached });
  console.log(`${text}: **${short(value)}** — ${reached ? "reached" : "NOT reached"}`);
}

async function againstPeer(bench) {
  const scenarios = PEER_SCENARIOS.filter(({ name }) => chosen(name));
  if (scenarios.length === 0) return;
  const onhand = await bench.startOnhand([]);
  const peer = await bench.startPeer();
  const lines = [];
  printHead(COLUMNS);
  for (const { name, what, load } of scenarios) {
    const results = await inTurns({
      peer: () => bench.load([peer], load, bench.peerToken),
      onhand: () => bench.load([onhand], load),
    });
    printSide(`${name}: ${what}`, "onhand", results.onhand);
    printSide("", "peer", results.peer);
    const wanted = name.startsWith("hot") ? 60 : 25;
    const rate = ratio(results.onhand, results.peer, "rate");
    const tail = ratio(results.onhand, results.peer, "p99");
    lines.push(() => goal(`${name}: times the peer's orders/s (goal ${wanted})`, rate, rate >= wanted));
    const cost = ratio(results.peer, results.onhand, "cpu");
    lines.push(() => console.log(`${name}: times the peer's orders per processor time: **${short(cost)}**`));
    if (name.startsWith("hot")) lines.push(() => goal(`${name}: p99 over the peer's (goal 0.1)`, tail, tail <= 0.1));
  }
  await stopServer(peer);
  await stopServer(onhand);
  console.log("");
  for (const line of lines) line();
}

async function twoInstances(bench) {
  if (!chosen("two")) return;
  const servers = [await bench.startOnhand([]), await bench.startOnhand([])];
  const { one, two } = await inTurns({
    one: () => bench.load(servers.slice(0, 1), hot(256)),
    two: () => bench.load(servers, hot(128)),
  });
  for (const server of servers) await stopServer(server);
  printHead(COLUMNS);
  printSide("two: 256 connections in all, one product", "one instance", one);
  printSide("", "two instances", two);
  const share = (each) => Math.min(...each.rates) / each.rate;
  const smallest = Math.min(...two.map(share));
  const rate = ratio(two, one, "rate");
  console.log("");
  goal("two: rate of two instances over one (goal 0.9)", rate, rate >= 0.9);
  goal("two: share of the slower instance, worst round (goal 0.4)", smallest, smallest >= 0.4);
}

// The same instances with and without locks; started anew each time, as the setting is one of the start.
async function locks(bench, name, count) {
  if (!chosen(name)) return;
  const side = (flag) => async () => {
    const servers = [];
    for (let index = 0; index < count; index++) servers.push(await bench.startOnhand(["--locks", flag]));
    const result = await bench.load(servers, hot(256 / count));
    for (const server of servers) await stopServer(server);
    return result;
  };
  const { on, off } = await inTurns({ on: side("on"), off: side("off") });
  printHead(COLUMNS);
  printSide(`${name}: 256 connections in all, one product, ${count === 1 ? "one instance" : "two instances"}`, "locks on", on);
  printSide("", "locks off", off);
  const rate = ratio(on, off, "rate");
  const tail = ratio(on, off, "p99");
  console.log("");
  goal(`${name}: rate with locks over without (goal 0.95)`, rate, rate >= 0.95);
  goal(`${name}: p99 with locks over without (goal 1.5)`, tail, tail <= 1.5);
}

async function live(bench) {
  if (!chosen("live")) return;
  const [a, b] = [await bench.startOnhand([]), await bench.startOnhand([])];
  const background = ["--sku", prepare.SPREAD_PREFIX, "--skus", PROBES.first, "--connections", 64, "--rate", LIVE_RATE];
  const rounds = [];
  const rates = [];
  for (let round = 0; round < ROUNDS; round++) {
    const { token } = bench;
    const probe = { to: { server: a, token }, from: { server: b, token }, ...PROBES, seconds: SECONDS };
    const [load, result] = await Promise.all([bench.load([a], background), measureLive(probe)]);
    bench.units += result.units;
    rates.push(load.rate);
    rounds.push(result);
    if (result.lost > 0 || result.refused > 0) fail(`live: ${result.lost} events lost, ${result.refused} orders refused`);
  }
  for (const server of [a, b]) await stopServer(server);
  printHead(["scenario", "orders/s beside it", "measured", "p50 ms", "p99 ms", "p99 by round", "max ms"]);
  const of = (field) => rounds.map((each) => each[field]);
  const sum = of("count").reduce((left, right) => left + right, 0);
  recorded.rows.push({ scenario: "live", side: "", values: { p50_ms: median(of("p50")), p99_ms: median(of("p99")), max_ms: Math.max(...of("max")) } });
  print(["live: order sent to A → event at B", list(rates), sum, short(median(of("p50"))), short(median(of("p99"))), list(of("p99")), short(Math.max(...of("max")))]);
  console.log("");
  goal("live: p99 in ms (goal under 20)", median(of("p99")), median(of("p99")) < 20);
}

async function main() {
  for (const name of options.only?.split(",") ?? []) if (!NAMES.includes(name)) throw new Error(`there is no scenario '${name}' (see --help)`);
  for (const program of [options.binary, options.load]) {
    if (!existsSync(program)) throw new Error(`${program} is missing; build it with: tools/build.sh bench onhand onhand-load`);
  }
  for (const [name, value] of machineFacts(root)) console.log(`${name}: ${value}`);
  console.log(busyWarning() ?? "The machine is quiet.");
  const folder = mkdtempSync(join(tmpdir(), "onhand-bench-"));
  execFileSync("chmod", ["711", folder]); // PostgreSQL may run as a user of its own
  mkdirSync(join(folder, "postgres"), { mode: 0o755 });
  const bench = new Bench(folder);
  try {
    await bench.start();
    console.log(await bench.postgres.sql("SELECT version()"));
    await againstPeer(bench);
    await twoInstances(bench);
    await locks(bench, "locks", 1);
    await locks(bench, "locks-two", 2);
    await live(bench);
    await bench.check();
  } finally {
    await bench.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  if (options.json !== undefined) writeFileSync(options.json, JSON.stringify({ ...recorded, problems }));
  console.log(problems.length === 0 ? "\nall checks passed" : `\n${problems.length} FAILED: ${problems.join("; ")}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

if (options.help) console.log(USAGE);
else await main();
