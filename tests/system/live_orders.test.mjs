// order.place on the live feed with the real socket.io-client: the same order, the same refusals and the same keys as
// over HTTP, whatever becomes of the client or the server.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { newKey } from "../support/client.mjs";
import { Server } from "../support/server.mjs";
import { adjust, balancesOf, levelOf, makeProduct, readList, tryOrder, unchanged } from "../support/stock.mjs";
import { LiveClient } from "./live_client.mjs";

const WAYS = {
  "polling only": { transports: ["polling"] },
  "websocket only": { transports: ["websocket"] },
  "the default options": {},
};
const WEBSOCKET = WAYS["websocket only"];
const ORDERS_IN_HAND_MAX = 64;

const clients = [];
async function connect(server, user, options = WEBSOCKET) {
  const client = new LiveClient(server.origin, user.token, options);
  clients.push(client);
  return client.connected();
}
const closeAll = () => {
  for (const client of clients.splice(0)) client.close();
};

const place = (client, body, key = newKey()) => client.ask("order.place", { idempotency_key: key, ...body });
const ordersOf = (client, sku) => readList(client, `/api/v1/orders?sku=${sku}`);

// A server for one test, whose data is verified at its end.
async function withServer(flags, test) {
  const server = await Server.start({ flags });
  try {
    await test(server);
  } finally {
    closeAll();
    await server.dispose();
  }
}

// Holds an acknowledgement to a refusal.
function checkRefused(ack, status, code) {
  assert.equal(ack.status, status, JSON.stringify(ack));
  assert.equal(ack.problem.status, status);
  assert.equal(ack.problem.code, code);
  assert.equal(ack.problem.type, `/docs/problems/${code}`);
  assert.match(ack.problem.trace_id, /^[0-9a-f]{32}$/);
  assert.equal(ack.order, undefined);
}

