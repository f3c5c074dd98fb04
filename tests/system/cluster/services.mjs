// The servers of a fault run: a private PostgreSQL and a private Redis that can be killed, stopped and started again on
// the same port, and the processes behind them. Whoever starts one disposes of it.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const postgresScript = join(import.meta.dirname, "../../support/postgres.sh");
const STEP_MS = 20;
const START_MS_MAX = 30_000;
const SQL_BYTES_MAX = 256 * 1024 * 1024;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// The processes that work in `folder`. Every process of a PostgreSQL works in its data folder.
function processesIn(folder) {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^[0-9]+$/.test(name) && readlinkSync(`/proc/${name}/cwd`) === folder;
    } catch {
      return false; // it is gone, or dead
    }
  });
}

function signalAll(pids, signal) {
  for (const pid of pids) {
    try {
      process.kill(Number(pid), signal);
    } catch {
      // It ended by itself.
    }
  }
}

// A free port that no outgoing connection takes while its server is down: below those that the kernel gives out.
const PORT_MIN = 20_000;
const PORT_COUNT = 12_000;
export async function steadyPort() {
  for (;;) {
    const port = PORT_MIN + Math.floor(Math.random() * PORT_COUNT);
    const probe = createServer();
    probe.listen(port, "0.0.0.0");
    const isFree = await once(probe, "listening").then(
      () => true,
      () => false,
    );
    if (!isFree) continue;
    probe.close();
    await once(probe, "close");
    return port;
  }
}

// What a run that is broken off must not leave behind: functions that end processes at once.
const endings = new Set();
export const endAtExit = (end) => endings.add(end);
export const endedProperly = (end) => endings.delete(end);
process.on("exit", () => {
  for (const end of endings) end();
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));

export class Postgres {
  constructor(folder, settings = []) {
    this.folder = folder;
    this.settings = settings;
    this.end = () => signalAll(this.pids, "SIGKILL");
  }

  async start() {
    mkdirSync(this.folder, { recursive: true });
    // PostgreSQL may run as a user of its own and has to pass through.
    for (const each of [this.folder, dirname(this.folder)]) chmodSync(each, 0o755);
    endAtExit(this.end);
    if (!this.isMade) writeFileSync(join(this.folder, "port"), `${await steadyPort()}\n`);
    const settings = this.isMade ? [] : this.settings;
    await run("sh", [postgresScript, "start", this.folder, ...settings], { timeout: START_MS_MAX });
    this.isMade = true;
    const port = Number(readFileSync(join(this.folder, "port"), "utf8"));
    if (this.port !== undefined && this.port !== port)
      throw new Error(`PostgreSQL came back on port ${port}, not ${this.port}`);
    this.port = port;
    this.socketUrl = readFileSync(join(this.folder, "url"), "utf8").trim().replace("/postgres?", "/onhand?");
  }

  async createDatabase() {
    const url = this.socketUrl.replace("/onhand?", "/postgres?");
    await run("psql", [url, "-qc", "CREATE DATABASE onhand"], { timeout: START_MS_MAX });
  }

  url(host = "127.0.0.1", port = this.port) {
    return `postgresql://onhand@${host}:${port}/onhand`;
  }

  get pids() {
    return processesIn(join(this.folder, "data"));
  }

  // kill -9 of every process at once, as when the machine's memory ran out.
  async kill() {
    for (let left = this.pids; left.length > 0; left = this.pids) {
      signalAll(left, "SIGKILL");
      await pause(STEP_MS);
    }
    // Where nobody reaps the dead process it still looks alive to pg_ctl and to the new server.
    const sockets = readFileSync(join(this.folder, "sockets"), "utf8").trim();
    for (const lock of [join(this.folder, "data", "postmaster.pid"), join(sockets, `.s.PGSQL.${this.port}.lock`)]) {
      rmSync(lock, { force: true });
    }
  }

  pauseProcess() {
    this.paused = this.pids;
    signalAll(this.paused, "SIGSTOP");
  }
  continueProcess() {
    signalAll(this.paused ?? [], "SIGCONT");
    this.paused = undefined;
  }

  // Runs one statement and returns its output, without headers and borders.
  async sql(text) {
    const { stdout } = await run("psql", [this.socketUrl, "-XAtqc", text], {
      timeout: START_MS_MAX,
      maxBuffer: SQL_BYTES_MAX,
    });
    return stdout.trim();
  }

  async dispose() {
    this.continueProcess();
    await run("sh", [postgresScript, "stop", this.folder], { timeout: START_MS_MAX });
    endedProperly(this.end);
  }
}

