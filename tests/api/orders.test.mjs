// Orders: placing all lines or none, reading and listing, shipping and cancelling.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { checkProblem, newKey } from "../support/client.mjs";
import {
  adjust,
  levelOf,
  makeLocation,
  makeProduct,
  newSku,
  placeOrder,
  readFeed,
  readList,
  tryAdjust,
  tryOrder,
  unchanged,
} from "../support/stock.mjs";
import { startChecked } from "./contract.mjs";

const ORDERS = "/api/v1/orders";
let server;
let admin;

before(async () => {
  server = await startChecked();
  admin = server.admin;
  await makeLocation(admin, "EAST");
});
after(() => server.dispose());

const fulfil = (order, lines, key = newKey()) =>
  admin.post(`${ORDERS}/${order.id}/fulfil`, lines && { lines }, { key });
const cancel = (order, body, key = newKey()) => admin.post(`${ORDERS}/${order.id}/cancel`, body, { key });
const balances = async (sku, location) => {
  const { on_hand: onHand, allocated, available } = await levelOf(admin, sku, location);
  return [onHand, allocated, available];
};

describe("placing an order", () => {
  it("allocates the stock and answers with the whole order", async () => {
    const { sku } = await makeProduct(admin, { quantity: 10 });
    const texts = { reference: "PO 17/ß", customer: "Café “Ωmega”", note: "ring twice" };
    const answer = await tryOrder(admin, [{ sku, quantity: 4 }], texts);
    assert.equal(answer.status, 201, answer.text);
    const { id, number, placed_at: placedAt, updated_at: updatedAt, ...order } = answer.json;
    const line = { sku, location: "MAIN", quantity: 4, allocated: 4, fulfilled: 0, cancelled: 0, returned: 0 };
    assert.deepEqual(order, {
      status: "placed",
      lines: [line],
      ...texts,
      placed_by: admin.user.id,
      version: 1,
    });
    assert.ok(number > 0);
    assert.equal(placedAt, updatedAt);
    assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    assert.equal(answer.headers.location, `${ORDERS}/${id}`);
    const read = await admin.get(answer.headers.location);
    assert.deepEqual(read.json, answer.json);
    assert.equal(read.headers.etag, '"1"');
    assert.deepEqual(await balances(sku), [10, 4, 6]);
  });

  it("adds up lines of the same SKU and location before it looks at the stock", async () => {
    const { sku } = await makeProduct(admin, { opening_stock: [{ quantity: 5 }, { location: "EAST", quantity: 5 }] });
    const line = (quantity, location) => ({ sku, quantity, ...(location && { location }) });
    const tooMuch = await unchanged(admin, () => tryOrder(admin, [line(3), line(3, "MAIN")]));
    const problem = checkProblem(tooMuch, 409, "insufficient_stock");
    assert.deepEqual(problem.shortages, [{ sku, location: "MAIN", requested: 6, available: 5 }]);
    const order = await placeOrder(admin, [line(2), line(4, "EAST"), line(3, "MAIN"), line(1, "EAST")]);
    assert.deepEqual(order.lines.map((each) => [each.location, each.quantity]), [["MAIN", 5], ["EAST", 5]]);
    assert.deepEqual(await balances(sku, "MAIN"), [5, 5, 0]);
    assert.deepEqual(await balances(sku, "EAST"), [5, 5, 0]);
  });

  it("names every short line and takes nothing", async () => {
    const plenty = await makeProduct(admin, { quantity: 100 });
    const little = await makeProduct(admin, { quantity: 2 });
    const none = await makeProduct(admin, {});
    const lines = [
      { sku: plenty.sku, quantity: 1 },
      { sku: little.sku, quantity: 3 },
      { sku: none.sku, quantity: 1 },
      { sku: plenty.sku, quantity: 1, location: "EAST" },
    ];
    const problem = checkProblem(await unchanged(admin, () => tryOrder(admin, lines)), 409, "insufficient_stock");
    assert.deepEqual(problem.shortages, [
      { sku: little.sku, location: "MAIN", requested: 3, available: 2 },
      { sku: none.sku, location: "MAIN", requested: 1, available: 0 },
      { sku: plenty.sku, location: "EAST", requested: 1, available: 0 },
    ]);
    assert.deepEqual(await balances(plenty.sku), [100, 0, 100]);
  });

  it("takes 200 lines, and none of them when the last one is unknown", async () => {
    const products = await Promise.all(Array.from({ length: 200 }, () => makeProduct(admin, { quantity: 1 })));
    const lines = products.map(({ sku }) => ({ sku, quantity: 1 }));
    const unknown = [...lines.slice(0, 199), { sku: newSku(), quantity: 1 }];
    const problem = checkProblem(await unchanged(admin, () => tryOrder(admin, unknown)), 404, "unknown_sku");
    assert.deepEqual(problem.errors.map((error) => error.pointer), ["/lines/199/sku"]);
    const order = await placeOrder(admin, lines);
    assert.equal(order.lines.length, 200);
    assert.deepEqual((await fulfil(order)).json.status, "fulfilled");
  });

  it("refuses unknown products and locations with their place in the order", async () => {
    const { sku } = await makeProduct(admin, { quantity: 1 });
    const good = { sku, quantity: 1 };
    const cases = [
      [[good, { sku: `${sku} `.trim().toLowerCase(), quantity: 1 }], "unknown_sku", "/lines/1/sku"],
      [[good, { ...good, location: "main" }], "unknown_location", "/lines/1/location"],
    ];
    for (const [lines, code, pointer] of cases) {
      const problem = checkProblem(await unchanged(admin, () => tryOrder(admin, lines)), 404, code);
      assert.equal(problem.errors[0].pointer, pointer);
    }
  });

  it("sells the last unit once, to one of many at the same instant", async () => {
    const { sku } = await makeProduct(admin, { quantity: 1 });
    const answers = await Promise.all(Array.from({ length: 32 }, () => tryOrder(admin, [{ sku, quantity: 1 }])));
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [201, ...Array(31).fill(409)]);
    assert.deepEqual(await balances(sku), [1, 1, 0]);
  });

  it("does not let orders over several products in opposite order block each other", async () => {
    const [a, b] = [await makeProduct(admin, { quantity: 60 }), await makeProduct(admin, { quantity: 60 })];
    const lines = [{ sku: a.sku, quantity: 1 }, { sku: b.sku, quantity: 1 }];
    const tries = Array.from({ length: 60 }, (_, i) => tryOrder(admin, i % 2 ? lines : [...lines].reverse()));
    assert.ok((await Promise.all(tries)).every((answer) => answer.status === 201));
    assert.deepEqual(await balances(a.sku), [60, 60, 0]);
    assert.deepEqual(await balances(b.sku), [60, 60, 0]);
  });

  it("gives rising numbers and ids in the order of the feed", async () => {
    const { sku } = await makeProduct(admin, { quantity: 50 });
    await Promise.all(Array.from({ length: 50 }, () => placeOrder(admin, [{ sku, quantity: 1 }])));
    const placed = (await readFeed(admin)).items.filter((item) => item.kind === "order.placed").map((item) => item.order);
    for (let i = 1; i < placed.length; i += 1) {
      assert.equal(placed[i].number, placed[i - 1].number + 1);
      assert.ok(placed[i].id > placed[i - 1].id);
    }
  });
});

