// The live feed under clients that ask for too much, for nonsense or for the impossible: floods of subscriptions, keys
// that nobody knows, positions that cannot be, thousands of tiny messages, a thousand clients of one user. Each case
// ends with a look at another client, which must not have been kept from its work.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { Server } from "../support/server.mjs";
import { feedHead, makeProduct, placeOrder } from "../support/stock.mjs";
import { LiveClient } from "./live_client.mjs";

const WEBSOCKET = { transports: ["websocket"] };
const POLLING = { transports: ["polling"] };
// Feed items that a client may have missed and still be brought up to date.
const CATCH_UP_MAX = 20_000;
const GROWTH_BYTES_MAX = 200e6;

const clients = [];
async function connect(server, options = WEBSOCKET) {
  const client = new LiveClient(server.origin, server.admin.token, options);
  clients.push(client);
  return client.connected();
}

async function residentBytes(admin) {
  const { text } = await admin.get("/metrics");
  return Number(/^onhand_process_resident_bytes (\S+)$/m.exec(text)[1]);
}

// Holds that `watcher` hears an order and is answered.
async function checkUnharmed(admin, watcher) {
  const { sku } = await makeProduct(admin, { quantity: 5 });
  const order = await placeOrder(admin, [{ sku, quantity: 1 }]);
  await watcher.until(() => watcher.orders.some((each) => each.order.id === order.id), "the order");
  assert.equal((await watcher.ask("watch", { keys: [[sku, "MAIN"]] })).ok, true);
}

let server;
let admin;
let watcher;
before(async () => {
  server = await Server.start({ flags: ["--io-threads", "2"] });
  admin = server.admin;
});
after(() => server.dispose());
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
const watch = async () => {
  watcher = await connect(server);
  await watcher.subscribe({ stock: "all", orders: true });
};

for (const [way, options] of Object.entries({ "polling only": POLLING, "websocket only": WEBSOCKET })) {
  describe(`a flood by ${way}`, () => {
    it("of 1,000 subscriptions and as many ends is answered, one by one", async () => {
      await watch();
      const client = await connect(server, options);
      const forms = [{ stock: "all", orders: true }, {}, { stock: { location: "MAIN" } }, { stock: { keys: [] } }];
      const answers = await Promise.all(Array.from({ length: 2000 }, (_, i) => client.ask("subscribe", forms[i % 4])));
      assert.ok(answers.every(({ ok }) => ok));
      const head = await client.subscribe({ stock: "all", orders: true });
      await checkUnharmed(admin, client);
      client.checkContinuity(head);
      await checkUnharmed(admin, watcher);
    });

    it("of subscriptions that each ask for everything from the start is answered, the newest with the feed", async () => {
      const { sku } = await makeProduct(admin, { quantity: 1000 });
      for (let i = 0; i < 30; i += 1) await placeOrder(admin, [{ sku, quantity: 1 }]);
      await watch();
      const client = await connect(server, options);
      const everything = { stock: "all", orders: true, after: 0 };
      const answers = await Promise.all(Array.from({ length: 1000 }, () => client.ask("subscribe", everything)));
      const replaced = answers.filter(({ ok }) => !ok);
      for (const { error } of replaced) assert.equal(error, "replaced by a later subscribe");
      assert.equal(answers.at(-1).ok, true);
      await client.until(() => client.told >= answers.at(-1).head, "the head");
      assert.equal(client.levels.get(`${sku} @ MAIN`).allocated, 30);
      await checkUnharmed(admin, watcher);
    });

    it("of keys that nobody knows is taken, and hears nothing of them", async () => {
      await watch();
      const client = await connect(server, options);
      const unknown = (n) => Array.from({ length: n }, (_, i) => [`NO-SUCH-${i}`, i % 2 ? "MAIN" : "NOWHERE"]);
      assert.equal((await client.ask("subscribe", { stock: { keys: unknown(1000) } })).ok, true);
      assert.equal((await client.ask("watch", { keys: unknown(2000) })).ok, true);
      assert.equal((await client.ask("watch", { keys: unknown(2001) })).ok, false);
      const odd = [["", ""], ["x".repeat(10_000), "MAIN"], ["__proto__", "constructor"], ["\u0000", "\ud800"]];
      assert.equal((await client.ask("watch", { keys: odd })).ok, true);
      assert.equal((await client.ask("subscribe", { stock: { location: "NOWHERE" } })).ok, true);
      await checkUnharmed(admin, watcher);
      assert.equal((await client.ask("subscribe", {})).ok, true);
      assert.equal(client.levels.size, 0);
    });
  });
}