// A Redis without persistence: after a restart it is empty.
export class Redis {
  // `bind`: the addresses that it listens on.
  constructor(folder, { shim, bind = ["127.0.0.1"] } = {}) {
    Object.assign(this, { folder, shim, bind });
    this.end = () => this.child?.kill("SIGKILL");
    this.offsetFile = join(folder, "offset.txt");
  }

  async start() {
    mkdirSync(this.folder, { recursive: true });
    this.port ??= await steadyPort();
    endAtExit(this.end);
    writeFileSync(this.offsetFile, "0");
    const flags = ["--port", this.port, "--bind", ...this.bind, "--protected-mode", "no"];
    flags.push("--save", "", "--appendonly", "no", "--dir", this.folder);
    const env = this.shim ? { ...process.env, LD_PRELOAD: this.shim, OFFFILE: this.offsetFile } : process.env;
    this.child = spawn("redis-server", flags.map(String), { stdio: ["ignore", "pipe", "ignore"], env });
    this.exited = once(this.child, "exit");
    let output = "";
    await new Promise((resolve, reject) => {
      this.child.stdout.on("data", (text) => {
        output += text;
        if (output.includes("Ready to accept connections")) resolve();
      });
      this.exited.then(() => reject(new Error(`redis-server ended: ${output}`)));
    });
    this.child.stdout.removeAllListeners("data").resume();
  }

  get running() {
    return this.child?.exitCode === null && this.child.signalCode === null;
  }

  url(host = "127.0.0.1", port = this.port) {
    return `redis://${host}:${port}`;
  }

  async kill() {
    this.child.kill("SIGKILL");
    await this.exited;
  }
  pauseProcess() {
    this.child.kill("SIGSTOP");
  }
  continueProcess() {
    this.child?.kill("SIGCONT");
  }

  stepClock(seconds) {
    writeFileSync(this.offsetFile, String(seconds));
  }

  // Sends one command over a connection of its own and returns the raw reply.
  command(...words) {
    const bytes = `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join("")}`;
    return new Promise((resolve, reject) => {
      const socket = connect(this.port, "127.0.0.1", () => socket.write(bytes));
      let text = "";
      socket.setTimeout(START_MS_MAX, () => socket.destroy(new Error(`no reply to ${words[0]}`)));
      socket.on("error", reject);
      socket.on("data", (data) => {
        text += data;
        if (!isWhole(text)) return;
        socket.destroy();
        resolve(text);
      });
    });
  }

  // The keys that match, with their values.
  async keys(pattern) {
    return words(await this.command("KEYS", pattern));
  }

  async dispose() {
    this.continueProcess();
    if (this.running) await this.kill();
    endedProperly(this.end);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

// Enough of the protocol for the few commands above: a reply is a line, a string, or a list of strings.
function isWhole(text) {
  const end = text.indexOf("\r\n");
  if (end < 0) return false;
  if (text[0] === "$") return text[1] === "-" || text.length >= end + 2 + Number(text.slice(1, end)) + 2;
  if (text[0] === "*") return text[1] === "-" || words(text).length === Number(text.slice(1, end));
  return true;
}

function words(text) {
  const found = [];
  let at = text.indexOf("\r\n") + 2;
  while (text[at] === "$") {
    const end = text.indexOf("\r\n", at);
    const size = Number(text.slice(at + 1, end));
    if (end < 0 || text.length < end + 2 + size + 2) break;
    found.push(text.slice(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return found;
}

const CLOCK_SHIM = `
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
// Raw system calls only: this runs inside the allocator's start-up too.
static long offset(void) {
    const char* file = getenv("OFFFILE");
    const long fd = file ? syscall(SYS_openat, AT_FDCWD, file, O_RDONLY) : -1;
    if (fd < 0) return 0;
    char text[32];
    const long size = syscall(SYS_read, fd, text, sizeof text - 1);
    syscall(SYS_close, fd);
    if (size <= 0) return 0;
    text[size] = 0;
    return atol(text);
}
int gettimeofday(struct timeval* time, void* zone) {
    const long result = syscall(SYS_gettimeofday, time, zone);
    time->tv_sec += offset();
    return (int)result;
}
`;

// Builds the library that steps the clock of a Redis. Redis 7.0 reads the time by gettimeofday.
export async function buildClockShim(folder) {
  mkdirSync(folder, { recursive: true });
  const source = join(folder, "clock_shim.c");
  const library = join(folder, "clock_shim.so");
  writeFileSync(source, CLOCK_SHIM);
  await run("cc", ["-shared", "-fPIC", "-O2", "-o", library, source], { timeout: START_MS_MAX });
  return library;
}
