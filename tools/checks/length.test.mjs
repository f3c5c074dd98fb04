// No file over 600 lines and no function over 70, in C++ and in the page.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isCpp, readFiles } from "./files.mjs";
import { FILE_LINES_MAX, FUNCTION_LINES_MAX, findLongCppFunctions, findLongFile, findLongTsFunctions } from "./length.mjs";

const isTs = (path) => /^client\/src\/.*\.tsx?$/.test(path);
const isTool = (path) => /^(tools|tests|bench|client\/scripts)\/.*\.(mjs|sh)$/.test(path);

const filler = (count) => "    step();\n".repeat(count);
const cppFunction = (inner, head = "void run(int a,\n         int b) const noexcept {") => `${head}\n${filler(inner)}}\n`;

test("length check catches a long C++ function", () => {
  const fits = FUNCTION_LINES_MAX - 3;
  assert.deepEqual(findLongCppFunctions(cppFunction(fits)), []);
  const [finding] = findLongCppFunctions(`int a = 1;\n\n${cppFunction(fits + 1)}`);
  assert.equal(finding.line, 3);
  assert.match(finding.message, /^run has 71 lines/);
});

test("length check sees every kind of C++ function", () => {
  const heads = {
    constructor: "Lane::Lane(int a) : a_{a}, b_(2) {",
    "trailing return": "auto f() -> std::map<int, int> {",
    method: "struct S {\n bool f() const override {",
    test: "TEST(PlaceOrder, refuses_when_stock_is_short) {",
    coroutine: "boost::asio::awaitable<std::vector<int>> Session::run() {",
    template: "template <class T>\nT f(T a) noexcept(true) {",
    lambda: "const auto f = [](int a) {",
    "in a namespace": "namespace onhand::domain {\nint f() {",
    operator: "bool operator==(const A& a, const B& b) {",
  };
  for (const [kind, head] of Object.entries(heads)) {
    const open = head.split("{").length - 1;
    const nested = "{}".repeat((head.match(/\{a\}/) ?? []).length);
    const closing = "}\n".repeat(open - nested.length / 2);
    const findings = findLongCppFunctions(`${head}\n${filler(80)}${closing};`);
    assert.equal(findings.length, 1, kind);
  }
});

test("length check counts a class or a namespace as no function", () => {
  const source = `namespace a {\nclass B final : public C {\n${"    int step();\n".repeat(100)}};\n}\n`;
  assert.deepEqual(findLongCppFunctions(source), []);
});

test("length check lets a table pass", () => {
  assert.deepEqual(findLongCppFunctions(`// table: one row per route\n${cppFunction(100)}`), []);
  assert.equal(findLongCppFunctions(`// the table\n${cppFunction(100)}`).length, 1);
});

test("length check catches a long component", async () => {
  const component = (lines) => `export function Page() {\n${"  step();\n".repeat(lines)}  return <p>Don't {"}"}</p>;\n}\n`;
  assert.deepEqual(await findLongTsFunctions("a.tsx", component(FUNCTION_LINES_MAX - 3)), []);
  const [finding] = await findLongTsFunctions("a.tsx", component(FUNCTION_LINES_MAX));
  assert.match(finding.message, /^Page has 73 lines/);
  const arrow = `const f = (a: number): number => {\n${"  step();\n".repeat(80)}  return a;\n};\n`;
  assert.equal((await findLongTsFunctions("a.ts", arrow)).length, 1);
});

test("length check catches a long file", () => {
  assert.deepEqual(findLongFile("x\n".repeat(FILE_LINES_MAX)), []);
  assert.equal(findLongFile("x\n".repeat(FILE_LINES_MAX + 1)).length, 1);
  assert.deepEqual(findLongFile(`// table: made by a tool\n${"x\n".repeat(FILE_LINES_MAX)}`), []);
});

const describe = (path, findings) => findings.map(({ line, message }) => `${path}:${line}: ${message}`);

test("no C++ function is too long", () => {
  const files = readFiles(isCpp);
  assert.ok(files.length > 0, "no C++ file was found");
  assert.deepEqual(files.flatMap(({ path, text }) => describe(path, findLongCppFunctions(text))), []);
});

test("no function of the page is too long", async () => {
  const files = readFiles(isTs);
  assert.ok(files.length > 0, "no TypeScript file was found");
  const findings = await Promise.all(
    files.map(async ({ path, text }) => describe(path, await findLongTsFunctions(path, text))),
  );
  assert.deepEqual(findings.flat(), []);
});

test("no file is too long", () => {
  const files = readFiles((path) => isCpp(path) || isTs(path) || isTool(path));
  assert.deepEqual(files.flatMap(({ path, text }) => describe(path, findLongFile(text))), []);
});
