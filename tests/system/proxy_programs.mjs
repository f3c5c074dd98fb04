// The load balancers of deploy/ as child processes: Debian's nginx, HAProxy and Caddy, each with the file of deploy/ as it
// is but for the ports. Used by proxies.test.mjs.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { freePort, temporaryFolder } from "../support/server.mjs";

const deploy = resolve(import.meta.dirname, "../../deploy");
const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 15_000;
const POLL_MS = 10;

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

// The text of a file of deploy/ for these instances and this port. Nothing else may need a change.
function configOf(file, instances, listen, port) {
  const text = readFileSync(join(deploy, file), "utf8");
  if (!text.includes(listen)) throw new Error(`deploy/${file} has no '${listen}'`);
  return text
    .replaceAll(listen, listen.replace(/:?80/, (found) => (found.startsWith(":") ? `:${port}` : `127.0.0.1:${port}`)))
    .replace(/127\.0\.0\.1:300([123])/g, (_, number) => `127.0.0.1:${instances[number - 1].port}`);
}

const PROGRAMS = {
  nginx: {
    signal: "SIGTERM",
    prepare(folder, instances, port) {
      writeFileSync(join(folder, "onhand.conf"), configOf("nginx.conf", instances, "listen 80;", port));
      const main = [
        // As root, nginx would give its workers to a user who may not enter this folder.
        ...(process.getuid() === 0 ? ["user root;"] : []),
        "worker_processes 1;",
        `pid ${folder}/nginx.pid;`,
        "error_log stderr;",
        "events { worker_connections 1024; }",
        "http {",
        "    access_log off;",
        ...["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `    ${name}_temp_path ${folder}/${name};`),
        `    include ${folder}/onhand.conf;`,
        "}",
      ];
      writeFileSync(join(folder, "nginx.conf"), `${main.join("\n")}\n`);
      return ["nginx", "-p", folder, "-c", join(folder, "nginx.conf"), "-g", "daemon off;"];
    },
  },
  haproxy: {
    signal: "SIGTERM",
    prepare(folder, instances, port) {
      writeFileSync(join(folder, "haproxy.cfg"), configOf("haproxy.cfg", instances, "bind :80\n", port));
      return ["haproxy", "-db", "-f", join(folder, "haproxy.cfg")];
    },
  },
  caddy: {
    signal: "SIGTERM",
    prepare(folder, instances, port) {
      // The options of the whole program: no administration port, no certificates, and an end that waits for no one.
      const options = "{\n\tadmin off\n\tauto_https off\n\tgrace_period 1s\n}\n";
      const sites = configOf("Caddyfile", instances, "\n:80 {", port);
      writeFileSync(join(folder, "Caddyfile"), options + sites);
      return ["caddy", "run", "--config", join(folder, "Caddyfile"), "--adapter", "caddyfile"];
    },
  },
};

export const PROXIES = Object.keys(PROGRAMS);

function isOpen(port) {
  return new Promise((done) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => socket.destroy() && done(true)).once("error", () => done(false));
  });
}

// Starts a proxy before `instances`; resolves to {port, origin, stop}.
export async function startProxy(name, instances) {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "home"));
  const port = await freePort();
  const { signal, prepare } = PROGRAMS[name];
  const [command, ...args] = prepare(folder, instances, port);
  const env = { PATH: `${process.env.PATH}:/usr/sbin`, HOME: join(folder, "home") };
  const child = spawn(command, args, { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
  running.add(child);
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text) => {
      log += text;
    });
  }
  const ended = once(child, "close");
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await isOpen(port))) {
    if (!isRunning() || performance.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`${name} did not start:\n${log}`);
    }
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
  return {
    name,
    port,
    origin: `http://127.0.0.1:${port}`,
    log: () => log,
    async stop() {
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      child.kill(signal);
      await ended;
      clearTimeout(timer);
      running.delete(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
