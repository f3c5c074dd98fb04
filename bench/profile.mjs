// bench/profile: where the processor time of an order goes. Puts the load of one scenario on a server twice: once alone,
// to learn what each thread costs per order, and once under perf, to learn which step it is spent in. Writes a flame graph
// (docs/images/flame-NAME.svg) and the budget (docs/performance/budget-NAME.json), and prints the budget.

import { execFile, execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs, promisify } from "node:util";
import { Bench, printTable, short } from "./bench.mjs";
import { machineFacts, readStat, sumOfCpu } from "./facts.mjs";
import { addStack, drawFlameGraph, newTree } from "./flame_graph.mjs";
import { HOT_SKU, SPREAD_PREFIX, SPREAD_PRODUCTS } from "./prepare.mjs";

const execute = promisify(execFile);
const root = resolve(import.meta.dirname, "..");
const FREQUENCY = 799; // samples a second of each busy thread; no divisor of anything periodic
const STACK_BYTES = 8192;
const PERF_OUTPUT_MAX = 1 << 30;

const hot = ["orders", "--sku", HOT_SKU, "--connections", 256];
const spread = ["orders", "--sku", SPREAD_PREFIX, "--skus", SPREAD_PRODUCTS, "--lines", "1-3", "--connections", 256];
const LOADS = {
  noop256: { load: [...hot, "--post-path", "/bench/noop"] },
  hot256: { load: hot },
  spread256: { load: spread },
  "postgres-hot256": { load: hot, postgres: true },
  "postgres-spread256": { load: spread, postgres: true },
};

// What the threads are called here, by the names they give themselves (server/base/thread_name.hpp).
const THREADS = { io: "network", lane: "engine", relay: "relay", hints: "hints", "derived store": "lists", reads: "reading" };

// Which step a sample belongs to: the first whose pattern is anywhere on the stack.
const STEPS = {
  network: [
    ["send the answers", /sendmsg|__send\b|sock_sendmsg|__sys_send/],
    ["receive", /recvmsg|__recv\b|__sys_recv/],
    ["wait, wake up, timers", /^(epoll_wait|epoll_ctl|do_epoll|ep_|__schedule|schedule|eventfd|timerfd|do_futex|futex)/],
    ["read the head", /find_head|parse_head/],
    ["check route, account, key", /http::admit|check_key|find_caller|hash_key/],
    ["read the JSON", /read_new_order|JsonDocument|append_json/],
    ["fingerprint of the body", /fingerprint_of/],
    ["write the JSON", /append_order|render_order/],
    ["write the head of the answer", /append_answer/],
    ["hand to the engine", /IoThread::flush|Engine::submit/],
    ["memory", /malloc|cfree|^operator (new|delete)|_int_free/],
    ["connection, coroutines, loop", /./],
  ],
  engine: [
    ["wait for the disk (fdatasync)", /fdatasync|fsync/],
    ["look up and load", /load_batch|RowLoader|Writer::load/],
    ["write rows (libpq)", /PQ|postgres::/],
    ["write rows (SQLite)", /sqlite3|BatchWriter/],
    ["decide", /judge_batch|domain::decide/],
    ["read models", /StockView|AccountBook/],
    ["hand back and publish", /complete_batch|publish/],
    ["wait for work", /take_batch|^(do_futex|futex|__schedule|schedule)/],
    ["rest", /./],
  ],
};
const OTHER_STEPS = [["all", /./]];

// "void onhand::http::f<int>(char)" → "onhand::http::f"
function plainName(symbol) {
  let name = symbol.replace(/\[clone [^\]]*\]/g, "").trim();
  for (let before = ""; before !== name; ) {
    before = name;
    name = name.replace(/<[^<>]*>/g, "").replace(/\([^()]*\)/g, "");
  }
  const words = name.replace(/ const$/, "").split(" ");
  return words.at(-1) || name;
}

// Layers that say nothing: how threads begin and how the kernel is entered.
const EMPTY = /^(\[unknown\]|clone3|__clone3?|start_thread|entry_SYSCALL_64.*|do_syscall_64|x64_sys_call|std::thread::.*)$/;

// Leaves such layers out, and folds those of Asio and of the standard library that only call the next one.
function tidy(frames) {
  const kept = [];
  for (const frame of frames) {
    if (EMPTY.test(frame.replace(/_\[k\]$/, ""))) continue;
    const asio = frame.startsWith("boost::asio::") || frame.startsWith("std::__invoke") || frame.startsWith("std::coroutine");
    const name = asio ? "asio" : frame;
    if (name !== kept.at(-1)) kept.push(name);
  }
  return kept;
}

async function readStacks(file) {
  const args = ["script", "-i", file, "-F", "comm,tid,ip,sym", "--no-inline"];
  const perf = spawn("perf", args, { stdio: ["ignore", "pipe", "ignore"] });
  const samples = [];
  let sample;
  for await (const line of createInterface({ input: perf.stdout })) {
    const frame = /^\s+([0-9a-f]+) (.*)$/.exec(line);
    if (frame && sample) {
      const [, address, symbol] = frame;
      const kernel = address.length === 16 && address.startsWith("ffff");
      sample.frames.unshift(kernel ? `${plainName(symbol)}_[k]` : plainName(symbol));
    } else if (line.trim() !== "") {
      const [, comm] = /^\s*(.*?)\s+\d+\s*$/.exec(line.replace(/:$/, "")) ?? [];
      if (comm === undefined) continue;
      sample = { thread: THREADS[comm], frames: [] };
      samples.push(sample);
    }
  }
  return samples;
}

