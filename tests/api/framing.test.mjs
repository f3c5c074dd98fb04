// Requests that break the rules of HTTP, as bytes: each gets a clear answer, nothing is applied, and a connection
// whose framing cannot be trusted is closed.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { checkSecurityHeaders } from "../support/client.mjs";
import { exchangeRaw, parseAnswers, sendRaw } from "../support/raw.mjs";
import { makeProduct, unchanged } from "../support/stock.mjs";
import { startChecked } from "./contract.mjs";

let server;
let admin;
let sku;

before(async () => {
  server = await startChecked();
  admin = server.admin;
  ({ sku } = await makeProduct(admin, { quantity: 1_000_000 }));
});
after(() => server.dispose());

let keys = 0;
// The head of an order that would be accepted; `fields` replaces or adds lines, null leaves one out.
function orderHead(fields = {}, { target = "/api/v1/orders", method = "POST", version = "HTTP/1.1" } = {}) {
  keys += 1;
  const all = {
    Host: "localhost",
    Authorization: `Bearer ${admin.token}`,
    "Content-Type": "application/json",
    "Idempotency-Key": `framing-${keys}`,
    ...fields,
  };
  const lines = Object.entries(all).flatMap(([name, values]) =>
    values === null ? [] : [values].flat().map((value) => `${name}: ${value}\r\n`),
  );
  return `${method} ${target} ${version}\r\n${lines.join("")}\r\n`;
}

const orderBody = () => JSON.stringify({ lines: [{ sku, quantity: 1 }] });
const chunk = (text) => `${text.length.toString(16)}\r\n${text}\r\n`;

// Sends `bytes` and holds that there is exactly one answer, with `status`, after which the connection is closed.
async function refuses(bytes, ...statuses) {
  const { answers, closed, text } = await unchanged(admin, () => sendRaw(server.port, bytes));
  assert.equal(answers.length, 1, text.slice(0, 500));
  const [answer] = answers;
  assert.ok(statuses.includes(answer.status), `${answer.status}: ${answer.body}`);
  assert.ok(closed, "the connection stays open");
  assert.equal(answer.headers.connection, "close");
  assert.match(answer.headers["content-type"], /^application\/problem\+json/);
  assert.equal(JSON.parse(answer.body).status, answer.status);
  checkSecurityHeaders(answer.headers, text.slice(0, 40));
  return answer;
}

describe("the example of these tests", () => {
  it("is accepted when nothing is wrong with it", async () => {
    const body = orderBody();
    const { answers } = await sendRaw(server.port, orderHead({ "Content-Length": body.length, Connection: "close" }) + body);
    assert.deepEqual(answers.map((answer) => answer.status), [201]);
  });
});

describe("Transfer-Encoding", () => {
  for (const coding of ["chunked", "chunked, identity", "identity", "gzip", "xchunked", "gzip, chunked", " chunked ", ""]) {
    it(`"${coding}" is refused, and its body is not the next request`, async () => {
      const smuggled = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
      const body = `${chunk(orderBody())}0\r\n\r\n`;
      await refuses(orderHead({ "Transfer-Encoding": coding }) + body + smuggled, 411, 400);
    });
  }
  it("is refused on HTTP/1.0", async () => {
    const head = orderHead({ "Transfer-Encoding": "chunked" }, { version: "HTTP/1.0" });
    await refuses(`${head}${chunk(orderBody())}0\r\n\r\n`, 411, 400);
  });
  it("is refused with Content-Length, in either order", async () => {
    const both = [{ "Content-Length": 5, "Transfer-Encoding": "chunked" }, { "Transfer-Encoding": "chunked", "Content-Length": 5 }];
    for (const fields of both) await refuses(`${orderHead(fields)}0\r\n\r\n`, 400, 411);
  });
  it("is refused with a megabyte of chunk extension and with trailers that pose as fields", async () => {
    const head = orderHead({ "Transfer-Encoding": "chunked" });
    await refuses(`${head}1;${"x".repeat(1_000_000)}\r\na\r\n0\r\n\r\n`, 400, 411);
    const anonymous = orderHead({ Authorization: null, "Idempotency-Key": null, "Transfer-Encoding": "chunked" });
    const trailers = `Authorization: Bearer ${admin.token}\r\nIdempotency-Key: t\r\n`;
    await refuses(`${anonymous}${chunk(orderBody())}0\r\n${trailers}\r\n`, 400, 411);
  });
});

