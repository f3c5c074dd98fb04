// What happens at the same instant on three instances: the last unit, the same key, orders that cross, ends of one
// order, accounts. Nothing is broken here; the fault scenarios do that.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { io } from "socket.io-client";
import { Client, newKey } from "../../support/client.mjs";
import { PASSWORD } from "../../support/server.mjs";
import {
  balancesOf,
  foldFeed,
  makeProduct,
  placeOrder,
  readFeed,
  stockTable,
  tryAdjust,
  tryOrder,
} from "../../support/stock.mjs";
import { randomFrom, seedOfRun } from "../random.mjs";
import { Cluster } from "./cluster.mjs";
import { until } from "./final_phase.mjs";

const HEARD_MS_MAX = 10_000;
const seed = seedOfRun();

let cluster;
let clients; // one per instance, signed in as the same admin

before(async () => {
  cluster = await Cluster.start({}, { random: randomFrom(seed) });
  clients = cluster.instances.map(({ server }) => new Client(server.port, cluster.token));
});
after(async () => {
  for (const client of clients ?? []) client.close();
  await cluster?.dispose(true);
});

const at = (i) => clients[i % clients.length];
const each = (count, work) => Promise.all(Array.from({ length: count }, (_, i) => work(at(i), i)));
const statuses = (answers) => answers.map(({ status }) => status).sort();

// A product that every instance knows.
async function product(quantity) {
  const made = await makeProduct(clients[0], { quantity });
  await Promise.all(cluster.targets.map((target) => cluster.settle(target, made.sku)));
  return made;
}

// Levels lag behind on the instances that did not do the change: asks until one has the version.
async function levelAt(client, sku, version) {
  const ask = async () => {
    const { json } = await client.get(`/api/v1/stock/${sku}`);
    const level = json.items.find(({ location }) => location === "MAIN");
    return level.version >= version ? balancesOf(level) : undefined;
  };
  return until(ask, `version ${version} of ${sku}`, HEARD_MS_MAX);
}

