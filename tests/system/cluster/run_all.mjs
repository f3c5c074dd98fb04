// Runs fault scenarios one after the other and prints a table. The program behind tests/system/run-all.

import { parseArgs } from "node:util";
import { seedOfRun } from "../random.mjs";
import { embeddedScenarios } from "./embedded.mjs";
import { runScenario } from "./run.mjs";
import { scenarios } from "./scenarios.mjs";

const HELP = `tests/system/run-all [--only NAME]… [--times N] [--seed N] [--verbose] [--list]

Every run prints its seed and its options. A run that failed leaves its history, its end state and the logs of the
instances in a folder that it names; node tests/system/cluster/checker.mjs FOLDER judges it again.`;

const all = [...embeddedScenarios, ...scenarios];

function readOptions() {
  const { values } = parseArgs({
    options: {
      only: { type: "string", multiple: true },
      times: { type: "string", default: "1" },
      seed: { type: "string" },
      verbose: { type: "boolean", default: false },
      list: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  for (const name of values.only ?? []) {
    if (!all.some((each) => each.name === name)) throw new Error(`there is no scenario '${name}' (see --list)`);
  }
  return values;
}

const columns = [
  "operations",
  "applied",
  "refused",
  "info",
  "in_flight",
  "faults",
  "reconnects",
  "recoveryMs",
  "gapMs",
  "staleMs",
];

function rowOf({ name, seed, violations, figures, seconds }) {
  const cells = columns.map((column) => String(Math.round(figures[column] ?? 0)));
  return [
    name,
    violations.length === 0 ? "held" : `${violations.length} FOUND`,
    ...cells,
    seconds.toFixed(0),
    String(seed),
  ];
}

function printTable(results) {
  const head = [
    "scenario",
    "result",
    "operations",
    "applied",
    "refused",
    "unknown",
    "in flight",
    "faults",
    "reconnects",
    "recovery ms",
    "gap ms",
    "stale ms",
    "s",
    "seed",
  ];
  console.log(`\n| ${head.join(" | ")} |\n| ${head.map((_, i) => (i < 2 ? "---" : "---:")).join(" | ")} |`);
  for (const result of results) console.log(`| ${rowOf(result).join(" | ")} |`);
}

async function main() {
  const options = readOptions();
  if (options.help || options.list) {
    console.log(options.help ? HELP : all.map(({ name, about }) => `${name.padEnd(18)} ${about}`).join("\n"));
    return 0;
  }
  const results = [];
  for (const scenario of all.filter(({ name }) => options.only?.includes(name) ?? true)) {
    for (let i = 0; i < Number(options.times); i += 1) {
      const seed = options.seed === undefined ? seedOfRun() : Number(options.seed) + i;
      const result = await runScenario(scenario, { seed, log: console.log });
      results.push(result);
      console.log(`${result.violations.length === 0 ? "held" : "FAILED"}: ${scenario.name}, ${scenario.about}`);
      for (const violation of result.violations) console.log(`  ${violation.slice(0, 2_000)}`);
      if (options.verbose) console.log(JSON.stringify(result.figures));
    }
  }
  printTable(results);
  const failed = results.filter(({ violations }) => violations.length > 0).length;
  console.log(`\n${results.length - failed} held, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(error.message);
    process.exit(2);
  },
);
