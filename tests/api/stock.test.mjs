// The stock table (filters, order, pages), one product's levels, and adjustments.

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
  unchanged,
} from "../support/stock.mjs";
import { startChecked } from "./contract.mjs";

const STOCK = "/api/v1/stock";
let server;
let admin;

before(async () => {
  server = await startChecked();
  admin = server.admin;
});
after(() => server.dispose());

const skusOf = (items) => items.map((item) => item.sku);
const query = (parameters) => `${STOCK}?${new URLSearchParams(parameters)}`;
const list = async (parameters) => (await admin.get(query(parameters))).json;

describe("the stock table", () => {
  const category = "Table tests";
  // Name, quantity at MAIN, reorder point, ordered.
  const rows = [
    ["TABLE-A", "cherry Desk", 0, 5, 0],
    ["TABLE-B", "apple desk", 5, 5, 0],
    ["TABLE-C", "Banana chair", 9, 5, 6],
    ["TABLE-D", "élan chair", 100, 5, 0],
    ["TABLE-E", "desk_100% \\ <b>", 7, 0, 7],
  ];
  before(async () => {
    await makeLocation(admin, "SHELF");
    for (const [sku, name, quantity, point, ordered] of rows) {
      await makeProduct(admin, { sku, name, quantity, category, reorder_point: point });
      if (ordered > 0) await placeOrder(admin, [{ sku, quantity: ordered }]);
    }
    await adjust(admin, "TABLE-D", 3, { location: "SHELF" });
    for (let i = 0; i < 5; i += 1) await makeProduct(admin, { quantity: i });
  });

  it("tells all balances of a level", async () => {
    const { items } = await list({ sku: "TABLE-C" });
    const { updated_at: at, ...level } = items[0];
    assert.deepEqual(level, {
      sku: "TABLE-C",
      name: "Banana chair",
      category,
      location: "MAIN",
      on_hand: 9,
      unavailable: 0,
      held: 0,
      allocated: 6,
      available: 3,
      incoming: 0,
      reorder_point: 5,
      version: 2,
    });
    assert.ok(Math.abs(Date.now() - Date.parse(at)) < 600_000);
  });

  const filters = [
    [{ state: "out", category }, ["TABLE-A", "TABLE-E"]],
    [{ state: "low", category }, ["TABLE-B", "TABLE-C", "TABLE-D"]],
    [{ state: "in", category }, ["TABLE-D"]],
    [{ location: "SHELF" }, ["TABLE-D"]],
    [{ location: "NOWHERE" }, []],
    [{ sku: "TABLE-B" }, ["TABLE-B"]],
    [{ sku: "table-b" }, []],
    [{ category: "none" }, []],
    [{ search: "DESK", category }, ["TABLE-A", "TABLE-B", "TABLE-E"]],
    [{ search: "table-c" }, ["TABLE-C"]],
    [{ search: "%", category }, ["TABLE-E"]],
    [{ search: "_", category }, ["TABLE-E"]],
    [{ search: "\\", category }, ["TABLE-E"]],
    [{ search: "<b>", category }, ["TABLE-E"]],
    [{ search: "' OR 1=1 --", category }, []],
    [{ search: "chair", location: "SHELF" }, ["TABLE-D"]],
  ];
  for (const [parameters, skus] of filters) {
    it(`filters by ${JSON.stringify(parameters)}`, async () => {
      const { items, total } = await list({ ...parameters, sort: "sku" });
      assert.deepEqual([...new Set(skusOf(items))], skus);
      assert.equal(total, items.length);
    });
  }

  const columns = {
    sku: (item) => item.sku,
    on_hand: (item) => item.on_hand,
    allocated: (item) => item.allocated,
    held: (item) => item.held,
    available: (item) => item.available,
    updated_at: (item) => item.updated_at,
  };
  for (const [column, value] of Object.entries(columns)) {
    it(`sorts by ${column}, both ways, with the same rows`, async () => {
      const up = (await list({ category, sort: column })).items.map(value);
      const down = (await list({ category, sort: `-${column}` })).items.map(value);
      const sorted = [...up].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      assert.deepEqual(up, sorted);
      assert.deepEqual(down, sorted.reverse());
    });
  }

  it("sorts by name and by category, both ways, with the same rows", async () => {
    for (const sort of ["name", "category"]) {
      const up = (await list({ location: "MAIN", sort })).items;
      const down = (await list({ location: "MAIN", sort: `-${sort}` })).items;
      assert.deepEqual(up.map((item) => item[sort]), down.map((item) => item[sort]).reverse());
      assert.deepEqual(skusOf(up).sort(), skusOf(down).sort());
    }
    const plain = (await list({ category, location: "MAIN", sort: "name" })).items.map((item) => item.name);
    assert.ok(plain.indexOf("apple desk") < plain.indexOf("cherry Desk"));
  });

  it("takes an empty filter as none", async () => {
    const { total } = await list({});
    assert.equal((await list({ search: "", state: "", category: "", location: "", sku: "", sort: "" })).total, total);
  });

  it("pages by offset and by cursor to the same rows", async () => {
    const all = (await list({ limit: 500 })).items.map((item) => `${item.sku}@${item.location}`);
    const byOffset = [];
    for (let offset = 0; offset < all.length; offset += 4) {
      const page = await list({ limit: 4, offset });
      assert.equal(page.total, all.length);
      byOffset.push(...page.items.map((item) => `${item.sku}@${item.location}`));
    }
    const byCursor = [];
    let link = query({ limit: 4 });
    while (link) {
      const answer = await admin.get(link);
      byCursor.push(...answer.json.items.map((item) => `${item.sku}@${item.location}`));
      link = /<([^>]+)>; rel="next"/.exec(answer.headers.link ?? "")?.[1];
      assert.equal(link === undefined, answer.json.next_cursor === null);
    }
    assert.deepEqual(byOffset, all);
    assert.deepEqual(byCursor, all);
    assert.deepEqual((await list({ offset: 100_000 })).items, []);
  });

  it("refuses a cursor that was forged, cut, or given by another list", async () => {
    const { next_cursor: cursor } = await list({ limit: 2 });
    const forged = (cursor[0] === "A" ? "B" : "A") + cursor.slice(1);
    const bad = [{ cursor: forged }, { cursor: cursor.slice(1) }, { cursor: "" }, { cursor: "x".repeat(2000) }];
    bad.push({ cursor, search: "x" }, { cursor, sort: "-sku" }, { cursor, offset: 0 });
    for (const parameters of bad) {
      checkProblem(await admin.get(query({ limit: 2, ...parameters })), 400, "invalid_request");
    }
    const other = `/api/v1/products?limit=2&cursor=${cursor}`;
    checkProblem(await admin.get(other), 400, "invalid_request");
  });

  const wrong = {
    limit: ["0", "-1", "501", "1000000000", "1.5", "1e2", "x", "", " 1", "+1", "٣"],
    offset: ["-1", "x", "99999999999999999999", "1.5"],
    state: ["all", "IN", "low,out"],
    sort: ["price", "sku,name", "--sku", "-", "version; DROP TABLE"],
    search: ["a\u0000b", "\u0007", "x".repeat(4000)],
    sku: ["x".repeat(65)],
    unknown: ["1"],
    "limit[]": ["1"],
  };
  for (const [name, values] of Object.entries(wrong)) {
    it(`refuses wrong values of ${name}`, async () => {
      for (const value of values) {
        const problem = checkProblem(await admin.get(query({ [name]: value })), 400, "invalid_request");
        assert.deepEqual(problem.errors.map((error) => error.pointer), [name], `${name}=${value}`);
      }
    });
  }

  it("refuses a parameter given twice and one that is not UTF-8", async () => {
    for (const text of ["limit=1&limit=2", "search=%ff", "search=%c0%ae", "search=%", "search=%zz", "search=%u0041"]) {
      checkProblem(await admin.get(`${STOCK}?${text}`), 400, "invalid_request");
    }
  });
});

