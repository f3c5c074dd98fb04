// The suites of ./test, in the order in which they run. Each has a function that runs it and resolves to
// {passed, failed, skipped, failures}; how these add up is in tools/test/run.mjs.

import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { readJunit } from "./junit.mjs";
import { runCommand } from "./process.mjs";

const MINUTE_MS = 60_000;
const BUILD_TIMEOUT_MS = 40 * MINUTE_MS;
const SUITE_TIMEOUT_MS = 20 * MINUTE_MS;
const ONE_TEST_TIMEOUT_MS = 10 * MINUTE_MS;

const failure = (name) => ({ passed: 0, failed: 1, skipped: 0, failures: [name] });
const success = () => ({ passed: 1, failed: 0, skipped: 0, failures: [] });

export function addCounts(all) {
  const sum = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const counts of all) {
    sum.passed += counts.passed;
    sum.failed += counts.failed;
    sum.skipped += counts.skipped;
    sum.failures.push(...counts.failures);
  }
  return sum;
}

// A command that counts as one test: it passes when it ends with 0.
async function commandTest(context, name, command, args, cwd) {
  const { code, timedOut } = await context.run(command, args, { cwd, timeoutMs: SUITE_TIMEOUT_MS });
  return code === 0 && !timedOut ? success() : failure(name);
}

// What a runner wrote to its result file, held against its exit code: a runner that died after writing, or that
// failed without naming a test, is a failure all the same.
function countsOf(result, counts, what) {
  if (counts === undefined) return failure(`${what} wrote no result`);
  if (result.timedOut) return addCounts([counts, failure(`${what} ran over its deadline`)]);
  if (result.code !== 0 && counts.failed === 0) {
    return addCounts([counts, failure(`${what} ended with code ${result.code}`)]);
  }
  return counts;
}

