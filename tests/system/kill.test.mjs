// The server is killed again and again while clients place orders. Clients do what real ones should: they keep the
// key of an order whose answer they did not get, and send it again. In the end every acknowledged order is there once.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { newKey } from "../support/client.mjs";
import { Server } from "../support/server.mjs";
import { foldFeed, makeProduct, readFeed, readList, stockTable } from "../support/stock.mjs";
import { randomFrom, seedOfRun } from "./random.mjs";

const KILLS = 30;
const CLIENTS = 8;
const PRODUCTS = 5;
const KILL_AFTER_MS_MAX = 150;
const STOCK = 300;
const RESTOCK_BELOW = 30;

// What one order is known to have become: "unknown" until an answer has come.
class Attempt {
  constructor(body) {
    this.body = body;
    this.key = newKey();
    this.answer = undefined;
  }
}

describe("kill -9 under load", () => {
  const seed = seedOfRun();
  const random = randomFrom(seed);
  const attempts = [];
  let server;
  let skus;

  before(async () => {
    server = await Server.start();
    skus = [];
    for (let i = 0; i < PRODUCTS; i += 1) skus.push((await makeProduct(server.admin, { quantity: STOCK })).sku);
  });
  after(() => server.dispose());

  function newAttempt() {
    const lines = Array.from({ length: 1 + random(3) }, () => ({ sku: skus[random(PRODUCTS)], quantity: 1 + random(4) }));
    const attempt = new Attempt({ lines, reference: `attempt ${attempts.length}` });
    attempts.push(attempt);
    return attempt;
  }

  // Sends an order. Notes the answer, or holds that a later one is the same. Returns false when none came.
  async function send(client, attempt) {
    let answer;
    try {
      answer = await client.post("/api/v1/orders", attempt.body, { key: attempt.key });
    } catch (error) {
      assert.ok(error.code !== "ERR_ASSERTION", error);
      return false;
    }
    if (answer.status === 503) return true;
    assert.ok([201, 409].includes(answer.status), answer.text);
    if (attempt.answer) {
      assert.deepEqual([answer.status, answer.text], [attempt.answer.status, attempt.answer.text], attempt.key);
    }
    attempt.answer = { status: answer.status, text: answer.text, json: answer.json };
    return true;
  }

  // Places orders until the connection breaks; every now and then an old one again.
  async function load(client) {
    for (;;) {
      const again = attempts.length > 0 && random(10) === 0;
      const attempt = again ? attempts[random(attempts.length)] : newAttempt();
      if (!(await send(client, attempt))) return;
    }
  }

  async function resendUnknown() {
    for (const attempt of attempts.filter((each) => !each.answer)) {
      assert.ok(await send(server.admin, attempt), "the server does not answer after its restart");
    }
  }

  async function restock() {
    const { items } = (await server.admin.get("/api/v1/stock")).json;
    for (const level of items.filter((each) => each.available < RESTOCK_BELOW)) {
      const body = { sku: level.sku, location: "MAIN", delta: STOCK, reason: "restock" };
      assert.equal((await server.admin.post("/api/v1/stock/adjustments", body, { key: newKey() })).status, 201);
    }
  }

  it(`loses and doubles nothing over ${KILLS} kills (ONHAND_SEED=${seed})`, async (test) => {
    let unknown = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const loads = Array.from({ length: CLIENTS }, () => load(server.client(server.admin.token)));
      await new Promise((resolve) => setTimeout(resolve, random(KILL_AFTER_MS_MAX)));
      await server.kill();
      await Promise.all(loads);
      unknown += attempts.filter((attempt) => !attempt.answer).length;
      // The server itself must be able to recover what was left, so verify gets a copy.
      await server.verify({ copy: true });
      await server.launch();
      await resendUnknown();
      await restock();
    }
    const accepted = attempts.filter((attempt) => attempt.answer.status === 201).length;
    test.diagnostic(`seed ${seed}: ${attempts.length} orders, ${accepted} accepted, ${unknown} answers lost`);
    assert.ok(accepted > 100 && accepted < attempts.length, "a test of nothing");
    assert.ok(unknown > 10, "no kill hit a request");
  });

  it("keeps each acknowledged order exactly once, and nothing of a refused one", async () => {
    const orders = await readList(server.admin, "/api/v1/orders");
    const byReference = new Map();
    for (const order of orders) {
      assert.ok(!byReference.has(order.reference), `twice: ${order.reference}`);
      byReference.set(order.reference, order);
    }
    for (const { body, answer } of attempts) {
      if (answer.status === 201) assert.deepEqual(byReference.get(body.reference), answer.json);
      else assert.equal(byReference.get(body.reference), undefined, body.reference);
      byReference.delete(body.reference);
    }
    assert.deepEqual([...byReference.keys()], [], "orders that nobody placed");
  });

  it("leaves a dense feed whose fold is the stock table, and levels that are the sum of the orders", async () => {
    const { items, head } = await readFeed(server.admin);
    assert.deepEqual(items.map((item) => item.seq), Array.from({ length: head }, (_, i) => i + 1));
    const table = await stockTable(server.admin);
    assert.deepEqual(foldFeed(items), table);
    const wanted = Object.fromEntries(skus.map((sku) => [sku, 0]));
    for (const { body } of attempts.filter((attempt) => attempt.answer.status === 201)) {
      for (const line of body.lines) wanted[line.sku] += line.quantity;
    }
    for (const sku of skus) assert.equal(table.get(`${sku} @ MAIN`).allocated, wanted[sku], sku);
  });

  it("answers every key as it did before", async () => {
    await Promise.all(
      Array.from({ length: CLIENTS }, async (_, i) => {
        for (let at = i; at < attempts.length; at += CLIENTS) assert.ok(await send(server.admin, attempts[at]));
      }),
    );
  });
});