describe("shipping", () => {
  it("ships in parts and then the rest", async () => {
    const { sku } = await makeProduct(admin, { quantity: 10 });
    const other = await makeProduct(admin, { quantity: 10 });
    const order = await placeOrder(admin, [{ sku, quantity: 6 }, { sku: other.sku, quantity: 2 }]);
    const part = await fulfil(order, [{ sku, location: "MAIN", quantity: 2 }, { sku, quantity: 1 }]);
    assert.equal(part.status, 200, part.text);
    assert.deepEqual([part.json.status, part.json.version], ["partially_fulfilled", 2]);
    assert.deepEqual(part.json.lines.map((line) => [line.allocated, line.fulfilled]), [[3, 3], [2, 0]]);
    assert.deepEqual(await balances(sku), [7, 3, 4]);
    const tooMuch = await unchanged(admin, () => fulfil(order, [{ sku, quantity: 4 }]));
    checkProblem(tooMuch, 409, "invalid_state");
    const rest = await fulfil(order);
    assert.equal(rest.json.status, "fulfilled");
    assert.deepEqual(rest.json.lines.map((line) => [line.allocated, line.fulfilled]), [[0, 6], [0, 2]]);
    assert.deepEqual(await balances(sku), [4, 0, 4]);
    assert.deepEqual((await admin.get(`${ORDERS}/${order.id}`)).json, rest.json);
    checkProblem(await unchanged(admin, () => fulfil(order)), 409, "invalid_state");
    checkProblem(await unchanged(admin, () => cancel(order)), 409, "invalid_state");
  });

  it("takes an empty object and no body alike", async () => {
    const { sku } = await makeProduct(admin, { quantity: 2 });
    for (const body of [undefined, {}]) {
      const order = await placeOrder(admin, [{ sku, quantity: 1 }]);
      const done = await admin.post(`${ORDERS}/${order.id}/fulfil`, body, { key: newKey() });
      assert.equal(done.json.status, "fulfilled", done.text);
    }
  });

  it("ships once when asked many times at the same instant", async () => {
    const { sku } = await makeProduct(admin, { quantity: 5 });
    const order = await placeOrder(admin, [{ sku, quantity: 3 }]);
    const answers = await Promise.all(Array.from({ length: 10 }, () => fulfil(order)));
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, ...Array(9).fill(409)]);
    assert.deepEqual(await balances(sku), [2, 0, 2]);
  });

  it("ends an order once when it is shipped and cancelled at the same instant", async () => {
    const { sku } = await makeProduct(admin, { quantity: 40 });
    for (let i = 0; i < 20; i += 1) {
      const order = await placeOrder(admin, [{ sku, quantity: 1 }]);
      const [shipped, cancelled] = await Promise.all([fulfil(order), cancel(order)]);
      assert.deepEqual([shipped.status, cancelled.status].sort(), [200, 409]);
      const { status } = (await admin.get(`${ORDERS}/${order.id}`)).json;
      assert.equal(status, shipped.status === 200 ? "fulfilled" : "cancelled");
    }
    const level = await levelOf(admin, sku);
    assert.equal(level.allocated, 0);
  });

  it("refuses lines that the order does not have", async () => {
    const { sku } = await makeProduct(admin, { quantity: 5 });
    const order = await placeOrder(admin, [{ sku, quantity: 3 }]);
    const cases = [
      [{ sku: "OTHER", quantity: 1 }],
      [{ sku, quantity: 1, location: "EAST" }],
      [{ sku, quantity: 0 }],
      [{ sku, quantity: 1 }, { sku }],
      [],
    ];
    for (const lines of cases) checkProblem(await unchanged(admin, () => fulfil(order, lines)), 400, "invalid_request");
    const unknown = { id: "0192f0b0-1111-7222-8333-444455556666" };
    checkProblem(await fulfil(unknown), 404, "not_found");
    checkProblem(await cancel(unknown), 404, "not_found");
  });
});

