// How much of what the engine can do is left over HTTP: the same orders, the same number on their way, once from memory
// into the engine (onhand-memory) and once through the server, in turns on the same PostgreSQL; for comparison the same
// on the embedded store.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { HOT_SKU } from "../prepare.mjs";

const execute = promisify(execFile);
const ROUNDS = 2;
const SECONDS = 3;
const TIMEOUT_MS = 120_000;

async function fromMemory(bench, database, inFlight) {
  const args = [database, inFlight, bench.seconds(SECONDS), "hot"].map(String);
  const { stdout } = await execute(bench.program("onhand-memory"), args, { timeout: TIMEOUT_MS });
  return JSON.parse(stdout);
}

async function overHttp(bench, { database, folder, token }, inFlight) {
  const server = await bench.startServer({ database, folder });
  const load = ["orders", "--sku", HOT_SKU, "--connections", inFlight];
  const result = await bench.load(server, token, load, { warmup: 1, duration: bench.seconds(SECONDS) });
  await bench.stopServer(server);
  return result;
}

async function compare(bench, name, place, inFlight, checkpoint = () => {}) {
  const results = await bench.inTurns(
    {
      memory: async () => {
        await checkpoint();
        return fromMemory(bench, place.database, inFlight);
      },
      http: async () => {
        await checkpoint();
        return overHttp(bench, place, inFlight);
      },
    },
    ROUNDS,
  );
  const of = (field) => bench.median(results.memory.map((each) => each[field]));
  bench.row(`${name}/memory`, {
    requests_per_s: of("orders_per_second"),
    mean_ms: of("mean_ms"),
    cpu_us: of("cpu_us"),
    orders_per_batch: of("orders_per_batch"),
  });
  bench.row(`${name}/http`, bench.loadValues(name, results.http));
  const ratio = bench.median(results.http.map((each, round) => each.requests_per_second / results.memory[round].orders_per_second));
  bench.row(name, { http_over_memory: ratio });
  return ratio;
}

export const group = {
  name: "memory",
  title: "Orders from memory and over HTTP",
  order: 30,
  seconds: 75,
  scenarios: {
    "postgres-hot64": "PostgreSQL, 64 orders on their way, one product",
    "postgres-hot256": "PostgreSQL, 256 orders on their way, one product",
    "embedded-hot256": "embedded, 256 orders on their way, one product",
  },

  async run(bench) {
    const small = async (database) => {
      const server = await bench.startPrepared({ database });
      await bench.stopServer(server);
      return server;
    };
    if (bench.wants("embedded-hot256")) await compare(bench, "embedded-hot256", await small(), 256);
    const sizes = [64, 256].filter((each) => bench.wants(`postgres-hot${each}`));
    if (sizes.length === 0) return;
    const postgres = await bench.postgres();
    const place = await small(await postgres.makeDatabase("memory"));
    for (const inFlight of sizes) {
      const name = `postgres-hot${inFlight}`;
      const ratio = await compare(bench, name, place, inFlight, () => postgres.sql("CHECKPOINT"));
      bench.goal(name, "orders/s over HTTP over those from memory", ratio, ">=", 0.5);
    }
    bench.verify(place.database, "PostgreSQL");
  },
};
