// A short selection of the fault scenarios; tests/system/run-all runs all of them.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seedOfRun } from "../random.mjs";
import { embeddedScenarios } from "./embedded.mjs";
import { runScenario } from "./run.mjs";
import { scenarios } from "./scenarios.mjs";

const SELECTED = ["embedded_kill", "kill_instance", "kill_postgres", "stop_lock_holder", "commit_cut"];

const RUNS_MAX = 3;

// A run that did not meet what it was to meet (I15) tested less than it should, and is done again with the next seed.
async function runMet(scenario, seed) {
  for (let number = 0; ; number += 1) {
    const run = await runScenario(scenario, { seed: seed + number });
    const missedOnly = run.violations.length > 0 && run.violations.every((violation) => violation.startsWith("I15"));
    if (!missedOnly || number + 1 === RUNS_MAX) return run;
  }
}

describe("fault scenarios", () => {
  for (const name of SELECTED) {
    const scenario = [...embeddedScenarios, ...scenarios].find((each) => each.name === name);
    const seed = seedOfRun();
    it(`${name} (ONHAND_SEED=${seed}): ${scenario.about}`, async (test) => {
      const { violations, figures, folder } = await runMet(scenario, seed);
      test.diagnostic(`${JSON.stringify(figures)} in ${folder}`);
      assert.deepEqual(violations, [], `seed ${seed}; the history lies in ${folder}`);
    });
  }
});
