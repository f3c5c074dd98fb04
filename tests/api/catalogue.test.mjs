// Products, categories and locations.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { checkProblem, newKey } from "../support/client.mjs";
import { adjust, levelOf, makeLocation, makeProduct, newSku, readFeed, readList, unchanged } from "../support/stock.mjs";
import { startChecked } from "./contract.mjs";

const PRODUCTS = "/api/v1/products";
let server;
let admin;

before(async () => {
  server = await startChecked();
  admin = server.admin;
});
after(() => server.dispose());

describe("products", () => {
  it("keeps every field, and creates the opening stock with it", async () => {
    await makeLocation(admin, "EAST");
    const body = {
      sku: "Größe ½+L #1? %2F &",
      name: "Shirt “blue” <b>&amp;</b>",
      category: "Clothes / Shirts",
      barcode: "0012345678905",
      unit_price: { amount: "12.50", currency: "EUR" },
      attributes: { colour: "blue", sizes: [1, 2.5, null], nested: { a: true } },
      reorder_point: 3,
      opening_stock: [{ location: "MAIN", quantity: 5 }, { location: "EAST", quantity: 7 }],
    };
    const made = await admin.post(PRODUCTS, body);
    assert.equal(made.status, 201, made.text);
    const { opening_stock: _, ...fields } = body;
    for (const [name, value] of Object.entries(fields)) assert.deepEqual(made.json[name], value, name);
    assert.deepEqual([made.json.version, made.json.archived], [1, false]);
    assert.match(made.json.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    const path = made.headers.location;
    assert.equal(path, `${PRODUCTS}/${encodeURIComponent(body.sku)}`);
    const read = await admin.get(path);
    assert.deepEqual(read.json, made.json);
    assert.equal(read.headers.etag, '"1"');
    assert.equal((await levelOf(admin, body.sku, "MAIN")).on_hand, 5);
    assert.equal((await levelOf(admin, body.sku, "EAST")).on_hand, 7);
  });

  for (const sku of ["a/b", "/", "...", ".a", "%2e", "a\\b", "x;y", "{sku}", "ключ", "🎉"]) {
    it(`addresses a product by its SKU ${sku}`, async () => {
      const made = await admin.post(PRODUCTS, { sku, name: "Oddly named", opening_stock: [{ quantity: 1 }] });
      assert.equal(made.status, 201, made.text);
      const read = await admin.get(made.headers.location);
      assert.deepEqual([read.status, read.json?.sku], [200, sku], read.text);
      assert.equal((await levelOf(admin, sku)).on_hand, 1);
    });
  }

  it("shows a new product without stock in the table, as out", async () => {
    const { sku } = await makeProduct(admin, {});
    const level = await levelOf(admin, sku);
    assert.deepEqual([level.on_hand, level.available, level.version], [0, 0, 0]);
    const out = await readList(admin, "/api/v1/stock?state=out");
    assert.ok(out.some((each) => each.sku === sku));
  });

  it("refuses a second product with the same SKU, byte for byte", async () => {
    const { sku } = await makeProduct(admin, { sku: newSku("case") });
    checkProblem(await admin.post(PRODUCTS, { sku, name: "Again" }), 409, "already_exists");
    await makeProduct(admin, { sku: sku.toUpperCase() });
    checkProblem(await admin.get(`${PRODUCTS}/${sku}%20`), 404, "unknown_sku");
  });

  it("creates one product from requests at the same instant", async () => {
    const sku = newSku();
    const tries = Array.from({ length: 8 }, () => admin.post(PRODUCTS, { sku, name: "Same" }));
    const statuses = (await Promise.all(tries)).map((answer) => answer.status).sort();
    assert.deepEqual(statuses, [201, ...Array(7).fill(409)]);
  });

  it("answers a repeat under the same key with the same bytes", async () => {
    const key = newKey();
    const body = { sku: newSku(), name: "Once", opening_stock: [{ quantity: 4 }] };
    const first = await admin.post(PRODUCTS, body, { key });
    const again = await admin.post(PRODUCTS, body, { key });
    assert.equal(first.status, 201, first.text);
    assert.deepEqual([again.status, again.text], [201, first.text]);
    assert.equal(again.headers["idempotency-replayed"], "true");
    assert.equal((await levelOf(admin, body.sku)).on_hand, 4);
  });

  it("applies nothing when the opening stock is at an unknown location", async () => {
    const sku = newSku();
    const body = { sku, name: "X", opening_stock: [{ quantity: 4 }, { location: "NOWHERE", quantity: 1 }] };
    checkProblem(await unchanged(admin, () => admin.post(PRODUCTS, body)), 404, "unknown_location");
    checkProblem(await admin.get(`${PRODUCTS}/${sku}`), 404, "unknown_sku");
  });

  it("changes fields with If-Match only, and tells the present state to a stale one", async () => {
    const { sku } = await makeProduct(admin, { name: "Before", category: "Old", barcode: "1" });
    const path = `${PRODUCTS}/${sku}`;
    checkProblem(await admin.patch(path, { name: "X" }), 428, "version_required");
    for (const ifMatch of ["1", "*", '"x"', '"-1"', 'W/"1"', '"1", "2"', ""]) {
      checkProblem(await admin.patch(path, { name: "X" }, { ifMatch }), 400, "invalid_request");
    }
    const price = { amount: "0.0001", currency: "USD" };
    const change = { name: "After", category: null, unit_price: price, reorder_point: 9 };
    const changed = await admin.patch(path, change, { ifMatch: '"1"' });
    assert.equal(changed.status, 200, changed.text);
    const { name, category, barcode, unit_price, reorder_point, version } = changed.json;
    assert.deepEqual({ name, category, barcode, unit_price, reorder_point, version }, {
      ...change,
      category: "",
      barcode: "1",
      version: 2,
    });
    const stale = checkProblem(await admin.patch(path, { name: "Lost" }, { ifMatch: '"1"' }), 412, "version_mismatch");
    assert.deepEqual(stale.current, changed.json);
    checkProblem(await admin.patch(path, { name: "X" }, { ifMatch: '"99"' }), 412, "version_mismatch");
    checkProblem(await admin.patch(path, {}, { ifMatch: '"2"' }), 400, "invalid_request");
    checkProblem(await admin.patch(path, { sku: "NEW" }, { ifMatch: '"2"' }), 400, "invalid_request");
    checkProblem(await admin.patch(`${PRODUCTS}/NONE`, { name: "X" }, { ifMatch: '"1"' }), 404, "unknown_sku");
    assert.deepEqual((await admin.get(path)).json, changed.json);
    assert.equal((await levelOf(admin, sku)).name, "After");
  });

  it("answers 304 to a reader who has the present version", async () => {
    const { sku } = await makeProduct(admin, {});
    const ask = (tag) => admin.get(`${PRODUCTS}/${sku}`, { headers: { "If-None-Match": tag } });
    assert.equal((await ask('"1"')).status, 304);
    assert.equal((await ask('"7", W/"1"')).status, 304);
    assert.equal((await ask('"2"')).status, 200);
  });

  it("archives a product only when nothing of it is left", async () => {
    const { sku } = await makeProduct(admin, { quantity: 2 });
    const path = `${PRODUCTS}/${sku}`;
    checkProblem(await admin.delete(path), 428, "version_required");
    checkProblem(await admin.delete(path, { ifMatch: '"1"' }), 409, "invalid_state");
    await adjust(admin, sku, -2);
    checkProblem(await admin.delete(path, { ifMatch: '"5"' }), 412, "version_mismatch");
    assert.equal((await admin.delete(path, { ifMatch: '"1"' })).status, 204);
    checkProblem(await admin.delete(path, { ifMatch: '"2"' }), 404, "unknown_sku");
    const order = { lines: [{ sku, quantity: 1 }] };
    checkProblem(await admin.post("/api/v1/orders", order, { key: newKey() }), 404, "unknown_sku");
    const found = async (query) => (await readList(admin, `${PRODUCTS}?search=${sku}${query}`)).length;
    assert.deepEqual([await found(""), await found("&archived=true")], [0, 1]);
    assert.ok((await readFeed(admin)).items.some((item) => item.kind === "product.archived" && item.product.sku === sku));
  });

  it("restores an archived product, which then sells as before", async () => {
    const { sku } = await makeProduct(admin, {});
    const path = `${PRODUCTS}/${sku}`;
    assert.equal((await admin.delete(path, { ifMatch: '"1"' })).status, 204);
    checkProblem(await admin.post(PRODUCTS, { sku, name: "again" }), 409, "already_exists");
    checkProblem(await admin.patch(path, { name: "b" }, { ifMatch: '"2"' }), 404, "unknown_sku");
    checkProblem(await admin.patch(path, { archived: false }, { ifMatch: '"1"' }), 412, "version_mismatch");
    const restored = await admin.patch(path, { archived: false }, { ifMatch: '"2"' });
    assert.deepEqual([restored.status, restored.json.archived, restored.json.version], [200, false, 3]);
    await adjust(admin, sku, 2);
    const order = { lines: [{ sku, quantity: 2 }] };
    assert.equal((await admin.post("/api/v1/orders", order, { key: newKey() })).status, 201);
    const kinds = (await readFeed(admin)).items.filter((item) => item.product?.sku === sku).map(({ kind }) => kind);
    assert.deepEqual(kinds, ["product.created", "product.archived", "product.updated"]);
  });

  it("lists by search and category, in pages without loss or repetition", async () => {
    const category = newSku("category");
    const skus = [];
    for (let i = 0; i < 7; i += 1) skus.push((await makeProduct(admin, { category, name: `Paged ${category}` })).sku);
    const seen = [];
    let path = `${PRODUCTS}?category=${category}&limit=3`;
    for (let cursor = ""; cursor !== null; ) {
      const page = await admin.get(path + (cursor && `&cursor=${cursor}`));
      assert.equal(page.json.total, 7);
      assert.ok(page.json.items.length <= 3);
      seen.push(...page.json.items.map((product) => product.sku));
      cursor = page.json.next_cursor;
    }
    assert.deepEqual(seen.sort(), skus.sort());
    path = `${PRODUCTS}?search=${category.toLowerCase()}`;
    assert.equal((await admin.get(path)).json.total, 7);
    const { items } = (await admin.get("/api/v1/categories")).json;
    assert.ok(items.includes(category));
    assert.equal((await admin.get(`${PRODUCTS}?category=none-of-these`)).json.total, 0);
  });
});

describe("locations", () => {
  it("has MAIN from the start, and takes new ones once", async () => {
    const codes = async () => (await readList(admin, "/api/v1/locations")).map((each) => each.code);
    assert.ok((await codes()).includes("MAIN"));
    await makeLocation(admin, "WEST-1");
    assert.ok((await codes()).includes("WEST-1"));
    checkProblem(await admin.post("/api/v1/locations", { code: "WEST-1", name: "Again" }), 409, "already_exists");
    checkProblem(await admin.post("/api/v1/locations", { code: "MAIN", name: "Again" }), 409, "already_exists");
  });

  for (const [what, body] of Object.entries({
    "no code": { name: "X" },
    "no name": { code: "X" },
    "a code of 33 bytes": { code: "x".repeat(33), name: "X" },
    "a code with space around": { code: " X", name: "X" },
    "an unknown field": { code: "X", name: "X", default: true },
  })) {
    it(`refuses ${what}`, async () => {
      checkProblem(await unchanged(admin, () => admin.post("/api/v1/locations", body)), 400, "invalid_request");
    });
  }
});