for (const [way, options] of Object.entries(WAYS)) {
  describe(`order.place by ${way}`, () => {
    let server;
    let admin;
    let live;
    before(async () => {
      server = await Server.start({ flags: ["--io-threads", "2"] });
      admin = server.admin;
      live = await connect(server, admin, options);
    });
    after(async () => {
      closeAll();
      await server.dispose();
    });

    it("places the order that HTTP would", async () => {
      const { sku } = await makeProduct(admin, { quantity: 10 });
      await live.subscribe({ stock: "all", orders: true });
      const body = { lines: [{ sku, quantity: 4 }], reference: "R-1", customer: 'Zoë "Z"', note: null };
      const ack = await place(live, body);
      assert.deepEqual(Object.keys(ack), ["status", "order"]);
      assert.equal(ack.status, 201);
      assert.deepEqual((await admin.get(`/api/v1/orders/${ack.order.id}`)).json, ack.order);
      assert.deepEqual([ack.order.reference, ack.order.customer, ack.order.note], ["R-1", 'Zoë "Z"', null]);
      assert.equal(ack.order.placed_by, admin.user.id);
      await live.until(() => live.levels.get(`${sku} @ MAIN`)?.allocated === 4, "the level");
      assert.deepEqual(live.levels.get(`${sku} @ MAIN`), balancesOf(await levelOf(admin, sku)));
      assert.deepEqual(live.orders.at(-1).order, ack.order);
    });

    it("says what is short, and takes nothing", async () => {
      const { sku } = await makeProduct(admin, { quantity: 3 });
      const ack = await unchanged(admin, () => place(live, { lines: [{ sku, quantity: 5 }] }));
      checkRefused(ack, 409, "insufficient_stock");
      assert.deepEqual(ack.problem.shortages, [{ sku, location: "MAIN", requested: 5, available: 3 }]);
    });

    it("makes one order of one key, over both ways", async () => {
      const { sku } = await makeProduct(admin, { quantity: 10 });
      const body = { lines: [{ sku, quantity: 2 }], customer: "Zoë" };
      const [mine, theirs] = [newKey(), newKey()];
      const first = await place(live, body, mine);
      assert.deepEqual(await place(live, body, mine), first);
      const byHttp = await admin.post("/api/v1/orders", body, { key: mine });
      assert.deepEqual([byHttp.status, byHttp.json], [201, first.order]);
      assert.equal(byHttp.headers["idempotency-replayed"], "true");
      // A client that writes its JSON in another way.
      const spaced = JSON.stringify(body, null, 2).replace("ë", "\\u00eb");
      const second = await admin.post("/api/v1/orders", spaced, {
        key: theirs,
        headers: { "Content-Type": "application/json" },
      });
      assert.deepEqual(await place(live, body, theirs), { status: 201, order: second.json });
      checkRefused(await place(live, { ...body, note: "another" }, theirs), 422, "idempotency_mismatch");
      assert.equal((await levelOf(admin, sku)).allocated, 4);
    });

    it("repeats a refusal after the stock has come", async () => {
      const { sku } = await makeProduct(admin, { quantity: 1 });
      const body = { lines: [{ sku, quantity: 2 }] };
      const key = newKey();
      const refused = await place(live, body, key);
      checkRefused(refused, 409, "insufficient_stock");
      await adjust(admin, sku, 10);
      assert.deepEqual(await unchanged(admin, () => place(live, body, key)), refused);
      assert.deepEqual((await admin.post("/api/v1/orders", body, { key })).json, refused.problem);
      assert.equal((await place(live, body)).status, 201);
    });

    it("places the order of a client that asks for no answer, and of one that does not wait for it", async () => {
      const { sku } = await makeProduct(admin, { quantity: 10 });
      const watcher = await connect(server, admin, options);
      await watcher.subscribe({ orders: true });
      const placed = (reference) => watcher.orders.find(({ order }) => order.reference === reference)?.order;
      const hasty = await connect(server, admin, options);
      const leaving = { lines: [{ sku, quantity: 1 }], reference: `left ${way}` };
      const silent = { lines: [{ sku, quantity: 1 }], reference: `silent ${way}` };
      const [leftKey, silentKey] = [newKey(), newKey()];
      live.socket.emit("order.place", { idempotency_key: silentKey, ...silent });
      hasty.socket.emit("order.place", { idempotency_key: leftKey, ...leaving }, () => assert.fail("it has left"));
      hasty.socket.disconnect();
      await watcher.until(() => placed(leaving.reference) && placed(silent.reference), "both orders");
      const again = await tryOrder(admin, leaving.lines, { key: leftKey, reference: leaving.reference });
      assert.deepEqual([again.status, again.json], [201, placed(leaving.reference)]);
      assert.equal(again.headers["idempotency-replayed"], "true");
      assert.deepEqual(await place(live, silent, silentKey), { status: 201, order: placed(silent.reference) });
      assert.equal((await levelOf(admin, sku)).allocated, 2);
    });

    it("keeps what it acknowledged over a kill, with its key", async () => {
      const { sku } = await makeProduct(admin, { quantity: 10 });
      const body = { lines: [{ sku, quantity: 2 }] };
      const key = newKey();
      const first = await place(live, body, key);
      const lost = live.on("disconnect");
      await server.kill();
      await lost;
      await server.launch();
      await live.connected();
      assert.deepEqual(await place(live, body, key), first);
      assert.equal((await ordersOf(admin, sku)).length, 1);
    });
  });
}

