// The Socket.IO library against Node's socket.io, on this machine, in one run: same clients, same events, alternating.
// bench/RESULTS.md says what the numbers mean. Started by bench/socketio/run, which builds what is needed.

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { busySeconds, busyWarning, machineFacts } from "../facts.mjs";
import { cpuSeconds, heapInUse, memory, startLoad, startServer, tell } from "./programs.mjs";

const root = resolve(import.meta.dirname, "../..");
const TASK_TIMEOUT_MS = 180_000;
const SETTLE_MS = 1500;
const IDLE_CLIENTS = 10_000;
const FAN_OUT_CLIENTS = 1000;
const DELIVERIES_PER_ROUND = 400_000;
const ACKED_BROADCASTS = 100;
const MANY_CLIENTS = 50_000;
const SPARE_FILES = 64; // of a server, beside its clients

const SCENARIOS = {
  memory: `resident memory for each of ${IDLE_CLIENTS} idle clients`,
  fanout: `an event of 200 bytes to ${FAN_OUT_CLIENTS} clients, the next one when all have it`,
  burst: "the same, ten events at once",
  ack: `a question to ${FAN_OUT_CLIENTS} clients, the next one when all have answered`,
  many: `${MANY_CLIENTS} clients: memory, and broadcasts to all of them`,
};

const options = parseArgs({
  options: {
    server: { type: "string", default: join(root, "build/bench/onhand-sio-server") },
    load: { type: "string", default: join(root, "build/bench/onhand-sio-load") },
    bare: { type: "string", default: join(root, "build/bench/onhand-sio-bare") },
    only: { type: "string" },
    rounds: { type: "string", default: "5" },
    help: { type: "boolean", default: false },
  },
}).values;

const USAGE = `bench/socketio/run [--only NAME,…] [--rounds N] [--server …] [--load …] [--bare …]

${Object.entries(SCENARIOS)
  .map(([name, what]) => `  ${name.padEnd(8)}${what}`)
  .join("\n")}
`;

const rounds = Math.min(50, Math.max(1, Number(options.rounds) || 1));
const chosen = options.only?.split(",") ?? Object.keys(SCENARIOS);
const nodeServer = join(import.meta.dirname, "node_server.mjs");

const SERVERS = {
  onhand: (name = "onhand") => startServer(name, options.server, []),
  node: (name = "node") => startServer(name, process.execPath, ["--expose-gc", nodeServer]),
  bare: (name = "bare") => startServer(name, options.bare, []),
  "node --lean": (name = "node --lean") => startServer(name, process.execPath, ["--expose-gc", nodeServer, "--lean"]),
};

const MEMORY_SERVERS = ["onhand", "node", "node --lean"];

const sleep = (ms) => new Promise((wake) => setTimeout(wake, ms));
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor((numbers.length - 1) / 2)];
const list = (numbers, digits) => numbers.map((number) => number.toFixed(digits)).join(", ");
const kib = (bytes) => bytes / 1024;

function print(cells) {
  console.log(`| ${cells.join(" | ")} |`);
}

function printHead(columns) {
  console.log("");
  print(columns);
  print(columns.map(() => "---"));
}

async function stopAll(programs) {
  for (const program of programs) await program.stop();
}

// Memory.

async function idleMemory(start, clients) {
  const server = await start();
  await sleep(SETTLE_MS);
  const empty = { ...memory(server), heap: await heapInUse(server) };
  const load = await startLoad(options.load, server, clients, TASK_TIMEOUT_MS);
  await sleep(SETTLE_MS);
  const full = memory(server);
  const heap = await heapInUse(server);
  await sleep(SETTLE_MS);
  const collected = memory(server);
  await stopAll([load, server]);
  const each = (name, now) => (now[name] - empty[name]) / clients;
  return {
    rss: each("rss", full),
    anonymous: each("anonymous", full),
    heap: (heap - empty.heap) / clients,
    collected: each("rss", collected),
    empty: empty.rss,
  };
}

async function memoryScenario() {
  const results = Object.fromEntries(MEMORY_SERVERS.map((name) => [name, []]));
  for (let round = 0; round < Math.min(rounds, 3); round++)
    for (const name of MEMORY_SERVERS) results[name].push(await idleMemory(SERVERS[name], IDLE_CLIENTS));
  printHead(["server", "empty MB", "RSS KiB/client", "of it anonymous", "after a collection", "heap in use KiB/client", "all rounds (RSS)"]);
  for (const [name, all] of Object.entries(results)) {
    const of = (key) => median(all.map((each) => each[key]));
    const each = ["rss", "anonymous", "collected", "heap"].map((key) => kib(of(key)).toFixed(2));
    print([name, (of("empty") / 1e6).toFixed(1), ...each, list(all.map(({ rss }) => kib(rss)), 2)]);
  }
}

// Traffic.

async function measured(server, load, command) {
  const before = { cpu: cpuSeconds(server), busy: busySeconds(), at: performance.now() };
  const report = await tell(load, command, TASK_TIMEOUT_MS);
  const cpu = cpuSeconds(server) - before.cpu;
  const seconds = (performance.now() - before.at) / 1000;
  const others = (busySeconds() - before.busy - cpu - report.tool_cpu_s) / seconds;
  const wanted = report.clients * report.rounds * report.burst;
  if (report.deliveries + report.questions !== wanted) throw new Error(`${load.name}: ${JSON.stringify(report)} is not all`);
  return { ...report, cpu, others: Math.max(0, others), count: report.deliveries + report.questions };
}

