// The micro-benchmarks (bench/micro, Google Benchmark): what single steps of an order cost, in nanoseconds. They say where
// a change of the other scenarios comes from. `bench/run micro` runs them alone, with all options of that library.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const execute = promisify(execFile);
const TIMEOUT_MS = 120_000;
const MIN_TIME_S = 0.05;
const NANOSECONDS = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };

// By the beginning of a benchmark's name.
const SCENARIOS = {
  decide: "judging orders on loaded rows; arguments: products, lines",
  codec: "binary forms; arguments: lines; a batch has 256 orders",
  json: "the JSON of an order; arguments: lines",
  http: "the other steps of a request",
  router: "finding the route",
  storage: "batches of one-line orders, durable; arguments: orders, products",
};

export const group = {
  name: "micro",
  title: "Micro-benchmarks",
  order: 95,
  seconds: 25,
  scenarios: SCENARIOS,

  async run(bench) {
    const wanted = Object.keys(SCENARIOS).filter((name) => bench.wants(name));
    const args = [`--benchmark_filter=^(${wanted.join("|")})`, `--benchmark_min_time=${MIN_TIME_S}`, "--benchmark_format=json"];
    const env = { ...process.env, TMPDIR: bench.newFolder("micro") };
    if (wanted.includes("storage")) env.ONHAND_BENCH_POSTGRES = await (await bench.postgres()).makeDatabase("micro");
    const { stdout } = await execute(bench.program("onhand-micro"), args, { env, timeout: TIMEOUT_MS });
    for (const { name, real_time, time_unit, error_occurred, error_message } of JSON.parse(stdout).benchmarks) {
      if (error_occurred) bench.fail(`${name}: ${error_message}`);
      else bench.row(`${name.split("_")[0]}/${name.replace("/real_time", "")}`, { time_ns: real_time * NANOSECONDS[time_unit] });
    }
  },
};