describe("Content-Length", () => {
  for (const value of ["2,2", "+2", "-1", "0x2", "2 2", "18446744073709551616", "99999999999999999999999", "1e1", "", "２"]) {
    it(`"${value}" is refused`, async () => {
      await refuses(`${orderHead({ "Content-Length": value })}{}`, 400);
    });
  }
  it("is refused twice, equal or not", async () => {
    await refuses(`${orderHead({ "Content-Length": ["2", "2"] })}{}`, 400);
    await refuses(`${orderHead({ "Content-Length": ["2", "3"] })}{}`, 400);
  });
  it("above the limit of the route is refused before the body is read", async () => {
    await refuses(orderHead({ "Content-Length": 128 * 1024 + 1 }), 413);
    await refuses(orderHead({ "Content-Length": "999999999999999999" }), 413, 400);
  });
  it("of a body that nobody wants is bounded too", async () => {
    await refuses(orderHead({ "Content-Length": 10_000_000 }, { method: "GET", target: "/healthz" }), 413);
  });
  it("larger than what comes before the client ends means no order", async () => {
    const bytes = `${orderHead({ "Content-Length": 500 })}${orderBody()}`;
    const { text } = await unchanged(admin, () => exchangeRaw(server.port, bytes, { end: true }));
    assert.ok(!/^HTTP\/1\.1 2/.test(text), text.slice(0, 100));
  });
  it("larger than what comes, then silence, ends in 408", async () => {
    const answer = await refuses(`${orderHead({ "Content-Length": 500 })}${orderBody()}`, 408);
    assert.equal(JSON.parse(answer.body).code, "request_timeout");
  });
});

describe("Host and target", () => {
  for (const host of [null, ["localhost", "localhost"], ["localhost", "evil"], "user@localhost", "", "a".repeat(1024), "a/b", "a b"]) {
    it(`refuses the host ${JSON.stringify(host)?.slice(0, 40)}`, async () => {
      await refuses(orderHead({ Host: host, "Content-Length": 0 }), 400);
    });
  }
  const targets = ["http://evil/api/v1/orders", "healthz", "*", "/a b", "/caf\u00c3\u00a9", "/tab\tbed", "/bell\u0007", "/a#b", "/a\\b", "//"];
  for (const target of targets) {
    it(`refuses the target ${JSON.stringify(target)}`, async () => {
      const bytes = Buffer.from(orderHead({ "Content-Length": 0, Connection: "close" }, { target }), "latin1");
      const { answers } = await unchanged(admin, () => sendRaw(server.port, bytes));
      // 405: where the page is built, a path without an extension is the page, which takes no POST.
      assert.ok([400, 404, 405].includes(answers[0].status), `${answers[0].status}`);
    });
  }
  it("takes its own host in absolute form", async () => {
    const bytes = "GET http://localhost/healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const { answers } = await sendRaw(server.port, bytes);
    assert.equal(answers[0].status, 200);
  });
  it("refuses long targets", async () => {
    for (const length of [8001, 8191, 8192, 65_536]) {
      await refuses(orderHead({ "Content-Length": 0 }, { target: `/${"x".repeat(length)}` }), 414);
    }
  });
  for (const path of ["/%", "/%zz", "/%2", "/%c0%ae", "/%ff", "/%00", "/%u0041", "/api/v1/stock/%0a"]) {
    it(`refuses the escape in ${path}`, async () => {
      const answer = await admin.get(path);
      assert.ok([400, 404].includes(answer.status), answer.what);
    });
  }
});

