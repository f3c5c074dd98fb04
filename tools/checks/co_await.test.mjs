// No brace and no lambda in an expression with co_await, in any C++ file of the repository.

import assert from "node:assert/strict";
import { test } from "node:test";
import { findBracesBesideAwait } from "./co_await.mjs";
import { isCpp, readFiles } from "./files.mjs";

const inCoroutine = (body) => `asio::awaitable<void> Session::run(Order order) {\n${body}\n}\n`;

const BAD = {
  "a designated aggregate": "co_await submit(PlaceOrder{.sku = sku, .key = key});",
  "a braced argument": "co_await submit({sku, key});",
  "a brace beside it": "plain(Pair{1, 2}, co_await size());",
  "a wait inside a list": "Pair pair{co_await first(), co_await second()};",
  "a wait inside a returned list": "co_return Pair{co_await first(), 2};",
  "a capturing lambda": "co_await each([x](int y) { return x + y; });",
  "a lambda that is a coroutine": "co_await co_spawn(ex, [x]() -> asio::awaitable<void> { co_await work(x); }, use_awaitable);",
  "a lambda called at once": "co_await [x]() -> asio::awaitable<void> { co_return; }();",
  "a brace in an if": "if (auto r = co_await submit(Order{1}); r) { use(r); }",
  "a brace in a while": "while (co_await next(Limit{3})) { step(); }",
  "a brace in a for": "for (auto r = co_await get(Key{1}); r; r = other()) { step(); }",
  "a brace in a range-for": "for (auto& row : co_await rows(Page{1})) { use(row); }",
  "a brace in a switch": "switch (co_await kind(Key{1})) { case 1: break; }",
  "a statement behind an if": "if (ready) co_await submit(Order{1});",
  "a statement behind else": "if (ready) stop(); else co_await submit(Order{1});",
  "a statement behind a block": "if (ready) { stop(); }\nco_await submit(Order{1});",
  "a statement behind a label": "switch (x) { case 1: co_await submit(Order{1}); }",
  "a ternary": "auto r = ready ? co_await submit(order) : Result{};",
  "several lines": "auto r =\n    co_await submit(\n        Order{\n            1});",
  "inside a named lambda": "auto f = [&]() -> asio::awaitable<void> { co_await submit(Order{1}); };",
  "a digit separator and a quote before it": "auto n = 1'000'000; auto c = '\"'; co_await submit(Order{n});",
  "an empty brace": "co_await submit({});",
};

const GOOD = {
  "a named value": "PlaceOrder order{.sku = sku};\nco_await submit(std::move(order));",
  "an if with a block": "if (auto r = co_await submit(order); r) { use(Pair{1, 2}); }",
  "an if, a block, else": "if (co_await ready()) { a = Pair{1}; } else { b = Pair{2}; }",
  "a while with a block": "while (co_await next()) { Pair pair{1, 2}; use(pair); }",
  "a for with a block": "for (auto& row : co_await rows()) { use(Pair{1, 2}); }",
  "a try": "try { co_await work(); } catch (const std::exception& e) { fail(Pair{1}); }",
  "a named lambda with whole statements": "auto f = [x]() -> asio::awaitable<std::map<int, int>> { co_await work(x); co_return a; };\nco_await run(f);",
  "a lambda without an arrow": "auto f = [&](int y) mutable { return y; };\nco_await run(f);",
  "a brace on the next line": "co_await work();\nPair pair{1, 2};",
  "a brace on the line before": "Pair pair{1, 2};\nco_await work(pair);",
  "a block before it": "{ Pair pair{1}; }\nco_await work();",
  "a labelled block": "switch (x) { case 1: { Pair pair{1}; } case 2: co_await work(); break; default: co_await rest(); }",
  "an aggregate that is returned": "co_return Pair{1, 2};",
  "a brace in a comment": "co_await work(/* {1} */ x);  // {2}",
  "a brace in a string": 'co_await write("{\\"a\\":1}", \'{\');',
  "a brace in a raw string": 'co_await write(R"json({"a":{}})json");',
  "an empty initialiser list elsewhere": "std::string text{};\nauto n = co_await read(text);",
  "do": "do { Pair pair{1}; } while (co_await more());",
};

for (const [name, body] of Object.entries(BAD)) {
  test(`co_await check catches ${name}`, () => {
    assert.equal(findBracesBesideAwait(inCoroutine(body)).length, 1, body);
  });
}

for (const [name, body] of Object.entries(GOOD)) {
  test(`co_await check accepts ${name}`, () => {
    assert.deepEqual(findBracesBesideAwait(inCoroutine(body)), [], body);
  });
}

test("co_await check reads classes and constructors", () => {
  const source = `namespace onhand {
struct Limit { int most{3}; };
class Session final : public Base<int, int>, private Other {
 public:
  Session(int a) : a_{a}, b_(2) { co_await work(); }
  auto size() const noexcept(true) -> std::pair<int, int> { co_return co_await work(); }
  enum class Kind : int { a, b };
 private:
  int a_{1};
};
}  // namespace onhand`;
  assert.deepEqual(findBracesBesideAwait(source), []);
  assert.equal(findBracesBesideAwait(source.replace("work(); }", "work(Limit{1}); }")).length, 1);
});

test("no expression with co_await holds a brace", () => {
  const files = readFiles(isCpp);
  assert.ok(files.length > 0, "no C++ file was found");
  const findings = files.flatMap(({ path, text }) =>
    findBracesBesideAwait(text).map(({ line, message }) => `${path}:${line}: ${message}`),
  );
  assert.deepEqual(findings, []);
});
