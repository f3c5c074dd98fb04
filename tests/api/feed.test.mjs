// The ledger and the numbered feed: dense numbers, the right order, and a fold that equals the stock table.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { checkProblem, newKey } from "../support/client.mjs";
import {
  adjust,
  balancesOf,
  feedHead,
  foldFeed,
  levelOf,
  makeLocation,
  makeProduct,
  placeOrder,
  readFeed,
  readList,
  stockTable,
  tryOrder,
} from "../support/stock.mjs";
import { startChecked } from "./contract.mjs";

let server;
let admin;

before(async () => {
  server = await startChecked();
  admin = server.admin;
});
after(() => server.dispose());

// Orders, shipments, cancellations and adjustments over a few products, several at a time.
async function trade(rounds) {
  const skus = [];
  for (let i = 0; i < 6; i += 1) skus.push((await makeProduct(admin, { quantity: 40 })).sku);
  for (let round = 0; round < rounds; round += 1) {
    const answers = await Promise.all(
      skus.map((sku, i) => tryOrder(admin, [{ sku, quantity: 1 + ((round + i) % 4) }, { sku: skus[round % 6], quantity: 2 }])),
    );
    const placed = answers.filter((answer) => answer.status === 201).map((answer) => answer.json.id);
    const end = (id, i) => admin.post(`/api/v1/orders/${id}/${i % 2 ? "fulfil" : "cancel"}`, undefined, { key: newKey() });
    await Promise.all([...placed.slice(0, 4).map(end), adjust(admin, skus[round % 6], 3, { reason: "restock" })]);
  }
  return skus;
}

describe("the feed", () => {
  it("has dense numbers, and its fold is the stock table", async () => {
    await makeLocation(admin, "FOLD");
    const skus = await trade(12);
    await adjust(admin, skus[0], 2, { location: "FOLD" });
    const { items, head } = await readFeed(admin);
    assert.deepEqual(items.map((item) => item.seq), Array.from({ length: head }, (_, i) => i + 1));
    assert.ok(items.length > 100);
    assert.deepEqual(foldFeed(items), await stockTable(admin));
    const times = items.map((item) => item.at);
    assert.deepEqual(times, [...times].sort());
  });

  it("tells a command's movements before its order", async () => {
    const a = await makeProduct(admin, { quantity: 5 });
    const b = await makeProduct(admin, { quantity: 5 });
    const head = await feedHead(admin);
    const order = await placeOrder(admin, [{ sku: a.sku, quantity: 2 }, { sku: b.sku, quantity: 3 }]);
    const { items } = await readFeed(admin, head);
    assert.deepEqual(items.map((item) => item.kind), ["stock.changed", "stock.changed", "order.placed"]);
    assert.deepEqual(items.map((item) => item.seq), [head + 1, head + 2, head + 3]);
    assert.deepEqual(items.map((item) => item.cause), Array(3).fill({ type: "order", id: order.id, actor: admin.user.id }));
    assert.deepEqual(items[2].order, order);
    const { movement, level } = items[1];
    assert.deepEqual([movement.kind, movement.quantity, movement.delta], ["allocated", 3, 0]);
    assert.deepEqual([movement.from, movement.to], ["MAIN", "MAIN"]);
    assert.deepEqual(balancesOf(level), balancesOf(await levelOf(admin, b.sku)));
  });

  it("gives pages of the wanted size after any number", async () => {
    const head = await feedHead(admin);
    const whole = (await readFeed(admin)).items;
    const some = (await admin.get(`/api/v1/feed?after=${head - 7}&limit=3`)).json;
    assert.deepEqual(some.items, whole.slice(head - 7, head - 4));
    assert.equal(some.head, head);
    assert.deepEqual((await admin.get(`/api/v1/feed?after=${head}`)).json, { items: [], head });
    assert.deepEqual((await admin.get(`/api/v1/feed?after=${head + 1000}`)).json, { items: [], head });
    assert.equal((await admin.get("/api/v1/feed")).json.items.length, 100);
    const small = (await readFeed(admin, 0, 13)).items;
    assert.deepEqual(small, whole);
  });

  it("tells a product and its opening stock with their own numbers", async () => {
    const head = await feedHead(admin);
    const product = await makeProduct(admin, { quantity: 3 });
    await makeLocation(admin, "FEED-LOC");
    const { items } = await readFeed(admin, head);
    assert.deepEqual(items.map((item) => item.kind).sort(), ["location.created", "product.created", "stock.changed"]);
    const find = (kind) => items.find((item) => item.kind === kind);
    assert.deepEqual(find("product.created").product, product);
    const { movement } = find("stock.changed");
    assert.deepEqual([movement.kind, movement.from, movement.to], ["received", "supplier", "MAIN"]);
    assert.equal(find("location.created").location.code, "FEED-LOC");
  });

  for (const text of ["after=-1", "after=x", "after=1.5", "after=9223372036854775808", "limit=0", "limit=501", "from=1"]) {
    it(`refuses ${text}`, async () => {
      checkProblem(await admin.get(`/api/v1/feed?${text}`), 400, "invalid_request");
    });
  }

  it("is dense while it is being written", async () => {
    const { sku } = await makeProduct(admin, { quantity: 200 });
    const start = await feedHead(admin);
    const orders = Promise.all(Array.from({ length: 100 }, () => placeOrder(admin, [{ sku, quantity: 1 }])));
    let next = start;
    const reader = server.client(admin.token);
    while (next < start + 200) {
      const { items } = (await reader.get(`/api/v1/feed?after=${next}&limit=500`)).json;
      assert.deepEqual(items.map((item) => item.seq), items.map((_, i) => next + 1 + i));
      next += items.length;
    }
    await orders;
    assert.equal(await feedHead(admin), start + 200);
  });
});

