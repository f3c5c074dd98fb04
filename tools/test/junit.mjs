// Reads the counts out of the JUnit file that ctest writes. Used by tools/test/suites.mjs.

import { withReason } from "./reason.mjs";

const unescape = (text) =>
  text.replace(/&(lt|gt|quot|apos|amp);/g, (_, name) => ({ lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" })[name]);

// What ctest says of a test that called GTEST_SKIP.
const SKIPPED_BY_ITSELF = '<skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>';

// The first thing that GoogleTest says to have failed: "FILE:LINE: Failure" and what follows, up to its next line of
// its own, such as "[  FAILED  ]".
const reasonIn = (text) => /^[^\n]*: Failure\n(?:(?!\[ )[^\n]+\n)*/m.exec(text)?.[0] ?? "";

// ctest writes one <testcase name="…" status="run|fail|notrun|disabled"> per test.
export function readJunit(xml) {
  if (!xml.includes("</testsuite>")) throw new Error("the file was cut short");
  const counts = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const [, attributes, inside] of xml.matchAll(/<testcase\s([^>]*[^/>])(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const name = unescape(/\bname="([^"]*)"/.exec(attributes)?.[1] ?? "a test without a name");
    const status = /\bstatus="([^"]*)"/.exec(attributes)?.[1];
    if (status === "run") {
      counts.passed += 1;
    } else if (status === "disabled" || inside?.includes(SKIPPED_BY_ITSELF)) {
      counts.skipped += 1;
    } else {
      // A test that was found but did not run (its program was not built, or is gone) is a failure.
      counts.failed += 1;
      counts.failures.push(withReason(name, reasonIn(unescape(inside ?? ""))));
    }
  }
  return counts;
}
