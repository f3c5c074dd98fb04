// Runs the suites of ./test and adds up what they counted. The last line is `N passed, N failed`; the exit code is 0
// only when nothing failed and every suite ran something. The options are those that ./test lists.

import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { addCounts, makeContext, suites } from "./suites.mjs";

const LOG_LINES_SHOWN_MAX = 300;
const FAILURES_SHOWN_MAX = 50;

const root = resolve(dirname(process.argv[1]), "../..");

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: "string", multiple: true },
        list: { type: "boolean", default: false },
        quick: { type: "boolean", default: false },
        verbose: { type: "boolean", default: false },
      },
    });
    for (const name of values.only ?? []) {
      if (!suites.some((suite) => suite.name === name)) throw new Error(`there is no suite '${name}' (see --list)`);
    }
    return values;
  } catch (error) {
    console.error(`./test: ${error.message}`);
    process.exit(2);
  }
}

function lastLines(file, count) {
  const lines = readFileSync(file, "utf8").split("\n");
  const left = lines.length > count ? [`(the last ${count} lines of ${file})`] : [];
  return [...left, ...lines.slice(-count)].join("\n");
}

// A suite that throws, or that ran nothing, has failed.
async function runSuite(suite, context) {
  let counts;
  try {
    counts = await suite.run(context);
  } catch (error) {
    console.error(error);
    counts = { passed: 0, failed: 1, skipped: 0, failures: [`the suite itself: ${error.message}`] };
  }
  if (counts.passed + counts.failed === 0) {
    counts = addCounts([counts, { passed: 0, failed: 1, skipped: 0, failures: ["the suite ran nothing"] }]);
  }
  return counts;
}

function report(suite, counts, seconds) {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  const verdict = counts.failed === 0 ? "ok  " : "FAIL";
  console.log(
    `${verdict} ${suite.name.padEnd(9)} ${String(counts.passed).padStart(5)} passed, ` +
      `${counts.failed} failed${skipped}  (${seconds.toFixed(1)} s)  ${suite.about}`,
  );
}

async function main() {
  const options = readOptions();
  if (options.list) {
    for (const suite of suites) {
      console.log(`${suite.name.padEnd(9)} ${suite.about}${suite.quick ? "" : " (not with --quick)"}`);
    }
    return 0;
  }
  const chosen = suites.filter((suite) => (options.only ? options.only.includes(suite.name) : true));
  const all = [];
  for (const suite of chosen.filter((each) => each.quick || !options.quick || options.only)) {
    const started = performance.now();
    const context = makeContext(root, suite.name, options.verbose);
    const counts = await runSuite(suite, context);
    report(suite, counts, (performance.now() - started) / 1000);
    if (counts.failed > 0) {
      if (!options.verbose) console.log(lastLines(context.log, LOG_LINES_SHOWN_MAX));
      for (const name of counts.failures.slice(0, FAILURES_SHOWN_MAX)) console.log(`     failed: ${name}`);
    }
    all.push(counts);
  }
  const total = addCounts(all);
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(error);
    console.log("0 passed, 1 failed");
    process.exit(1);
  },
);
