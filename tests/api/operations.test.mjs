// What operators and programs ask: health, version, figures, the documents; and what every answer carries.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { checkProblem, checkSecurityHeaders } from "../support/client.mjs";
import { makeProduct, newSku, placeOrder } from "../support/stock.mjs";
import { startChecked } from "./contract.mjs";

let server;
let admin;

before(async () => {
  server = await startChecked({ web: true });
  admin = server.admin;
});
after(() => server.dispose());

// Reads Prometheus text: every line must be a comment or a sample. Returns name{labels} → value.
function parseMetrics(text) {
  assert.ok(text.endsWith("\n"));
  const samples = new Map();
  const types = new Map();
  for (const line of text.slice(0, -1).split("\n")) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][\w:]*) (.+)$/.exec(line);
    if (comment) {
      if (comment[1] === "TYPE") types.set(comment[2], comment[3]);
      continue;
    }
    const sample = /^([a-zA-Z_:][\w:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\[\\"n])*",?)*\})? (\S+)$/.exec(line);
    assert.ok(sample, `not a sample: ${line}`);
    const [, name, labels = "", value] = sample;
    assert.ok(types.has(name) || types.has(name.replace(/_(bucket|sum|count)$/, "")), `${name} has no type`);
    assert.match(name, /^onhand_/);
    assert.ok(!Number.isNaN(Number(value.replace("Inf", "Infinity"))), line);
    assert.ok(!samples.has(name + labels), `twice: ${line}`);
    samples.set(name + labels, Number(value.replace("+Inf", "Infinity")));
  }
  return { samples, types };
}

describe("health", () => {
  it("is told without signing in", async () => {
    const client = server.client();
    assert.deepEqual((await client.get("/healthz")).json, { status: "ok" });
    const ready = await client.get("/readyz");
    assert.equal(ready.status, 200);
    assert.equal(ready.json.status, "ok");
    assert.equal(ready.json.checks.database, "ok");
    const { name, version } = (await client.get("/version")).json;
    assert.equal(name, "onhand");
    assert.match(version, /^\d+\.\d+\.\d+/);
  });

  it("is counted in figures that Prometheus reads", async () => {
    const { sku } = await makeProduct(admin, { quantity: 10 });
    const read = async () => {
      const answer = await server.client().get("/metrics");
      assert.match(answer.headers["content-type"], /^text\/plain; version=0\.0\.4/);
      return parseMetrics(answer.text);
    };
    const before = (await read()).samples;
    await placeOrder(admin, [{ sku, quantity: 1 }]);
    await placeOrder(admin, [{ sku, quantity: 1 }]);
    const { samples, types } = await read();
    const grown = (name) => samples.get(name) - (before.get(name) ?? 0);
    assert.equal(grown("onhand_orders_placed_total"), 2);
    assert.equal(grown('onhand_http_requests_total{method="POST",route="/api/v1/orders",status="2xx"}'), 2);
    assert.equal(grown("onhand_feed_head"), 4);
    assert.equal(types.get("onhand_http_request_duration_seconds"), "histogram");
    const count = 'onhand_http_request_duration_seconds_count{method="POST",route="/api/v1/orders"}';
    const whole = 'onhand_http_request_duration_seconds_bucket{method="POST",route="/api/v1/orders",le="+Inf"}';
    assert.equal(samples.get(count), samples.get(whole));
    assert.ok(samples.get("onhand_process_resident_bytes") > 1e6);
  });
});

describe("the documents", () => {
  it("describe the API in OpenAPI 3.1, every path of which is there", async () => {
    const { document } = server.contract;
    assert.match(document.openapi, /^3\.1\./);
    const nobody = server.client();
    for (const [path, operations] of Object.entries(document.paths)) {
      const url = path.replaceAll(/\{[^}]+\}/g, "invalid_request");
      for (const method of Object.keys(operations)) {
        const answer = await nobody.send(method.toUpperCase(), url);
        assert.notEqual(answer.status, 404, answer.what);
        assert.notEqual(answer.status, 405, answer.what);
      }
    }
  });

  it("name the refusal of an unknown query parameter for every route", async () => {
    const missing = [];
    for (const [path, operations] of Object.entries(server.contract.document.paths)) {
      for (const [method, operation] of Object.entries(operations)) {
        if (!operation.responses["400"]) missing.push(`${method} ${path}`);
      }
    }
    // Every route answers 400 to ?nonsense=1, so every route must document it.
    assert.deepEqual(missing, []);
  });

  it("explain every code of a problem", async () => {
    const client = server.client();
    const page = await client.get("/docs");
    assert.match(page.headers["content-type"], /^text\/html/);
    assert.match((await client.get("/docs/style.css")).headers["content-type"], /^text\/css/);
    for (const code of ["insufficient_stock", "idempotency_mismatch", "uri_too_long", "expectation_failed", "not_found"]) {
      const answer = await client.get(`/docs/problems/${code}`);
      assert.equal(answer.status, 200, answer.what);
      assert.ok(answer.text.includes(code));
    }
    checkProblem(await client.get("/docs/problems/nonsense"), 404, "not_found");
  });

  it("load nothing from elsewhere", async () => {
    for (const path of ["/docs", "/docs/problems/not_found"]) {
      const { text } = await server.client().get(path);
      assert.ok(!/(?:src|href)="(?:https?:)?\/\//.test(text), path);
      assert.ok(!/<script|style=/.test(text), path);
    }
  });
});

