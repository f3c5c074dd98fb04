// Three instances behind each load balancer that deploy/ has a configuration for: orders, the live feed on every
// transport, browsers and programs, and an instance that goes and comes back.

import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Client, newKey } from "../support/client.mjs";
import { Cluster } from "../support/cluster.mjs";
import { PASSWORD } from "../support/server.mjs";
import { levelOf, makeProduct, placeOrder } from "../support/stock.mjs";
import { LiveClient } from "./live_client.mjs";
import { PROXIES, startProxy } from "./proxy_programs.mjs";

const SESSIONS = 12;
const POLLS = 8;
const ORDERS = 60;
const REGISTRATIONS_MAX = 20; // an hour from one address
const LEVEL_MS_MAX = 5000;
const PAUSE_MS = 100;
const ATTEMPTS_MAX = 50;

const WAYS = {
  "polling only": { transports: ["polling"] },
  "websocket only": { transports: ["websocket"] },
  "the upgrade": {},
};

// Onhand takes no body without its length; nginx finds the length out.
const CHUNKED_STATUS = { nginx: 201, haproxy: 411, caddy: 411 };

let cluster;
let sessions; // tokens
before(async () => {
  cluster = await Cluster.start({ instances: 3, flags: ["--trusted-proxies", "127.0.0.1", "--registration", "open"] });
  // As many sessions as there would be browsers.
  const { email } = cluster.admin.user;
  const anyone = cluster.instances[0];
  sessions = await Promise.all(Array.from({ length: SESSIONS }, async () => (await anyone.signIn(email, PASSWORD)).token));
});
after(() => cluster?.dispose());

// A figure of /metrics of each instance.
async function figures(name) {
  return Promise.all(
    cluster.instances.map(async ({ origin }) => {
      const text = await (await fetch(`${origin}/metrics`)).text();
      return Number(new RegExp(`^${name}(?:\\{\\})? (\\S+)$`, "m").exec(text)?.[1] ?? 0);
    }),
  );
}

let accounts = 0;
// Makes an account over a connection that comes from `localAddress`; resolves to the status.
async function register(port, localAddress, claimed) {
  accounts += 1;
  const body = JSON.stringify({ email: `visitor-${accounts}@example.com`, password: PASSWORD, name: "A Visitor" });
  const headers = { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body), "X-Forwarded-For": claimed };
  const asked = request({ host: "127.0.0.1", port, path: "/api/v1/auth/register", method: "POST", localAddress, headers, agent: false });
  asked.end(body);
  const [response] = await once(asked, "response");
  response.resume();
  return response.statusCode;
}

// Waits for a level. An instance hears of what the others did a moment later.
async function untilAvailable(client, sku, wanted) {
  const deadline = performance.now() + LEVEL_MS_MAX;
  for (;;) {
    const { available } = await levelOf(client, sku);
    if (available === wanted) return;
    assert.ok(performance.now() < deadline, `available ${available}, not ${wanted}`);
    await sleep(5);
  }
}

// A browser that polls: with its session cookie, and with whatever cookie the proxy gives it. Every poll must find its
// session, for an instance that does not know it answers 400.
class PollingBrowser {
  constructor(origin, token) {
    this.url = `${origin}/socket.io/?EIO=4&transport=polling`;
    this.cookies = new Map([["onhand_session", token]]);
  }

  async exchange(query, body) {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const method = body === undefined ? "GET" : "POST";
    const answer = await fetch(`${this.url}${query}`, { method, body, headers: { Cookie: cookie, "Content-Type": "text/plain" } });
    for (const text of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(text);
      this.cookies.set(name, value);
    }
    const text = await answer.text();
    assert.equal(answer.status, 200, `${method} ${query}: ${text}`);
    return text;
  }

