// Runs the program for black-box tests: on a temporary data folder and a free port, with a clean environment. A server
// can be stopped, killed and started again on the same data. Used by tests/api and tests/system.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Client } from "./client.mjs";

export const PASSWORD = "a long enough passphrase";
export const ADMIN_EMAIL = "admin@example.com";

const START_TIMEOUT_MS = 30_000;

export function programPath() {
  const path = process.env.ONHAND_BINARY;
  if (!path) throw new Error("set ONHAND_BINARY to the path of the onhand program");
  return path;
}

// What the program sees of the environment: nothing that could steer it but what the test says.
export function cleanEnvironment(extra = {}) {
  const kept = Object.entries(process.env).filter(([name]) => !/^(ONHAND_|PORT$|DATABASE_URL$|REDIS_URL$)/.test(name));
  return { ...Object.fromEntries(kept), ...extra };
}

export async function freePort() {
  const probe = createServer();
  probe.listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

export function temporaryFolder() {
  return mkdtempSync(join(tmpdir(), "onhand-test-"));
}

// Runs the program to its end. Resolves to {code, stdout, stderr}; never rejects on an exit code.
export function runProgram(args, { cwd, env = {}, input = "", timeoutMs = 60_000 } = {}) {
  return new Promise((resolve) => {
    const options = { cwd, env: cleanEnvironment(env), timeout: timeoutMs, killSignal: "SIGKILL", maxBuffer: 64e6 };
    const child = execFile(programPath(), args, options, (error, stdout, stderr) => {
      const code = error ? (error.code ?? error.signal) : 0;
      resolve({ code, stdout, stderr });
    });
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

export class Server {
  // `web: true` serves a tiny page of the test's own. `account: false` leaves out the first account.
  static async start({ flags = [], env = {}, web = false, account = true, folder = temporaryFolder(), database } = {}) {
    const server = new Server(folder, await freePort());
    if (database) server.database = database;
    server.flags = flags;
    server.env = env;
    if (web) server.flags = [...flags, "--web", writePage(folder)];
    await server.launch();
    // A test whose set-up fails never gets the server, so nobody else would end it.
    if (account) server.admin = await server.registerFirst().catch((error) => server.kill().then(() => Promise.reject(error)));
    return server;
  }

  constructor(folder, port) {
    this.folder = folder;
    this.port = port;
    this.host = "127.0.0.1";
    // A program with its arguments that runs the server, when it is not run directly.
    this.wrapper = [];
    this.database = join(folder, "data", "onhand.db");
    this.log = "";
    this.clients = [];
  }

  // `database` is a file, or the address of a database that several servers share.
  get databaseUrl() {
    return this.database.includes("://") ? this.database : `sqlite:${this.database}`;
  }

  get origin() {
    return `http://${this.host}:${this.port}`;
  }

  // Starts the process and waits until it says that it is ready.
  async launch() {
    const args = ["serve", "--port", String(this.port), "--database", this.databaseUrl, ...this.flags];
    const options = { cwd: this.folder, env: cleanEnvironment(this.env), stdio: ["ignore", "pipe", "pipe"] };
    const [program, ...before] = [...this.wrapper, programPath()];
    const child = spawn(program, [...before, ...args], options);
    this.child = child;
    this.exited = new Promise((resolve) => {
      child.once("close", (code, signal) => resolve({ code, signal }));
    });
    let output = "";
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`not ready:\n${output}${this.log}`)), START_TIMEOUT_MS);
      child.stdout.on("data", (text) => {
        output += text;
        if (!/Onhand is ready at http:\/\/\S+\n/.test(output)) return;
        clearTimeout(timer);
        resolve();
      });
      child.stderr.on("data", (text) => {
        this.log += text;
      });
      this.exited.then(({ code, signal }) => {
        clearTimeout(timer);
        reject(new Error(`the server ended with ${code ?? signal}:\n${output}${this.log}`));
      });
    });
    this.output = output;
  }

  // A client with a session token, or without one.
  client(token) {
    const client = new Client(this.port, token, { host: this.host });
    this.clients.push(client);
    return client;
  }

  async registerFirst() {
    const body = { email: ADMIN_EMAIL, password: PASSWORD, name: "Ada Admin" };
    const answer = await this.client().post("/api/v1/auth/register", body);
    if (answer.status !== 201) throw new Error(`cannot register: ${answer.status} ${answer.text}`);
    const admin = this.client(answer.json.token);
    admin.user = answer.json.user;
    return admin;
  }

  // A signed-in client of a new account with `role`.
  async userWith(role, email = `${role}-${Math.random().toString(36).slice(2)}@example.com`) {
    const made = await this.admin.post("/api/v1/users", { email, password: PASSWORD, name: `The ${role}`, role });
    if (made.status !== 201) throw new Error(`cannot make a user: ${made.status} ${made.text}`);
    return this.signIn(email);
  }

  async signIn(email, password = PASSWORD) {
    const answer = await this.client().post("/api/v1/auth/login", { email, password });
    if (answer.status !== 200) throw new Error(`cannot sign in: ${answer.status} ${answer.text}`);
    const client = this.client(answer.json.token);
    client.user = answer.json.user;
    return client;
  }

  closeClients() {
    for (const client of this.clients) client.close();
  }

  get running() {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  // Asks the server to end. Anything but a clean end is an error.
  async stop() {
    this.closeClients();
    if (this.running) this.child.kill("SIGTERM");
    const { code, signal } = await this.exited;
    if (code !== 0) throw new Error(`the server ended with ${code ?? signal}:\n${this.log}`);
  }

  async kill() {
    this.child.kill("SIGKILL");
    await this.exited;
    this.closeClients();
  }

  // Runs `onhand verify` on the data of the stopped server; throws when a check fails. On a copy of it, when the server
  // itself is to be the first that opens the data again.
  async verify({ copy = false } = {}) {
    let data = this.database;
    if (copy) {
      const folder = join(this.folder, "copy");
      rmSync(folder, { recursive: true, force: true });
      cpSync(dirname(this.database), folder, { recursive: true });
      data = join(folder, "onhand.db");
    }
    const result = await runProgram(["verify", "--database", `sqlite:${data}`], { cwd: this.folder });
    if (result.code !== 0) throw new Error(`verify ended with ${result.code}:\n${result.stdout}${result.stderr}`);
    return result;
  }

  // Ends the server, verifies its data and removes it.
  async dispose() {
    try {
      await this.stop();
      await this.verify();
    } finally {
      if (this.running) await this.kill();
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}

function writePage(folder) {
  const web = join(folder, "web");
  mkdirSync(join(web, "assets"), { recursive: true });
  writeFileSync(join(web, "index.html"), "<!doctype html><title>A page</title>");
  writeFileSync(join(web, "assets", "page-12345678.js"), "export {};\n");
  return web;
}
