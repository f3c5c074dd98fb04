// The include rules between the rooms of server/.

import assert from "node:assert/strict";
import { test } from "node:test";
import { readFiles } from "./files.mjs";
import { findCycle, findForbiddenIncludes } from "./includes.mjs";

const FORBIDDEN = [
  ["base/ids.hpp", '"domain/order.hpp"'],
  ["base/text.cpp", "<spdlog/spdlog.h>"],
  ["domain/decide.cpp", "<boost/json.hpp>"],
  ["domain/decide.cpp", "<boost/asio/post.hpp>"],
  ["domain/decide.cpp", "<spdlog/spdlog.h>"],
  ["domain/decide.cpp", "<sqlite3.h>"],
  ["domain/decide.cpp", '"storage/storage.hpp"'],
  ["domain/decide.cpp", '"engine/engine.hpp"'],
  ["domain/decide.cpp", "<gtest/gtest.h>"],
  ["storage/storage.hpp", '"engine/engine.hpp"'],
  ["storage/storage.hpp", '"storage/sqlite/store.hpp"'],
  ["storage/storage.hpp", "<sqlite3.h>"],
  ["storage/sqlite/store.cpp", '"bus/bus.hpp"'],
  ["storage/sqlite/store.cpp", '"storage/postgres/store.hpp"'],
  ["storage/sqlite/store.cpp", '"transport/http/json.hpp"'],
  ["bus/local/local_bus.cpp", '"engine/engine.hpp"'],
  ["engine/lane.cpp", '"storage/sqlite/store.hpp"'],
  ["engine/lane.cpp", '"bus/local/local_bus.hpp"'],
  ["engine/lane.cpp", '"transport/http/session.hpp"'],
  ["engine/lane.cpp", "<boost/beast/http.hpp>"],
  ["engine/lane.cpp", "<boost/json.hpp>"],
  ["engine/lane_test.cpp", '"storage/sqlite/store.hpp"'],
  ["transport/http/orders.cpp", '"storage/storage.hpp"'],
  ["transport/http/orders.cpp", '"bus/bus.hpp"'],
  ["transport/http/orders.cpp", '"app/config.hpp"'],
  ["transport/http/orders.cpp", "<sqlite3.h>"],
  ["transport/socketio/frame.cpp", '"domain/order.hpp"'],
  ["transport/socketio/frame.cpp", '"transport/live/feed.hpp"'],
  ["transport/live/feed.cpp", '"storage/storage.hpp"'],
  ["transport/socketio/frame.cpp", '"transport/http/session.hpp"'],
  ["app/main.cpp", "<boost/beast/http.hpp>"],
  ["app/main.cpp", '"nowhere/x.hpp"'],
];

const ALLOWED = [
  ["base/log.cpp", "<spdlog/spdlog.h>"],
  ["domain/decide.cpp", '"base/ensure.hpp"'],
  ["domain/decide.cpp", '"domain/order.hpp"'],
  ["domain/decide.cpp", "<vector>"],
  ["domain/decide_test.cpp", "<rapidcheck.h>"],
  ["storage/sqlite/store.cpp", "<sqlite3.h>"],
  ["storage/contract_test.cpp", '"storage/sqlite/store.hpp"'],
  ["engine/lane.cpp", '"storage/storage.hpp"'],
  ["engine/lane.cpp", '"bus/bus.hpp"'],
  ["engine/lane_test.cpp", '"bus/local/local_bus.hpp"'],
  ["transport/http/orders.cpp", '"engine/engine.hpp"'],
  ["transport/http/orders.cpp", '"domain/order.hpp"'],
  ["transport/http/session.cpp", "<boost/beast/http.hpp>"],
  ["transport/http/session.cpp", '"transport/socketio/engine_session.hpp"'],
  ["transport/live/feed.cpp", '"domain/feed_batch.hpp"'],
  ["transport/live/feed.cpp", '"transport/socketio/server.hpp"'],
  ["storage/contract_driver.hpp", "<gtest/gtest.h>"],
  ["transport/socketio/frame.cpp", "<boost/json/value.hpp>"],
  ["app/wiring.cpp", '"storage/sqlite/store.hpp"'],
  ["app/main.cpp", "<CLI/CLI.hpp>"],
];

for (const [path, header] of FORBIDDEN) {
  test(`include check refuses ${header} in ${path}`, () => {
    const findings = findForbiddenIncludes(path, `#pragma once\n#include ${header}\n`);
    assert.deepEqual(findings.map(({ line }) => line), [2]);
  });
}

for (const [path, header] of ALLOWED) {
  test(`include check allows ${header} in ${path}`, () => {
    assert.deepEqual(findForbiddenIncludes(path, `#include ${header}\n`), []);
  });
}

test("the table of rooms has no cycle", () => assert.equal(findCycle(), undefined));

test("every include keeps to the rooms", () => {
  const files = readFiles((path) => /^server\/.*\.(cpp|hpp)$/.test(path));
  assert.ok(files.length > 0, "no C++ file was found");
  const findings = files.flatMap(({ path, text }) =>
    findForbiddenIncludes(path.replace("server/", ""), text).map(({ line, message }) => `${path}:${line}: ${message}`),
  );
  assert.deepEqual(findings, []);
});

test("only app/wiring names concrete adapters", () => {
  const adapters = /#include "(storage\/sqlite|storage\/postgres|bus\/local)\//;
  const outside = readFiles((path) => /^server\/.*\.(cpp|hpp)$/.test(path))
    .filter(({ path }) => !/_test\.cpp$|\/testing\//.test(path) && !/^server\/(app\/|storage\/(sqlite|postgres|migrate)\/|bus\/local\/|storage\/contract_test\.cpp$)/.test(path))
    .filter(({ text }) => adapters.test(text));
  assert.deepEqual(outside.map(({ path }) => path), []);
});
