// Values at and beyond their bounds, and texts that mean something to other programs: refused or kept as they are.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { checkProblem, newKey } from "../support/client.mjs";
import { levelOf, makeProduct, newSku, placeOrder, tryOrder, unchanged } from "../support/stock.mjs";
import { startChecked } from "./contract.mjs";

let server;
let admin;

before(async () => {
  server = await startChecked();
  admin = server.admin;
});
after(() => server.dispose());

const tryProduct = (fields) => admin.post("/api/v1/products", { sku: newSku(), name: "A name", ...fields });

async function refusesProduct(fields, pointer) {
  const problem = checkProblem(await unchanged(admin, () => tryProduct(fields)), 400, "invalid_request");
  assert.deepEqual(problem.errors.map((error) => error.pointer), [pointer]);
}

describe("quantities", () => {
  const most = 1_000_000;
  it("of a line go from 1 to 1 000 000, also added up", async () => {
    const { sku } = await makeProduct(admin, { quantity: 1_000_000_000_000 });
    const order = (...quantities) => tryOrder(admin, quantities.map((quantity) => ({ sku, quantity })));
    for (const quantity of [1, 2, most]) assert.equal((await order(quantity)).status, 201);
    for (const quantity of [0, -1, most + 1, 2 ** 31, 2 ** 53, 1.5]) {
      checkProblem(await unchanged(admin, () => order(quantity)), 400, "invalid_request");
    }
    const sum = checkProblem(await unchanged(admin, () => order(most, 1)), 400, "invalid_request");
    assert.deepEqual(sum.errors.map((error) => error.pointer), ["/lines/1/quantity"]);
    checkProblem(await unchanged(admin, () => order(...Array(200).fill(most))), 400, "invalid_request");
    assert.equal((await levelOf(admin, sku)).allocated, most + 3);
  });

  it("of stock go from 0 to 1 000 000 000 000", async () => {
    const opening = (quantity) => ({ opening_stock: [{ quantity }] });
    for (const quantity of [0, 1, 1_000_000_000_000]) {
      const made = await tryProduct(opening(quantity));
      assert.equal(made.status, 201, made.text);
      assert.equal((await levelOf(admin, made.json.sku)).on_hand, quantity);
    }
    for (const quantity of [-1, 1_000_000_000_001, 1e300, 0.5, "5", null]) {
      await refusesProduct(opening(quantity), "/opening_stock/0/quantity");
    }
    const twice = await tryProduct({ opening_stock: [{ quantity: 1_000_000_000_000 }, { location: "MAIN", quantity: 1 }] });
    assert.ok([400, 409].includes(twice.status), twice.text);
    for (const point of [-1, 1_000_000_000_001, 1.5, "1"]) await refusesProduct({ reorder_point: point }, "/reorder_point");
  });
});

describe("prices", () => {
  for (const amount of ["0", "0.0001", "12.50", "999999999999", "999999999999.9999"]) {
    it(`keep ${amount} as it was written`, async () => {
      const made = await tryProduct({ unit_price: { amount, currency: "JPY" } });
      assert.deepEqual(made.json.unit_price, { amount, currency: "JPY" }, made.text);
    });
  }
  for (const amount of ["-0.00", "-1", "+1", "0.00001", "1e3", "1,000", "1.", ".5", "01", "", " 1", "1 ", "NaN", "1000000000000", "１", 12.5]) {
    it(`refuse the amount ${JSON.stringify(amount)}`, () =>
      refusesProduct({ unit_price: { amount, currency: "EUR" } }, "/unit_price/amount"));
  }
  for (const currency of ["eur", "EU", "EURO", "", "€", "E R", 5]) {
    it(`refuse the currency ${JSON.stringify(currency)}`, () =>
      refusesProduct({ unit_price: { amount: "1", currency } }, "/unit_price/currency"));
  }
  it("need both parts and nothing else", async () => {
    await refusesProduct({ unit_price: { amount: "1" } }, "/unit_price/currency");
    await refusesProduct({ unit_price: { amount: "1", currency: "EUR", tax: 1 } }, "/unit_price/tax");
    await refusesProduct({ unit_price: "1 EUR" }, "/unit_price");
  });
});

