// Runs one command of a suite: its output goes to a log file, a deadline ends it with all its children.
// Used by tools/test/suites.mjs only.

import { spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";

const running = new Set();

function endGroup(child, signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // The group is gone already.
  }
}

// A stopped run leaves no server or browser behind.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => {
    for (const child of running) endGroup(child, "SIGKILL");
    process.exit(130);
  });
}

// Resolves to {code, timedOut}. Never rejects: a command that cannot be started has code 127 and says so in the log.
export async function runCommand(command, args, { cwd, env = {}, log, timeoutMs, echo = false }) {
  const output = createWriteStream(log, { flags: "a" });
  output.write(`$ ${command} ${args.join(" ")}   (in ${cwd})\n`);
  const child = spawn(command, args, {
    cwd,
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  running.add(child);
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output.write(chunk);
      if (echo) process.stdout.write(chunk);
    });
  }
  let timedOut = false;
  const deadline = setTimeout(() => {
    timedOut = true;
    output.write(`\nended after ${timeoutMs / 1000} s: over its deadline\n`);
    endGroup(child, "SIGKILL");
  }, timeoutMs);
  const code = await new Promise((resolve) => {
    child.on("error", (error) => {
      output.write(`${error.message}\n`);
      resolve(127);
    });
    child.on("close", (exitCode) => resolve(exitCode ?? 128));
  });
  clearTimeout(deadline);
  running.delete(child);
  if (child.pid) endGroup(child, "SIGKILL");
  output.end();
  await finished(output);
  return { code, timedOut };
}
