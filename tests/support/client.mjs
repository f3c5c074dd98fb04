// A client of the HTTP API for tests: keep-alive connections, JSON both ways, and a look at every answer that passes
// (headers that each must have, the shape of problems). Used by tests/support/server.mjs and the tests.

import assert from "node:assert/strict";
import { Agent, request } from "node:http";

const CONNECTIONS_MAX = 64;
const ANSWER_TIMEOUT_MS = 60_000;

const SECURITY_HEADERS = {
  "x-content-type-options": /^nosniff$/,
  "content-security-policy": /default-src '(?:none|self)'.*frame-ancestors 'none'/,
  "referrer-policy": /^no-referrer$/,
  "cross-origin-opener-policy": /^same-origin$/,
  "cross-origin-resource-policy": /^same-origin$/,
  "cache-control": /./,
};

let keys = 0;
// A new Idempotency-Key, unlike any other of this run and of runs before.
export function newKey() {
  keys += 1;
  return `key-${process.pid}-${Date.now().toString(36)}-${keys}`;
}

export function checkSecurityHeaders(headers, what) {
  for (const [name, pattern] of Object.entries(SECURITY_HEADERS)) {
    assert.match(headers[name] ?? "", pattern, `${what}: the header ${name}`);
  }
}

// Holds an answer to the shape of a problem. `codes` may name the codes that are right here.
export function checkProblem(answer, status, ...codes) {
  assert.equal(answer.status, status, `${answer.what}: ${answer.text}`);
  assert.match(answer.headers["content-type"] ?? "", /^application\/problem\+json\b/, answer.what);
  const { type, title, status: inside, detail, code, trace_id: trace } = answer.json;
  assert.equal(inside, status, answer.what);
  assert.match(code, /^[a-z_]+$/, answer.what);
  assert.equal(type, `/docs/problems/${code}`, answer.what);
  assert.ok(title.length > 0 && detail.length > 0, answer.what);
  assert.match(trace, /^[0-9a-f]{32}$/, answer.what);
  if (codes.length > 0) assert.ok(codes.includes(code), `${answer.what}: code ${code}, not ${codes.join(" or ")}`);
  return answer.json;
}

// Told of every answer; the tests of the OpenAPI document set one.
const observers = new Set();
export function observeAnswers(observer) {
  observers.add(observer);
}

export class Client {
  constructor(port, token, { host = "127.0.0.1", timeoutMs = ANSWER_TIMEOUT_MS } = {}) {
    this.port = port;
    this.token = token;
    this.host = host;
    this.timeoutMs = timeoutMs;
    this.agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS_MAX });
  }

  close() {
    this.agent.destroy();
  }

  // Sends one request. `body` is JSON unless it is text or bytes. Rejects only when no whole answer came.
  send(method, path, { body, headers = {}, key, ifMatch } = {}) {
    const plain = typeof body === "string" || Buffer.isBuffer(body);
    const bytes = body === undefined ? undefined : Buffer.from(plain ? body : JSON.stringify(body));
    const sent = { ...(this.token ? { Authorization: `Bearer ${this.token}` } : {}) };
    if (bytes !== undefined) Object.assign(sent, { "Content-Type": "application/json", "Content-Length": bytes.length });
    else if (method !== "GET" && method !== "HEAD") sent["Content-Length"] = 0;
    if (key !== undefined) sent["Idempotency-Key"] = key;
    if (ifMatch !== undefined) sent["If-Match"] = ifMatch;
    Object.assign(sent, headers);
    const { host, port, agent, timeoutMs: timeout } = this;
    const options = { host, port, agent, method, path, headers: sent, timeout };
    return new Promise((resolve, reject) => {
      const exchange = request(options, (message) => {
        const chunks = [];
        message.on("data", (chunk) => chunks.push(chunk));
        message.on("error", reject);
        message.on("end", () => resolve(this.answerOf(method, path, message, Buffer.concat(chunks))));
      });
      exchange.setTimeout(timeout, () => exchange.destroy(new Error(`no answer: ${method} ${path}`)));
      exchange.on("error", reject);
      exchange.end(bytes);
    }).then((answer) => this.look(answer));
  }

  answerOf(method, path, message, bytes) {
    const text = bytes.toString();
    const answer = { method, path, status: message.statusCode, headers: message.headers, text, bytes };
    answer.what = `${method} ${path.slice(0, 200)} → ${message.statusCode}`;
    const isJson = /^application\/(problem\+)?json\b/.test(message.headers["content-type"] ?? "");
    if (isJson && text !== "") answer.json = JSON.parse(text);
    return answer;
  }

  look(answer) {
    checkSecurityHeaders(answer.headers, answer.what);
    if (answer.status >= 400 && answer.method !== "HEAD" && answer.json?.checks === undefined) {
      checkProblem(answer, answer.status);
    }
    for (const observer of observers) observer(answer);
    return answer;
  }

  get(path, options) {
    return this.send("GET", path, options);
  }
  post(path, body, options = {}) {
    return this.send("POST", path, { body, ...options });
  }
  patch(path, body, options = {}) {
    return this.send("PATCH", path, { body, ...options });
  }
  delete(path, options) {
    return this.send("DELETE", path, options);
  }
}
