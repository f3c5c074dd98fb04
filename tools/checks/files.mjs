// The files of the repository, for the checks: what git knows plus what is new and not ignored, so that a check sees
// a file before it is committed. A tree without git (an unpacked archive) is walked instead.

import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../..");

const NOT_SOURCE = new Set([".git", ".tools", "build", "data", "dist", "node_modules", "coverage"]);

// git refuses a tree that belongs to someone else unless told that it is meant.
export function git(...args) {
  return execFileSync("git", ["-c", "safe.directory=*", ...args], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  });
}

export const hasGit = existsSync(join(root, ".git"));

function walk(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return NOT_SOURCE.has(entry.name) ? [] : walk(path);
    return entry.isFile() ? [path] : [];
  });
}

// Paths below the root, sorted.
export function listFiles() {
  const listed = hasGit
    ? git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0").filter((path) => path !== "")
    : walk("");
  return [...new Set(listed)].filter((path) => existsSync(join(root, path))).sort();
}

export function read(path) {
  return readFileSync(join(root, path), "utf8");
}

// The files that `wanted` accepts, each as {path, text}.
export function readFiles(wanted) {
  return listFiles()
    .filter(wanted)
    .map((path) => ({ path, text: read(path) }));
}

export const isCpp = (path) => /^(server|bench)\/.*\.(cpp|hpp)$/.test(path);
