// A reporter for Node's test runner that writes the counts of a run as JSON, for tools/test/run.mjs.
// A file that holds no test counts as a failure: Node itself would report such a file as passed.

import { withReason } from "./reason.mjs";

export default async function* countReporter(source) {
  const counts = { passed: 0, failed: 0, skipped: 0, failures: [] };
  const filesWithTests = new Set();
  const emptyFiles = [];
  for await (const event of source) {
    if (event.type !== "test:pass" && event.type !== "test:fail") continue;
    const { name, file, details, skip, todo } = event.data;
    if (details?.type === "suite") continue;
    // Node reports a file without tests as one test with the name of the file.
    if (file && (name === file || file.endsWith(`/${name}`)) && event.type === "test:pass") {
      emptyFiles.push(file);
      continue;
    }
    filesWithTests.add(file);
    if (skip !== undefined || todo !== undefined) {
      counts.skipped += 1;
    } else if (event.type === "test:pass") {
      counts.passed += 1;
    } else {
      counts.failed += 1;
      counts.failures.push(withReason(name, (details?.error?.cause ?? details?.error)?.message ?? ""));
    }
  }
  for (const file of emptyFiles.filter((each) => !filesWithTests.has(each))) {
    counts.failed += 1;
    counts.failures.push(`${file} holds no test`);
  }
  yield JSON.stringify(counts);
}