describe("fields", () => {
  const end = "Connection: close\r\n\r\n";
  const start = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n";
  const broken = {
    "a folded line": `${start}X-A: one\r\n two\r\n${end}`,
    "space before the colon": `${start}X-A : one\r\n${end}`,
    "a NUL in a value": `${start}X-A: o\u0000ne\r\n${end}`,
    "a bare CR": `${start}X-A: o\rne\r\n${end}`,
    "bare line feeds": `${start}${end}`.replaceAll("\r\n", "\n"),
    "no colon": `${start}nonsense\r\n${end}`,
    "a bad character in the method": `G(T /healthz HTTP/1.1\r\nHost: localhost\r\n${end}`,
    "HTTP/2.0": `GET /healthz HTTP/2.0\r\nHost: localhost\r\n${end}`,
    "HTTP/1.9": `GET /healthz HTTP/1.9\r\nHost: localhost\r\n${end}`,
    "no version": `GET /healthz\r\nHost: localhost\r\n${end}`,
    "the start of TLS": Buffer.from("16030102000100", "hex").toString("latin1") + "x".repeat(100),
    "the preface of HTTP/2": `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${start}${end}`,
    "two Authorization fields": `${start}Authorization: Bearer a\r\nAuthorization: Bearer b\r\n${end}`,
    "two Origin fields": `${start}Origin: http://a\r\nOrigin: http://b\r\n${end}`,
    "two If-Match fields": `${start}If-Match: "1"\r\nIf-Match: "2"\r\n${end}`,
  };
  for (const [what, bytes] of Object.entries(broken)) {
    it(`with ${what} are refused`, () => refuses(Buffer.from(bytes, "latin1"), 400));
  }
  it("of more than 8 KiB, or more than 100, are refused", async () => {
    await refuses(`${start}X-A: ${"x".repeat(9 * 1024)}\r\n${end}`, 431);
    await refuses(start + "X-A: y\r\n".repeat(200) + end, 431);
    await refuses(start + "X-A: 0123456789012345678901234567890123456789\r\n".repeat(2000) + end, 431);
  });
  it("Expect is met with 100 when the body is wanted, and refused otherwise", async () => {
    const body = orderBody();
    const head = orderHead({ Expect: "100-continue", "Content-Length": body.length, Connection: "close" });
    const { text } = await new Promise((resolve) => {
      const bytes = head;
      exchangeRaw(server.port, bytes, { enough: (got) => got.includes("\r\n\r\n") }).then(resolve);
    });
    assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\n$/);
    await refuses(orderHead({ Expect: "nonsense", "Content-Length": 0 }), 417);
    const foreign = orderHead({ Expect: "100-continue", "Content-Length": 10, Authorization: null });
    await refuses(foreign, 401);
  });
  it("Upgrade to something unknown is left aside", async () => {
    for (const upgrade of ["h2c", "nonsense", "websocket"]) {
      const bytes = `${start}Upgrade: ${upgrade}\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: Upgrade\r\n\r\n`;
      const { text } = await exchangeRaw(server.port, bytes, { enough: (got) => got.includes('{"status"') || got.includes("}") });
      const status = parseAnswers(text)[0].status;
      assert.ok([200, 400].includes(status), `${upgrade}: ${status}`);
    }
  });
});

