// Runs one scenario of a fault run: sets up products, starts the load and the watchers, breaks things, heals them, goes
// through the final phase and has the checker judge. Prints the seed and every option; a run that failed leaves its
// history and its end state in a folder. Used by tests/system/run-all and the tests beside it.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomFrom, seedOfRun } from "../random.mjs";
import { check } from "./checker.mjs";
import { finalPhase } from "./final_phase.mjs";
import { History } from "./history.mjs";
import { Stalls } from "./stalls.mjs";
import { fetchTable, Watcher } from "./watcher.mjs";
import { Workload } from "./workload.mjs";

export const runDefaults = { products: 8, stock: 40, watchers: 6, dropWatchersMs: 700, calmMs: 800 };

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// What the faults of a scenario get: the cluster, random numbers, and the history of what was broken when.
export class Faults {
  constructor({ history, cluster, random }) {
    Object.assign(this, { history, cluster, random, open: new Set() });
  }

  // Something that the scenario must have met; the checker holds it against the coverage that it asks for.
  count(name, amount = 1) {
    this.history.add({ type: "note", count: name, amount });
  }

  start(what, target = "") {
    const fault = { what, target };
    this.open.add(fault);
    this.history.add({ type: "fault", phase: "start", ...fault });
    return fault;
  }

  end(fault) {
    if (!this.open.delete(fault)) return;
    this.history.add({ type: "fault", phase: "end", ...fault });
  }

  // Something is broken by `breakIt`, left so for a time, and mended by `heal`.
  async during(what, target, ms, breakIt, heal) {
    const fault = this.start(what, target);
    try {
      await breakIt();
      await pause(ms);
    } finally {
      await heal();
      this.end(fault);
    }
  }

  calm(ms = runDefaults.calmMs) {
    return pause(ms);
  }
}

async function makeProducts(client, { products, stock, run }) {
  const skus = [];
  for (let i = 0; i < products; i += 1) {
    const sku = `${run}-P${i}`;
    const body = { sku, name: `Product ${sku}`, opening_stock: [{ location: "MAIN", quantity: stock }] };
    const answer = await client.post("/api/v1/products", body);
    if (answer.status !== 201) throw new Error(`cannot make a product: ${answer.status} ${answer.text}`);
    skus.push(sku);
  }
  return skus;
}

function startWatchers({ history, workload, random, count, start }) {
  return Array.from({ length: count }, (_, i) => {
    const transports = i % 3 === 2 ? ["polling"] : ["websocket"];
    return new Watcher({ name: `w${i}`, history, targets: workload.targets, random, start, transports });
  });
}

// The load, the faults of the scenario, and the end of both.
async function disturb({ scenario, cluster, history, workload, watchers, options, random }) {
  const dropping = setInterval(() => watchers[random(watchers.length)].drop(), options.dropWatchersMs);
  const faults = new Faults({ history, cluster, random });
  history.add({ type: "note", phase: "load" });
  workload.start();
  try {
    await faults.calm(options.calmMs);
    await scenario.faults(faults);
    await faults.calm(options.calmMs);
  } finally {
    await cluster.heal();
    clearInterval(dropping);
    history.add({ type: "note", phase: "stop" });
    await workload.stop();
  }
}

// Resolves to what the checker needs.
async function exercise({ scenario, cluster, history, seed, options }) {
  const random = randomFrom(seed);
  const { targets } = cluster;
  const run = `${scenario.name}-${seed}`;
  const skus = await makeProducts(targets[0].client, { ...options, run });
  await Promise.all(targets.map((target) => cluster.settle?.(target, skus.at(-1))));
  const start = await fetchTable(targets[0].client);
  const workload = new Workload({ history, targets, skus, seed, run, options: scenario.load });
  const watchers = startWatchers({ history, workload, random, count: options.watchers, start });
  try {
    await disturb({ scenario, cluster, history, workload, watchers, options, random });
    const final = await finalPhase({ history, targets, watchers, dump: cluster.dump && (() => cluster.dump()) });
    return { ...final, setupHead: start.head, snapshots: cluster.takenSnapshots ?? [] };
  } finally {
    for (const watcher of watchers) watcher.close();
  }
}

// Where an instance ended by itself the run has failed, however well the others went on.
function addDeaths(result, deaths = []) {
  for (const { name, code, signal } of deaths) {
    result.violations.push(`the run itself: instance ${name} ended by itself with ${code ?? signal}`);
    result.counts.run = (result.counts.run ?? 0) + 1;
  }
}

// Runs `scenario` on the cluster that it makes. Resolves to {name, seed, violations, counts, figures, folder?, seconds};
// never rejects: what went wrong is a violation.
export async function runScenario(scenario, { seed = seedOfRun(), log = () => {}, folder } = {}) {
  const options = { ...runDefaults, ...scenario.options };
  const about = { scenario: scenario.name, seed, options, load: scenario.load ?? {}, limits: scenario.limits ?? {} };
  const home = folder ?? join(tmpdir(), `onhand-run-${scenario.name}-${seed}-${process.pid}`);
  mkdirSync(home, { recursive: true });
  log(`${JSON.stringify(about)} in ${home}`);
  const history = new History(about, join(home, "history.jsonl"));
  const started = performance.now();
  const stalls = new Stalls();
  let result;
  let cluster;
  try {
    cluster = await scenario.cluster(options, { random: randomFrom(seed + 1) });
    const final = await exercise({ scenario, cluster, history, seed, options });
    const allowed = stalls.widen(scenario.limits ?? {});
    // For a later look: node tests/system/cluster/checker.mjs FOLDER.
    writeFileSync(join(home, "final.json"), JSON.stringify({ ...final, options: allowed }));
    result = check(history.events, final, allowed);
    result.figures.stalledMs = stalls.longestMs;
  } catch (error) {
    result = { violations: [`the run itself: ${error.stack}`], counts: { run: 1 }, figures: {} };
  }
  stalls.end();
  addDeaths(result, cluster?.deaths);
  if (cluster?.logs !== undefined) writeFileSync(join(home, "instances.log"), cluster.logs);
  try {
    await cluster?.dispose(result.violations.length === 0);
  } catch (error) {
    result.violations.push(`the end of the run: ${error.message}`);
  }
  await history.close();
  if (result.violations.length === 0) rmSync(home, { recursive: true, force: true });
  const seconds = (performance.now() - started) / 1000;
  return { name: scenario.name, seed, ...result, folder: home, seconds };
}
