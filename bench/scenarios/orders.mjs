// Orders over HTTP on the embedded store, each way of sending them alone: what a rate and a latency are in absolute
// numbers. The ratios that do not depend on the machine are in limits.mjs.

import { HOT_SKU, SPREAD_PREFIX, SPREAD_PRODUCTS } from "../prepare.mjs";

const hot = ["orders", "--sku", HOT_SKU];
const spread = ["orders", "--sku", SPREAD_PREFIX, "--skus", SPREAD_PRODUCTS, "--lines", "1-3"];

const SCENARIOS = [
  { name: "idle1", what: "one order at a time, idle server", seconds: 3, load: ["idle", "--sku", HOT_SKU] },
  { name: "hot64", what: "64 connections, one product", seconds: 4, load: [...hot, "--connections", 64] },
  { name: "zipf256", what: "256 connections, 1 000 products by Zipf's law, 1 to 3 lines", seconds: 4, load: [...spread, "--spread", "zipf", "--connections", 256] },
  { name: "open20k", what: "20 000 orders/s sent at fixed times, one product; latency from when each was due", seconds: 4, load: [...hot, "--connections", 256, "--rate", 20_000] },
];

// The units of accepted orders, of onhand-load and of the warm-up of others, against the stock.
export async function checkUnits(bench, server, units) {
  const allocated = await bench.prepare.allocatedUnits(server, server.token);
  bench.note(`units of accepted orders: ${units}; allocated in stock: ${allocated}`);
  if (units !== allocated) bench.fail("accepted orders and allocated stock differ");
}

export const group = {
  name: "orders",
  title: "Orders, embedded",
  order: 10,
  seconds: 30,
  scenarios: Object.fromEntries(SCENARIOS.map(({ name, what }) => [name, what])),

  async run(bench) {
    const server = await bench.startPrepared();
    let units = 0;
    for (const { name, seconds, load } of SCENARIOS.filter((each) => bench.wants(each.name))) {
      const result = await bench.load(server, server.token, load, { warmup: 1, duration: bench.seconds(seconds) });
      units += result.accepted_units;
      bench.row(name, bench.loadValues(name, result));
    }
    await checkUnits(bench, server, units);
    bench.note(`resident memory after the load: ${bench.memory(server).now.toFixed(0)} MB`);
    await bench.stopServer(server);
    bench.verify(server.database, "after the load");
  },
};
