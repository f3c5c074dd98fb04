// A server for the scenarios: starts it on a folder and a free port, asks it over HTTP, reads what it costs from /proc,
// and stops it. Used by scenarios.mjs and cluster/; whoever starts a server stops it.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { get, request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { readStat } from "./facts.mjs";

const READY_POLL_MS = 2;
const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;
const REQUEST_TIMEOUT_MS = 120_000;

// What is ended when the run is.
export const running = new Set();

// An interrupted run leaves no server behind.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    for (const child of running) child.kill("SIGKILL");
    process.exit(130);
  });
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

// True once /readyz answers 200.
function isReady(port) {
  return new Promise((resolve) => {
    get({ host: "127.0.0.1", port, path: "/readyz", agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    }).on("error", () => resolve(false));
  });
}

// Starts Onhand; resolves when it is ready. Its data is in `folder` unless `database` says otherwise; `settings` are
// further environment variables.
export async function startServer(program, folder, flags = [], database = `sqlite:${join(folder, "onhand.db")}`, settings = {}) {
  const port = await freePort();
  const args = ["serve", "--port", port, "--database", database, "--log-level", "warn", ...flags];
  return { ...(await startProgram(program, args, port, folder, settings)), database };
}

// Starts any server that listens on `port` and has /readyz. `ready_ms` is the time from its start until it is ready.
export async function startProgram(program, args, port, folder, settings = {}) {
  const started = performance.now();
  // Only what a program needs: settings of the caller's shell must not steer what is measured.
  const env = { PATH: process.env.PATH, HOME: folder, ...settings };
  const child = spawn(program, args.map(String), { cwd: folder, env, stdio: ["ignore", "ignore", "inherit"] });
  running.add(child);
  let ended = false;
  child.once("exit", () => {
    ended = true;
    running.delete(child);
  });
  while (!(await isReady(port))) {
    if (ended) throw new Error(`${program} ended with ${child.exitCode ?? child.signalCode} before it was ready`);
    if (performance.now() - started > READY_TIMEOUT_MS) {
      child.kill("SIGKILL");
      throw new Error(`${program} was not ready within ${READY_TIMEOUT_MS / 1000} s`);
    }
    await sleep(READY_POLL_MS);
  }
  const ready_ms = performance.now() - started;
  return { child, port, ready_ms, url: `http://127.0.0.1:${port}` };
}

// SIGTERM, and an error when that is not a clean end.
export async function stopServer(server) {
  const { child } = server;
  if (child.exitCode !== null || child.signalCode !== null) throw new Error("the server ended by itself");
  const deadline = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
  clearTimeout(deadline);
  if (child.exitCode !== 0) throw new Error(`the server ended with ${child.exitCode ?? child.signalCode}`);
}

// One request; resolves to {status, body} with the body as parsed JSON when it is JSON.
export function ask(server, method, path, { token, body, type = "application/json" } = {}) {
  const bytes = body === undefined || Buffer.isBuffer(body) ? body : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  const headers = {};
  if (token) headers.Authorization = `Bearer ${token}`;
  if (bytes) Object.assign(headers, { "Content-Type": type, "Content-Length": bytes.length });
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port: server.port, path, method, headers, agent: false };
    const asked = request({ ...options, timeout: REQUEST_TIMEOUT_MS }, async (response) => {
      const chunks = [];
      try {
        for await (const chunk of response) chunks.push(chunk);
      } catch (error) {
        return reject(error);
      }
      const text = Buffer.concat(chunks).toString();
      const json = /json/.test(response.headers["content-type"] ?? "");
      resolve({ status: response.statusCode, body: json ? JSON.parse(text) : text });
    });
    asked.on("error", reject);
    asked.on("timeout", () => asked.destroy(new Error(`${method} ${path}: no answer`)));
    asked.end(bytes);
  });
}

// Processor time of the server so far, in seconds.
export function cpuSeconds(server) {
  return readStat(`/proc/${server.child.pid}`).seconds;
}

// Resident memory in MB (10^6 bytes); `peak` is the most it ever was.
export function memory(server) {
  const status = readFileSync(`/proc/${server.child.pid}/status`, "utf8");
  const megabytes = (name) => (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)[1]) * 1024) / 1e6;
  return { now: megabytes("VmRSS"), peak: megabytes("VmHWM") };
}
