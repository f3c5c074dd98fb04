// The tests of the tests: builds the program with one deliberate fault at a time, on a copy of the sources, and runs the
// scenario that must notice. A mutant that nobody notices is a hole in the proof.
//
//   node tests/system/cluster/mutants.mjs [--only N]… [--list] [--as-is]
//
// The copy and its build lie in build/mutants; --as-is leaves the copy of the last hunt as it is. The numbers are those of docs/reliability.md.

import { execFile } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs, promisify } from "node:util";
import { seedOfRun } from "../random.mjs";
import { embeddedScenarios } from "./embedded.mjs";
import { mutants } from "./mutations.mjs";
import { runScenario } from "./run.mjs";
import { scenarios } from "./scenarios.mjs";

const root = resolve(import.meta.dirname, "../../..");
const tree = join(root, "build/mutants/tree");
const buildFolder = join(root, "build/mutants/build");
const BUILD_MS_MAX = 40 * 60_000;
const OUTPUT_BYTES_MAX = 64e6;
const TRIES_MAX = 3;
const COPIED = ["server", "bench", "docs", "tools", "CMakeLists.txt", "CMakePresets.json"];

const run = promisify(execFile);
const all = [...embeddedScenarios, ...scenarios];

// Copies what is new, so that a second hunt builds little.
async function copyTree() {
  const list = ["ls-files", "-co", "--exclude-standard", "-z", "--", ...COPIED];
  const { stdout } = await run("git", list, { cwd: root, maxBuffer: OUTPUT_BYTES_MAX });
  for (const path of stdout.split("\0").filter((each) => each !== "" && existsSync(join(root, each)))) {
    const [from, to] = [join(root, path), join(tree, path)];
    if (existsSync(to) && readFileSync(from).equals(readFileSync(to))) continue;
    mkdirSync(dirname(to), { recursive: true });
    copyFileSync(from, to);
  }
}

async function build(target) {
  const options = { cwd: tree, timeout: BUILD_MS_MAX, maxBuffer: OUTPUT_BYTES_MAX };
  await run("cmake", ["--preset", "release", "-DONHAND_TESTS=ON", "-B", buildFolder], options);
  await run("nice", ["ninja", "-C", buildFolder, "-j2", target], options);
}

// Makes the edits; each must find its text exactly once. Returns what undoes them.
function spoil(edits) {
  const before = new Map();
  for (const { file, find, replace } of edits) {
    const path = join(tree, file);
    const text = readFileSync(path, "utf8");
    if (text.split(find).length !== 2) throw new Error(`${file} does not hold this exactly once: ${find}`);
    if (!before.has(path)) before.set(path, { text, times: statSync(path) });
    // Not by a pattern: the text may hold a dollar sign.
    writeFileSync(path, text.split(find).join(replace));
  }
  return () => {
    for (const [path, { text }] of before) {
      writeFileSync(path, text);
      const now = new Date();
      utimesSync(path, now, now);
    }
  };
}

// Runs a file of tests that must fail. Resolves like hunt().
async function runTests({ test, by }) {
  const args = ["--test", "--test-reporter=tap", join(import.meta.dirname, test)];
  const output = await run(process.execPath, args, { maxBuffer: OUTPUT_BYTES_MAX }).then(
    ({ stdout }) => stdout,
    ({ stdout }) => stdout,
  );
  const failed = [...output.matchAll(/^\s*not ok \d+ - (.*)$/gm)].map(([, name]) => name);
  return { caught: by.some((name) => failed.includes(name)), by: failed, tries: 1 };
}

// Runs one C++ test program, of which the tests named in `by` must fail. Resolves like hunt().
async function runProgram({ program, by }) {
  const folder = join(buildFolder, "postgres");
  const server = (what) => run(join(root, "tests/support/postgres.sh"), [what, folder]);
  await server("start");
  try {
    const { stdout: found } = await run("find", [buildFolder, "-name", program, "-type", "f"]);
    const env = { ...process.env, ONHAND_TEST_POSTGRES: folder };
    const options = { env, maxBuffer: OUTPUT_BYTES_MAX };
    const output = await run(found.trim(), [`--gtest_filter=${by.join(":")}`], options).then(
      ({ stdout }) => stdout,
      ({ stdout }) => stdout,
    );
    // What began and did not end well; a program that dies leaves its test so.
    const begun = [...output.matchAll(/^\[ RUN {6}\] ([\w./]+)$/gm)].map(([, name]) => name);
    const passed = new Set([...output.matchAll(/^\[ {7}OK \] ([\w./]+)/gm)].map(([, name]) => name));
    const names = begun.filter((name) => !passed.has(name));
    return { caught: names.length > 0, by: names, tries: 1 };
  } finally {
    await server("stop");
  }
}

// Runs a scenario a few times: a race may be missed once. Resolves to {caught, by, tries, first}.
async function hunt({ scenario: name, by }) {
  const scenario = all.find((each) => each.name === name);
  let counts = {};
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    const result = await runScenario(scenario, { seed: seedOfRun() });
    counts = result.counts;
    if (by.some((invariant) => counts[invariant] > 0)) {
      return { caught: true, by: Object.keys(counts), tries, first: result.violations[0] };
    }
  }
  return { caught: false, by: Object.keys(counts), tries: TRIES_MAX };
}

async function judge(mutant) {
  const undo = spoil(mutant.edits);
  try {
    await build(mutant.program ?? "onhand");
    process.env.ONHAND_BINARY = join(buildFolder, "onhand");
    if (mutant.program) return await runProgram(mutant);
    return await (mutant.test ? runTests(mutant) : hunt(mutant));
  } finally {
    undo();
  }
}

const placeOf = ({ scenario, test, program }) => scenario ?? test ?? program;

async function main() {
  const flag = { type: "boolean", default: false };
  const { values } = parseArgs({ options: { only: { type: "string", multiple: true }, list: flag, "as-is": flag } });
  if (values.list) {
    for (const mutant of mutants)
      console.log(`${String(mutant.number).padStart(3)} ${mutant.about} (${placeOf(mutant)})`);
    return 0;
  }
  if (!values["as-is"]) await copyTree();
  const chosen = mutants.filter(({ number }) => values.only?.includes(String(number)) ?? true);
  let missed = 0;
  console.log("| mutant | what is wrong | scenario | found by | runs |\n| ---: | --- | --- | --- | ---: |");
  for (const mutant of chosen) {
    const { caught, by, tries, first } = await judge(mutant);
    if (!caught) missed += 1;
    const found = caught ? by.join(", ") : `NOT FOUND (${by.join(", ")})`;
    console.log(`| ${mutant.number} | ${mutant.about} | ${placeOf(mutant)} | ${found} | ${tries} |`);
    if (first) console.error(`  ${first.slice(0, 300)}`);
  }
  console.log(`\n${chosen.length - missed} found, ${missed} missed`);
  return missed === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(error);
    process.exit(2);
  },
);
