// Several instances on PostgreSQL and Redis beside the usual design of such a system in Node: one short round of the
// scenarios of bench/cluster/run, which alone measures longer. Its tables appear as it prints them.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { running } from "../server.mjs";

const program = resolve(import.meta.dirname, "../cluster/run.mjs");
const SCENARIOS = {
  "cluster-hot64": "64 connections, one product, beside the peer",
  "cluster-hot256": "256 connections, one product, beside the peer",
  "cluster-spread64": "64 connections, 1 000 products, beside the peer",
  "cluster-spread256": "256 connections, 1 000 products, beside the peer",
  "cluster-two": "one product, one instance and two",
  "cluster-locks": "one product, with and without product locks",
  "cluster-live": "order sent to one instance until the event is at a client of another",
};
const nameOf = (name) => `cluster-${name}`;

export const group = {
  name: "cluster",
  title: "Several instances",
  order: 90,
  seconds: 125,
  scenarios: SCENARIOS,

  async run(bench) {
    const wanted = Object.keys(SCENARIOS).filter((name) => bench.wants(name));
    const file = join(bench.newFolder("cluster"), "values.json");
    const only = wanted.map((name) => name.slice("cluster-".length)).join(",");
    const about = ["--rounds", bench.full ? 3 : 1, "--seconds", bench.seconds(3), "--json", file, "--only", only];
    const programs = ["--binary", bench.program("onhand"), "--load", bench.program("onhand-load")];
    const child = spawn(process.execPath, [program, ...about, ...programs].map(String), { stdio: ["ignore", "inherit", "inherit"] });
    running.add(child);
    const [code] = await once(child, "exit");
    running.delete(child);
    if (!existsSync(file)) throw new Error(`bench/cluster/run.mjs ended with ${code} and no values; what it said is above`);
    const { rows, goals, problems } = JSON.parse(readFileSync(file, "utf8"));
    for (const problem of problems) bench.fail(problem);
    for (const { scenario, side, values } of rows) bench.row(side === "" ? nameOf(scenario) : `${nameOf(scenario)}/${side}`, values);
    for (const { scenario, text, value, reached } of goals) bench.judged(nameOf(scenario), text, value, reached);
  },
};