// Processor seconds so far of the threads in THREADS.
function threadTimes(pid) {
  const times = new Map(Object.values(THREADS).map((thread) => [thread, 0]));
  for (const tid of readdirSync(`/proc/${pid}/task`)) {
    const { name, seconds } = readStat(`/proc/${pid}/task/${tid}`);
    const thread = THREADS[name];
    if (thread) times.set(thread, times.get(thread) + seconds);
  }
  return times;
}

async function measure(bench, server, load, seconds, postgres) {
  const before = threadTimes(server.child.pid);
  const databaseBefore = postgres ? sumOfCpu(postgres.child.pid) : 0;
  const result = await bench.load(server, server.token, load, { warmup: 0, duration: seconds });
  const after = threadTimes(server.child.pid);
  const each = (s) => (s * 1e6) / result.sent;
  const threads = new Map([...after].map(([thread, s]) => [thread, each(s - before.get(thread))]));
  return { result, threads, database_us: postgres ? each(sumOfCpu(postgres.child.pid) - databaseBefore) : undefined };
}

async function record(bench, server, load, seconds, file) {
  const under = bench.load(server, server.token, load, { warmup: 0, duration: seconds + 2 });
  const args = ["record", "-q", "-e", "cpu-clock", "-F", FREQUENCY, "--call-graph", `dwarf,${STACK_BYTES}`, "-p", server.child.pid, "-o", file, "--", "sleep", seconds];
  await execute("perf", args.map(String), { maxBuffer: PERF_OUTPUT_MAX });
  await under;
}

function budgetOf(samples, threads) {
  const budget = [];
  for (const [name, us] of threads) {
    const own = samples.filter(({ thread }) => thread === name);
    if (own.length === 0) continue;
    const steps = new Map();
    for (const { frames } of own) {
      const [step] = (STEPS[name] ?? OTHER_STEPS).find(([, pattern]) => frames.some((frame) => pattern.test(frame))) ?? ["rest"];
      steps.set(step, (steps.get(step) ?? 0) + 1);
    }
    const listed = [...steps].map(([step, count]) => ({ step, us: (us * count) / own.length }));
    budget.push({ thread: name, us, steps: listed.toSorted((a, b) => b.us - a.us) });
  }
  return budget;
}

function draw(samples, title, total_us) {
  const tree = newTree();
  for (const { thread, frames } of samples) addStack(tree, [thread ?? "other threads", ...tidy(frames)], 1);
  return drawFlameGraph(tree, title, (share) => `${(share * total_us).toFixed(2)} µs of each order, ${(share * 100).toFixed(1)} %`);
}

async function profile(bench, name, seconds) {
  const { load, postgres: wanted } = LOADS[name];
  const postgres = wanted ? await bench.postgres() : undefined;
  const server = await bench.startPrepared({ database: postgres ? await postgres.makeDatabase(name.replace("-", "_")) : undefined });
  await bench.load(server, server.token, load, { warmup: 0, duration: 1 });
  const { result, threads, database_us } = await measure(bench, server, load, seconds, postgres);
  const file = join(bench.folder, `${name}.data`);
  await record(bench, server, load, seconds, file);
  await bench.stopServer(server);
  const samples = await readStacks(file);
  const budget = budgetOf(samples, threads);
  const total = budget.reduce((sum, { us }) => sum + us, 0);
  const facts = Object.fromEntries(machineFacts(root));
  const about = { ...facts, requests_per_s: Math.round(result.requests_per_second), server_us: total, load_generator_us: result.tool_cpu_us_per_request, database_us, others_cores: result.others };
  const rounded = (_, value) => (typeof value === "number" ? Number(value.toPrecision(4)) : value);
  mkdirSync(join(root, "docs/performance"), { recursive: true });
  writeFileSync(join(root, `docs/performance/budget-${name}.json`), `${JSON.stringify({ scenario: name, ...about, budget }, rounded, 1)}\n`);
  writeFileSync(join(root, `docs/images/flame-${name}.svg`), draw(samples, `${name}: ${total.toFixed(1)} µs of the server's processor time for each order`, total));
  console.log(`\n${name}: ${about.requests_per_s} a second, ${total.toFixed(1)} µs of the server's processor time each${database_us ? `, ${database_us.toFixed(1)} µs of PostgreSQL's` : ""}\n`);
  printTable(["thread", "step", "µs per order", "share"], budget.flatMap(({ thread, us, steps }) => [
    [`**${thread}**`, "", `**${short(us)}**`, ""],
    ...steps.map((each) => ["", each.step, short(each.us), `${((each.us / us) * 100).toFixed(1)} %`]),
  ]));
}

const options = parseArgs({
  allowPositionals: true,
  options: {
    binary: { type: "string", default: join(root, "build/bench/onhand") },
    load: { type: "string", default: join(root, "build/bench/onhand-load") },
    seconds: { type: "string", default: "3" },
    help: { type: "boolean", default: false },
  },
});
if (options.values.help) {
  console.log(`bench/profile [--seconds N] [--binary onhand --load onhand-load] [${Object.keys(LOADS).join(" | ")} …]`);
} else {
  execFileSync("perf", ["--version"]);
  const { binary, load, seconds } = options.values;
  const bench = new Bench({ binary: resolve(binary), load: resolve(load) });
  try {
    for (const name of options.positionals.length > 0 ? options.positionals : Object.keys(LOADS)) await profile(bench, name, Number(seconds));
  } finally {
    await bench.end();
  }
}