  async connect() {
    this.sid = JSON.parse((await this.exchange("")).slice(1)).sid;
    await this.exchange(`&sid=${this.sid}`, "40");
    const connected = await this.exchange(`&sid=${this.sid}`);
    assert.match(connected, /^40\{/);
  }

  // Asks once and polls until the answer is there.
  async ask(id, name, argument) {
    await this.exchange(`&sid=${this.sid}`, `42${id}${JSON.stringify([name, argument])}`);
    for (;;) {
      const packets = (await this.exchange(`&sid=${this.sid}`)).split("\x1e");
      const answer = packets.find((packet) => packet.startsWith(`43${id}[`));
      if (answer) return JSON.parse(answer.slice(`43${id}`.length))[0];
    }
  }

  close() {
    return this.exchange(`&sid=${this.sid}`, "1").catch(() => {});
  }
}

function describeProxy(name) {
  let proxy;
  let client;
  const live = [];
  const connect = async (options, token = cluster.token) => {
    const one = new LiveClient(proxy.origin, token, options);
    live.push(one);
    return one.connected();
  };

  before(async () => {
    proxy = await startProxy(name, cluster.instances);
    client = new Client(proxy.port, cluster.token);
  });
  after(async () => {
    for (const one of live) one.close();
    client?.close();
    await proxy?.stop();
  });

  it("spreads orders over the instances, and none is lost", async () => {
    const earlier = await figures("onhand_orders_placed_total");
    const { sku } = await makeProduct(client, { quantity: ORDERS + 5 });
    await Promise.all(Array.from({ length: ORDERS }, () => placeOrder(client, [{ sku, quantity: 1 }])));
    const placed = (await figures("onhand_orders_placed_total")).map((count, index) => count - earlier[index]);
    assert.equal(placed.reduce((a, b) => a + b), ORDERS);
    assert.ok(placed.every((count) => count > 0), `orders of each instance: ${placed}`);
    await untilAvailable(client, sku, 5);
  });

  it("passes on the host that the browser asked for, so that a page's own requests are known as such", async () => {
    const page = (origin) => ({ Cookie: `onhand_session=${sessions[0]}`, Origin: origin, "X-Onhand-Client": "web" });
    const anonymous = new Client(proxy.port);
    const order = { lines: [{ sku: (await makeProduct(client, { quantity: 1 })).sku, quantity: 1 }] };
    const foreign = await anonymous.post("/api/v1/orders", order, { key: newKey(), headers: page("http://evil.example") });
    assert.equal(foreign.status, 403);
    const own = await anonymous.post("/api/v1/orders", order, { key: newKey(), headers: page(proxy.origin) });
    assert.equal(own.status, 201, own.text);
    anonymous.close();
  });

  it("says who asks, whatever the client says itself", async () => {
    // Sign-ups are limited by address, at each instance. This visitor comes from an address of his own and claims another
    // one each time.
    const visitor = `127.0.1.${PROXIES.indexOf(name) + 1}`;
    let made = 0;
    let status = 201;
    for (; status === 201 && made <= REGISTRATIONS_MAX * cluster.instances.length; made += status === 201 ? 1 : 0) {
      status = await register(proxy.port, visitor, `10.9.8.${made}`);
    }
    assert.equal(status, 429, `after ${made}`);
    assert.ok(made >= REGISTRATIONS_MAX, `after ${made}`);
    assert.equal(await register(proxy.port, "127.0.0.1", visitor), 201);
  });

  it("takes a CSV of several megabytes", async () => {
    const rows = Array.from({ length: 60_000 }, (_, index) => `BIG-${index},A product with a rather long name ${index}`);
    const headers = { "Content-Type": "text/csv" };
    const answer = await client.post("/api/v1/imports?kind=products&dry_run=true", `sku,name\n${rows.join("\n")}\n`, { headers });
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.rows, rows.length);
  });