describe("a position", () => {
  const subscribe = async (position) => {
    const client = await connect(server);
    return { client, answer: await client.ask("subscribe", { stock: "all", after: position }) };
  };

  it("that is no feed number is refused, and leaves the subscription as it was", async () => {
    const head = await feedHead(admin);
    const none = [-1, -1e15, 1.5, "0", String(head), "latest", true, [], [1], {}, 1e300, 9_223_372_036_854_775_808];
    for (const position of none) {
      const { answer } = await subscribe(position);
      assert.equal(answer.ok, false, JSON.stringify(position));
      assert.match(answer.error, /after/);
    }
    const client = await connect(server);
    await client.subscribe({ orders: true });
    assert.equal((await client.ask("subscribe", { after: "x" })).ok, false);
    await checkUnharmed(admin, client);
  });

  it("in the future, as of another server's feed, starts over", async () => {
    const head = await feedHead(admin);
    for (const position of [head + 1, head + 1_000_000, Number.MAX_SAFE_INTEGER]) {
      const { client, answer } = await subscribe(position);
      assert.deepEqual(answer, { ok: true, head });
      await client.until(() => client.resets.length === 1, "feed.reset");
      assert.deepEqual(client.resets, [{ head }]);
    }
  });

  it("0 tells everything, and null or none tells what comes", async () => {
    const { sku } = await makeProduct(admin, { quantity: 7 });
    const head = await feedHead(admin);
    for (const position of [0, -0]) {
      const { client, answer } = await subscribe(position);
      assert.deepEqual(answer, { ok: true, head });
      assert.equal(client.levels.get(`${sku} @ MAIN`).on_hand, 7);
      assert.equal(client.ranges[0][0], 1);
      client.checkContinuity(0);
    }
    for (const position of [null, undefined, head]) {
      const { client, answer } = await subscribe(position);
      assert.deepEqual(answer, { ok: true, head });
      assert.deepEqual([client.resets, client.ranges], [[], []]);
    }
  });

  it("beyond the window starts over, and the last one within it does not", async () => {
    const rows = Array.from({ length: CATCH_UP_MAX / 2 }, (_, i) => `WINDOW-${i},Product ${i},1`);
    const csv = `sku,name,quantity\n${rows.join("\n")}\n`;
    const done = await admin.post("/api/v1/imports?kind=products", csv, { headers: { "Content-Type": "text/csv" } });
    assert.equal(done.json.created, CATCH_UP_MAX / 2, done.text);
    const head = await feedHead(admin);
    assert.ok(head > CATCH_UP_MAX);
    const within = await subscribe(head - CATCH_UP_MAX);
    assert.deepEqual([within.answer, within.client.resets], [{ ok: true, head }, []]);
    assert.equal(within.client.levels.get(`WINDOW-${CATCH_UP_MAX / 2 - 1} @ MAIN`).on_hand, 1);
    const beyond = await subscribe(head - CATCH_UP_MAX - 1);
    assert.deepEqual([beyond.answer, beyond.client.resets], [{ ok: true, head }, [{ head }]]);
    assert.equal(beyond.client.levels.size, 0);
    const { sku } = await makeProduct(admin, { quantity: 1 });
    await beyond.client.until(() => beyond.client.levels.has(`${sku} @ MAIN`), "the feed after the reset");
  });
});

describe("tiny messages", () => {
  it("10,000 of one byte that mean nothing do no harm", async () => {
    await watch();
    const client = await connect(server);
    const before = await residentBytes(admin);
    const { ws } = client.socket.io.engine.transport;
    for (let i = 0; i < 10_000; i += 1) ws.send("3");
    assert.equal((await client.ask("watch", { keys: [] })).ok, true, "behind all of them");
    await checkUnharmed(admin, watcher);
    assert.ok((await residentBytes(admin)) - before < GROWTH_BYTES_MAX);
  });

  it("one of one byte that no packet is ends that connection, and 10,000 behind it are not read", async () => {
    await watch();
    const client = await connect(server, { ...WEBSOCKET, reconnection: false });
    const gone = client.on("disconnect");
    const { ws } = client.socket.io.engine.transport;
    for (let i = 0; i < 10_000; i += 1) ws.send("4");
    await gone;
    await checkUnharmed(admin, watcher);
  });

  it("10,000 events without a use are each refused", async () => {
    await watch();
    const client = await connect(server);
    const asked = Array.from({ length: 10_000 }, () => client.socket.timeout(60_000).emitWithAck("x"));
    for (const answer of await Promise.all(asked)) assert.equal(answer.ok, false);
    await checkUnharmed(admin, watcher);
  });
});

describe("a thousand clients of one user", () => {
  it("are served, counted as one, and all come back after a restart", async () => {
    const presence = [];
    const crowd = [];
    for (let i = 0; i < 20; i += 1) {
      crowd.push(...(await Promise.all(Array.from({ length: 50 }, () => connect(server)))));
    }
    for (const client of crowd) {
      client.socket.on("connect", () => {
        client.again = client.ask("subscribe", { orders: true });
      });
    }
    crowd[0].socket.on("presence.changed", (message) => presence.push(message));
    await Promise.all(crowd.map((client) => client.subscribe({ orders: true })));
    await checkUnharmed(admin, crowd[0]);
    await crowd[0].until(() => presence.length > 0, "presence.changed");
    assert.deepEqual(presence, [{ users: [{ id: admin.user.id, name: admin.user.name }] }]);
    const lost = crowd.map((client) => client.on("disconnect"));
    await server.kill();
    await Promise.all(lost);
    await server.launch();
    for (const client of crowd) {
      await client.connected();
      assert.equal((await client.again).ok, true);
    }
    const { sku } = await makeProduct(admin, { quantity: 5 });
    const { id } = await placeOrder(admin, [{ sku, quantity: 1 }]);
    for (const client of crowd) await client.until(() => client.orders.at(-1)?.order.id === id, "the order");
  });
});
