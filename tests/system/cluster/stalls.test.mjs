import assert from "node:assert/strict";
import { it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { limits } from "./checker.mjs";
import { Stalls } from "./stalls.mjs";

it("limits in time are wider by the time in which nothing ran, other limits are not", async () => {
  const stalls = new Stalls();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400);
  while (stalls.longestMs === 0) await sleep(1);
  stalls.end();
  const stood = stalls.longestMs;
  assert.ok(stood >= 300, `${stood} ms`);
  assert.deepEqual(stalls.widen({ staleMsMax: 10, coverage: { applied: 1 } }), {
    staleMsMax: 10 + stood,
    recoveryMsMax: limits.recoveryMsMax + stood,
    coverage: { applied: 1 },
  });
  assert.equal(stalls.widen({ gapMsMax: 1 }).gapMsMax, 1 + stood);
});