describe("SKUs", () => {
  const refused = {
    "an empty one": "",
    "65 bytes": "x".repeat(65),
    "65 bytes in 33 characters": `${"é".repeat(32)}x`,
    "a leading space": " A",
    "a trailing space": "A ",
    "a tab": "A\tB",
    "a line break": "A\nB",
    "a zero-width joiner": "A\u200dB",
    "a zero-width space": "A\u200bB",
    "a direction override": "A\u202eB",
    "a byte order mark inside": "A\ufeffB",
    "a no-break space at the end": "A\u00a0",
    "only a space": " ",
    "a dot, which no URL can name": ".",
    "two dots": "..",
  };
  for (const [what, sku] of Object.entries(refused)) {
    it(`refuse ${what}`, () => refusesProduct({ sku }, "/sku"));
  }
  it("differ by every byte: case, composition, look-alikes", async () => {
    const skus = ["ABC", "abc", "\u0410BC", "caf\u00e9", "cafe\u0301", "x".repeat(64), "é".repeat(32)];
    for (const [i, sku] of skus.entries()) await makeProduct(admin, { sku, quantity: i + 1 });
    for (const [i, sku] of skus.entries()) assert.equal((await levelOf(admin, sku)).on_hand, i + 1, sku);
  });
});

describe("texts", () => {
  const texts = ["' OR 1=1 --", '"; DROP TABLE orders; --', "$1 %s%n {{7*7}} ${jndi:ldap://x}", "back\\slash `tick`", "<script>alert(1)</script>", "javascript:alert(1)", "مرحبا שלום", "e\u0301 👩‍👩‍👧 \u{1f3f4}", "%_\\%", "-- ; /* */"];
  for (const text of texts) {
    it(`come back as they were: ${text}`, async () => {
      const { sku } = await makeProduct(admin, { name: text, category: text, quantity: 1 });
      const order = await placeOrder(admin, [{ sku, quantity: 1 }], { customer: text, reference: text, note: text });
      const read = (await admin.get(`/api/v1/orders/${order.id}`)).json;
      assert.deepEqual([read.customer, read.reference, read.note], [text, text, text]);
      // Orders are searched by words, so a text without any finds nothing.
      const found = await admin.get(`/api/v1/orders?search=${encodeURIComponent(text)}&sku=${encodeURIComponent(sku)}`);
      assert.deepEqual(found.json.items.map((each) => each.id), /[\p{L}\p{N}]/u.test(text) ? [order.id] : []);
      assert.equal((await levelOf(admin, sku)).name, text);
      const table = await admin.get(`/api/v1/stock?search=${encodeURIComponent(text)}`);
      assert.ok(table.json.items.some((level) => level.sku === sku));
    });
  }

  it("are held to their bounds in bytes", async () => {
    const bounds = { name: 256, category: 128, barcode: 64 };
    for (const [field, most] of Object.entries(bounds)) {
      assert.equal((await tryProduct({ [field]: "é".repeat(most / 2) })).status, 201, field);
      await refusesProduct({ [field]: "x".repeat(most + 1) }, `/${field}`);
      await refusesProduct({ [field]: "a\u0085b\u0007" }, `/${field}`);
    }
    await refusesProduct({ attributes: { text: "x".repeat(8200) } }, "/attributes");
    await refusesProduct({ attributes: [] }, "/attributes");
    await refusesProduct({ name: "" }, "/name");
  });

  it("of an order are held to their bounds, and are null when empty", async () => {
    const { sku } = await makeProduct(admin, { quantity: 10 });
    const order = (fields) => admin.post("/api/v1/orders", { lines: [{ sku, quantity: 1 }], ...fields }, { key: newKey() });
    for (const field of ["reference", "customer", "note"]) {
      const problem = checkProblem(await unchanged(admin, () => order({ [field]: "x".repeat(10_000) })), 400);
      assert.deepEqual(problem.errors.map((error) => error.pointer), [`/${field}`]);
      assert.equal((await order({ [field]: "" })).json[field], null);
    }
  });
});