describe("every answer", () => {
  const asked = [
    ["GET", "/"],
    ["GET", "/index.html"],
    ["GET", "/assets/page-12345678.js"],
    ["GET", "/orders/new"],
    ["GET", "/api/v1/nothing"],
    ["GET", "/api"],
    ["GET", "/assets/none.js"],
    ["GET", "/../etc/passwd"],
    ["GET", "/..%2f..%2fetc/passwd"],
    ["GET", "/%2e%2e/%2e%2e/etc/passwd"],
    ["GET", "//etc/passwd"],
    ["GET", "/assets/"],
    ["GET", "/.git/config"],
    ["GET", "/index.html%00.js"],
    ["DELETE", "/"],
    ["PUT", "/api/v1/stock"],
    ["GET", "/api/v1/stock"],
    ["HEAD", "/healthz"],
    ["GET", "/socket.io/?EIO=4&transport=polling"],
    ["GET", "/socket.io/?EIO=3&transport=polling"],
  ];
  for (const [method, path] of asked) {
    it(`has the security headers: ${method} ${path}`, async () => {
      const options = { host: "127.0.0.1", port: server.port, method, path };
      const { request } = await import("node:http");
      const headers = await new Promise((resolve, reject) => {
        const exchange = request(options, (message) => {
          message.resume();
          message.on("end", () => resolve(message.headers));
        });
        exchange.on("error", reject);
        exchange.end();
      });
      checkSecurityHeaders(headers, `${method} ${path}`);
      assert.equal(headers.server, undefined);
    });
  }

  it("never gives a file from outside the page's folder", async () => {
    for (const path of ["/../data/onhand.db", "/..%2fdata%2fonhand.db", "/%2e%2e/data/onhand.db", "/..;/data/onhand.db"]) {
      const answer = await server.client().get(path);
      assert.ok(!answer.text.includes("SQLite format"), path);
      assert.ok(answer.status >= 400 || answer.text.startsWith("<!doctype html>"), path);
    }
  });

  it("to an unknown address or method is a problem", async () => {
    checkProblem(await admin.get("/api/v1/nothing"), 404, "not_found");
    checkProblem(await admin.get("/api/v2/stock"), 404, "not_found");
    const answer = checkProblem(await admin.send("PUT", "/api/v1/products/X"), 405, "method_not_allowed");
    assert.ok(answer.detail.length > 0);
    const { headers } = await admin.send("PATCH", "/api/v1/orders");
    assert.deepEqual(headers.allow.split(", ").sort(), ["GET", "HEAD", "POST"]);
    const override = { "X-HTTP-Method-Override": "DELETE" };
    const { sku } = await makeProduct(admin, { sku: newSku() });
    assert.equal((await admin.get(`/api/v1/products/${sku}`, { headers: override })).status, 200);
  });

  it("to HEAD has the head of GET and no body", async () => {
    const { sku } = await makeProduct(admin, { quantity: 1 });
    for (const path of ["/healthz", "/api/v1/stock", `/api/v1/products/${sku}`, "/api/v1/feed", "/openapi.json", "/"]) {
      const [get, head] = [await admin.get(path), await admin.send("HEAD", path)];
      assert.equal(head.status, get.status, path);
      assert.equal(head.text, "");
      assert.equal(head.headers["content-length"], get.headers["content-length"], path);
    }
  });

  it("carries its own trace, or the caller's", async () => {
    const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01` };
    assert.equal((await admin.get("/api/v1/nothing", { headers })).json.trace_id, trace);
    const own = await Promise.all([1, 2].map(() => admin.get("/api/v1/nothing")));
    assert.notEqual(own[0].json.trace_id, own[1].json.trace_id);
  });
});