describe("order.place refuses", () => {
  let server;
  let admin;
  let live;
  let sku;
  before(async () => {
    server = await Server.start();
    admin = server.admin;
    live = await connect(server, admin);
    sku = (await makeProduct(admin, { quantity: 1000 })).sku;
  });
  after(async () => {
    closeAll();
    await server.dispose();
  });

  const line = (fields) => ({ lines: [{ sku, quantity: 1, ...fields }] });
  const bodies = () => ({
    nothing: {},
    "no lines": { lines: [] },
    "lines that are none": { lines: "x" },
    "a line that is none": { lines: [7] },
    "201 lines": { lines: Array.from({ length: 201 }, () => ({ sku, quantity: 1 })) },
    "no quantity": { lines: [{ sku }] },
    "quantity 0": line({ quantity: 0 }),
    "half a quantity": line({ quantity: 1.5 }),
    "too large a quantity": line({ quantity: 1_000_001 }),
    "a text for a quantity": line({ quantity: "1" }),
    "an unknown SKU": line({ sku: "NONE" }),
    "an unknown location": line({ location: "NOWHERE" }),
    "an unknown field": { ...line(), surprise: 1 },
    "an unknown field of a line": line({ idempotency_key: "k" }),
    "too long a note": { ...line(), note: "x".repeat(10_000) },
    "control characters": { ...line(), note: "a\u0007b" },
    "the character U+0000": { ...line(), note: "\u0000" },
    "several faults": { lines: [{ quantity: -1 }, { sku: "", quantity: 1 }], customer: 5 },
    "more bytes than an order may have": { ...line(), note: "x".repeat(140_000) },
    "more than there is": line({ quantity: 100_000 }),
  });
  for (const name of Object.keys(bodies())) {
    it(`${name}, in the words of HTTP`, async () => {
      const body = bodies()[name];
      const ack = await unchanged(admin, () => place(live, body));
      const answer = await unchanged(admin, () => admin.post("/api/v1/orders", body, { key: newKey() }));
      assert.ok(answer.status >= 400);
      const { trace_id: mine, ...problem } = ack.problem;
      const { trace_id: theirs, ...expected } = answer.json;
      // Where in the text the JSON ends to be JSON is told of what was sent.
      if (problem.code === "malformed_json") problem.detail = expected.detail;
      assert.deepEqual({ status: ack.status, problem }, { status: answer.status, problem: expected });
      assert.notEqual(mine, theirs);
    });
  }

  it("what is no object", async () => {
    for (const args of [[], [null], ["order"], [[]], [line(), line()]]) {
      const ack = await live.socket.timeout(10_000).emitWithAck("order.place", ...args);
      checkRefused(ack, 400, "invalid_request");
    }
  });

  it("a key that is missing or wrong", async () => {
    for (const body of [line(), { ...line(), idempotency_key: null }]) {
      checkRefused(await unchanged(admin, () => live.ask("order.place", body)), 400, "idempotency_key_missing");
    }
    for (const key of ["", "  ", "x".repeat(129), "k\u00e9y", "tab\tbed", 7, true, ["k"], { k: 1 }]) {
      const ack = await unchanged(admin, () => place(live, line(), key));
      checkRefused(ack, 400, "idempotency_key_invalid");
    }
    for (const key of ["x", "x".repeat(128), "two words", `"quoted"`]) {
      assert.equal((await place(live, line(), key)).status, 201, key);
    }
  });

  it("a viewer, and takes a key of one account for no other's", async () => {
    const viewer = await connect(server, await server.userWith("viewer"));
    checkRefused(await unchanged(admin, () => place(viewer, line())), 403, "forbidden");
    const clerk = await server.userWith("clerk");
    const other = await connect(server, clerk);
    const key = newKey();
    const mine = await place(live, line(), key);
    const theirs = await place(other, line(), key);
    assert.deepEqual([mine.status, theirs.status], [201, 201]);
    assert.notEqual(mine.order.id, theirs.order.id);
    assert.equal(theirs.order.placed_by, clerk.user.id);
  });

  it("who may no longer, from the moment on", async () => {
    for (const change of [{ role: "viewer" }, { disabled: true }, { password: "another long passphrase" }]) {
      const user = await server.userWith("clerk");
      const client = await connect(server, user, { ...WEBSOCKET, reconnection: false });
      assert.equal((await place(client, line())).status, 201);
      const orders = (await ordersOf(admin, sku)).length;
      assert.equal((await admin.patch(`/api/v1/users/${user.user.id}`, change)).status, 200);
      // The server may have ended the client already; then there is no answer.
      const gone = client.on("disconnect").then(() => null);
      const ack = await Promise.race([place(client, line()).catch(() => gone), gone]);
      if (ack !== null) checkRefused(ack, 401, "unauthenticated");
      assert.equal((await ordersOf(admin, sku)).length, orders);
    }
  });
});

