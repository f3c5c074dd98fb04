// Exports as CSV: what they hold, that they read back, and that a spreadsheet does not take a cell for a formula.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { checkProblem, newKey } from "../support/client.mjs";
import { adjust, makeLocation, makeProduct, newSku, placeOrder, readList, stockTable } from "../support/stock.mjs";
import { startChecked } from "./contract.mjs";

let server;
let admin;

before(async () => {
  server = await startChecked();
  admin = server.admin;
});
after(() => server.dispose());

// Takes CSV apart: quotes doubled inside quotes, records ended by CRLF.
function parseCsv(text) {
  const records = [[""]];
  let quoted = false;
  for (let i = 0; i < text.length; i += 1) {
    const record = records.at(-1);
    const at = record.length - 1;
    if (quoted) {
      if (text[i] !== '"') record[at] += text[i];
      else if (text[i + 1] === '"') record[at] += text[(i += 1)];
      else quoted = false;
    } else if (text[i] === '"') quoted = true;
    else if (text[i] === ",") record.push("");
    else if (text.startsWith("\r\n", i)) {
      records.push([""]);
      i += 1;
    } else record[at] += text[i];
  }
  assert.deepEqual(records.pop(), [""], "the file ends with a line end");
  const [header, ...rows] = records;
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i]])));
}

async function download(path) {
  const answer = await admin.get(path);
  assert.equal(answer.status, 200, answer.text);
  assert.match(answer.headers["content-type"], /^text\/csv; charset=utf-8$/);
  const name = path.split("/").at(-1).split("?")[0];
  assert.equal(answer.headers["content-disposition"], `attachment; filename="${name}"`);
  return parseCsv(answer.text);
}

describe("exports", () => {
  const evil = ["=1+1", "+1", "-1", "@x", "=cmd|' /C calc'!A0", "tab\u00a0\u200a=x", 'a "b", c', "Ω 🎉"];
  before(async () => {
    await makeLocation(admin, "EAST");
    for (const name of evil) await makeProduct(admin, { name, category: name, quantity: 3, barcode: "007" });
    for (let i = 0; i < 600; i += 1) await makeProduct(admin, { sku: newSku("MANY"), quantity: i % 5 });
  });

  it("of the stock hold the whole table", async () => {
    const rows = await download("/api/v1/exports/stock.csv");
    const table = await readList(admin, "/api/v1/stock?sort=sku");
    assert.equal(rows.length, table.length);
    const bySku = new Map(rows.map((row) => [`${row.sku} @ ${row.location}`, row]));
    for (const level of table) {
      const row = bySku.get(`${level.sku} @ ${level.location}`);
      assert.deepEqual([Number(row.quantity), Number(row.available)], [level.on_hand, level.available]);
      assert.equal(Number(row.version), level.version);
    }
  });

  it("give no cell that a spreadsheet takes for a formula", async () => {
    for (const row of await download("/api/v1/exports/stock.csv")) {
      for (const cell of [row.name, row.category, row.sku]) assert.ok(!/^[=+\-@\t\r]/.test(cell), JSON.stringify(cell));
    }
  });

  it("read back into another server to the same stock and names", async () => {
    const file = (await admin.get("/api/v1/exports/stock.csv")).text;
    const other = await startChecked();
    await makeLocation(other.admin, "EAST");
    const options = { headers: { "Content-Type": "text/csv" } };
    const report = await other.admin.post("/api/v1/imports", file, options);
    assert.deepEqual(report.json?.errors, [], report.text.slice(0, 500));
    const amounts = async (client) =>
      new Map([...(await stockTable(client))].map(([name, level]) => [name, level.on_hand]));
    assert.deepEqual(await amounts(other.admin), await amounts(admin));
    const names = async (client) =>
      (await readList(client, "/api/v1/products")).map((each) => [each.sku, each.name, each.category, each.barcode]).sort();
    assert.deepEqual(await names(other.admin), await names(admin));
    await other.dispose();
  });

  it("take the filters of the table", async () => {
    const rows = await download(`/api/v1/exports/stock.csv?search=${encodeURIComponent("🎉")}`);
    assert.deepEqual(rows.map((row) => row.name), ["Ω 🎉"]);
    assert.deepEqual(await download("/api/v1/exports/stock.csv?state=out&location=EAST"), []);
    checkProblem(await admin.get("/api/v1/exports/stock.csv?state=x"), 400, "invalid_request");
    checkProblem(await admin.get("/api/v1/exports/orders.csv?status=x"), 400, "invalid_request");
    checkProblem(await admin.get("/api/v1/exports/movements.csv?order=x"), 400, "invalid_request");
    checkProblem(await admin.get("/api/v1/exports/stock.csv?limit=1"), 400, "invalid_request");
  });

  it("of orders have a row for each line, and of movements one for each movement", async () => {
    const a = await makeProduct(admin, { quantity: 9 });
    const b = await makeProduct(admin, { quantity: 9 });
    const lines = [{ sku: a.sku, quantity: 2 }, { sku: b.sku, quantity: 3 }];
    const order = await placeOrder(admin, lines, { customer: "=evil()", note: 'line "one", two' });
    await admin.post(`/api/v1/orders/${order.id}/fulfil`, { lines: lines.slice(0, 1) }, { key: newKey() });
    await adjust(admin, a.sku, -1, { reason: "damaged", note: "+note" });
    const orders = await download(`/api/v1/exports/orders.csv?sku=${a.sku}`);
    assert.deepEqual(orders.map((row) => [row.sku, row.quantity, row.fulfilled, row.status]), [
      [a.sku, "2", "2", "partially_fulfilled"],
      [b.sku, "3", "0", "partially_fulfilled"],
    ]);
    assert.deepEqual([orders[0].customer[0] === "=", orders[0].note], [false, 'line "one", two']);
    const moves = await download(`/api/v1/exports/movements.csv?sku=${a.sku}`);
    assert.deepEqual(moves.map((row) => row.kind), ["received", "allocated", "fulfilled", "adjusted"]);
    assert.deepEqual(moves.map((row) => Number(row.on_hand)), [9, 9, 7, 6]);
    assert.ok(!moves[3].note.startsWith("+"));
    const all = await download("/api/v1/exports/movements.csv");
    const ledger = await readList(admin, "/api/v1/movements?after=0");
    assert.deepEqual(all.map((row) => Number(row.seq)), ledger.map((row) => row.seq));
  });
});
