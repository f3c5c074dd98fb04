// Idempotency keys: the same key gives the same answer for ever, whatever happened since; one order for many tries.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { checkProblem, newKey } from "../support/client.mjs";
import { sendRaw } from "../support/raw.mjs";
import { adjust, levelOf, makeProduct, placeOrder, readList, tryAdjust, tryOrder, unchanged } from "../support/stock.mjs";
import { startChecked } from "./contract.mjs";

let server;
let admin;

before(async () => {
  server = await startChecked();
  admin = server.admin;
});
after(() => server.dispose());

const order = (client, body, key) => client.post("/api/v1/orders", body, key === undefined ? {} : { key });

function checkReplay(again, first) {
  assert.deepEqual([again.status, again.text], [first.status, first.text]);
  assert.equal(again.headers["idempotency-replayed"], "true");
  assert.equal(first.headers["idempotency-replayed"], undefined);
  assert.equal(again.headers["content-type"], first.headers["content-type"]);
  assert.equal(again.headers.location, first.headers.location);
}

describe("a key", () => {
  it("is required, once, with 1 to 128 printable ASCII characters", async () => {
    const { sku } = await makeProduct(admin, { quantity: 1000 });
    const body = { lines: [{ sku, quantity: 1 }] };
    checkProblem(await unchanged(admin, () => order(admin, body)), 400, "idempotency_key_missing");
    for (const key of ["", "x".repeat(129), "x".repeat(1024), "k\u00e9y", "tab\tbed"]) {
      checkProblem(await unchanged(admin, () => order(admin, body, key)), 400, "idempotency_key_invalid");
    }
    for (const key of ["x", "x".repeat(128), "two words", `"quoted"`, "'; DROP TABLE orders --", "%s%n${x}"]) {
      assert.equal((await order(admin, body, key)).status, 201, key);
    }
  });

  it("may not come twice", async () => {
    const { sku } = await makeProduct(admin, { quantity: 10 });
    const body = JSON.stringify({ lines: [{ sku, quantity: 1 }] });
    const head = [
      "POST /api/v1/orders HTTP/1.1",
      "Host: localhost",
      `Authorization: Bearer ${admin.token}`,
      "Content-Type: application/json",
      "Idempotency-Key: one",
      "Idempotency-Key: two",
      `Content-Length: ${body.length}`,
      "Connection: close",
    ];
    const ask = () => sendRaw(server.port, `${head.join("\r\n")}\r\n\r\n${body}`);
    const { answers } = await unchanged(admin, ask);
    assert.equal(answers[0].status, 400);
    assert.equal(JSON.parse(answers[0].body).code, "idempotency_key_invalid");
  });

  it("counts only with a valid request: a wrong form leaves it free", async () => {
    const { sku } = await makeProduct(admin, { quantity: 10 });
    const key = newKey();
    checkProblem(await order(admin, { lines: [] }, key), 400, "invalid_request");
    assert.equal((await order(admin, { lines: [{ sku, quantity: 1 }] }, key)).status, 201);
  });
});

