// How long it takes from sending an order to one instance until a page at another instance knows of it. One order at a
// time for each of some products that nobody else orders, at fixed times, beside whatever other load there is. Used by
// run.mjs.

import { Agent, request } from "node:http";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { skuOf, SPREAD_PREFIX } from "../prepare.mjs";

// The benchmarks have one folder of npm packages, the peer's.
const { io } = createRequire(new URL("../peer/package.json", import.meta.url))("socket.io-client");

const LOCATION = "MAIN";
const CONNECT_TIMEOUT_MS = 10_000;
const LATE_MS = 5000; // an event that has not come by then counts as lost

function place(agent, { server, token }, sku, key) {
  const body = JSON.stringify({ lines: [{ sku, quantity: 1 }] });
  const headers = {
    Authorization: `Bearer ${token}`,
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(body),
    "Idempotency-Key": key,
  };
  const target = { host: "127.0.0.1", port: server.port, path: "/api/v1/orders", method: "POST", agent, headers };
  return new Promise((resolve, reject) => {
    const asked = request(target, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode));
    });
    asked.once("error", reject);
    asked.end(body);
  });
}

async function connectLive({ server, token }) {
  const socket = io(server.url, { auth: { token }, transports: ["websocket"], forceNew: true });
  await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the live feed did not connect")), CONNECT_TIMEOUT_MS);
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve();
    });
    socket.once("connect_error", reject);
  });
  return socket;
}

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

// Orders by `to`, listens at `from`: both {server, token}. `first` and `count` name the products. Resolves to
// milliseconds: {count, p50, p99, max, lost, refused}.
export async function measureLive({ to, from, first, count, perSecond, seconds }) {
  const skus = Array.from({ length: count }, (_, index) => skuOf(SPREAD_PREFIX, first + index));
  const socket = await connectLive(from);
  const sentAt = new Map();
  const latencies = [];
  socket.on("stock.changed", ({ changes }) => {
    const now = performance.now();
    for (const { sku } of changes) {
      if (!sentAt.has(sku)) continue;
      latencies.push(now - sentAt.get(sku));
      sentAt.delete(sku);
    }
  });
  const answer = await socket.emitWithAck("subscribe", { stock: { keys: skus.map((sku) => [sku, LOCATION]) } });
  if (!answer.ok) throw new Error(`subscribe: ${JSON.stringify(answer)}`);
  const agent = new Agent({ keepAlive: true, maxSockets: count });
  const answers = [];
  const begun = performance.now();
  for (let index = 0; index < perSecond * seconds; index++) {
    await sleep(Math.max(0, begun + (index * 1000) / perSecond - performance.now()));
    const sku = skus[index % count];
    if (sentAt.has(sku)) continue; // still under way; it counts when it comes, or as lost
    sentAt.set(sku, performance.now());
    answers.push(place(agent, to, sku, `probe-${process.pid}-${begun.toFixed(0)}-${index}`));
  }
  const statuses = await Promise.all(answers);
  for (const deadline = performance.now() + LATE_MS; sentAt.size > 0 && performance.now() < deadline; ) await sleep(5);
  socket.close();
  agent.destroy();
  latencies.sort((a, b) => a - b);
  return {
    count: latencies.length,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    max: latencies.at(-1),
    lost: sentAt.size,
    refused: statuses.filter((status) => status !== 201).length,
    units: statuses.filter((status) => status === 201).length,
  };
}