describe("methods", () => {
  for (const [method, target] of [["TRACE", "/"], ["CONNECT", "/"], ["OPTIONS", "/api/v1/stock"], ["PROPFIND", "/api/v1/stock"], ["get", "/healthz"]]) {
    it(`${method} is refused`, async () => {
      const bytes = `${method} ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
      const { answers } = await sendRaw(server.port, bytes);
      assert.ok([400, 404, 405].includes(answers[0].status), `${answers[0].status}`);
      if (answers[0].status === 405) assert.ok(answers[0].headers.allow.length > 0);
    });
  }
  it("OPTIONS * is refused", () => refuses("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, 405));
});

describe("bodies", () => {
  const types = [null, "text/plain", "application/xml", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "x".repeat(1024), "application/jsonx", "application/x-www-form-urlencoded"];
  for (const type of types) {
    it(`of type ${type?.slice(0, 40)} are refused`, async () => {
      const body = orderBody();
      const head = orderHead({ "Content-Type": type, "Content-Length": body.length, Connection: "close" });
      const { answers } = await unchanged(admin, () => sendRaw(server.port, head + body));
      assert.equal(answers[0].status, 415);
    });
  }
  it("of two types are refused", () =>
    refuses(orderHead({ "Content-Type": ["application/json", "text/plain"], "Content-Length": 0 }), 400));
  for (const coding of ["gzip", "deflate", "br", "gzip, identity"]) {
    it(`coded as ${coding} are refused`, async () => {
      const head = orderHead({ "Content-Encoding": coding, "Content-Length": 4, Connection: "close" });
      const { answers } = await unchanged(admin, () => sendRaw(server.port, `${head}\u001f\u0008xx`));
      assert.equal(answers[0].status, 415);
    });
  }
  it("that nobody wants do not become the next request", async () => {
    const smuggled = "DELETE /api/v1/products/X HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const head = (method) => `${method} /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${smuggled.length}\r\n\r\n`;
    const next = "GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const { answers } = await sendRaw(server.port, head("GET") + smuggled + next);
    assert.deepEqual(answers.map((answer) => answer.status), [200, 200]);
    assert.match(answers[1].body, /"onhand"/);
    const refused = await sendRaw(server.port, head("PUT") + smuggled + next);
    assert.deepEqual(refused.answers.map((answer) => answer.status), [405, 200]);
  });
});

describe("pipelining", () => {
  it("answers 1 000 requests of one write in order", async () => {
    const requests = Array.from({ length: 999 }, (_, i) => `GET /api/v1/nothing${i} HTTP/1.1\r\nHost: localhost\r\ntraceparent: 00-${(i + 1).toString(16).padStart(32, "0")}-00f067aa0ba902b7-01\r\n\r\n`);
    const last = "GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const { answers } = await sendRaw(server.port, requests.join("") + last);
    assert.equal(answers.length, 1000);
    for (let i = 0; i < 999; i += 1) {
      assert.equal(JSON.parse(answers[i].body).trace_id, (i + 1).toString(16).padStart(32, "0"));
    }
    assert.equal(answers[999].status, 200);
  });
  it("places pipelined orders one after the other", async () => {
    const body = orderBody();
    const requests = Array.from({ length: 50 }, () => orderHead({ "Content-Length": body.length }) + body);
    const last = "GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    const { answers } = await sendRaw(server.port, requests.join("") + last);
    const orders = answers.slice(0, 50).map((answer) => JSON.parse(answer.body).number);
    assert.deepEqual(orders, orders.map((_, i) => orders[0] + i));
  });
  it("takes a request in single bytes", async () => {
    const { connect } = await import("node:net");
    const socket = connect(server.port, "127.0.0.1");
    socket.setNoDelay(true);
    let text = "";
    socket.on("data", (data) => {
      text += data;
    });
    for (const byte of "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n") {
      await new Promise((resolve) => socket.write(byte, resolve));
    }
    await new Promise((resolve) => socket.on("close", resolve));
    assert.equal(parseAnswers(text)[0].status, 200);
  });
  it("speaks HTTP/1.0 and closes", async () => {
    const { answers, closed } = await sendRaw(server.port, "GET /healthz HTTP/1.0\r\n\r\n");
    assert.equal(answers[0].status, 200);
    assert.ok(closed);
  });
});