describe(`three instances at once (ONHAND_SEED=${seed})`, () => {
  it("sell the last unit once to 64 who want it", async () => {
    for (let run = 0; run < 5; run += 1) {
      const { sku } = await product(1);
      const answers = await each(64, (client) => tryOrder(client, [{ sku, quantity: 1 }]));
      assert.deepEqual(statuses(answers), [201, ...Array(63).fill(409)]);
      for (const { json } of answers.filter(({ status }) => status === 409))
        assert.equal(json.shortages[0].available, 0);
      for (const client of clients) assert.equal((await levelAt(client, sku, 2)).available, 0);
    }
  });

  it("sell exactly 100 of 100 to 64 who order until they are refused", async () => {
    for (let run = 0; run < 3; run += 1) {
      const { sku } = await product(100);
      const ids = [];
      await each(64, async (client) => {
        for (;;) {
          const answer = await tryOrder(client, [{ sku, quantity: 1 }]);
          if (answer.status !== 201) return assert.equal(answer.status, 409, answer.text);
          ids.push(answer.json.id);
        }
      });
      assert.equal(ids.length, 100);
      assert.equal(new Set(ids).size, 100);
      const level = await levelAt(at(run), sku, 101);
      assert.deepEqual([level.allocated, level.available, level.version], [100, 0, 101]);
    }
  });

  it("place one order for one key, sent twenty times", async () => {
    const { sku } = await product(100);
    const key = newKey();
    const send = (client) => tryOrder(client, [{ sku, quantity: 2 }], { key });
    const answers = await each(20, send);
    for (const { status, json } of answers) {
      assert.ok(status === 201 || json.code === "idempotency_in_progress", `${status}`);
    }
    const again = await each(3, send);
    const texts = [...answers.filter(({ status }) => status === 201), ...again].map(({ text }) => text);
    assert.equal(new Set(texts).size, 1);
    assert.ok(again.every(({ headers }) => headers["idempotency-replayed"] === "true"));
    assert.equal((await levelAt(at(1), sku, 2)).allocated, 2);
  });

  it("keep a refusal under its key, also when there is stock again", async () => {
    const { sku } = await product(1);
    const key = newKey();
    const first = await tryOrder(at(0), [{ sku, quantity: 2 }], { key });
    assert.equal(first.status, 409);
    assert.equal((await tryAdjust(at(1), { sku, location: "MAIN", delta: 5, reason: "restock" })).status, 201);
    const again = await tryOrder(at(2), [{ sku, quantity: 2 }], { key });
    assert.deepEqual([again.status, again.text], [409, first.text]);
    const other = await tryOrder(at(1), [{ sku, quantity: 1 }], { key });
    assert.deepEqual([other.status, other.json.code], [422, "idempotency_mismatch"]);
  });

  // Of different products, so that no row that both want stands between them.
  it("let one of two bodies have a key", async () => {
    for (let run = 0; run < 20; run += 1) {
      const skus = [(await product(10)).sku, (await product(10)).sku];
      const key = newKey();
      const send = (client, i) => tryOrder(client, [{ sku: skus[i], quantity: 1 }], { key });
      const codes = statuses(await each(2, send));
      assert.ok([409, 422].includes(codes[1]) && codes[0] === 201, `${codes}`);
      assert.deepEqual(statuses(await each(2, send)), [201, 422]);
    }
  });

  it("serve orders whose lines cross, without a deadlock", async () => {
    const skus = [];
    for (let i = 0; i < 5; i += 1) skus.push((await product(100_000)).sku);
    const deadlocks = () => cluster.postgres.sql("SELECT deadlocks FROM pg_stat_database WHERE datname = 'onhand'");
    const before = await deadlocks();
    const random = randomFrom(seed);
    let units = 0;
    await each(200, async (client, i) => {
      const order = [...skus, ...skus].map((sku) => ({ sku, quantity: 1 + random(2) }));
      const lines = i % 3 === 0 ? order : order.toSorted(() => random(3) - 1);
      units += lines.reduce((sum, { quantity }) => sum + quantity, 0);
      await placeOrder(client, lines);
    });
    const levels = await Promise.all(skus.map((sku) => levelAt(at(0), sku, 201)));
    assert.equal(
      levels.reduce((sum, { allocated }) => sum + allocated, 0),
      units,
    );
    assert.equal(await deadlocks(), before);
  });

  it("end an order once when it is cancelled and shipped at the same time", async () => {
    const { sku } = await product(1_000);
    let cancelled = 0;
    for (let run = 0; run < 40; run += 1) {
      const order = await placeOrder(at(run), [{ sku, quantity: 3 }]);
      const end = (client, i) =>
        client.post(`/api/v1/orders/${order.id}/${i === run % 3 ? "cancel" : "fulfil"}`, undefined, { key: newKey() });
      const answers = await each(3, end);
      assert.deepEqual(statuses(answers), [200, 409, 409]);
      const won = answers.find(({ status }) => status === 200).json;
      if (won.status === "cancelled") cancelled += 1;
      for (const client of clients) assert.deepEqual((await client.get(`/api/v1/orders/${order.id}`)).json, won);
    }
    const level = await levelAt(at(0), sku, 81);
    assert.deepEqual([level.on_hand, level.allocated], [1_000 - 3 * (40 - cancelled), 0]);
  });

  it("let one correction of a version win while orders run", async () => {
    const { sku } = await product(500);
    for (let run = 0; run < 10; run += 1) {
      const { version } = await levelAt(at(run), sku, 1);
      const correct = (client) =>
        tryAdjust(client, { sku, location: "MAIN", delta: 1, reason: "correction", expected_version: version });
      const answers = await Promise.all([each(6, correct), placeOrder(at(run), [{ sku, quantity: 1 }])]);
      const won = answers[0].filter(({ status }) => status === 201);
      assert.ok(won.length <= 1, `${statuses(answers[0])}`);
      assert.ok(
        answers[0].every(({ status }) => status === 201 || status === 412),
        `${statuses(answers[0])}`,
      );
      await levelAt(at(run + 1), sku, version + 1 + won.length);
    }
  });

  it("take no order for a product that was archived, and archive none that has orders", async () => {
    for (let run = 0; run < 10; run += 1) {
      const { sku, version } = await product(1);
      assert.equal((await tryAdjust(at(0), { sku, location: "MAIN", delta: -1, reason: "correction" })).status, 201);
      const restock = () => tryAdjust(at(1), { sku, location: "MAIN", delta: 5, reason: "restock" });
      const archive = () => at(2).delete(`/api/v1/products/${sku}`, { ifMatch: `"${version}"` });
      const [stocked, archived] = await Promise.all([restock(), archive()]);
      const both = stocked.status === 201 && archived.status < 300;
      assert.ok(!both, `stocked ${stocked.status} and archived ${archived.status}`);
      const order = await tryOrder(at(0), [{ sku, quantity: 1 }]);
      assert.equal(order.status, stocked.status === 201 ? 201 : archived.status < 300 ? 404 : 409, order.text);
    }
  });

  it("shut a disabled account out everywhere", async () => {
    const email = `clerk-${newKey()}@example.com`;
    const body = { email, password: PASSWORD, name: "A clerk", role: "clerk" };
    const made = await at(0).post("/api/v1/users", body);
    assert.equal(made.status, 201, made.text);
    // The other instances hear of a new account a moment later.
    const signIn = async () => {
      const answer = await at(1).post("/api/v1/auth/login", { email, password: PASSWORD });
      return answer.status === 200 ? answer : undefined;
    };
    const login = await until(signIn, "the account is known", HEARD_MS_MAX);
    const sessions = cluster.instances.map(({ server }) => server.client(login.json.token));
    for (const session of sessions) assert.equal((await session.get("/api/v1/auth/me")).status, 200);
    assert.equal((await at(2).patch(`/api/v1/users/${made.json.id}`, { disabled: true })).status, 200);
    const isOut = (session) => async () => ((await session.get("/api/v1/auth/me")).status === 401 ? true : undefined);
    for (const session of sessions) await until(isOut(session), "the session ends", HEARD_MS_MAX);
    assert.equal((await at(0).post("/api/v1/auth/login", { email, password: PASSWORD })).status, 401);
  });

  it("make one account of two with the same address", async () => {
    for (let run = 0; run < 3; run += 1) {
      const body = { email: `twin-${run}@example.com`, password: PASSWORD, name: "A twin", role: "viewer" };
      assert.deepEqual(statuses(await each(3, (client) => client.post("/api/v1/users", body))), [201, 409, 409]);
    }
  });

  it("make one product of three with the same SKU", async () => {
    for (let run = 0; run < 5; run += 1) {
      const body = { sku: `TWIN-${run}`, name: "A twin", opening_stock: [{ location: "MAIN", quantity: 3 }] };
      assert.deepEqual(statuses(await each(3, (client) => client.post("/api/v1/products", body))), [201, 409, 409]);
      assert.equal((await tryOrder(at(run), [{ sku: body.sku, quantity: 3 }])).status, 201);
    }
  });

  it("tell on one instance what was ordered on another, and resume on a third", async () => {
    const { sku } = await product(100);
    const seen = [];
    const connect = (i, after) => {
      const socket = io(cluster.targets[i].origin, {
        forceNew: true,
        reconnection: false,
        auth: { token: cluster.token },
      });
      socket.on("order.changed", ({ seq, order }) => seen.push({ seq, id: order.id }));
      socket.on("connect", () => socket.emit("subscribe", { stock: "all", orders: true, after }));
      return socket;
    };
    const { head } = await readFeed(at(0));
    const first = connect(1, head);
    const ordered = [(await placeOrder(at(0), [{ sku, quantity: 1 }])).id];
    await until(() => (seen.length === 1 ? true : undefined), "the order", HEARD_MS_MAX);
    first.disconnect();
    for (let i = 0; i < 5; i += 1) ordered.push((await placeOrder(at(i), [{ sku, quantity: 1 }])).id);
    const second = connect(2, seen[0].seq);
    await until(() => (seen.length === 6 ? true : undefined), "what was missed", HEARD_MS_MAX);
    second.disconnect();
    assert.deepEqual(seen.map(({ id }) => id).sort(), ordered.toSorted());
  });

  it("leave one dense feed whose fold is the table of each", async () => {
    const { items, head } = await readFeed(at(0));
    assert.deepEqual(
      items.map(({ seq }) => seq),
      Array.from({ length: head }, (_, i) => i + 1),
    );
    const fold = foldFeed(items);
    // Archived products leave the table; what there was of them is gone.
    for (const {
      product: { sku },
    } of items.filter(({ product: changed }) => changed?.archived)) {
      assert.equal(fold.get(`${sku} @ MAIN`)?.on_hand ?? 0, 0);
      fold.delete(`${sku} @ MAIN`);
    }
    for (const client of clients) {
      const caughtUp = async () => ((await client.get("/api/v1/stock?limit=1")).json.head >= head ? true : undefined);
      await until(caughtUp, `head ${head}`, HEARD_MS_MAX);
      assert.deepEqual(await stockTable(client), fold);
    }
  });
});