describe("the levels of one product", () => {
  it("adds up its locations and changes its tag with each change", async () => {
    await makeLocation(admin, "TWO");
    const { sku } = await makeProduct(admin, {
      opening_stock: [{ quantity: 10 }, { location: "TWO", quantity: 5 }],
    });
    await placeOrder(admin, [{ sku, quantity: 4 }]);
    const path = `${STOCK}/${sku}`;
    const read = await admin.get(path);
    assert.deepEqual(read.json.totals, {
      on_hand: 15,
      unavailable: 0,
      held: 0,
      allocated: 4,
      available: 11,
      incoming: 0,
    });
    const ask = (tag) => admin.get(path, { headers: { "If-None-Match": tag } });
    assert.equal((await ask(read.headers.etag)).status, 304);
    await adjust(admin, sku, 1, { location: "TWO" });
    const later = await ask(read.headers.etag);
    assert.equal(later.status, 200);
    assert.notEqual(later.headers.etag, read.headers.etag);
    assert.deepEqual((await admin.get(`${path}?location=TWO`)).json.items.map((level) => level.on_hand), [6]);
    checkProblem(await admin.get(`${path}?location=NONE`), 404, "unknown_location");
    checkProblem(await admin.get(`${STOCK}/NONE`), 404, "unknown_sku");
  });
});

