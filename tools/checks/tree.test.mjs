// Small rules of the tree: commit subjects, notes to do, pinned packages, shell scripts, the layout of the C++ code.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { git, hasGit, isCpp, listFiles, read, readFiles, root } from "./files.mjs";
import { findLockDifferences, findLooseVersions, findNotesWithoutIssue, findUnpinnedPackages, judgeSubject } from "./tree.mjs";

test("subject check catches bad subjects", () => {
  for (const bad of ["Fix it", "engine fix it", "engine:fix", "engine: fix it.", "Engine: fix it", `engine: ${"x".repeat(65)}`]) {
    assert.notEqual(judgeSubject(bad), undefined, bad);
  }
  for (const good of ["engine: answer every waiter", "transport/http: refuse two hosts", `engine: ${"x".repeat(64)}`]) {
    assert.equal(judgeSubject(good), undefined, good);
  }
});

test("every commit has a subject of the form 'area: do this'", { skip: hasGit ? false : "no history in this tree" }, () => {
  const subjects = git("log", "--no-merges", "--format=%h %s").split("\n").filter((line) => line !== "");
  assert.ok(subjects.length > 0);
  const findings = subjects
    .map((line) => [line, judgeSubject(line.slice(line.indexOf(" ") + 1))])
    .filter(([, wrong]) => wrong !== undefined);
  assert.deepEqual(findings, []);
});

test("note check catches a note without an issue", () => {
  const word = "TO" + "DO";
  assert.equal(findNotesWithoutIssue(`a\n// ${word}: later`)[0].line, 2);
  assert.equal(findNotesWithoutIssue(`// ${"FIX" + "ME"} later`).length, 1);
  assert.deepEqual(findNotesWithoutIssue(`// ${word} #12: later`), []);
  assert.deepEqual(findNotesWithoutIssue(`// ${word}(#12): later`), []);
});

test("no note to do is without its issue", () => {
  const files = readFiles((path) => /\.(cpp|hpp|ts|tsx|mjs|sh|sql|css|txt|cmake)$|(^|\/)(run|test)$/.test(path)).filter(
    ({ path }) => !path.startsWith("tools/checks/tree."),
  );
  const findings = files.flatMap(({ path, text }) => findNotesWithoutIssue(text).map(({ line }) => `${path}:${line}`));
  assert.deepEqual(findings, []);
});

test("version check catches loose versions and packages without a checksum", () => {
  const loose = { dependencies: { a: "^1.0.0", b: "1.0.0", d: "npm:b@2.0.0", e: "npm:b@^2.0.0" }, devDependencies: { c: "latest" } };
  assert.equal(findLooseVersions(loose).length, 3);
  const lock = {
    packages: {
      "": { dependencies: { a: "1.0.0" } },
      "node_modules/a": { version: "1.0.0" },
      "node_modules/b": { integrity: "sha512-x", resolved: "https://mirror.example/b.tgz" },
      "node_modules/c": { integrity: "sha512-x", resolved: "https://registry.npmjs.org/c/-/c.tgz" },
      "node_modules/d/node_modules/e": { inBundle: true },
    },
  };
  assert.equal(findUnpinnedPackages(lock).length, 2);
  assert.deepEqual(findLockDifferences({ dependencies: { a: "1.0.0" } }, lock), []);
  assert.deepEqual(findLockDifferences({ dependencies: { a: "1.0.1" } }, lock), ["dependencies"]);
});

test("every npm package is pinned", () => {
  const manifests = listFiles().filter((path) => /(^|\/)package\.json$/.test(path));
  assert.ok(manifests.includes("client/package.json"));
  for (const path of manifests) {
    const manifest = JSON.parse(read(path));
    const lock = JSON.parse(read(path.replace("package.json", "package-lock.json")));
    assert.deepEqual(findLooseVersions(manifest), [], path);
    assert.deepEqual(findUnpinnedPackages(lock), [], path);
    assert.deepEqual(findLockDifferences(manifest, lock), [], path);
  }
});

// A shell script is a file that says so in its first line, or that ends in .sh.
const isShell = (path) => path.endsWith(".sh") || (statSync(join(root, path)).size < 100_000 && /^#!.*\bsh\n/.test(read(path)));

test("shell check catches a script that dash cannot read", () => {
  assert.notEqual(spawnSync("dash", ["-n"], { input: "if true; then\n" }).status, 0);
});

test("every shell script is plain sh", () => {
  const scripts = listFiles().filter((path) => !/\.(png|woff2|ico|db)$/.test(path) && isShell(path));
  for (const wanted of ["run", "test", ".ci/run", "tools/setup.sh"]) assert.ok(scripts.includes(wanted), wanted);
  for (const path of scripts) {
    assert.match(read(path), /^(#!\/bin\/sh\n|# )/, `${path} begins with #!/bin/sh, or is sourced and begins with a comment`);
    execFileSync("dash", ["-n", path], { cwd: root });
  }
});

test("what is run by name is executable", () => {
  for (const path of ["run", "test", ".ci/run", "tools/build.sh", "tests/fresh-machine"]) {
    assert.ok(statSync(join(root, path)).mode & 0o100, `${path} is not executable`);
  }
});

const format = (files) =>
  spawnSync("clang-format-19", ["--dry-run", "-Werror", `--style=file:${join(root, ".clang-format")}`, ...files], {
    cwd: root,
    encoding: "utf8",
  });

test("format check catches a file out of shape", () => {
  const folder = mkdtempSync(join(tmpdir(), "onhand-format-"));
  const path = join(folder, "bad.cpp");
  writeFileSync(path, "int   main( ) {return 0 ;}\n");
  const result = format([path]);
  rmSync(folder, { recursive: true });
  assert.notEqual(result.status, 0);
});

test("every C++ file is laid out by clang-format", () => {
  const files = listFiles().filter(isCpp);
  assert.ok(files.length > 0, "no C++ file was found");
  const result = format(files);
  const wrong = new Set(result.stderr.match(/^(server|bench)\/[^:]+/gm));
  assert.deepEqual([...wrong], [], "clang-format-19 -i puts these right");
  assert.equal(result.status, 0, result.stderr);
});