async function trafficScenario(name, clients, command, servers) {
  const pairs = {};
  for (const server of servers) {
    const started = await SERVERS[server]();
    pairs[server] = { server: started, load: await startLoad(options.load, started, clients, TASK_TIMEOUT_MS), results: [] };
    await tell(pairs[server].load, command, TASK_TIMEOUT_MS); // lets Node compile what is hot
  }
  for (let round = 0; round < rounds; round++)
    for (const { server, load, results } of Object.values(pairs)) results.push(await measured(server, load, command));
  for (const { server, load } of Object.values(pairs)) await stopAll([load, server]);

  console.log(`\n${name}: ${SCENARIOS[name]} (${command}, ${rounds} rounds)`);
  printHead(["server", "deliveries per CPU second", "CPU µs each", "deliveries/s", "tool CPU µs each", "others' cores", "all rounds (CPU µs each)"]);
  const each = {};
  for (const [server, { results }] of Object.entries(pairs)) {
    const of = (value) => median(results.map(value));
    each[server] = of(({ cpu, count }) => (cpu / count) * 1e6);
    print([
      server,
      Math.round(1e6 / each[server]),
      each[server].toFixed(2),
      Math.round(of(({ count, seconds }) => count / seconds)),
      of(({ tool_cpu_s, count }) => (tool_cpu_s / count) * 1e6).toFixed(2),
      of(({ others }) => others).toFixed(2),
      list(results.map(({ cpu, count }) => (cpu / count) * 1e6), 2),
    ]);
  }
  const bare = each.bare === undefined ? "" : `; ${(each.onhand / each.bare).toFixed(2)} times the processor time of bare send()`;
  console.log(`\n${name}: ${(each.node / each.onhand).toFixed(2)} times Node's deliveries per CPU second${bare}`);
}

// Many clients.

// What this machine lets one process have open.
function fileLimit() {
  return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))[1]);
}

async function manyScenario() {
  const limit = fileLimit() - SPARE_FILES;
  const processes = Math.ceil(MANY_CLIENTS / limit);
  const sizes = Array.from({ length: processes }, (_, i) => Math.floor((MANY_CLIENTS + i) / processes));
  console.log(`\nmany: ${SCENARIOS.many}; ulimit -Hn is ${limit + SPARE_FILES}, so ${processes} server process(es), each with a load client`);
  const pairs = [];
  for (const [index, clients] of sizes.entries()) {
    const server = await SERVERS.onhand(`onhand ${index}`);
    pairs.push({ server, clients, empty: memory(server) });
  }
  const begun = performance.now();
  for (const pair of pairs) pair.load = await startLoad(options.load, pair.server, pair.clients, TASK_TIMEOUT_MS);
  const connected = (performance.now() - begun) / 1000;
  await sleep(SETTLE_MS);
  const sum = (values) => values.reduce((a, b) => a + b, 0);
  const clients = sum(sizes);
  const added = sum(pairs.map(({ server, empty }) => memory(server).rss - empty.rss));
  const total = sum(pairs.map(({ server }) => memory(server).rss));
  const results = [];
  for (let round = 0; round < rounds; round++)
    results.push(await Promise.all(pairs.map(({ server, load }) => measured(server, load, "broadcast 10 1"))));
  for (const { server, load } of pairs) await stopAll([load, server]);
  printHead(["clients", "server processes", "s to connect", "RSS MB of the servers", "KiB/client above empty", "ms for a broadcast to reach all", "CPU µs per delivery"]);
  print([
    clients,
    processes,
    connected.toFixed(1),
    (total / 1e6).toFixed(0),
    kib(added / clients).toFixed(2),
    median(results.map((all) => Math.max(...all.map(({ seconds }) => seconds)) * 100)).toFixed(0),
    median(results.map((all) => (sum(all.map(({ cpu }) => cpu)) / sum(all.map(({ count }) => count))) * 1e6)).toFixed(2),
  ]);
}

async function main() {
  for (const program of [options.server, options.load, options.bare, join(import.meta.dirname, "node_modules")])
    if (!existsSync(program)) throw new Error(`${program} is missing; bench/socketio/run builds and installs it`);
  for (const name of chosen) if (!(name in SCENARIOS)) throw new Error(`unknown scenario ${name} (see --help)`);
  const lock = JSON.parse(readFileSync(join(import.meta.dirname, "package-lock.json"), "utf8")).packages;
  const versions = ["socket.io", "engine.io", "ws"].map((name) => `${name} ${lock[`node_modules/${name}`].version}`);
  for (const [name, value] of [...machineFacts(root), ["node", `${process.version}, ${versions.join(", ")}`]]) console.log(`${name}: ${value}`);
  console.log(busyWarning() ?? "The machine is quiet.");
  const perRound = Math.round(DELIVERIES_PER_ROUND / FAN_OUT_CLIENTS);
  if (chosen.includes("memory")) await memoryScenario();
  if (chosen.includes("fanout")) await trafficScenario("fanout", FAN_OUT_CLIENTS, `broadcast ${perRound} 1`, ["onhand", "node", "bare"]);
  if (chosen.includes("burst")) await trafficScenario("burst", FAN_OUT_CLIENTS, `broadcast ${perRound / 4} 10`, ["onhand", "node", "bare"]);
  if (chosen.includes("ack")) await trafficScenario("ack", FAN_OUT_CLIENTS, `ack ${ACKED_BROADCASTS}`, ["onhand", "node"]);
  if (chosen.includes("many")) await manyScenario();
}

if (options.help) {
  console.log(USAGE);
} else {
  await main();
}
