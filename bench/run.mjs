// bench/run: runs the groups of scenarios/ one after the other, prints a table for each, and at the end all values beside
// those of bench/last.json. With --record it writes that file, and the tables of docs/performance.md that are made from it. See bench/RESULTS.md for what is measured and why.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Bench, direction, printTable, short } from "./bench.mjs";
import { busyWarning, machineFacts } from "./facts.mjs";

const root = resolve(import.meta.dirname, "..");
const lastFile = join(import.meta.dirname, "last.json");
const NOTEWORTHY = 0.1; // a change of a tenth is marked
const NOT_COMPARED = new Set(["max_ms", "tool_cpu_us", "others_cores"]); // chance, or not the server's

const options = parseArgs({
  options: {
    binary: { type: "string", default: join(root, "build/bench/onhand") },
    load: { type: "string", default: join(root, "build/bench/onhand-load") },
    only: { type: "string" },
    skip: { type: "string" },
    seconds: { type: "string" },
    full: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
    "keep-data": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
}).values;

async function loadGroups() {
  const folder = join(import.meta.dirname, "scenarios");
  const files = readdirSync(folder).filter((name) => name.endsWith(".mjs"));
  const groups = await Promise.all(files.map(async (name) => (await import(join(folder, name))).group));
  return groups.toSorted((a, b) => a.order - b.order);
}

function usage(groups) {
  const lines = groups.map(({ name, seconds, scenarios }) => {
    return `  ${name} (about ${seconds} s)\n${Object.entries(scenarios).map(([each, what]) => `    ${each.padEnd(20)} ${what}\n`).join("")}`;
  });
  return `bench/run [--only NAME,…] [--skip NAME,…] [--seconds N] [--full] [--record] [--binary onhand --load onhand-load] [--keep-data]

  --only       some groups or scenarios; --skip all but some groups
  --seconds    how long each scenario is measured
  --full       the full sizes where a smaller one is usual (takes much longer)
  --record     write the values to bench/last.json, to be committed and compared with
  --binary     the server; --load the load generator (given both, nothing is built)

groups and their scenarios:
${lines.join("")}`;
}

const readLast = () => (existsSync(lastFile) ? JSON.parse(readFileSync(lastFile, "utf8")) : { scenarios: {} });

// "better" and "worse" only where the name says which way is good, and the change is more than chance.
function verdict(name, ratio) {
  if (Math.abs(ratio - 1) < NOTEWORTHY || direction(name) === 0) return "";
  return ratio > 1 === direction(name) > 0 ? "better" : "worse";
}

function compare(rows, last) {
  const lines = rows.flatMap(({ scenario, values }) => {
    const before = last.scenarios[scenario]?.values ?? {};
    const compared = Object.entries(values).filter(([name]) => !NOT_COMPARED.has(name));
    return compared.map(([name, now]) => {
      const known = typeof before[name] === "number" && before[name] !== 0;
      const ratio = known ? now / before[name] : undefined;
      return [scenario, name, known ? short(before[name]) : "–", short(now), known ? ratio.toFixed(2) : "–", known ? verdict(name, ratio) : "new"];
    });
  });
  console.log(`\n## Beside the last recorded run (${last.recorded ?? "none"})\n`);
  printTable(["scenario", "value", "last", "now", "now/last", ""], lines);
}

function record(bench, facts, last) {
  const about = Object.fromEntries(facts);
  for (const { scenario, values } of bench.rows) {
    last.scenarios[scenario] = { date: about.date, commit: about.commit, values };
  }
  const goals = { ...last.goals };
  for (const { scenario, text, value, reached } of bench.goals) goals[`${scenario}: ${text}`] = { value, reached };
  const sorted = (object) => Object.fromEntries(Object.entries(object).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const all = { recorded: `${about.date}, ${about.commit}`, machine: about, scenarios: sorted(last.scenarios), goals: sorted(goals) };
  const rounded = (_, value) => (typeof value === "number" ? Number(value.toPrecision(5)) : value);
  writeFileSync(lastFile, `${JSON.stringify(all, rounded, 1)}\n`);
  // The tables of docs/performance.md are made from it.
  execFileSync(process.execPath, [join(import.meta.dirname, "plot.mjs")], { stdio: "inherit" });
  console.log(`\nrecorded in bench/last.json, and put into docs/performance.md`);
}

async function main(groups) {
  options.binary = resolve(options.binary);
  options.load = resolve(options.load);
  options.only = options.only?.split(",");
  const skipped = options.skip?.split(",") ?? [];
  const names = groups.flatMap(({ name, scenarios }) => [name, ...Object.keys(scenarios)]);
  for (const name of [...(options.only ?? []), ...skipped]) {
    if (!names.includes(name)) throw new Error(`there is no scenario '${name}' (see --help)`);
  }
  for (const program of [options.binary, options.load]) {
    if (!existsSync(program)) throw new Error(`${program} is missing; build it with: tools/build.sh bench`);
  }
  const facts = machineFacts(root);
  for (const [name, value] of facts) console.log(`${name}: ${value}`);
  console.log(busyWarning() ?? "The machine is quiet.");
  const begun = performance.now();
  const bench = new Bench(options);
  try {
    for (const group of groups) {
      const wanted = [group.name, ...Object.keys(group.scenarios)].some((name) => bench.wants(name, group));
      if (wanted && !skipped.includes(group.name)) await bench.run(group);
    }
  } finally {
    await bench.end();
  }
  const last = readLast();
  compare(bench.rows, last);
  const missed = bench.goals.filter(({ reached }) => !reached);
  console.log(`\n${bench.goals.length - missed.length} of ${bench.goals.length} goals reached, in ${((performance.now() - begun) / 60_000).toFixed(1)} minutes`);
  for (const { scenario, text, value } of missed) console.log(`- not reached: ${scenario}: ${text}: ${short(value)}`);
  if (options.record) record(bench, facts, last);
  const { problems } = bench;
  console.log(problems.length === 0 ? "\nall checks passed" : `\n${problems.length} FAILED: ${problems.join("; ")}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

const groups = await loadGroups();
if (options.help) console.log(usage(groups));
else await main(groups);
