// The test runner itself: what it counts, and that a suite which ran nothing, died or is missing has failed.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { readJunit } from "../test/junit.mjs";
import { runCommand } from "../test/process.mjs";
import { readVitest } from "../test/suites.mjs";
import { root } from "./files.mjs";

mkdirSync(join(root, "build"), { recursive: true });
const folder = mkdtempSync(join(root, "build/runner-test-"));
after(() => rmSync(folder, { recursive: true }));

// Runs Node's test runner over one file with the counting reporter.
function countFile(name, source) {
  const file = join(folder, `${name}.test.mjs`);
  const counts = join(folder, `${name}.json`);
  writeFileSync(file, source);
  const reporter = join(root, "tools/test/count_reporter.mjs");
  // The variable tells a test runner that it runs inside another one; this one shall not know.
  const { NODE_TEST_CONTEXT, ...env } = process.env;
  spawnSync(process.execPath, ["--test", `--test-reporter=${reporter}`, `--test-reporter-destination=${counts}`, file], {
    env,
  });
  return JSON.parse(readFileSync(counts, "utf8"));
}

test("the counting reporter counts tests and not suites", () => {
  const counts = countFile(
    "mixed",
    `import { describe, test } from "node:test";
     describe("group", () => {
       test("good", () => {});
       test("bad", () => { throw new Error("no"); });
       test("later", { skip: true }, () => {});
     });`,
  );
  assert.deepEqual(counts, { passed: 1, failed: 1, skipped: 1, failures: ["bad: no"] });
});

test("a test file without tests is a failure", () => {
  assert.equal(countFile("empty", "export {};\n").failed, 1);
});

test("a test file that cannot be loaded is a failure", () => {
  const counts = countFile("broken", 'import "./nowhere.mjs";\n');
  assert.equal(counts.passed, 0);
  assert.equal(counts.failed, 1);
});

const junit = (cases) => `<testsuite name="x">${cases.map(([n, s]) => `<testcase name="${n}" status="${s}"/>`).join("")}</testsuite>`;

test("a C++ test that failed or could not run is a failure", () => {
  const counts = readJunit(junit([["a", "run"], ["b&lt;1&gt;", "fail"], ["c", "notrun"], ["d", "disabled"]]));
  assert.deepEqual(counts, { passed: 1, failed: 2, skipped: 1, failures: ["b<1>", "c"] });
});

test("a C++ test that was skipped is told from one whose program is missing", () => {
  const testcase = (name, why) => `<testcase name="${name}" status="notrun">\n<skipped message="${why}"/>\n</testcase>\n`;
  const counts = readJunit(
    `<testsuite>${testcase("a", "SKIP_REGULAR_EXPRESSION_MATCHED")}${testcase("b", "Unable to find executable")}</testsuite>`,
  );
  assert.deepEqual(counts, { passed: 0, failed: 1, skipped: 1, failures: ["b"] });
});

test("a failed C++ test is told with what failed first", () => {
  const output = "[ RUN      ] A.b\nx.cpp:7: Failure\nExpected: 1 &lt; 0\n\nx.cpp:9: Failure\nmore\n[  FAILED  ] A.b (1 ms)\n";
  const testcase = `<testcase name="A.b" status="fail"><failure message=""/><system-out>${output}</system-out></testcase>`;
  assert.deepEqual(readJunit(`<testsuite>${testcase}</testsuite>`).failures, ["A.b: x.cpp:7: Failure Expected: 1 < 0"]);
});

test("a result file that was cut short is not believed", () => {
  assert.throws(() => readJunit('<testsuite name="x"><testcase name="a" status="run"/>'));
});

test("a page test file that cannot run is a failure", () => {
  const report = {
    numPassedTests: 1,
    numPendingTests: 0,
    numTodoTests: 0,
    testResults: [
      { name: "a.test.ts", status: "passed", assertionResults: [{ status: "passed", fullName: "a" }] },
      { name: "b.test.ts", status: "failed", assertionResults: [] },
    ],
  };
  assert.deepEqual(readVitest(JSON.stringify(report)), { passed: 1, failed: 1, skipped: 0, failures: ["b.test.ts could not run"] });
});

// A killed process that nobody has waited for yet is still listed, as a zombie.
function isGone(pid) {
  const status = `/proc/${pid}/status`;
  return !existsSync(status) || /^State:\s*[ZX]/m.test(readFileSync(status, "utf8"));
}

test("a command over its deadline is ended with its children", async () => {
  const log = join(folder, "late.log");
  const pidFile = join(folder, "child.pid");
  const command = `sleep 600 & echo $! > ${pidFile}; echo begun; wait`;
  const { timedOut } = await runCommand("sh", ["-c", command], { cwd: folder, log, timeoutMs: 2000 });
  assert.equal(timedOut, true);
  assert.match(readFileSync(log, "utf8"), /begun/);
  assert.ok(isGone(Number(readFileSync(pidFile, "utf8"))), "the child is still there");
});

test("a command that is not there fails", async () => {
  const { code } = await runCommand("no-such-command", [], { cwd: folder, log: join(folder, "none.log"), timeoutMs: 5000 });
  assert.notEqual(code, 0);
});

test("an unknown suite is a usage error", () => {
  const result = spawnSync(process.execPath, [join(root, "tools/test/run.mjs"), "--only", "nothing"]);
  assert.equal(result.status, 2);
});