describe("a repeat", () => {
  it("of an accepted order gets the same bytes, whatever became of the order", async () => {
    const { sku } = await makeProduct(admin, { quantity: 10 });
    const body = { lines: [{ sku, quantity: 2 }], customer: "Ω", note: 'a "note"' };
    const key = newKey();
    const first = await order(admin, body, key);
    assert.equal(first.status, 201, first.text);
    checkReplay(await order(admin, body, key), first);
    await admin.post(`/api/v1/orders/${first.json.id}/fulfil`, { lines: [{ sku, quantity: 1 }] }, { key: newKey() });
    checkReplay(await order(admin, body, key), first);
    await admin.post(`/api/v1/orders/${first.json.id}/cancel`, undefined, { key: newKey() });
    checkReplay(await order(admin, body, key), first);
    assert.equal((await readList(admin, `/api/v1/orders?sku=${sku}`)).length, 1);
    assert.deepEqual((await levelOf(admin, sku)).on_hand, 9);
  });

  it("of an order may space and escape its JSON in another way", async () => {
    const { sku } = await makeProduct(admin, { quantity: 10 });
    const body = { lines: [{ sku, quantity: 2 }], customer: "Zoë" };
    const key = newKey();
    const first = await order(admin, body, key);
    const headers = { "Content-Type": "application/json" };
    for (const text of [JSON.stringify(body, null, 2), JSON.stringify(body).replace("ë", "\\u00eb")]) {
      checkReplay(await unchanged(admin, () => admin.post("/api/v1/orders", text, { key, headers })), first);
    }
    const other = JSON.stringify({ ...body, customer: "Zo e" });
    checkProblem(await admin.post("/api/v1/orders", other, { key, headers }), 422, "idempotency_mismatch");
  });

  it("of a refused order stays refused after the stock has come", async () => {
    const { sku } = await makeProduct(admin, { quantity: 1 });
    const body = { lines: [{ sku, quantity: 2 }] };
    const key = newKey();
    const refused = await order(admin, body, key);
    checkProblem(refused, 409, "insufficient_stock");
    await adjust(admin, sku, 10, { reason: "restock" });
    checkReplay(await unchanged(admin, () => order(admin, body, key)), refused);
    assert.equal((await order(admin, body, newKey())).status, 201);
  });

  it("of a refusal for an unknown SKU stays so after the product was made", async () => {
    const sku = `LATER-${process.pid}`;
    const body = { lines: [{ sku, quantity: 1 }] };
    const key = newKey();
    const refused = await order(admin, body, key);
    checkProblem(refused, 404, "unknown_sku");
    await makeProduct(admin, { sku, quantity: 5 });
    checkReplay(await unchanged(admin, () => order(admin, body, key)), refused);
  });

  it("of shipping, cancelling and adjusting gets the same bytes and acts once", async () => {
    const { sku } = await makeProduct(admin, { quantity: 10 });
    const one = await placeOrder(admin, [{ sku, quantity: 4 }]);
    const steps = [
      [`/api/v1/orders/${one.id}/fulfil`, { lines: [{ sku, quantity: 1 }] }],
      [`/api/v1/orders/${one.id}/cancel`, undefined],
      ["/api/v1/stock/adjustments", { sku, delta: -1, reason: "damaged" }],
    ];
    for (const [path, body] of steps) {
      const key = newKey();
      const first = await admin.post(path, body, { key });
      assert.ok(first.status < 300, first.text);
      checkReplay(await unchanged(admin, () => admin.post(path, body, { key })), first);
    }
    const level = await levelOf(admin, sku);
    assert.deepEqual([level.on_hand, level.allocated], [8, 0]);
  });

  it("with another body, or on another route, is refused", async () => {
    const { sku } = await makeProduct(admin, { quantity: 10 });
    const key = newKey();
    const body = { lines: [{ sku, quantity: 1 }] };
    assert.equal((await order(admin, body, key)).status, 201);
    const others = [{ lines: [{ sku, quantity: 2 }] }, { ...body, note: "x" }, { lines: [{ quantity: 1, sku }] }];
    for (const other of others) {
      checkProblem(await unchanged(admin, () => order(admin, other, key)), 422, "idempotency_mismatch");
    }
    const adjustment = { sku, delta: 1, reason: "found" };
    checkProblem(await unchanged(admin, () => tryAdjust(admin, adjustment, { key })), 422, "idempotency_mismatch");
    const second = await placeOrder(admin, [{ sku, quantity: 1 }]);
    const shipKey = newKey();
    const ship = (id) => admin.post(`/api/v1/orders/${id}/fulfil`, undefined, { key: shipKey });
    assert.equal((await ship(second.id)).status, 200);
    const third = await placeOrder(admin, [{ sku, quantity: 1 }]);
    checkProblem(await unchanged(admin, () => ship(third.id)), 422, "idempotency_mismatch");
  });

  it("by another account is a request of its own", async () => {
    const clerk = await server.userWith("clerk");
    const { sku } = await makeProduct(admin, { quantity: 10 });
    const key = newKey();
    const body = { lines: [{ sku, quantity: 1 }] };
    const mine = await order(admin, body, key);
    const theirs = await order(clerk, body, key);
    assert.deepEqual([mine.status, theirs.status], [201, 201]);
    assert.notEqual(mine.json.id, theirs.json.id);
    checkReplay(await order(clerk, body, key), theirs);
    checkReplay(await order(admin, body, key), mine);
  });

  it("gets the same bytes after a restart and after a kill", async () => {
    const { sku } = await makeProduct(admin, { quantity: 3 });
    const keys = [newKey(), newKey(), newKey()];
    const bodies = [1, 2, 9].map((quantity) => ({ lines: [{ sku, quantity }], customer: `Number ${quantity}` }));
    const firsts = [];
    for (const [i, body] of bodies.entries()) firsts.push(await order(admin, body, keys[i]));
    assert.deepEqual(firsts.map((answer) => answer.status), [201, 201, 409]);
    const adjustKey = newKey();
    const adjustment = { sku, location: "MAIN", delta: 5, reason: "restock" };
    const adjusted = await tryAdjust(admin, adjustment, { key: adjustKey });
    await server.stop();
    await server.launch();
    for (const [i, body] of bodies.entries()) checkReplay(await order(admin, body, keys[i]), firsts[i]);
    await server.kill();
    await server.launch();
    for (const [i, body] of bodies.entries()) checkReplay(await order(admin, body, keys[i]), firsts[i]);
    checkReplay(await tryAdjust(admin, adjustment, { key: adjustKey }), adjusted);
    assert.deepEqual((await levelOf(admin, sku)).allocated, 3);
  });
});