function readResult(file, parse) {
  try {
    return parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

async function build(context, ...part) {
  const { code } = await context.run("sh", [join(context.root, "tools/build.sh"), ...part], {
    cwd: context.root,
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  return code === 0;
}

// Node's test runner over `folder`/*.test.mjs (or .js) and the same in the folders named below it, one file after the
// other.
async function nodeTests(context, folder, env = {}, below = []) {
  const counts = join(context.logs, `${context.suite}.json`);
  rmSync(counts, { force: true });
  const args = [
    "--test",
    "--test-concurrency=1",
    `--test-timeout=${ONE_TEST_TIMEOUT_MS}`,
    "--test-reporter=spec",
    "--test-reporter-destination=stdout",
    `--test-reporter=${join(context.root, "tools/test/count_reporter.mjs")}`,
    `--test-reporter-destination=${counts}`,
    ...["", ...below.map((name) => `${name}/`)].map((place) => `${place}*.test.?(m)js`),
  ];
  const result = await context.run(process.execPath, args, {
    cwd: join(context.root, folder),
    env,
    timeoutMs: SUITE_TIMEOUT_MS,
  });
  return countsOf(result, readResult(counts, JSON.parse), "node --test");
}

// Tests against build/release/onhand, with the npm packages of their folder when it names some. The path of the
// program is in ONHAND_BINARY.
async function programTests(context, folder, env = {}, below = []) {
  if (!existsSync(join(context.root, folder))) return failure(`${folder}/ is missing`);
  if (!(await build(context, "release"))) return failure("the release build");
  if (existsSync(join(context.root, folder, "package.json")) && !(await build(context, "npm", folder))) {
    return failure(`npm ci in ${folder}`);
  }
  return nodeTests(context, folder, { ...env, ONHAND_BINARY: join(context.root, "build/release/onhand") }, below);
}

// The Socket.IO library has an example program of its own; its sanitizer build is what the real clients talk to.
async function socketioTests(context) {
  if (!(await build(context, "dev", "socketio_echo_server"))) return failure("the echo server");
  const echo = join(context.root, "build/dev/server/transport/socketio/socketio_echo_server");
  return programTests(context, "tests/socketio", { ONHAND_SIO_ECHO: echo });
}

async function clientTests(context) {
  const cwd = join(context.root, "client");
  if (!(await build(context, "npm", "client"))) return failure("npm ci in client");
  const bin = (name) => join(cwd, "node_modules/.bin", name);
  const results = join(context.logs, "vitest.json");
  rmSync(results, { force: true });
  const counts = [
    await commandTest(context, "types (tsc --noEmit)", bin("tsc"), ["--noEmit"], cwd),
    await commandTest(context, "lint (biome)", bin("biome"), ["check", "--error-on-warnings", "."], cwd),
  ];
  const vitest = await context.run(
    bin("vitest"),
    ["run", "--reporter=default", "--reporter=json", `--outputFile.json=${results}`],
    { cwd, timeoutMs: SUITE_TIMEOUT_MS },
  );
  counts.push(countsOf(vitest, readResult(results, readVitest), "vitest"));
  counts.push((await build(context, "page")) ? success() : failure("the page build"));
  counts.push(await commandTest(context, "size of the page", "npm", ["run", "--silent", "check:size"], cwd));
  return addCounts(counts);
}

export function readVitest(text) {
  const report = JSON.parse(text);
  const failures = report.testResults.flatMap((file) => {
    const failed = file.assertionResults.filter((test) => test.status === "failed").map((test) => test.fullName);
    return file.status === "failed" && failed.length === 0 ? [`${file.name} could not run`] : failed;
  });
  return {
    passed: report.numPassedTests,
    failed: failures.length,
    skipped: report.numPendingTests + report.numTodoTests,
    failures,
  };
}

// ctest over one build folder. Every case of a GoogleTest program is a test of its own.
async function ctest(context, preset, { label, wrapper = [] } = {}) {
  const results = join(context.logs, `${context.suite}.xml`);
  rmSync(results, { force: true });
  const command = [...wrapper, "ctest", "--test-dir", `build/${preset}`, "--output-on-failure"];
  command.push("-j", String(availableParallelism()), "--no-tests=error", "--output-junit", results, ...(label ? ["-L", label] : []));
  const result = await context.run(command[0], command.slice(1), {
    cwd: context.root,
    timeoutMs: SUITE_TIMEOUT_MS,
    env: {
      ASAN_OPTIONS: "strict_string_checks=1:detect_stack_use_after_return=1:check_initialization_order=1",
      UBSAN_OPTIONS: "print_stacktrace=1",
      TSAN_OPTIONS: "halt_on_error=1:second_deadlock_stack=1",
    },
  });
  return countsOf(result, readResult(results, readJunit), "ctest");
}

async function cppTests(context) {
  if (!(await build(context, "dev"))) return failure("the dev build");
  return ctest(context, "dev");
}

async function tsanTests(context) {
  if (!(await build(context, "tsan", "tsan_tests"))) return failure("the tsan build");
  // ThreadSanitizer of g++ 12 cannot live with as much address randomisation as newer kernels use.
  const { code } = await context.run("setarch", ["-R", "true"], { cwd: context.root, timeoutMs: MINUTE_MS });
  return ctest(context, "tsan", { label: "^tsan$", wrapper: code === 0 ? ["setarch", "-R"] : [] });
}

async function tidyTests(context) {
  if (!(await build(context, "dev"))) return failure("the dev build");
  return nodeTests(context, "tools/checks/tidy");
}

// Each fuzz program for a bounded time; tools/fuzz.sh runs them for hours. One that tried next to nothing has failed.
const FUZZ_PROGRAMS = ["msgpack", "packet", "payload", "ws_frame"];
const FUZZ_SECONDS_EACH = 15;
const FUZZ_EXECUTIONS_MIN = 1000;

// The lines "fuzz_msgpack: 12345 executions, found nothing", by program.
function readFuzzResults(text) {
  const lines = [...text.matchAll(/^fuzz_(\w+): (\d+) executions, (.*)$/gm)];
  return new Map(lines.map(([line, name, executions, verdict]) => [name, { line, executions: Number(executions), verdict }]));
}

async function fuzzTests(context) {
  const file = join(context.root, "build/fuzz/results.txt");
  rmSync(file, { force: true });
  const args = [join(context.root, "tools/fuzz.sh"), String(FUZZ_SECONDS_EACH)];
  await context.run("sh", args, { cwd: context.root, timeoutMs: SUITE_TIMEOUT_MS });
  const results = readResult(file, readFuzzResults) ?? new Map();
  const counts = FUZZ_PROGRAMS.map((name) => {
    const result = results.get(name);
    console.log(`     ${result?.line ?? `fuzz_${name}: no result`}`);
    const passed = result?.verdict === "found nothing" && result.executions >= FUZZ_EXECUTIONS_MIN;
    return passed ? success() : failure(`fuzz_${name}`);
  });
  return addCounts(counts);
}

async function checkTests(context) {
  if (!(await build(context, "npm", "client"))) return failure("npm ci in client");
  return nodeTests(context, "tools/checks");
}

export const suites = [
  { name: "checks", about: "rules of the repository itself", quick: true, run: checkTests },
  { name: "client", about: "types, lint, unit tests and size of the page", quick: true, run: clientTests },
  { name: "cpp", about: "C++ tests under AddressSanitizer and UndefinedBehaviorSanitizer", quick: true, run: cppTests },
  { name: "tidy", about: "clang-tidy", quick: false, run: tidyTests },
  { name: "api", about: "HTTP against the release program", quick: true, run: (c) => programTests(c, "tests/api") },
  {
    name: "socketio",
    about: "the real socket.io-client against the Socket.IO library and the program",
    quick: true,
    run: socketioTests,
  },
  {
    name: "system",
    about: "the release program: crashes, recovery, crowds",
    quick: true,
    run: (c) => programTests(c, "tests/system", {}, ["cluster"]),
  },
  { name: "fuzz", about: "what reads bytes from outside, under libFuzzer", quick: false, run: fuzzTests },
  { name: "browser", about: "two real browser windows", quick: false, run: (c) => programTests(c, "tests/browser") },
  { name: "tsan", about: "engine tests under ThreadSanitizer", quick: false, run: tsanTests },
];

// What a suite gets to work with.
export function makeContext(root, suite, echo) {
  const logs = join(root, "build/logs/test");
  const log = join(logs, `${suite}.log`);
  mkdirSync(logs, { recursive: true });
  writeFileSync(log, "");
  return { root, suite, logs, log, run: (command, args, options) => runCommand(command, args, { log, echo, ...options }) };
}