describe("cancelling", () => {
  it("gives back what is not shipped", async () => {
    const { sku } = await makeProduct(admin, { quantity: 10 });
    const order = await placeOrder(admin, [{ sku, quantity: 8 }]);
    await fulfil(order, [{ sku, quantity: 3 }]);
    const done = await cancel(order, {});
    // What was shipped stays shipped, and nothing more will be.
    assert.equal(done.json.status, "fulfilled", done.text);
    assert.deepEqual(
      done.json.lines.map((line) => [line.quantity, line.allocated, line.fulfilled, line.cancelled]),
      [[8, 0, 3, 5]],
    );
    assert.deepEqual(await balances(sku), [7, 0, 7]);
    checkProblem(await unchanged(admin, () => cancel(order)), 409, "invalid_state");
    checkProblem(await unchanged(admin, () => fulfil(order)), 409, "invalid_state");
    checkProblem(await unchanged(admin, () => cancel(order, { reason: "x" })), 400, "invalid_request");
  });

  it("frees the stock for the next order", async () => {
    const { sku } = await makeProduct(admin, { quantity: 1 });
    const order = await placeOrder(admin, [{ sku, quantity: 1 }]);
    checkProblem(await tryOrder(admin, [{ sku, quantity: 1 }]), 409, "insufficient_stock");
    await cancel(order);
    await placeOrder(admin, [{ sku, quantity: 1 }]);
  });
});

