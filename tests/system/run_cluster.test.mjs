// ./run --cluster after its build (tools/cluster.sh): three instances, PostgreSQL, Redis and nginx on one machine. The data
// outlives a stop, and what ends by itself is started again.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { after, it } from "node:test";
import { Client, newKey } from "../support/client.mjs";
import { PASSWORD, cleanEnvironment, programPath, temporaryFolder } from "../support/server.mjs";
import { levelOf, makeProduct, placeOrder } from "../support/stock.mjs";
import { LiveClient } from "./live_client.mjs";

const script = resolve(import.meta.dirname, "../../tools/cluster.sh");
const OFFSETS = [0, 1, 2, 3, 10, 11]; // nginx, the instances, PostgreSQL, Redis
const READY_MS_MAX = 120_000;
const STOP_MS_MAX = 60_000;
const POLL_MS = 50;
const PAUSE_MS = 100;
const ACCOUNT = { email: "admin@example.com", password: PASSWORD, name: "Ada Admin" };

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

function isOpen(port) {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => socket.destroy() && done(true)).once("error", () => done(false));
  });
}

async function freeBase() {
  for (;;) {
    const base = 20_000 + Math.floor(Math.random() * 10_000);
    const open = await Promise.all(OFFSETS.map((offset) => isOpen(base + offset)));
    if (!open.includes(true)) return base;
  }
}

class RunCluster {
  constructor(folder, port) {
    this.folder = folder;
    this.port = port;
    this.output = "";
  }

  async start() {
    const env = cleanEnvironment({ CLUSTER_DATA: this.folder, PORT: String(this.port), ONHAND_BINARY: programPath() });
    this.child = spawn("sh", [script, "--registration", "first"], { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    this.ended = once(this.child, "close");
    this.output = "";
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on("data", (text) => {
        this.output += text;
      });
    }
    await this.until(READY_MS_MAX, "ready", () => /Onhand is ready at .*\n[^]*Ctrl\+C\n/.test(this.output));
  }

  async until(limit, what, condition) {
    for (const deadline = performance.now() + limit; !(await condition()); await sleep(POLL_MS)) {
      const running = this.child.exitCode === null && this.child.signalCode === null;
      if (!running || performance.now() > deadline) throw new Error(`not ${what}:\n${this.output}`);
    }
  }

  // To the whole process group, as Ctrl+C in a terminal.
  async stop(signal) {
    process.kill(-this.child.pid, signal);
    const timer = setTimeout(() => this.child.kill("SIGKILL"), STOP_MS_MAX);
    const [code] = await this.ended;
    clearTimeout(timer);
    return code;
  }

  // Of the program whose command line has this, 0 when there is none.
  pidOf(pattern) {
    const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
    return Number(pids.find((pid) => pattern.test(commandLine(pid))) ?? 0);
  }

  // Kills a program and waits until the cluster has another one in its place.
  async kill(name, pattern) {
    const before = this.pidOf(pattern);
    assert.ok(before > 0, `${name} is not there`);
    process.kill(before, "SIGKILL");
    await this.until(READY_MS_MAX, `${name} again`, () => ![0, before].includes(this.pidOf(pattern)));
    assert.match(this.output, new RegExp(`^${name} ended by itself; starting it again\\.$`, "m"));
  }

  client(offset, token) {
    return new Client(this.port + offset, token);
  }
}

function commandLine(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // ended meanwhile
  }
}

const folder = temporaryFolder();
chmodSync(folder, 0o755);
let cluster;
after(async () => {
  if (cluster && cluster.child.exitCode === null) await cluster.stop("SIGTERM");
  rmSync(folder, { recursive: true, force: true });
});

