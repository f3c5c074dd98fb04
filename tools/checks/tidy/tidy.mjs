// Runs clang-tidy-19 over the C++ files of the dev build, two at a time. A file that passed is not looked at again
// until it, a header of the repository that it reaches, the settings or the tool change: build/tidy/passed.json keeps
// what passed.

import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

const AT_ONCE = 2;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const FILE_TIMEOUT_MS = 300_000;

// clang knows nothing of g++'s precompiled headers, and needs no sanitizer to read the code.
const DROPPED_FLAGS = [/^-fpch-preprocess$/, /^-Winvalid-pch$/, /^-fsanitize=/, /^-fno-sanitize/, /^-fconcepts/];

// The arguments of a compile command, as clang can read them. Commands of CMake hold no spaces inside arguments
// except in escaped quotes of definitions.
export function cleanArguments(command) {
  const words = command.match(/(?:\\.|"(?:\\.|[^"])*"|[^\s"\\])+/g).map((word) => word.replace(/\\(.)|"/g, "$1"));
  const kept = [];
  for (let at = 0; at < words.length; at += 1) {
    if (/(^|\/)ccache$/.test(words[at])) continue;
    if (words[at] === "-include" && /cmake_pch/.test(words[at + 1])) {
      at += 1;
      continue;
    }
    if (!DROPPED_FLAGS.some((flag) => flag.test(words[at]))) kept.push(words[at]);
  }
  return kept;
}

// The C++ files of a build, with clean commands; a file that is compiled twice counts once.
export function readCommands(root, buildFolder) {
  const entries = JSON.parse(readFileSync(join(buildFolder, "compile_commands.json"), "utf8"));
  const commands = new Map();
  for (const { directory, command, file } of entries) {
    if (!/^(server|bench)\//.test(relative(root, file))) continue;
    commands.set(file, { directory, file, arguments: cleanArguments(command) });
  }
  return [...commands.values()];
}

// The file and the headers of the repository that it reaches. Includes count from server/ or from beside the file.
function reachedFiles(root, file, seen = new Set()) {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, header] of readFileSync(file, "utf8").matchAll(/^\s*#\s*include\s+"([^"]+)"/gm)) {
    const found = [join(root, "server", header), join(root, header), join(dirname(file), header)].find(existsSync);
    if (found) reachedFiles(root, found, seen);
  }
  return seen;
}

function keyOf(root, entry, tool) {
  const hash = createHash("sha256").update(tool).update(JSON.stringify(entry));
  for (const file of [...reachedFiles(root, entry.file)].sort()) hash.update(file).update(readFileSync(file));
  return hash.digest("hex");
}

function runTidy(folder, file) {
  return new Promise((resolve) => {
    const options = { maxBuffer: OUTPUT_BYTES_MAX, timeout: FILE_TIMEOUT_MS };
    execFile("clang-tidy-19", ["-p", folder, "--quiet", file], options, (error, stdout, stderr) => {
      resolve(error === null ? undefined : stdout.trim() || stderr.trim() || error.message);
    });
  });
}

// Resolves to the findings, one text per file that has some. `entries` as readCommands() gives them; `folder` is where
// the compile commands and the cache are kept.
export async function tidy(root, entries, folder) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "compile_commands.json"), JSON.stringify(entries));
  const tool = execFileSync("clang-tidy-19", ["--version"], { encoding: "utf8" }) + readFileSync(join(root, ".clang-tidy"));
  const cache = join(folder, "passed.json");
  const passed = existsSync(cache) ? JSON.parse(readFileSync(cache, "utf8")) : {};
  const waiting = entries.map((entry) => ({ ...entry, key: keyOf(root, entry, tool) }));
  const left = waiting.filter(({ file, key }) => passed[file] !== key);
  const findings = [];
  const work = async () => {
    for (let entry = left.shift(); entry !== undefined; entry = left.shift()) {
      const started = performance.now();
      const found = await runTidy(folder, entry.file);
      console.log(`${((performance.now() - started) / 1000).toFixed(1)} s ${relative(root, entry.file)}`);
      if (found === undefined) {
        passed[entry.file] = entry.key;
        writeFileSync(cache, JSON.stringify(passed));
      } else {
        findings.push(`${relative(root, entry.file)}\n${found}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return findings;
}