describe("the ledger", () => {
  it("adds up to every level, and each row to the one before", async () => {
    const levels = new Map();
    const all = await readList(admin, "/api/v1/movements?after=0");
    for (const row of all) {
      const name = `${row.sku} @ ${row.location}`;
      const before = levels.get(name) ?? { on_hand: 0, allocated: 0, version: 0 };
      assert.equal(row.after.on_hand, before.on_hand + row.delta, `${name} ${row.kind}`);
      assert.equal(row.version, before.version + 1);
      const allocated = { allocated: row.quantity, deallocated: -row.quantity, fulfilled: -row.quantity }[row.kind] ?? 0;
      assert.equal(row.after.allocated, before.allocated + allocated, `${name} ${row.kind}`);
      levels.set(name, { ...row.after, version: row.version });
    }
    assert.deepEqual(levels, await stockTable(admin));
    const seqs = all.map((row) => row.seq);
    assert.deepEqual(seqs, [...seqs].sort((a, b) => a - b));
  });

  it("reads newest first, or forward after a feed number, by product, place and order", async () => {
    await makeLocation(admin, "LEDGER");
    const { sku } = await makeProduct(admin, { quantity: 9 });
    const order = await placeOrder(admin, [{ sku, quantity: 2 }]);
    await adjust(admin, sku, 4, { location: "LEDGER" });
    await admin.post(`/api/v1/orders/${order.id}/fulfil`, undefined, { key: newKey() });
    const kinds = async (filter) =>
      (await admin.get(`/api/v1/movements?${new URLSearchParams(filter)}`)).json.items.map((row) => row.kind);
    const all = ["fulfilled", "adjusted", "allocated", "received"];
    assert.deepEqual(await kinds({ sku }), all);
    assert.deepEqual(await kinds({ sku, after: 0 }), [...all].reverse());
    assert.deepEqual(await kinds({ sku, location: "LEDGER" }), ["adjusted"]);
    assert.deepEqual(await kinds({ order: order.id }), ["fulfilled", "allocated"]);
    assert.deepEqual(await kinds({ sku: "NONE" }), []);
    const rows = await readList(admin, `/api/v1/movements?sku=${sku}`);
    assert.deepEqual(await kinds({ sku, after: rows[1].seq }), ["fulfilled"]);
    const first = (await admin.get(`/api/v1/movements?sku=${sku}&limit=3`)).json;
    const rest = (await admin.get(`/api/v1/movements?sku=${sku}&limit=3&cursor=${first.next_cursor}`)).json;
    assert.deepEqual([...first.items, ...rest.items], rows);
    assert.equal(rest.next_cursor, null);
  });

  for (const text of ["order=1", "order=x", "after=-1", "limit=0", "cursor=x", "offset=1", "kind=received"]) {
    it(`refuses ${text}`, async () => {
      checkProblem(await admin.get(`/api/v1/movements?${text}`), 400, "invalid_request");
    });
  }
});
