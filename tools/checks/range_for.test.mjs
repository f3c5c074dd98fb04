// No range-for goes over a part of what a call returned, in any C++ file of the repository.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isCpp, readFiles } from "./files.mjs";
import { findDanglingRanges } from "./range_for.mjs";

const inFunction = (body) => `void run() {\n${body}\n}\n`;

const BAD = {
  "a member of what a call points to": "for (const auto& run : runs_.snapshot()->runs) use(run);",
  "a call on what a call points to": "for (auto& run : current(1, 2)->runs()) { use(run); }",
  "with a statement before it": "for (int i = 0; auto& run : current()->runs) use(run, i);",
  "what a call's result holds": "for (const auto& row : *store.load(keys)) use(row);",
};

const GOOD = {
  "a named pointer": "const auto now = runs_.snapshot();\nfor (const auto& run : now->runs) use(run);",
  "a value": "for (const auto& row : view.page(filter).rows) use(row);",
  "what is called through a pointer": "for (const auto& check : (*opened)->verify()) use(check);",
  "a named result": "for (const auto& row : *rows) use(row);",
  "a body with a call": "for (const auto& run : runs) use(current()->runs);",
  "a loop of another kind": "for (auto row = rows.open(a ? b : c); row.next(); current()->step()) use(row);",
};

for (const [name, body] of Object.entries(BAD)) {
  test(`range-for check refuses ${name}`, () => {
    assert.equal(findDanglingRanges(inFunction(body)).length, 1, body);
  });
}

for (const [name, body] of Object.entries(GOOD)) {
  test(`range-for check accepts ${name}`, () => {
    assert.deepEqual(findDanglingRanges(inFunction(body)), [], body);
  });
}

test("no range-for goes through what a call returned", () => {
  const findings = readFiles(isCpp).flatMap(({ path, text }) =>
    findDanglingRanges(text).map(({ line, message }) => `${path}:${line}: ${message}`),
  );
  assert.deepEqual(findings, []);
});