it("serves one shop from three instances, starts again what ends, and keeps the data over a stop", async () => {
  cluster = new RunCluster(folder, await freeBase());
  await cluster.start();

  const anyone = cluster.client(0);
  const registered = await anyone.post("/api/v1/auth/register", ACCOUNT);
  assert.equal(registered.status, 201, registered.text);
  const { token } = registered.json;
  const [first, second, third] = [1, 2, 3].map((number) => cluster.client(number, token));
  const { sku } = await makeProduct(first, { quantity: 10 });

  const watcher = await new LiveClient(`http://127.0.0.1:${cluster.port + 3}`, token).connected();
  await watcher.subscribe({ stock: "all", orders: true });
  const { id } = await placeOrder(first, [{ sku, quantity: 4 }]);
  await watcher.until(() => watcher.orders.some(({ order }) => order.id === id), "the order at the third instance");
  watcher.close();
  assert.equal((await levelOf(third, sku)).available, 6);
  assert.equal((await second.get(`/api/v1/orders/${id}`)).status, 200);

  await cluster.kill("onhand2", new RegExp(`serve .*--port ${cluster.port + 2} `));
  await cluster.until(READY_MS_MAX, "listening again", () => isOpen(cluster.port + 2));
  await placeOrder(cluster.client(2, token), [{ sku, quantity: 1 }]);

  assert.equal(await cluster.stop("SIGINT"), 0, cluster.output);
  for (const offset of OFFSETS) assert.equal(await isOpen(cluster.port + offset), false, `port ${cluster.port + offset} is open after the end`);
  assert.ok(existsSync(join(folder, "postgres", "data", "PG_VERSION")));

  await cluster.start();
  const back = await cluster.client(0).post("/api/v1/auth/login", { email: ACCOUNT.email, password: ACCOUNT.password });
  assert.equal(back.status, 200, back.text);
  assert.equal((await levelOf(cluster.client(0, back.json.token), sku)).available, 5);
  assert.equal(await cluster.stop("SIGTERM"), 0, cluster.output);
});

it("starts PostgreSQL, Redis and nginx again when they end, and orders go on", async () => {
  await cluster.start();
  const { port } = cluster;
  const login = await cluster.client(0).post("/api/v1/auth/login", { email: ACCOUNT.email, password: ACCOUNT.password });
  const client = cluster.client(0, login.json.token);
  const { sku } = await makeProduct(client, { quantity: 10 });
  await cluster.kill("redis", new RegExp(`redis-server .*:${port + 11}`));
  await persist(client, sku);
  await cluster.kill("nginx", new RegExp(`nginx: master .*${folder}`));
  await persist(client, sku);
  await cluster.kill("postgres", new RegExp(`postgres .*port=${port + 10} `));
  await persist(client, sku);
  assert.equal(await cluster.stop("SIGTERM"), 0, cluster.output);
});

// Places an order until it has an answer, with the same key and a pause between.
async function persist(client, sku) {
  const key = newKey();
  const body = { lines: [{ sku, quantity: 1 }] };
  for (const deadline = performance.now() + READY_MS_MAX; ; await sleep(PAUSE_MS)) {
    const answer = await client.send("POST", "/api/v1/orders", { body, key }).catch((error) => ({ status: 0, text: error.message }));
    if (answer.status === 201) return;
    assert.ok(performance.now() < deadline && [0, 502, 503, 504].includes(answer.status), `${answer.status} ${answer.text}`);
  }
}

it("refuses a database or Redis of somebody else, and a port that is none", () => {
  for (const [flags, message] of [
    [["--database", "sqlite:x.db"], /brings its own database/],
    [["--redis=redis://127.0.0.1"], /brings its own database/],
    [["--port", "many"], /must be a number/],
    [["--port"], /needs a value/],
  ]) {
    const env = cleanEnvironment({ CLUSTER_DATA: temporaryFolder() });
    assert.throws(
      () => execFileSync("sh", [script, ...flags], { env, stdio: "pipe", timeout: STOP_MS_MAX }),
      (error) => error.status === 1 && message.test(String(error.stderr)),
    );
    rmSync(env.CLUSTER_DATA, { recursive: true });
  }
});