describe("many orders by the live feed", () => {
  it("are bounded for each client, and none is lost", () => withServer([], async (server) => {
    const { sku } = await makeProduct(server.admin, { quantity: 10_000 });
    const client = await connect(server, server.admin);
    const body = { lines: [{ sku, quantity: 1 }] };
    const keys = Array.from({ length: 500 }, newKey);
    const acks = await Promise.all(keys.map((key) => place(client, body, key)));
    const placed = acks.filter((ack) => ack.status === 201);
    assert.ok(placed.length >= ORDERS_IN_HAND_MAX, `${placed.length}`);
    for (const ack of acks.filter((each) => each.status !== 201)) {
      checkRefused(ack, 429, "rate_limited");
      assert.ok(ack.retry_after > 0);
    }
    assert.equal((await levelOf(server.admin, sku)).allocated, placed.length);
    // A refusal for lack of room is not kept: the key still makes its order.
    for (const [i, key] of keys.entries()) {
      if (acks[i].status === 201) continue;
      assert.equal((await place(client, body, key)).status, 201);
    }
    assert.equal((await levelOf(server.admin, sku)).allocated, keys.length);
  }));

  it("never sell more than there is, together with HTTP", () => withServer(["--io-threads", "2"], async (server) => {
    const { sku } = await makeProduct(server.admin, { quantity: 100 });
    const lives = await Promise.all(Object.values(WAYS).map((options) => connect(server, server.admin, options)));
    const statuses = [];
    const buy = async (once) => {
      for (let i = 0; i < 30; i += 1) statuses.push(await once());
    };
    const body = { lines: [{ sku, quantity: 1 }] };
    const byLive = lives.flatMap((live) => [live, live]).map((live) => buy(async () => (await place(live, body)).status));
    const byHttp = [1, 2].map(() => buy(async () => (await tryOrder(server.admin, body.lines)).status));
    await Promise.all([...byLive, ...byHttp]);
    assert.equal(statuses.length, 240);
    assert.equal(statuses.filter((status) => status === 201).length, 100);
    assert.equal(statuses.filter((status) => status === 409).length, 140);
    assert.equal((await levelOf(server.admin, sku)).available, 0);
  }));

  it("are answered when the server is told to stop: every order that stands was acknowledged", () => withServer([], async (server) => {
    const { sku } = await makeProduct(server.admin, { quantity: 10_000 });
    const acknowledged = new Set();
    for (let round = 0; round < 4; round += 1) {
      const live = await Promise.all(
        Object.values(WAYS).map((options) => connect(server, server.admin, { ...options, reconnection: false })),
      );
      const lines = [{ sku, quantity: 1 }];
      const gone = live.map((client) => client.on("disconnect"));
      for (const client of live) {
        for (let i = 0; i < 40; i += 1) {
          client.socket.emit("order.place", { idempotency_key: newKey(), lines }, (ack) => {
            if (ack.status === 201) acknowledged.add(ack.order.id);
            else assert.ok([429, 503].includes(ack.status), JSON.stringify(ack));
          });
        }
      }
      // The first is placed, so that the rest is on its way.
      await place(live[1], { lines }).then((ack) => ack.status === 201 && acknowledged.add(ack.order.id));
      await server.stop();
      await Promise.all(gone);
      closeAll();
      await server.launch();
      const orders = await ordersOf(server.admin, sku);
      const unheard = orders.filter(({ id }) => !acknowledged.has(id));
      assert.deepEqual(unheard.map(({ number }) => number), [], "orders that stand but were not acknowledged");
      assert.equal(orders.length, acknowledged.size);
    }
  }));
});