  it("deals with a body in chunks as docs/scaling.md says", async () => {
    const { sku } = await makeProduct(client, { quantity: 1 });
    const headers = { Authorization: `Bearer ${cluster.token}`, "Content-Type": "application/json", "Idempotency-Key": newKey() };
    const body = new Blob([JSON.stringify({ lines: [{ sku, quantity: 1 }] })]).stream();
    const answer = await fetch(`${proxy.origin}/api/v1/orders`, { method: "POST", headers, body, duplex: "half" });
    assert.equal(answer.status, CHUNKED_STATUS[name], await answer.text());
  });

  for (const [way, options] of Object.entries(WAYS)) {
    it(`carries the live feed by ${way}`, async () => {
      const { sku } = await makeProduct(client, { quantity: 100 });
      const watcher = await connect(options);
      await watcher.subscribe({ stock: "all", orders: true });
      if (way === "the upgrade") await watcher.upgraded();
      // One order at each instance: the feed is one, wherever the watcher is.
      for (const instance of cluster.instances) {
        const at = instance.client(cluster.token);
        const { id } = await placeOrder(at, [{ sku, quantity: 1 }]);
        await watcher.until(() => watcher.orders.some(({ order }) => order.id === id), `order ${id}`);
      }
      await watcher.until(() => watcher.levels.get(`${sku} @ MAIN`)?.available === 97, "the level");
      assert.ok(watcher.socket.connected);
      watcher.close();
    });
  }

  it("keeps every polling browser at its instance, and spreads them", async () => {
    const browsers = sessions.map((token) => new PollingBrowser(proxy.origin, token));
    await Promise.all(browsers.map((browser) => browser.connect()));
    const connected = await figures("onhand_socket_connections");
    for (let poll = 0; poll < POLLS; poll++) {
      const answers = await Promise.all(browsers.map((browser) => browser.ask(poll, "watch", { keys: [] })));
      assert.ok(answers.every(({ ok }) => ok));
    }
    assert.ok(connected.filter((count) => count > 0).length > 1, `live clients of each instance: ${connected}`);
    await Promise.all(browsers.map((browser) => browser.close()));
  });

  it("goes on without an instance, and with it when it is back", async () => {
    const { sku } = await makeProduct(client, { quantity: 1000 });
    const watchers = await Promise.all(Object.values(WAYS).map((options) => connect(options)));
    const heads = await Promise.all(watchers.map((watcher) => watcher.subscribe({ stock: "all", orders: true })));
    for (const watcher of watchers) {
      watcher.socket.on("connect", () => watcher.socket.emit("subscribe", { stock: "all", orders: true, after: watcher.told }));
    }
    const placed = [];
    for (const [index, instance] of cluster.instances.entries()) {
      if (index === 1) await instance.kill();
      else await instance.stop();
      // With the same key again, as clients do, when an answer was cut off.
      for (let count = 0; count < 10; count++) placed.push(await persist(client, sku));
      await instance.launch();
    }
    assert.equal(new Set(placed).size, 30);
    await untilAvailable(client, sku, 970);
    for (const [index, watcher] of watchers.entries()) {
      await watcher.until(() => watcher.levels.get(`${sku} @ MAIN`)?.available === 970, `watcher ${index} has caught up`);
      watcher.checkContinuity(heads[index]);
      watcher.close();
    }
  });
}

// Places an order until it has an answer of the server, as the page does: with the same key and a pause between. A
// proxy may hold an instance that is back for gone for a second; with the next one going meanwhile that can be all.
async function persist(client, sku) {
  const key = newKey();
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const answer = await client
      .send("POST", "/api/v1/orders", { body: { lines: [{ sku, quantity: 1 }] }, key })
      .catch((error) => ({ status: 0, text: error.message }));
    if (answer.status === 201) return answer.json.id;
    assert.ok([0, 502, 503, 504].includes(answer.status), `${answer.status} ${answer.text}`);
    await sleep(PAUSE_MS);
  }
  throw new Error("no instance took the order");
}

for (const name of PROXIES) describe(`behind ${name}`, () => describeProxy(name));
