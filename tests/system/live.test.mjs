// The live feed with the real socket.io-client: on each transport, over disconnects and restarts.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { newKey } from "../support/client.mjs";
import { Server } from "../support/server.mjs";
import {
  adjust,
  balancesOf,
  feedHead,
  levelOf,
  makeLocation,
  makeProduct,
  placeOrder,
  readFeed,
  stockTable,
} from "../support/stock.mjs";
import { LiveClient } from "./live_client.mjs";

const WAYS = {
  "polling only": { transports: ["polling"] },
  "websocket only": { transports: ["websocket"] },
  "the default options": {},
};

const clients = [];
const connect = async (server, options) => {
  const client = new LiveClient(server.origin, server.admin.token, options);
  clients.push(client);
  return client.connected();
};
const closeAll = () => {
  for (const client of clients.splice(0)) client.close();
};

for (const [way, options] of Object.entries(WAYS)) {
  describe(`the live feed by ${way}`, () => {
    let server;
    let admin;
    before(async () => {
      server = await Server.start();
      admin = server.admin;
      await makeLocation(admin, "EAST");
    });
    after(async () => {
      closeAll();
      await server.dispose();
    });

    it("tells the stock and the order after an order by HTTP", async () => {
      const client = await connect(server, options);
      const { sku } = await makeProduct(admin, { quantity: 10 });
      await client.subscribe({ stock: "all", orders: true, after: await feedHead(admin) });
      const head = await feedHead(admin);
      const order = await placeOrder(admin, [{ sku, quantity: 4 }]);
      await client.until(() => client.told >= head + 2, "the order");
      assert.deepEqual(client.levels.get(`${sku} @ MAIN`), balancesOf(await levelOf(admin, sku)));
      assert.deepEqual(client.orders, [{ seq: head + 2, order }]);
      client.checkContinuity(head);
      const done = await admin.post(`/api/v1/orders/${order.id}/fulfil`, undefined, { key: newKey() });
      await client.until(() => client.orders.length === 2, "the shipment");
      assert.deepEqual(client.orders[1].order, done.json);
      assert.equal(client.levels.get(`${sku} @ MAIN`).on_hand, 6);
      if (way === "the default options") assert.equal(client.socket.io.engine.transport.name, "websocket");
    });

    it("tells only what was asked for", async () => {
      const { sku } = await makeProduct(admin, { opening_stock: [{ quantity: 9 }, { location: "EAST", quantity: 9 }] });
      const other = await makeProduct(admin, { quantity: 9 });
      const east = await connect(server, options);
      const keys = await connect(server, options);
      const orders = await connect(server, options);
      const all = await connect(server, options);
      await east.subscribe({ stock: { location: "EAST" } });
      await keys.subscribe({ stock: { keys: [[sku, "MAIN"], ["NO-SUCH", "MAIN"]] }, orders: false });
      await orders.subscribe({ orders: true });
      const head = await feedHead(admin);
      await all.subscribe({ stock: "all", orders: true, after: head });
      await placeOrder(admin, [{ sku, quantity: 1 }, { sku: other.sku, quantity: 1 }]);
      await adjust(admin, sku, 1, { location: "EAST" });
      await adjust(admin, sku, 1);
      // A last change that each of them hears of, so that nothing more can come before it.
      await placeOrder(admin, [{ sku, quantity: 2 }, { sku, quantity: 2, location: "EAST" }]);
      const main = balancesOf(await levelOf(admin, sku));
      const there = balancesOf(await levelOf(admin, sku, "EAST"));
      const is = (client, name, level) => client.levels.get(name)?.version === level.version;
      await east.until(() => is(east, `${sku} @ EAST`, there), "the level at EAST");
      await keys.until(() => is(keys, `${sku} @ MAIN`, main), "the level named");
      await orders.until(() => orders.orders.length === 2, "two orders");
      await all.until(() => all.told >= head + 8, "everything");
      assert.deepEqual([...east.levels], [[`${sku} @ EAST`, there]]);
      assert.deepEqual([...keys.levels], [[`${sku} @ MAIN`, main]]);
      assert.deepEqual([orders.levels.size, keys.orders.length, east.orders.length], [0, 0, 0]);
      assert.deepEqual([...all.levels.keys()].sort(), [`${other.sku} @ MAIN`, `${sku} @ EAST`, `${sku} @ MAIN`].sort());
      all.checkContinuity(head);
    });

    it("tells the rows on the screen, and the present values of new ones", async () => {
      const a = await makeProduct(admin, { quantity: 5 });
      const b = await makeProduct(admin, { quantity: 6 });
      const client = await connect(server, options);
      await client.subscribe({ orders: false });
      assert.equal((await client.ask("watch", { keys: [[a.sku, "MAIN"]] })).ok, true);
      await client.until(() => client.levels.has(`${a.sku} @ MAIN`), "the present value");
      assert.equal(client.levels.get(`${a.sku} @ MAIN`).on_hand, 5);
      await client.ask("watch", { keys: [[b.sku, "MAIN"]] });
      await adjust(admin, a.sku, 1);
      await adjust(admin, b.sku, 1);
      await client.until(() => client.levels.get(`${b.sku} @ MAIN`)?.on_hand === 7, "the change");
      assert.equal(client.levels.get(`${a.sku} @ MAIN`).on_hand, 5);
    });

    it("brings a client that was away up to date", async () => {
      const { sku } = await makeProduct(admin, { quantity: 100 });
      const client = await connect(server, options);
      const head = await feedHead(admin);
      await client.subscribe({ stock: "all", orders: true, after: head });
      client.socket.disconnect();
      const placed = [];
      for (let i = 0; i < 30; i += 1) placed.push(await placeOrder(admin, [{ sku, quantity: 1 }]));
      client.socket.connect();
      await client.connected();
      const now = await feedHead(admin);
      const told = await client.subscribe({ stock: "all", orders: true, after: head });
      assert.ok(told > head && told <= now, `${told}`);
      await client.until(() => client.told >= now && client.orders.length >= placed.length, "what was missed");
      assert.deepEqual(client.orders.map((each) => each.order), placed);
      assert.equal(client.levels.get(`${sku} @ MAIN`).allocated, 30);
      client.checkContinuity(head);
      assert.deepEqual(client.resets, []);
    });

    it("answers a position that cannot be with feed.reset", async () => {
      const client = await connect(server, options);
      const head = await client.subscribe({ stock: "all", after: 1_000_000_000 });
      await client.until(() => client.resets.length === 1, "feed.reset");
      assert.equal(client.resets[0].head, head);
      assert.ok(head <= (await feedHead(admin)));
      const { sku } = await makeProduct(admin, { quantity: 1 });
      await client.until(() => client.levels.has(`${sku} @ MAIN`), "the feed after the reset");
    });

    it("says the head when nothing that concerns a client went by", async () => {
      const client = await connect(server, options);
      await client.subscribe({ stock: { keys: [] } });
      await makeProduct(admin, { quantity: 1 });
      const head = await feedHead(admin);
      await client.until(() => client.heads.at(-1)?.head >= head, "feed.head");
    });

    it("refuses wrong arguments with a reason", async () => {
      const client = await connect(server, options);
      const many = Array.from({ length: 2001 }, (_, i) => [`S${i}`, "MAIN"]);
      const wrong = [null, [], "all", 5, { stock: "some" }, { stock: { keys: "x" } }, { stock: { keys: [["A"]] } }];
      wrong.push({ stock: { keys: [[1, 2]] } }, { stock: { location: 1 } }, { orders: 1 }, { after: -1 }, { after: "1" });
      wrong.push({ after: 1.5 }, { stocks: "all" }, { stock: { keys: many } });
      for (const argument of wrong) {
        const answer = await client.ask("subscribe", argument);
        assert.equal(answer.ok, false, JSON.stringify(argument)?.slice(0, 80));
        assert.ok(answer.error.length > 0);
      }
      for (const argument of [null, {}, { keys: 1 }, { keys: many }]) {
        assert.equal((await client.ask("watch", argument)).ok, false);
      }
      assert.equal((await client.ask("nonsense", {})).ok, false);
      assert.equal((await client.ask("subscribe", { stock: "all" })).ok, true);
    });

    it("refuses who is not signed in", async () => {
      for (const token of [undefined, "", "nonsense", "x".repeat(5000)]) {
        const client = new LiveClient(server.origin, token, { ...options, reconnection: false });
        clients.push(client);
        const [error] = await client.on("connect_error");
        assert.equal(error.message, "unauthenticated");
      }
    });

    it("takes the cookie of the page, from its own origin only", async () => {
      const extraHeaders = { Cookie: `onhand_session=${admin.token}`, Origin: server.origin };
      const page = new LiveClient(server.origin, undefined, { ...options, extraHeaders });
      clients.push(page);
      await page.connected();
      for (const Origin of ["http://evil.example", "null", `http://127.0.0.1:${server.port + 1}`]) {
        const foreign = { ...options, reconnection: false, extraHeaders: { ...extraHeaders, Origin } };
        const client = new LiveClient(server.origin, admin.token, foreign);
        clients.push(client);
        const [error] = await client.on("connect_error");
        assert.notEqual(error.message, "unauthenticated");
        assert.equal(client.socket.connected, false);
      }
    });

    it("ends with the session", async () => {
      const user = await server.userWith("viewer");
      const client = new LiveClient(server.origin, user.token, options);
      clients.push(client);
      await client.connected();
      await client.subscribe({ stock: "all" });
      const ended = client.on("session.ended");
      const gone = client.on("disconnect");
      assert.equal((await user.post("/api/v1/auth/logout")).status, 204);
      await ended;
      await gone;
    });

    it("goes on over a restart and over a kill of the server, and ends with the stock table", async () => {
      const { sku } = await makeProduct(admin, { quantity: 1000 });
      const { items, head: start } = await readFeed(admin);
      const client = await connect(server, options);
      for (const { level } of items.filter((item) => item.level)) {
        client.levels.set(`${level.sku} @ ${level.location}`, balancesOf(level));
      }
      client.told = start;
      await client.subscribe({ stock: "all", orders: true, after: start });
      client.socket.on("connect", () => client.ask("subscribe", { stock: "all", orders: true, after: client.told }));
      for (const end of ["stop", "kill"]) {
        await Promise.all(Array.from({ length: 20 }, () => placeOrder(admin, [{ sku, quantity: 1 }])));
        const lost = client.on("disconnect");
        await server[end]();
        await lost;
        await server.launch();
        await placeOrder(admin, [{ sku, quantity: 1 }]);
        await client.connected();
        await placeOrder(admin, [{ sku, quantity: 2 }]);
      }
      const head = await feedHead(admin);
      await client.until(() => client.told >= head, "the head");
      assert.deepEqual([...client.levels].sort(), [...(await stockTable(admin))].sort());
      assert.equal(client.orders.length, 44);
      assert.deepEqual(client.resets, []);
      client.checkContinuity(start);
    });
  });
}

