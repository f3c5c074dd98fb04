// Judges a run: holds a recorded history and what the servers told at the end against the invariants I1 to I15 of
// docs/reliability.md. Pure. Used by the fault runner; alone it judges a saved run again:
//
//   node tests/system/cluster/checker.mjs FOLDER      (with history.jsonl and final.json, as a failed run leaves them)

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { checkOrders, checkOutcomes, linkEffects, replay } from "./check_effects.mjs";
import { checkFeed, checkWatchers } from "./check_feed.mjs";
import { checkCoverage, checkLiveness, figuresOf } from "./check_run.mjs";
import {
  checkAllocated,
  checkBounds,
  checkDatabase,
  checkLedger,
  checkMovements,
  checkOrderList,
} from "./check_tables.mjs";
import { checkReads, checkRealTime, checkRefusals } from "./check_time.mjs";
import { readHistory } from "./history.mjs";
import { effectsOf, faultsOf, liveOf, operationsOf, readsOf } from "./operations.mjs";

const TOLD_MAX = 12; // violations of one invariant that are told in full

// Limits that a scenario may set otherwise.
export const limits = {
  recoveryMsMax: 5_000, // from the end of a fault to the first success
  gapMsMax: Infinity, // between two successes of anybody, broken or not
  staleMsMax: 0, // of a read of stock; several instances learn of each other's changes after the commit
  coverage: {},
};

class Findings {
  constructor() {
    this.violations = [];
    this.counts = {};
  }
  report(invariant, text) {
    this.counts[invariant] = (this.counts[invariant] ?? 0) + 1;
    if (this.counts[invariant] <= TOLD_MAX) this.violations.push(`${invariant}: ${text}`);
  }
}

// `final` {setupHead, feed, head, tables {instance: levels}, orders, movements, database?, snapshots?}. Returns
// {violations, counts, figures}; no violation means that the run was right.
export function check(history, final, given = {}) {
  const options = { ...limits, ...given };
  const findings = new Findings();
  const report = findings.report.bind(findings);
  const operations = operationsOf(history);
  const faults = faultsOf(history);
  const live = liveOf(history);
  const { feed, head, tables, orders, movements, setupHead } = final;
  const { effects, torn } = effectsOf(feed);
  linkEffects(effects, operations);

  checkOutcomes({ effects, operations, setupHead }, report);
  checkOrders({ effects, torn }, report);
  const timeline = { effects, operations, ...replay({ effects }, report) };
  const fold = checkFeed({ feed, head, tables }, report);
  checkLedger({ movements, fold }, report);
  checkMovements({ feed, movements }, report);
  checkOrderList({ orders, effects }, report);
  for (const [instance, levels] of Object.entries(tables)) {
    checkAllocated({ levels, orders, what: `the table of ${instance} at the end` }, report);
  }
  checkBounds({ levels: feed.flatMap(({ level }) => level ?? []), what: "the feed" }, report);
  for (const snapshot of final.snapshots ?? []) checkAllocated({ ...snapshot, what: "a snapshot on the way" }, report);
  if (final.database) checkDatabase({ database: final.database, feed, fold, head }, report);

  checkRealTime(timeline, report);
  checkRefusals(timeline, report);
  const staleMs = checkReads({ ...timeline, reads: readsOf(history), staleMsMax: options.staleMsMax }, report);
  const resets = checkWatchers({ live, feed, head, fold }, report);
  const liveness = checkLiveness({ history, faults, ...options }, report);
  const figures = {
    ...figuresOf({ operations, history, faults, live }),
    resets,
    staleMs,
    ...liveness,
    snapshots: final.snapshots?.length ?? 0,
  };
  checkCoverage({ figures, coverage: options.coverage }, report);
  return { violations: findings.violations, counts: findings.counts, figures };
}

function main(folder) {
  const { options, ...final } = JSON.parse(readFileSync(join(folder, "final.json"), "utf8"));
  const { violations, counts, figures } = check(readHistory(join(folder, "history.jsonl")), final, options);
  for (const violation of violations) console.log(violation);
  console.log(JSON.stringify({ counts, figures }));
  process.exitCode = violations.length > 0 ? 1 : 0;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) main(process.argv[2] ?? ".");
