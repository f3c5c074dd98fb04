// Runs clang-tidy-19 over the C++ files of the dev build, two processes at a time. Most of its time goes into the headers
// of the libraries, so files with the same compile flags are read together, as one file that includes them. A file that
// passed is not looked at again until it, a header of the repository that it reaches, the settings or the tool change:
// build/tidy/passed.json keeps what passed.

import { execFile, execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, extname, join, relative } from "node:path";

const AT_ONCE = 2;
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024;
const GROUP_FILES_MAX = 10;
const GROUP_TIMEOUT_MS = 300_000;

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

// The flags of a command: without the compiler, the input and the output.
function flagsOf(entry) {
  const flags = [];
  for (let at = 1; at < entry.arguments.length; at += 1) {
    if (entry.arguments[at] === "-o") at += 1;
    else if (entry.arguments[at] !== "-c" && entry.arguments[at] !== entry.file) flags.push(entry.arguments[at]);
  }
  return flags;
}

// The names that a file defines on its own, found by their looks: the first word of an unindented line that a value, a
// body or parameters follow, unless a class is named before it.
function ownNames(file) {
  const names = new Set();
  for (const line of readFileSync(file, "utf8").split("\n")) {
    if (!/^[a-z]/.test(line) || /^(namespace|using namespace|extern|template)\b/.test(line)) continue;
    const found = /(::)?(\w+)\s*[({=;]/.exec(line);
    if (found && found[1] === undefined) names.add(found[2]);
  }
  return names;
}

// Lists of entries that can be read together: of one folder of the build, with the same flags and the same language,
// and, as far as ownNames() sees, without two definitions of one name.
function makeGroups(entries) {
  const groups = [];
  for (const entry of [...entries].sort((a, b) => (a.file < b.file ? -1 : 1))) {
    const kind = JSON.stringify([entry.directory, extname(entry.file), flagsOf(entry)]);
    const names = ownNames(entry.file);
    const fits = (group) =>
      group.kind === kind && group.entries.length < GROUP_FILES_MAX && ![...names].some((name) => group.names.has(name));
    let group = groups.find(fits);
    if (group === undefined) {
      group = { kind, names: new Set(), entries: [] };
      groups.push(group);
    }
    group.entries.push(entry);
    for (const name of names) group.names.add(name);
  }
  return groups.map((group) => group.entries);
}

function runTidy(group, file) {
  writeFileSync(file, group.map((entry) => `#include "${entry.file}"\n`).join(""));
  const options = { cwd: group[0].directory, maxBuffer: OUTPUT_BYTES_MAX, timeout: GROUP_TIMEOUT_MS };
  return new Promise((resolve) => {
    execFile("clang-tidy-19", ["--quiet", file, "--", ...flagsOf(group[0])], options, (error, stdout, stderr) => {
      resolve(error === null ? undefined : stdout.trim() || stderr.trim() || error.message);
    });
  });
}

// Resolves to the findings, one text per group of files that has some. `entries` as readCommands() gives them; `folder`
// is where the groups and the cache are kept, below a .clang-tidy.
export async function tidy(root, entries, folder) {
  mkdirSync(folder, { recursive: true });
  const tool = execFileSync("clang-tidy-19", ["--version"], { encoding: "utf8" }) + readFileSync(join(root, ".clang-tidy"));
  const cache = join(folder, "passed.json");
  const passed = existsSync(cache) ? JSON.parse(readFileSync(cache, "utf8")) : {};
  const waiting = entries.map((entry) => ({ ...entry, key: keyOf(root, entry, tool) }));
  const left = makeGroups(waiting.filter(({ file, key }) => passed[file] !== key));
  const findings = [];
  const work = async (_, worker) => {
    for (let group = left.shift(); group !== undefined; group = left.shift()) {
      const started = performance.now();
      const found = await runTidy(group, join(folder, `group-${worker}${extname(group[0].file)}`));
      const names = group.map((entry) => relative(root, entry.file)).join(" ");
      console.log(`${((performance.now() - started) / 1000).toFixed(1)} s ${names}`);
      if (found === undefined) {
        for (const entry of group) passed[entry.file] = entry.key;
        writeFileSync(cache, JSON.stringify(passed));
      } else if (group.length > 1 && found.includes("[clang-diagnostic-error]")) {
        // Two of them may use one name for different things, which is their right: they are read in smaller groups.
        const half = Math.ceil(group.length / 2);
        left.push(group.slice(0, half), group.slice(half));
      } else {
        findings.push(`${names}\n${found}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return findings;
}