describe("many clients and a flood of orders", () => {
  it("all see every order, in the same order, and the same stock", async () => {
    const server = await Server.start({ flags: ["--io-threads", "2"] });
    const { sku } = await makeProduct(server.admin, { quantity: 10_000 });
    const watchers = await Promise.all(
      Array.from({ length: 24 }, (_, i) => connect(server, Object.values(WAYS)[i % 3])),
    );
    const heads = await Promise.all(watchers.map((each) => each.subscribe({ stock: "all", orders: true })));
    const buyers = Array.from({ length: 16 }, () => server.client(server.admin.token));
    await Promise.all(
      buyers.map(async (buyer) => {
        for (let i = 0; i < 20; i += 1) await placeOrder(buyer, [{ sku, quantity: 1 }]);
      }),
    );
    const head = await feedHead(server.admin);
    const level = balancesOf(await levelOf(server.admin, sku));
    for (const [i, watcher] of watchers.entries()) {
      await watcher.until(() => watcher.orders.length === 320 && watcher.told >= head, "all orders");
      assert.deepEqual(watcher.levels.get(`${sku} @ MAIN`), level);
      const seqs = watcher.orders.map((each) => each.seq);
      assert.deepEqual(seqs, [...seqs].sort((a, b) => a - b));
      watcher.checkContinuity(heads[i]);
    }
    closeAll();
    await server.dispose();
  });
});
