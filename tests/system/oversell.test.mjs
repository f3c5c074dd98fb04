// 64 clients at once want a product of which there are 100 units, over and over: exactly 100 are sold each time.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { newKey } from "../support/client.mjs";
import { Server } from "../support/server.mjs";
import { balancesOf, foldFeed, levelOf, makeProduct, readFeed, readList, stockTable, tryOrder } from "../support/stock.mjs";

const RUNS = 50;
const CLIENTS = 64;
const UNITS = 100;
const EXTRA_TRIES = 1;

describe("64 clients on a product with 100 units", () => {
  let server;
  let clients;
  before(async () => {
    server = await Server.start();
    clients = Array.from({ length: CLIENTS }, () => server.client(server.admin.token));
  });
  after(() => server.dispose());

  // Each client orders one unit after the other until it has been refused.
  async function rush(sku) {
    const buy = async (client) => {
      const ids = [];
      let refusals = 0;
      while (refusals < EXTRA_TRIES) {
        const answer = await tryOrder(client, [{ sku, quantity: 1 }]);
        if (answer.status === 201) ids.push(answer.json.id);
        else refusals += 1;
        assert.ok([201, 409].includes(answer.status), answer.text);
        if (answer.status === 409) assert.equal(answer.json.code, "insufficient_stock");
      }
      return ids;
    };
    return (await Promise.all(clients.map(buy))).flat();
  }

  it(`sells exactly 100, in ${RUNS} of ${RUNS} runs`, async () => {
    for (let run = 0; run < RUNS; run += 1) {
      const { sku } = await makeProduct(server.admin, { quantity: UNITS });
      const ids = await rush(sku);
      assert.equal(new Set(ids).size, UNITS, `run ${run}`);
      const level = balancesOf(await levelOf(server.admin, sku));
      assert.deepEqual([level.allocated, level.available, level.version], [UNITS, 0, UNITS + 1], `run ${run}`);
    }
  });

  it("takes orders of several units and several lines as a whole or not at all", async () => {
    for (let run = 0; run < 5; run += 1) {
      const [a, b] = [await makeProduct(server.admin, { quantity: 100 }), await makeProduct(server.admin, { quantity: 90 })];
      const lines = [{ sku: a.sku, quantity: 3 }, { sku: b.sku, quantity: 2 }];
      const answers = await Promise.all(clients.map((client) => tryOrder(client, lines)));
      const sold = answers.filter((answer) => answer.status === 201).length;
      assert.equal(sold, 33);
      assert.deepEqual((await levelOf(server.admin, a.sku)).available, 1);
      assert.deepEqual((await levelOf(server.admin, b.sku)).available, 90 - 2 * 33);
    }
  });

  it("keeps orders, cancellations and restocking at the same time in step", async () => {
    const { sku } = await makeProduct(server.admin, { quantity: 10 });
    const step = async (client, i) => {
      for (let n = 0; n < 4; n += 1) {
        const answer = await tryOrder(client, [{ sku, quantity: 1 + (i % 3) }]);
        if (answer.status !== 201) continue;
        const end = i % 2 ? "cancel" : "fulfil";
        const done = await client.post(`/api/v1/orders/${answer.json.id}/${end}`, undefined, { key: newKey() });
        assert.equal(done.status, 200, done.text);
      }
    };
    await Promise.all(clients.map(step));
    const orders = await readList(server.admin, `/api/v1/orders?sku=${sku}`);
    const shipped = orders.flatMap((order) => order.lines).reduce((sum, line) => sum + line.fulfilled, 0);
    const level = await levelOf(server.admin, sku);
    assert.deepEqual([level.on_hand, level.allocated], [10 - shipped, 0]);
  });

  it("leaves a feed whose fold is the stock table", async () => {
    const { items, head } = await readFeed(server.admin);
    assert.deepEqual(items.map((item) => item.seq), Array.from({ length: head }, (_, i) => i + 1));
    assert.deepEqual(foldFeed(items), await stockTable(server.admin));
  });
});
