// Runs onhand-watch: pages that watch while 5 000 orders a second come, over the products of prepareSmall().

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const RATE = 5000;
const TIMEOUT_MS = 120_000;
const CONNECTIONS = 64;

// `pages` are the flags that say which pages watch what. Resolves to what the program says, and what the server spent
// meanwhile, in cores.
export async function watch(bench, server, token, pages, seconds) {
  const { SPREAD_PREFIX, SPREAD_PRODUCTS } = bench.prepare;
  const orders = ["--url", server.url, "--token", token, "--sku", SPREAD_PREFIX, "--skus", SPREAD_PRODUCTS];
  const timing = ["--rate", RATE, "--connections", CONNECTIONS, "--warmup", 2, "--duration", seconds];
  const command = [...pages, ...orders, ...timing, "--json"].map(String);
  const before = { cpu: bench.cpuSeconds(server), at: performance.now() };
  // Exit code 1 says that orders were lost or unsent; the counts tell more.
  const { stdout } = await run(bench.program("onhand-watch"), command, { timeout: TIMEOUT_MS }).catch((error) => {
    if (error.code === 1 && error.stdout) return error;
    throw new Error(`onhand-watch: ${error.stderr || error.message}`);
  });
  const result = JSON.parse(stdout);
  // Signing on and the quiet at the end are in it: a little less than while it lasted.
  result.server_cores = (bench.cpuSeconds(server) - before.cpu) / ((performance.now() - before.at) / 1000);
  return result;
}