describe("the same key at the same instant", () => {
  it("makes one order of twenty tries, all answered alike", async () => {
    for (let round = 0; round < 5; round += 1) {
      const { sku } = await makeProduct(admin, { quantity: 100 });
      const key = newKey();
      const body = { lines: [{ sku, quantity: 3 }] };
      const answers = await Promise.all(Array.from({ length: 20 }, () => order(admin, body, key)));
      const done = answers.filter((answer) => answer.status === 201);
      const waiting = answers.filter((answer) => answer.status !== 201);
      assert.ok(done.length > 0);
      assert.equal(new Set(done.map((answer) => answer.text)).size, 1);
      for (const answer of waiting) checkProblem(answer, 409, "idempotency_in_progress");
      assert.equal(done.filter((answer) => answer.headers["idempotency-replayed"] === undefined).length, 1);
      assert.equal((await levelOf(admin, sku)).allocated, 3);
    }
  });

  it("with two bodies takes one of them", async () => {
    const { sku } = await makeProduct(admin, { quantity: 100 });
    const key = newKey();
    const tries = Array.from({ length: 20 }, (_, i) => order(admin, { lines: [{ sku, quantity: 1 + (i % 2) }] }, key));
    const answers = await Promise.all(tries);
    const ids = new Set(answers.filter((answer) => answer.status === 201).map((answer) => answer.json.id));
    assert.equal(ids.size, 1);
    for (const answer of answers) assert.ok([201, 409, 422].includes(answer.status), answer.what);
    assert.equal((await readList(admin, `/api/v1/orders?sku=${sku}`)).length, 1);
  });

  it("from two accounts makes two orders", async () => {
    const clerk = await server.userWith("clerk");
    const { sku } = await makeProduct(admin, { quantity: 100 });
    const key = newKey();
    const tries = [admin, clerk, admin, clerk].map((client) => tryOrder(client, [{ sku, quantity: 1 }], { key }));
    const ids = (await Promise.all(tries)).filter((each) => each.status === 201).map((each) => each.json.id);
    assert.equal(new Set(ids).size, 2);
  });
});
