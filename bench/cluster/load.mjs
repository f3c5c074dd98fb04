// Puts load on one or more servers with onhand-load, all at once, and says what came of it. Used by run.mjs.

import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { busySeconds, sumOfCpu } from "../facts.mjs";

const execute = promisify(execFile);
const LOAD_TIMEOUT_MS = 120_000;

async function loadOne(program, { server, token }, args) {
  const all = ["orders", ...args, "--url", server.url, "--token", token, "--json"].map(String);
  // Exit code 1 says that requests were lost or unsent; the counts tell more.
  const { stdout } = await execute(program, all, { timeout: LOAD_TIMEOUT_MS }).catch((error) => {
    if (error.code === 1 && error.stdout) return error;
    throw new Error(`onhand-load: ${error.stderr || error.message}`);
  });
  const result = JSON.parse(stdout);
  const answered = Object.values(result.statuses).reduce((sum, count) => sum + count, 0);
  const accepted = (result.statuses["201"] ?? 0) / Math.max(1, answered);
  return { ...result, orders_per_second: result.requests_per_second * accepted };
}

// `targets` are [{server, token}]; each gets `args`. `others` are processes whose cost is told apart (PostgreSQL, Redis).
export async function putLoad(program, targets, args, others = {}) {
  const names = Object.keys(others);
  const read = () => ({
    at: performance.now(),
    busy: busySeconds(),
    servers: targets.map(({ server }) => sumOfCpu(server.child.pid)).reduce((a, b) => a + b, 0),
    others: names.map((name) => sumOfCpu(others[name].child.pid)),
  });
  const before = read();
  const results = await Promise.all(targets.map((target) => loadOne(program, target, args)));
  const after = read();
  const seconds = (after.at - before.at) / 1000;
  const cores = { servers: (after.servers - before.servers) / seconds };
  names.forEach((name, index) => {
    cores[name] = (after.others[index] - before.others[index]) / seconds;
  });
  const serving = Object.values(cores).reduce((a, b) => a + b, 0) * seconds;
  const accepted = results.reduce((sum, each) => sum + each.accepted, 0);
  cores.load = results.reduce((sum, each) => sum + (each.tool_cpu_us_per_request * each.sent) / 1e6, 0) / seconds;
  const known = Object.values(cores).reduce((a, b) => a + b, 0);
  cores.else = Math.max(0, (after.busy - before.busy) / seconds - known);
  return {
    rate: results.reduce((sum, each) => sum + each.orders_per_second, 0),
    rates: results.map((each) => each.orders_per_second),
    p50: Math.max(...results.map(({ latency_us }) => latency_us.p50)) / 1000,
    p99: Math.max(...results.map(({ latency_us }) => latency_us.p99)) / 1000,
    max: Math.max(...results.map(({ latency_us }) => latency_us.max)) / 1000,
    // Processor time of everything that serves, for each accepted order.
    cpu: (serving / Math.max(1, accepted)) * 1e6,
    units: results.reduce((sum, each) => sum + each.accepted_units, 0),
    refused: results.flatMap(({ statuses, lost, unsent }) => [
      ...Object.entries(statuses).filter(([status]) => status !== "201").map(([status, count]) => `${status}: ${count}`),
      ...(lost > 0 ? [`lost: ${lost}`] : []),
      ...(unsent > 0 ? [`unsent: ${unsent}`] : []),
    ]),
    cores,
  };
}