describe("the list of orders", () => {
  it("shows an order at once, newest first, by every filter", async () => {
    const clerk = await server.userWith("clerk");
    const { sku } = await makeProduct(admin, { quantity: 20 });
    const customer = `Customer ${sku} & Söhne`;
    const first = await placeOrder(clerk, [{ sku, quantity: 1 }], { customer, reference: `REF-${sku}` });
    const second = await placeOrder(admin, [{ sku, quantity: 2 }], { customer });
    const third = await placeOrder(admin, [{ sku, quantity: 3 }], { note: "no customer" });
    await fulfil(second);
    await cancel(third);
    const ids = async (filter, client = admin) =>
      (await client.get(`${ORDERS}?${new URLSearchParams(filter)}`)).json.items.map((order) => order.id);
    assert.deepEqual(await ids({ sku }), [third.id, second.id, first.id]);
    assert.deepEqual(await ids({ sku, status: "placed" }), [first.id]);
    assert.deepEqual(await ids({ sku, status: "fulfilled" }), [second.id]);
    assert.deepEqual(await ids({ sku, status: "cancelled" }), [third.id]);
    assert.deepEqual(await ids({ search: customer }), [second.id, first.id]);
    assert.deepEqual(await ids({ search: `ref-${sku}`.toLowerCase() }), [first.id]);
    assert.deepEqual(await ids({ search: String(second.number), sku }), [second.id]);
    assert.deepEqual(await ids({ mine: "true", sku }, clerk), [first.id]);
    assert.deepEqual(await ids({ sku: "NONE-OF-THESE" }), []);
    const page = await admin.get(`${ORDERS}?sku=${sku}&status=fulfilled`);
    assert.deepEqual(page.json.items[0], (await admin.get(`${ORDERS}/${second.id}`)).json);
    assert.equal(page.json.total, 1);
  });

  it("pages through all of them once", async () => {
    const { sku } = await makeProduct(admin, { quantity: 25 });
    for (let i = 0; i < 25; i += 1) await placeOrder(admin, [{ sku, quantity: 1 }]);
    const seen = [];
    let cursor = "";
    do {
      const page = (await admin.get(`${ORDERS}?sku=${sku}&limit=10${cursor && `&cursor=${cursor}`}`)).json;
      seen.push(...page.items.map((order) => order.number));
      cursor = page.next_cursor;
    } while (cursor);
    assert.equal(seen.length, 25);
    assert.deepEqual(seen, [...seen].sort((a, b) => b - a));
    const byOffset = (await admin.get(`${ORDERS}?sku=${sku}&limit=10&offset=20`)).json.items.map((order) => order.number);
    assert.deepEqual(byOffset, seen.slice(20));
    const all = await readList(admin, ORDERS);
    assert.equal(new Set(all.map((order) => order.id)).size, all.length);
  });

  for (const text of ["status=shipped", "mine=1", "limit=0", "limit=x", "cursor=abc", "sort=number", `search=${"x".repeat(300)}`]) {
    it(`refuses ${text.slice(0, 20)}`, async () => {
      checkProblem(await admin.get(`${ORDERS}?${text}`), 400, "invalid_request");
    });
  }

  const ids = ["1", "0", "-1", "9223372036854775808", "x".repeat(500), "%7B0192f0b0-1111-7222-8333-444455556666%7D"];
  ids.push("0192f0b0-1111-7222-8333-44445555666", "0192f0b0-1111-4222-8333-444455556666", "null", "*");
  for (const id of ids) {
    it(`knows no order ${id.slice(0, 40)}`, async () => {
      checkProblem(await admin.get(`${ORDERS}/${id}`), 404, "not_found");
    });
  }

  it("answers 304 to a reader who has the present version of an order", async () => {
    const { sku } = await makeProduct(admin, { quantity: 1 });
    const order = await placeOrder(admin, [{ sku, quantity: 1 }]);
    const ask = () => admin.get(`${ORDERS}/${order.id}`, { headers: { "If-None-Match": '"1"' } });
    assert.equal((await ask()).status, 304);
    await cancel(order);
    assert.equal((await ask()).status, 200);
  });

  it("keeps an adjustment and an order at the same instant apart", async () => {
    for (let i = 0; i < 10; i += 1) {
      const { sku } = await makeProduct(admin, { quantity: 5 });
      const [order, less] = await Promise.all([
        tryOrder(admin, [{ sku, quantity: 5 }]),
        tryAdjust(admin, { sku, location: "MAIN", delta: -1, reason: "missing" }),
      ]);
      assert.deepEqual([order.status, less.status].sort(), [201, 409]);
      const level = await levelOf(admin, sku);
      assert.ok(level.available === 0 ? level.allocated === 5 : level.on_hand === 4);
    }
    const { sku } = await makeProduct(admin, { quantity: 1 });
    await adjust(admin, sku, 1);
  });
});
