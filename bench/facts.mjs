// Facts about the machine and the tree, and how busy the machine is with other things: numbers taken beside a compiler
// mean little. Used by scenarios.mjs and cluster/.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, release, totalmem } from "node:os";

const BUSY_LOAD = 0.8;
const TICKS_PER_SECOND = 100; // USER_HZ of Linux

function commit(root) {
  const git = (...args) => execFileSync("git", ["-c", "safe.directory=*", ...args], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  try {
    const changed = git("status", "--porcelain", "--", "server", "bench").trim() !== "";
    return git("rev-parse", "--short=12", "HEAD").trim() + (changed ? " with changes" : "");
  } catch {
    return "none";
  }
}

export function machineFacts(root) {
  const distribution = /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  return [
    ["date", `${new Date().toISOString().slice(0, 16)}Z`],
    ["commit", commit(root)],
    ["processor", `${cpus()[0].model.trim()}, ${availableParallelism()} cores`],
    ["memory", `${(totalmem() / 1e9).toFixed(1)} GB`],
    ["kernel", `Linux ${release()}, ${distribution}`],
  ];
}

// A warning when others keep the machine busy, else nothing.
export function busyWarning() {
  const [load] = loadavg();
  return load > BUSY_LOAD ? `The machine is busy (load ${load.toFixed(2)}): read these numbers as a lower bound.` : undefined;
}

// Seconds that all processors of the machine were busy since its start.
export function busySeconds() {
  const [, user, nice, system, , , irq, softirq, steal] = readFileSync("/proc/stat", "utf8").split("\n", 1)[0].split(/\s+/);
  return [user, nice, system, irq, softirq, steal].reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_PER_SECOND;
}

// What proc(5) tells of a process (`/proc/PID`) or a thread (`/proc/PID/task/TID`): its name, its parent, and the
// processor time in seconds so far, its own and that of its ended children.
export function readStat(folder) {
  const stat = readFileSync(`${folder}/stat`, "utf8");
  const [begin, end] = [stat.indexOf("(") + 1, stat.lastIndexOf(")")];
  const fields = stat.slice(end + 2).split(" "); // the third and those behind it
  const seconds = (first) => (Number(fields[first - 3]) + Number(fields[first - 2])) / TICKS_PER_SECOND;
  return { name: stat.slice(begin, end), parent: Number(fields[1]), seconds: seconds(14), childSeconds: seconds(16) };
}

function cpuOf(pid) {
  try {
    const { parent, seconds, childSeconds } = readStat(`/proc/${pid}`);
    return { parent, seconds: seconds + childSeconds };
  } catch {
    return undefined; // ended meanwhile
  }
}

// Processor time in seconds of a process and its children so far: PostgreSQL is one process for each connection.
export function sumOfCpu(pid) {
  const others = readdirSync("/proc").filter((name) => /^\d+$/.test(name)).map(cpuOf);
  const children = others.filter((each) => each?.parent === pid).reduce((sum, { seconds }) => sum + seconds, 0);
  return (cpuOf(pid)?.seconds ?? 0) + children;
}
