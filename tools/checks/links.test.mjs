// No dead link in a Markdown file; every path that ARCHITECTURE.md and CONTRIBUTING.md name exists.

import assert from "node:assert/strict";
import { test } from "node:test";
import { existsInTree, findDeadLinks, findMissingPaths } from "./links.mjs";
import { listFiles, read } from "./files.mjs";

const others = new Map([
  ["docs/api.md", "# The API\n\n## Errors & limits\n\n## Errors & limits\n"],
  ["docs/live.md", ""],
  ["README.md", ""],
]);
const exists = (path) => others.has(path) || path === "docs" || path === "docs/";
const find = (text, path = "docs/live.md") => findDeadLinks(path, text, (other) => others.get(other), exists);

test("link check catches a file that is not there", () => {
  assert.equal(find("see\n[this](nowhere.md)")[0].line, 2);
  assert.equal(find("![a picture](../images/page.png)").length, 1);
  assert.equal(find('<img src="page.png">').length, 1);
  assert.equal(find("[a]: nowhere.md").length, 1);
  assert.equal(find("[out](../../etc/passwd)").length, 1);
});

test("link check catches an anchor that is not there", () => {
  assert.equal(find("[this](api.md#nothing)").length, 1);
  assert.equal(find("# Here\n[this](#there)").length, 1);
});

test("link check accepts what is there", () => {
  const text = "# Here\n[a](api.md#errors--limits) [b](api.md#errors--limits-1) [c](../README.md) [d](#here) [e](https://a.example/b)";
  assert.deepEqual(find(text), []);
});

test("link check reads no code", () => {
  assert.deepEqual(find("`[a](nowhere.md)`\n```\n[b](nowhere.md)\n```\n"), []);
});

test("path check catches a path that is not there", () => {
  const there = (path) => ["server/domain/order.hpp", "server/domain/order.cpp"].includes(path);
  assert.deepEqual(findMissingPaths("`domain/order.{hpp,cpp}` and `POST /orders`, `a::b`, `application/json`", there), []);
  assert.equal(findMissingPaths("x\n`domain/order.{hpp,txt}`", there)[0].line, 2);
  assert.equal(findMissingPaths("`server/domain/oder.hpp`", there).length, 1);
  assert.equal(findMissingPaths("`CHANGES.md`", there).length, 1);
});

const describe = (path, findings) => findings.map(({ line, message }) => `${path}:${line}: ${message}`);

test("no Markdown file has a dead link", () => {
  const files = listFiles().filter((path) => path.endsWith(".md"));
  assert.ok(files.includes("README.md"), "README.md is missing");
  const readText = (path) => read(path);
  assert.deepEqual(files.flatMap((path) => describe(path, findDeadLinks(path, read(path), readText, existsInTree))), []);
});

for (const path of ["ARCHITECTURE.md", "CONTRIBUTING.md"]) {
  test(`every path that ${path} names exists`, () => {
    assert.deepEqual(describe(path, findMissingPaths(read(path), existsInTree)), []);
  });
}
