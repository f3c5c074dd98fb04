// clang-tidy over the C++ code, with the picked list of .clang-tidy as errors. The dev build must stand.

import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../files.mjs";
import { cleanArguments, readCommands, tidy } from "./tidy.mjs";

const folder = join(root, "build/tidy");

const BAD = {
  "bugprone-use-after-move": "#include <string>\nvoid take(std::string text);\nvoid f(std::string a) { take(std::move(a)); take(a); }\n",
  "readability-identifier-naming": "int BadName() { return 1; }\n",
  "modernize-use-override": "struct A { virtual ~A() = default; virtual void f() {} };\nstruct B : A { virtual void f() {} };\n",
};

// The samples lie below build/, in a tree of their own with the same settings.
function sampleTree(sources) {
  mkdirSync(folder, { recursive: true });
  const tree = mkdtempSync(join(folder, "sample-"));
  mkdirSync(join(tree, "server"));
  copyFileSync(join(root, ".clang-tidy"), join(tree, ".clang-tidy"));
  const entries = sources.map((source, at) => {
    const file = join(tree, `server/sample_${at}.cpp`);
    writeFileSync(file, source);
    return { directory: tree, file, arguments: ["g++", "-std=c++20", "-c", file] };
  });
  return { tree, entries, run: () => tidy(tree, entries, join(tree, "tidy")) };
}

test("tidy catches each of several faults in files that are read together", async () => {
  const { tree, run } = sampleTree(Object.values(BAD));
  const findings = await run();
  rmSync(tree, { recursive: true });
  assert.equal(findings.length, 1);
  for (const check of Object.keys(BAD)) assert.match(findings[0], new RegExp(check));
});

test("files that cannot be read together are read apart, and what is wrong in one of them is found", async () => {
  const { tree, run } = sampleTree([
    "namespace { int part() { return 1; } }\nint one() { return part(); }\n",
    "namespace { long part() { return 2; } }\nlong two() { return part(); }\n",
    "namespace {\nint apart() { return 1; }\n}\nint three() { return apart(); }\n",
    "namespace {\nlong apart() { return 2; }\n}\nlong four() { return apart(); }\n",
    "namespace { int other() { return 3; } }\nint BadName() { return other(); }\n",
  ]);
  const findings = await run();
  rmSync(tree, { recursive: true });
  assert.equal(findings.length, 1);
  assert.match(findings[0], /BadName/);
  assert.doesNotMatch(findings[0], /clang-diagnostic-error/);
});

test("a file that does not compile is a finding", async () => {
  const { tree, run } = sampleTree(["int one() { return 1; }\n", "int two() { return nothing; }\n"]);
  const findings = await run();
  rmSync(tree, { recursive: true });
  assert.equal(findings.length, 1);
  assert.match(findings[0], /clang-diagnostic-error/);
});

test("tidy looks at a file again only when something it reads changed", async () => {
  const { tree, run } = sampleTree(['#include "part.hpp"\nint one() { return part; }\n']);
  const header = join(tree, "server/part.hpp");
  writeFileSync(header, "#pragma once\ninline constexpr int part = 1;\n");
  assert.deepEqual(await run(), []);
  writeFileSync(header, "#pragma once\ninline constexpr int part = 1;\ninline int BadName() { return 2; }\n");
  assert.equal((await run()).length, 1);
  rmSync(tree, { recursive: true });
});

test("a compile command loses what clang cannot read", () => {
  const command =
    '/usr/bin/ccache /usr/bin/g++ -DA=\\"b\\" -I/x -fsanitize=address -fpch-preprocess -Winvalid-pch -include /b/cmake_pch.hxx -o a.o -c a.cpp';
  assert.deepEqual(cleanArguments(command), ["/usr/bin/g++", '-DA="b"', "-I/x", "-o", "a.o", "-c", "a.cpp"]);
});

test("clang-tidy finds nothing", async () => {
  const build = join(root, "build/dev");
  assert.ok(existsSync(join(build, "compile_commands.json")), "the dev build is missing: tools/build.sh dev");
  const entries = readCommands(root, build);
  assert.ok(entries.length > 0, "the dev build compiles no file of server/");
  const findings = await tidy(root, entries, folder);
  assert.deepEqual(findings, []);
});