describe("adjustments", () => {
  it("answers with the movement and the level, which the ledger and the feed then tell", async () => {
    const { sku } = await makeProduct(admin, { quantity: 5 });
    const done = await adjust(admin, sku, -2, { reason: "damaged", note: "fell down", expected_version: 1 });
    assert.deepEqual([done.level.on_hand, done.level.version], [3, 2]);
    const { movement } = done;
    assert.deepEqual(
      [movement.kind, movement.delta, movement.quantity, movement.from, movement.to, movement.reason, movement.note],
      ["adjusted", -2, 2, "MAIN", "adjustment", "damaged", "fell down"],
    );
    assert.equal(movement.actor, admin.user.id);
    const { seq: _, ...rest } = (await admin.get(`/api/v1/movements?sku=${sku}&limit=1`)).json.items[0];
    const { seq: __, ...told } = movement;
    assert.deepEqual(rest, told);
    const item = (await readFeed(admin)).items.find((each) => each.movement?.id === movement.id);
    assert.deepEqual([item.kind, item.level.on_hand, item.cause.type], ["stock.changed", 3, "adjustment"]);
  });

  it("creates the level at a location where there was none", async () => {
    await makeLocation(admin, "NEW-PLACE");
    const { sku } = await makeProduct(admin, {});
    const done = await adjust(admin, sku, 4, { location: "NEW-PLACE", expected_version: 0 });
    assert.deepEqual([done.level.on_hand, done.level.version], [4, 1]);
  });

  it("does not go below what is promised, nor below zero", async () => {
    const { sku } = await makeProduct(admin, { quantity: 10 });
    await placeOrder(admin, [{ sku, quantity: 6 }]);
    const attempt = (delta) =>
      unchanged(admin, () => tryAdjust(admin, { sku, location: "MAIN", delta, reason: "missing" }));
    checkProblem(await attempt(-5), 409, "breaks_promises");
    const gone = checkProblem(await attempt(-11), 409, "insufficient_stock");
    assert.deepEqual(gone.shortages, [{ sku, location: "MAIN", requested: 11, available: 4 }]);
    await adjust(admin, sku, -4, { reason: "missing" });
    assert.deepEqual((await levelOf(admin, sku)).available, 0);
  });

  it("refuses a stale version and tells the present level", async () => {
    const { sku } = await makeProduct(admin, { quantity: 1 });
    for (const expected of [0, 2, 99]) {
      const body = { sku, location: "MAIN", delta: 1, reason: "found", expected_version: expected };
      const problem = checkProblem(await unchanged(admin, () => tryAdjust(admin, body)), 412, "version_mismatch");
      assert.deepEqual(problem.current, await levelOf(admin, sku));
    }
  });

  it("takes one of several changes that expect the same version", async () => {
    const { sku } = await makeProduct(admin, { quantity: 1 });
    const body = { sku, location: "MAIN", delta: 1, reason: "found", expected_version: 1 };
    const answers = await Promise.all(Array.from({ length: 10 }, () => tryAdjust(admin, body)));
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [201, ...Array(9).fill(412)]);
    assert.equal((await levelOf(admin, sku)).on_hand, 2);
  });

  it("loses no change of many at the same instant", async () => {
    const { sku } = await makeProduct(admin, {});
    await Promise.all(Array.from({ length: 60 }, (_, i) => adjust(admin, sku, i + 1, { reason: "restock" })));
    const level = await levelOf(admin, sku);
    assert.deepEqual([level.on_hand, level.version], [1830, 60]);
  });

  const directions = {
    restock: [201, 400],
    found: [201, 400],
    return_good: [201, 400],
    correction: [201, 201],
    cycle_count: [201, 201],
    damaged: [400, 201],
    stolen: [400, 201],
    sample: [400, 201],
    order_placed: [400, 400],
    import: [400, 400],
    none: [400, 400],
    nonsense: [400, 400],
  };
  it("holds each reason to its direction", async () => {
    const { sku } = await makeProduct(admin, { quantity: 10 });
    for (const [reason, [up, down]] of Object.entries(directions)) {
      for (const [delta, status] of [[1, up], [-1, down]]) {
        const answer = await tryAdjust(admin, { sku, location: "MAIN", delta, reason });
        assert.equal(answer.status, status, `${reason} ${delta}: ${answer.text}`);
      }
    }
    const other = { sku, location: "MAIN", delta: 1, reason: "other" };
    checkProblem(await tryAdjust(admin, other), 400, "invalid_request");
    assert.equal((await tryAdjust(admin, { ...other, note: "because" })).status, 201);
  });

  it("takes an adjustment back with the reason undo", async () => {
    const { sku } = await makeProduct(admin, { quantity: 10 });
    await adjust(admin, sku, -3, { reason: "missing" });
    await adjust(admin, sku, 3, { reason: "undo" });
    assert.equal((await levelOf(admin, sku)).on_hand, 10);
  });

  it("needs a product and a location that exist", async () => {
    const body = { sku: newSku(), location: "MAIN", delta: 1, reason: "found" };
    checkProblem(await unchanged(admin, () => tryAdjust(admin, body)), 404, "unknown_sku");
    const { sku } = await makeProduct(admin, {});
    const nowhere = { ...body, sku, location: "NOWHERE" };
    checkProblem(await unchanged(admin, () => tryAdjust(admin, nowhere)), 404, "unknown_location");
  });

  it("keeps the stock within its bound", async () => {
    const most = 1_000_000_000_000;
    const { sku } = await makeProduct(admin, { quantity: most });
    const body = { sku, location: "MAIN", delta: 1, reason: "found" };
    checkProblem(await unchanged(admin, () => tryAdjust(admin, body)), 400, "invalid_request");
    assert.equal((await adjust(admin, sku, -most)).level.on_hand, 0);
    assert.equal((await adjust(admin, sku, most)).level.on_hand, most);
    const fields = await tryAdjust(admin, { delta: 0, note: 1, reason: "x", expected_version: -1, extra: 1 });
    const pointers = checkProblem(fields, 400).errors.map((error) => error.pointer);
    assert.deepEqual(pointers.sort(), ["/delta", "/expected_version", "/extra", "/note", "/reason", "/sku"]);
    checkProblem(await admin.post("/api/v1/stock/adjustments", body), 400, "idempotency_key_missing");
    const key = newKey();
    assert.equal((await tryAdjust(admin, { ...body, delta: -5, reason: "missing" }, { key })).status, 201);
    const again = await tryAdjust(admin, { ...body, delta: -5, reason: "missing" }, { key });
    assert.equal(again.headers["idempotency-replayed"], "true");
    assert.equal((await levelOf(admin, sku)).on_hand, most - 5);
    assert.equal((await readList(admin, `/api/v1/movements?sku=${sku}`)).length, 4);
  });
});
