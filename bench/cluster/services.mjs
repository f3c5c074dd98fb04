// The PostgreSQL and the Redis of a run: private ones on free ports, made new in a temporary folder and ended with the
// run. PostgreSQL is as durable as in a shop: fsync and synchronous_commit are on. Used by run.mjs.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { freePort, running } from "../server.mjs";

const root = resolve(import.meta.dirname, "../..");
const execute = promisify(execFile);
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
const POLL_MS = 20;
const POSTGRES_SETTINGS = ["shared_buffers=512MB", "max_wal_size=4GB", "checkpoint_timeout=30min", "log_min_messages=fatal"];

const sleep = (ms) => new Promise((done) => setTimeout(done, ms));

function start(name, command, args, folder) {
  mkdirSync(folder, { recursive: true });
  const log = openSync(join(folder, "log"), "w");
  const child = spawn(command, args.map(String), { cwd: folder, stdio: ["ignore", log, log] });
  child.once("error", (error) => console.error(`${name}: ${error.message}`));
  child.once("exit", () => running.delete(child));
  running.add(child);
  return child;
}

async function until(name, child, folder, ready) {
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await ready())) {
    const ended = child.exitCode !== null || child.signalCode !== null;
    if (ended || performance.now() > deadline) {
      throw new Error(`${name} did not start:\n${readFileSync(join(folder, "log"), "utf8")}`);
    }
    await sleep(POLL_MS);
  }
}

export async function stopService({ child }, signal) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  child.kill(signal);
  await ended;
  clearTimeout(timer);
}

// `sql(text)` runs a statement and resolves to what psql prints; `makeDatabase(name)` resolves to its address.
export async function startPostgres(folder) {
  const port = await freePort();
  const child = start("PostgreSQL", join(root, "tools/postgres.sh"), [folder, port, ...POSTGRES_SETTINGS], folder);
  const environment = () => ({ ...process.env, PGPASSWORD: readFileSync(join(folder, "password"), "utf8") });
  const psql = (text, database = "postgres") => {
    const args = ["-h", "127.0.0.1", "-p", port, "-U", "onhand", "-d", database, "-XAtqc", text];
    return execute("psql", args.map(String), { env: environment() }).then(({ stdout }) => stdout.trim());
  };
  await until("PostgreSQL", child, folder, () => Promise.resolve().then(() => psql("SELECT 1")).then(() => true, () => false));
  const url = (database) => `postgresql://onhand:${environment().PGPASSWORD}@127.0.0.1:${port}/${database}`;
  const makeDatabase = async (name) => {
    await psql(`CREATE DATABASE ${name}`);
    return url(name);
  };
  return { child, port, sql: psql, makeDatabase };
}

function isOpen(port) {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => socket.destroy() && done(true)).once("error", () => done(false));
  });
}

export async function startRedis(folder) {
  const port = await freePort();
  const args = ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  // As PostgreSQL's, its end is tied to ours.
  const child = start("Redis", "setpriv", ["--pdeathsig", "TERM", "redis-server", ...args], folder);
  await until("Redis", child, folder, () => isOpen(port));
  return { child, port, url: `redis://127.0.0.1:${port}` };
}
