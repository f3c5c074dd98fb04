// What every group of scenarios is given: servers that are stopped in any case, load, services, and the two places where
// results go: the table on the screen and the rows of bench/last.json. Made by run.mjs, once a run. The groups lie in
// scenarios/, one a file, and share this form:
//
//   export const group = {
//     name: "pages",          // as the file
//     title: "Stock pages",   // above its table
//     order: 40,              // place in the run
//     seconds: 30,            // about how long it takes; all groups together stay below 14 minutes
//     scenarios: { "stockpage-sort": "what is measured" },
//     async run(bench) { if (bench.wants("stockpage-sort")) … bench.row("stockpage-sort", { p99_ms: 4.3 }); },
//   };
//
// The end of a value's name is its unit and says what is better: see direction().

import { execFile, execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { startPostgres, startRedis, stopService } from "./cluster/services.mjs";
import { busySeconds } from "./facts.mjs";
import * as prepare from "./prepare.mjs";
import * as servers from "./server.mjs";

const execute = promisify(execFile);
const LOAD_TIMEOUT_MS = 300_000;
const VERIFY_TIMEOUT_MS = 300_000;

export const median = (numbers) => {
  const sorted = numbers.toSorted((a, b) => a - b);
  return (sorted[Math.floor((sorted.length - 1) / 2)] + sorted[Math.ceil((sorted.length - 1) / 2)]) / 2;
};

// Three digits that mean something, all of those before the point.
export function short(number) {
  const size = Math.abs(number);
  return number.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

// 1 = more is better, -1 = less is better, 0 = it depends.
export function direction(name) {
  if (name.endsWith("_per_s")) return 1;
  return /_(ms|us|ns|s|mb|kb|bytes|cores)$/.test(name) ? -1 : 0;
}

function printTable(columns, rows) {
  const print = (cells) => console.log(`| ${cells.join(" | ")} |`);
  print(columns);
  print(columns.map(() => "---"));
  for (const row of rows) print(row);
}

export { printTable };

export class Bench {
  // `options`: binary, load, only, seconds, full of the command line.
  constructor(options) {
    this.options = options;
    this.problems = [];
    this.rows = []; // of all groups: {scenario, values}
    this.goals = []; // of all groups: {scenario, text, value, reached}
    this.prepare = prepare;
    this.ask = servers.ask;
    this.cpuSeconds = servers.cpuSeconds;
    this.memory = servers.memory;
    this.median = median;
    this.full = options.full;
    this.folder = mkdtempSync(join(tmpdir(), "onhand-bench-"));
    execFileSync("chmod", ["711", this.folder]); // PostgreSQL may run as a user of its own
    this.#forgetGroup();
  }

  #group;
  #servers;
  #folders;
  #notes;
  #firstRow;
  #firstGoal;
  #services = {};

  #forgetGroup() {
    this.#servers = new Set();
    this.#folders = [];
    this.#notes = [];
    this.#firstRow = this.rows.length;
    this.#firstGoal = this.goals.length;
  }

  // Whether a scenario was asked for; of the group in hand unless another is given.
  wants(name, group = this.#group) {
    const { only } = this.options;
    return only === undefined || only.includes(name) || only.includes(group.name);
  }

  // Runs a group, prints what it found, and clears up behind it whatever happened.
  async run(group) {
    this.#group = group;
    this.#forgetGroup();
    const begun = performance.now();
    try {
      await group.run(this);
      for (const server of this.#servers) await this.stopServer(server);
    } catch (error) {
      this.fail(`${group.name}: ${error.stack}`);
      for (const { child } of this.#servers) child.kill("SIGKILL");
    }
    if (!this.options["keep-data"]) for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
    this.#print(group, (performance.now() - begun) / 1000);
  }

  async end() {
    if (this.#services.postgres) await stopService(this.#services.postgres, "SIGINT");
    if (this.#services.redis) await stopService(this.#services.redis, "SIGTERM");
    if (this.options["keep-data"]) console.log(`data kept in ${this.folder}`);
    else rmSync(this.folder, { recursive: true, force: true });
  }

  #print(group, seconds) {
    const rows = this.rows.slice(this.#firstRow);
    console.log(`\n## ${group.title} (${seconds.toFixed(0)} s)\n`);
    // Rows of different values make tables of their own.
    for (const alike of Map.groupBy(rows, ({ values }) => Object.keys(values).join(" | ")).values()) {
      const names = Object.keys(alike[0].values);
      const what = ({ scenario }) => group.scenarios[scenario.split("/")[0]];
      printTable(["scenario", "what", ...names], alike.map((row) => [row.scenario, what(row), ...names.map((name) => short(row.values[name]))]));
      console.log("");
    }
    const goals = this.goals.slice(this.#firstGoal);
    for (const { scenario, text, value, reached } of goals) {
      console.log(`- ${scenario}: ${text}: **${short(value)}** — ${reached ? "reached" : "NOT reached"}`);
    }
    if (this.#notes.length > 0) console.log(`\n${this.#notes.join("\n")}`);
  }

  // --- results ---------------------------------------------------------------------------------------------------

  #check(scenario) {
    if (!(scenario.split("/")[0] in this.#group.scenarios)) throw new Error(`group ${this.#group.name} has no scenario ${scenario}`);
  }

  // `values`: {name_unit: number}.
  row(scenario, values) {
    this.#check(scenario);
    for (const [name, value] of Object.entries(values)) {
      if (!Number.isFinite(value)) throw new Error(`${scenario}: ${name} is ${value}`);
    }
    this.rows.push({ scenario, values });
  }

  // `is` is "<=" or ">=". A goal that is not reached does not fail the run: machines differ.
  goal(scenario, text, value, is, bound) {
    const reached = is === "<=" ? value <= bound : value >= bound;
    this.judged(scenario, `${text} (goal ${is === "<=" ? "at most" : "at least"} ${bound})`, value, reached);
  }

  // A goal that was judged elsewhere.
  judged(scenario, text, value, reached) {
    this.#check(scenario);
    this.goals.push({ scenario, text, value, reached });
  }

  // Something is wrong: the run ends with code 1.
  fail(text) {
    this.problems.push(text);
    console.log(`FAILED: ${text}`);
  }

  note(text) {
    this.#notes.push(text);
  }

  // --- what is measured ------------------------------------------------------------------------------------------

  seconds(usual) {
    return this.options.seconds === undefined ? usual : Number(this.options.seconds);
  }

  // A program of the same build as the server.
  program(name) {
    if (name === "onhand") return this.options.binary;
    if (name === "onhand-load") return this.options.load;
    return join(dirname(this.options.binary), name);
  }

  newFolder(name = "data") {
    const folder = mkdtempSync(join(this.folder, `${name}-`));
    this.#folders.push(folder);
    return folder;
  }

  // Any server with /readyz; see startProgram() of server.mjs.
  async startProgram(program, args, port, settings) {
    const folder = this.newFolder();
    const server = await servers.startProgram(program, args, port, folder, settings);
    this.#servers.add(server);
    return server;
  }

  async startServer({ flags = [], folder = this.newFolder(), database, program = this.options.binary, settings } = {}) {
    const server = { ...(await servers.startServer(program, folder, flags, database, settings)), folder };
    this.#servers.add(server);
    return server;
  }

  async stopServer(server) {
    this.#servers.delete(server);
    await servers.stopServer(server);
  }

  // Ends a program that has no clean end.
  killServer(server) {
    this.#servers.delete(server);
    server.child.kill("SIGKILL");
  }

  // A server with the products of prepareSmall() and somebody signed in: {…server, token}.
  async startPrepared(given) {
    const server = await this.startServer(given);
    server.token = await prepare.register(server);
    await prepare.prepareSmall(server, server.token);
    return server;
  }

  // Runs onhand-load. Its exit code 1 says that requests were lost or unsent; the counts tell more.
  async load(server, token, args, { warmup = 1, duration = this.seconds(4) } = {}) {
    const about = [...args, "--url", server.url, "--token", token, "--json", "--warmup", warmup, "--duration", duration];
    const before = { busy: busySeconds(), server: servers.cpuSeconds(server), at: performance.now() };
    const { stdout } = await execute(this.options.load, about.map(String), { timeout: LOAD_TIMEOUT_MS }).catch((error) => {
      if (error.code === 1 && error.stdout) return error;
      throw new Error(`onhand-load: ${error.stderr || error.message}`);
    });
    const result = JSON.parse(stdout);
    const serverCpu = servers.cpuSeconds(server) - before.server;
    const toolCpu = (result.tool_cpu_us_per_request * result.sent) / 1e6;
    const elapsed = (performance.now() - before.at) / 1000;
    result.server_cpu_us = (serverCpu * 1e6) / result.sent;
    result.others = Math.max(0, (busySeconds() - before.busy - serverCpu - toolCpu) / elapsed);
    return result;
  }

  // What load() found, as values of a row. Fails the run when an answer was not the expected one.
  loadValues(scenario, results) {
    const all = Array.isArray(results) ? results : [results];
    for (const { statuses, lost, unsent, first_error } of all) {
      const bad = Object.entries(statuses).filter(([status]) => status !== "200" && status !== "201");
      if (bad.length > 0 || lost > 0) this.fail(`${scenario}: ${JSON.stringify(statuses)}, lost ${lost}: ${first_error}`);
      if (unsent > 0) this.note(`${scenario}: ${unsent} requests were due and not sent`);
    }
    const of = (field) => median(all.map(field));
    return {
      requests_per_s: of((each) => each.requests_per_second),
      p50_ms: of((each) => each.latency_us.p50 / 1000),
      p99_ms: of((each) => each.latency_us.p99 / 1000),
      max_ms: Math.max(...all.map((each) => each.latency_us.max / 1000)),
      cpu_us: of((each) => each.server_cpu_us),
      tool_cpu_us: of((each) => each.tool_cpu_us_per_request),
      others_cores: of((each) => each.others),
    };
  }

  // Measures `sides` ({name: function}) in turns and resolves to {name: [result of each round]}. What is compared meets
  // a busy spell of the machine alike, and none is always the first.
  async inTurns(sides, rounds) {
    const results = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      const names = Object.keys(sides);
      for (const name of round % 2 === 0 ? names : names.reverse()) results[name].push(await sides[name]());
    }
    return results;
  }

  // `onhand verify` on a database that no server has open.
  verify(database, what) {
    const begun = performance.now();
    try {
      execFileSync(this.options.binary, ["verify", "--database", database], { cwd: this.folder, timeout: VERIFY_TIMEOUT_MS, encoding: "utf8" });
      this.note(`onhand verify (${what}): ok, ${((performance.now() - begun) / 1000).toFixed(1)} s`);
    } catch (error) {
      this.fail(`onhand verify (${what}): ${error.stdout || error.message}`);
    }
  }

  // One PostgreSQL and one Redis for the whole run, started when they are first asked for.
  async postgres() {
    this.#services.postgres ??= await startPostgres(this.#serviceFolder("postgres"));
    return this.#services.postgres;
  }

  async redis() {
    this.#services.redis ??= await startRedis(this.#serviceFolder("redis"));
    return this.#services.redis;
  }

  #serviceFolder(name) {
    const folder = join(this.folder, name);
    mkdirSync(folder, { mode: 0o755 });
    return folder;
  }
}
