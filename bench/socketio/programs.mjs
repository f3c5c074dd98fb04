// The programs of the Socket.IO benchmark as child processes: the two servers and the load client. Starts them, speaks
// with them over pipes, reads from /proc what they cost, and ends them. Used by run.mjs only. Nothing started here
// outlives run.mjs: each ends with its standard input.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { readStat } from "../facts.mjs";

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 20_000;

const running = new Set();

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    for (const child of running) child.kill("SIGKILL");
    process.exit(130);
  });
}

// A child whose lines of output are awaited one by one.
class Program {
  constructor(name, command, args) {
    this.name = name;
    const env = { PATH: process.env.PATH, NODE_ENV: "production" };
    this.child = spawn(command, args.map(String), { env, stdio: ["pipe", "pipe", "inherit"] });
    this.lines = [];
    this.waiting = undefined;
    this.ended = false;
    running.add(this.child);
    this.child.stdin.on("error", () => {}); // the end is told by "exit"
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      this.lines.push(line);
      this.waiting?.();
    });
    const end = () => {
      this.ended = true;
      running.delete(this.child);
      this.waiting?.();
    };
    this.child.once("exit", end).once("error", end);
  }

  // The next line of output, within `timeout` ms.
  async line(timeout) {
    const deadline = performance.now() + timeout;
    while (this.lines.length === 0) {
      const left = deadline - performance.now();
      if (this.ended) throw new Error(`${this.name} ended with ${this.child.exitCode ?? this.child.signalCode}`);
      if (left <= 0) throw new Error(`${this.name} said nothing for ${timeout / 1000} s`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.waiting = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.waiting = undefined;
    }
    return this.lines.shift();
  }

  // Ends the program by ending its input.
  async stop() {
    if (this.ended) throw new Error(`${this.name} ended with ${this.child.exitCode ?? this.child.signalCode}`);
    const timer = setTimeout(() => this.child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    const exit = once(this.child, "exit");
    this.child.stdin.end();
    await exit;
    clearTimeout(timer);
    if (this.child.exitCode !== 0) throw new Error(`${this.name} ended with ${this.child.exitCode ?? this.child.signalCode}`);
  }
}

export async function startServer(name, command, args) {
  const server = new Program(name, command, args);
  server.port = Number(/^listening on (\d+)$/.exec(await server.line(START_TIMEOUT_MS))[1]);
  const sanitizer = /lib[a-z]+san\.so/.exec(readFileSync(`/proc/${server.child.pid}/maps`, "utf8"));
  if (sanitizer) throw new Error(`${command} was built with a sanitizer (${sanitizer[0]}): nothing to measure`);
  return server;
}

// Resolves when all clients are connected; `load.connected` is what the load client says of it.
export async function startLoad(command, server, clients, timeout) {
  const load = new Program(`the load of ${server.name}`, command, ["--port", server.port, "--clients", clients]);
  load.connected = JSON.parse(await load.line(timeout));
  return load;
}

// Has a load client do something ("broadcast 10 1") and resolves to its report.
export async function tell(load, command, timeout) {
  load.child.stdin.write(`${command}\n`);
  return JSON.parse(await load.line(timeout));
}

// Bytes of heap in use, after a garbage collection where there is one.
export async function heapInUse(server) {
  server.child.kill("SIGUSR2");
  return Number(/^heap (\d+)$/.exec(await server.line(START_TIMEOUT_MS))[1]);
}

// Processor time so far in seconds, user and system, of all threads there were. What the kernel does within our system
// calls counts, as it must.
export function cpuSeconds({ child }) {
  return readStat(`/proc/${child.pid}`).seconds;
}

// Resident memory in bytes: all of it, and what is the program's own (anonymous) memory.
export function memory({ child }) {
  const text = readFileSync(`/proc/${child.pid}/smaps_rollup`, "utf8");
  const bytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)[1]) * 1024;
  return { rss: bytes("Rss"), anonymous: bytes("Anonymous") };
}
