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
function sampleTree(source) {
  mkdirSync(folder, { recursive: true });
  const tree = mkdtempSync(join(folder, "sample-"));
  mkdirSync(join(tree, "server"));
  copyFileSync(join(root, ".clang-tidy"), join(tree, ".clang-tidy"));
  const file = join(tree, "server/sample.cpp");
  writeFileSync(file, source);
  return { tree, entry: { directory: tree, file, arguments: ["g++", "-std=c++20", "-c", file] } };
}

for (const [check, source] of Object.entries(BAD)) {
  test(`tidy catches ${check}`, async () => {
    const { tree, entry } = sampleTree(source);
    const findings = await tidy(tree, [entry], join(tree, "tidy"));
    rmSync(tree, { recursive: true });
    assert.equal(findings.length, 1);
    assert.match(findings[0], new RegExp(check));
  });
}

test("tidy looks at a file again only when something it reads changed", async () => {
  const { tree, entry } = sampleTree('#include "part.hpp"\nint one() { return part; }\n');
  const header = join(tree, "server/part.hpp");
  writeFileSync(header, "#pragma once\ninline constexpr int part = 1;\n");
  const run = () => tidy(tree, [entry], join(tree, "tidy"));
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
