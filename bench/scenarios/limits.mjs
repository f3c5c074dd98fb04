// How near an order comes to what the wire allows. Four servers or routes take the same POST from the same 256
// connections in turns:
//   bare256    onhand-bare: Beast reads the request, the same bytes go back, nothing is behind it
//   noop256    POST /bench/noop of Onhand: read, checked, authenticated and answered as an order is, without the engine
//   hot256     POST /api/v1/orders for one product
//   spread256  the same over 1 000 products, 1 to 3 lines
// The ratios are those of each round, so that a busy spell of the machine meets both sides.

import { writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { HOT_SKU, SPREAD_PREFIX, SPREAD_PRODUCTS } from "../prepare.mjs";
import { freePort } from "../server.mjs";
import { checkUnits } from "./orders.mjs";

const CONNECTIONS = 256;
const ROUNDS = 3;
const SECONDS = 3;
const ORDER_BYTES_SLACK = 12; // order number and stamps of different length

const hot = ["orders", "--sku", HOT_SKU, "--connections", CONNECTIONS];
const LOADS = {
  bare256: hot,
  noop256: [...hot, "--post-path", "/bench/noop"],
  hot256: hot,
  spread256: ["orders", "--sku", SPREAD_PREFIX, "--skus", SPREAD_PRODUCTS, "--lines", "1-3", "--connections", CONNECTIONS],
};

function rawRequest(server, path) {
  const body = JSON.stringify({ lines: [{ sku: HOT_SKU, quantity: 1 }] });
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${server.port}`,
    `Authorization: Bearer ${server.token}`,
    "Content-Type: application/json",
    "Idempotency-Key: an-order-of-one-line",
    `Content-Length: ${body.length}`,
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}

// The bytes of the answer to one order at `path`, as they come.
function rawAnswer(server, path) {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(server.port, "127.0.0.1", () => socket.write(rawRequest(server, path)));
    socket.setEncoding("latin1");
    socket.on("error", reject);
    socket.on("data", (piece) => {
      text += piece;
      const [, length] = /content-length: (\d+)/i.exec(text) ?? [];
      const headEnd = text.indexOf("\r\n\r\n");
      if (headEnd < 0 || text.length < headEnd + 4 + Number(length)) return;
      socket.destroy();
      resolve(text);
    });
  });
}

async function startBare(bench, answer) {
  const folder = bench.newFolder("bare");
  const file = join(folder, "answer");
  writeFileSync(file, answer, "latin1");
  const port = await freePort();
  return bench.startProgram(bench.program("onhand-bare"), [port, 1, file], port);
}

export const group = {
  name: "limits",
  title: "An order beside a no-op and a bare server",
  order: 20,
  seconds: 65,
  scenarios: {
    bare256: "256 connections, a bare Beast server",
    noop256: "256 connections, Onhand without the engine",
    hot256: "256 connections, one product",
    spread256: "256 connections, 1 000 products, 1 to 3 lines",
    wire: "bytes of one order and of its answer, without TCP and IP",
  },

  async run(bench) {
    const server = await bench.startPrepared();
    const answer = await rawAnswer(server, "/bench/noop");
    if (!answer.startsWith("HTTP/1.1 201")) throw new Error(`/bench/noop (built with ONHAND_BENCH?): ${answer}`);
    const real = await rawAnswer(server, "/api/v1/orders");
    if (Math.abs(real.length - answer.length) > ORDER_BYTES_SLACK) {
      bench.fail(`the no-op answers ${answer.length} bytes, an order ${real.length}`);
    }
    if (bench.wants("wire")) bench.row("wire", { request_bytes: rawRequest(server, "/api/v1/orders").length, answer_bytes: real.length });
    const bare = await startBare(bench, answer);
    let units = 1;
    const measure = (name) => async () => {
      const target = name === "bare256" ? bare : server;
      const result = await bench.load(target, server.token, LOADS[name], { warmup: 0.7, duration: bench.seconds(SECONDS) });
      if (name === "hot256" || name === "spread256") units += result.accepted_units;
      return result;
    };
    const sides = Object.fromEntries(Object.keys(LOADS).map((name) => [name, measure(name)]));
    const results = await bench.inTurns(sides, ROUNDS);
    for (const name of Object.keys(LOADS)) bench.row(name, bench.loadValues(name, results[name]));
    const ratio = (above, below) => {
      return bench.median(results[above].map((each, round) => each.requests_per_second / results[below][round].requests_per_second));
    };
    bench.goal("noop256", "rate over the bare server's", ratio("noop256", "bare256"), ">=", 0.7);
    bench.goal("hot256", "rate over the no-op's", ratio("hot256", "noop256"), ">=", 0.5);
    bench.goal("spread256", "rate over the no-op's", ratio("spread256", "noop256"), ">=", 0.35);
    await checkUnits(bench, server, units);
    bench.killServer(bare);
    await bench.stopServer(server);
    bench.verify(server.database, "after the load");
  },
};
