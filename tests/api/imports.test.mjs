// Imports of CSV: own columns, Shopify's and WooCommerce's, reports of bad rows, and nothing applied of a bad file.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { checkProblem } from "../support/client.mjs";
import { levelOf, makeLocation, makeProduct, newSku, placeOrder, readList, unchanged } from "../support/stock.mjs";
import { startChecked } from "./contract.mjs";

let server;
let admin;

before(async () => {
  server = await startChecked();
  admin = server.admin;
  await makeLocation(admin, "EAST");
});
after(() => server.dispose());

const send = (body, query = "", headers = {}) =>
  admin.post(`/api/v1/imports${query && `?${query}`}`, body, { headers: { "Content-Type": "text/csv", ...headers } });

async function sendGood(body, query) {
  const answer = await send(body, query);
  assert.equal(answer.status, 200, answer.text);
  return answer.json;
}

const counts = ({ rows, created, updated, skipped, applied }) => [rows, created, updated, skipped, applied];
const productOf = async (sku) => (await admin.get(`/api/v1/products/${sku}`)).json;

describe("own columns", () => {
  const header = "sku,name,category,barcode,unit_price,currency,location,quantity,reorder_point";

  it("creates products with their stock, then updates them", async () => {
    const sku = newSku("IMP");
    const first = `${header}\n${sku},"A ""quoted"", name",Cat / Sub,0001,12.50,EUR,,7,2\n${sku},Same,,,,,EAST,3,\n`;
    assert.deepEqual(counts(await sendGood(first)), [2, 1, 1, 0, true]);
    const product = await productOf(sku);
    assert.deepEqual(product.unit_price, { amount: "12.50", currency: "EUR" });
    assert.equal((await levelOf(admin, sku)).on_hand, 7);
    assert.equal((await levelOf(admin, sku, "EAST")).on_hand, 3);
    await placeOrder(admin, [{ sku, quantity: 2 }]);
    const second = `sku,quantity\r\n${sku},5\r\n`;
    assert.deepEqual(counts(await sendGood(second)), [1, 0, 1, 0, true]);
    const level = await levelOf(admin, sku);
    assert.deepEqual([level.on_hand, level.allocated, level.available], [5, 2, 3]);
    const { items } = (await admin.get(`/api/v1/movements?sku=${sku}&limit=1`)).json;
    assert.deepEqual([items[0].kind, items[0].delta, items[0].cause.type], ["counted", -2, "import"]);
    assert.equal((await productOf(sku)).name, product.name);
  });

  it("checks without changing anything when asked for a dry run", async () => {
    const sku = newSku("DRY");
    const body = `sku,name,quantity\n${sku},Dry,4\n`;
    const report = await unchanged(admin, () => sendGood(body, "dry_run=true"));
    assert.deepEqual([...counts(report), report.dry_run], [1, 1, 0, 0, false, true]);
    checkProblem(await admin.get(`/api/v1/products/${sku}`), 404, "unknown_sku");
    assert.deepEqual(counts(await sendGood(body)), [1, 1, 0, 0, true]);
  });

  it("is safe to send again", async () => {
    const sku = newSku("AGAIN");
    const body = `sku,name,quantity\n${sku},Again,4\n`;
    await sendGood(body);
    await unchanged(admin, () => sendGood(body));
    assert.equal((await levelOf(admin, sku)).version, 1);
  });

  const badCells = {
    "a negative quantity": ["quantity", "-1"],
    "a quantity with a fraction": ["quantity", "1.0"],
    "a quantity with an exponent": ["quantity", "1e3"],
    "a quantity with a comma": ["quantity", '"1,5"'],
    "a full-width digit": ["quantity", "５"],
    "a quantity above the bound": ["quantity", "1000000000001"],
    "a price with five decimals": ["unit_price", "0.00001"],
    "a price with a sign": ["unit_price", "-1.00"],
    "a currency in small letters": ["currency", "eur"],
    "an unknown location": ["location", "NOWHERE"],
    "a SKU of 65 bytes": ["sku", "x".repeat(65)],
    "no SKU": ["sku", ""],
    "a control character": ["name", "bell\u0007"],
    "a name of 257 bytes": ["name", "n".repeat(257)],
  };
  for (const [what, [column, value]] of Object.entries(badCells)) {
    it(`reports ${what} with line and column, and applies nothing`, async () => {
      const good = newSku("GOOD");
      const cells = { sku: newSku("BAD"), name: "Bad", unit_price: "1", currency: "EUR", location: "", quantity: "1" };
      const bad = { ...cells, [column]: value };
      const fine = Object.values({ ...cells, sku: good }).join(",");
      const body = `${Object.keys(cells).join(",")}\n${fine}\n${Object.values(bad).join(",")}\n`;
      const report = await unchanged(admin, () => sendGood(body));
      assert.deepEqual([report.rows, report.applied], [2, false]);
      assert.deepEqual(report.errors.map((error) => [error.line, error.column]), [[3, column]]);
      assert.ok(report.errors[0].detail.length > 0);
      checkProblem(await admin.get(`/api/v1/products/${good}`), 404, "unknown_sku");
      const partial = await sendGood(body, "partial=true");
      assert.deepEqual([...counts(partial), partial.errors.length], [2, 1, 0, 1, true, 1]);
      assert.equal((await levelOf(admin, good)).on_hand, 1);
    });
  }

  it("reports a row with too few or too many cells, a repeated SKU and bad UTF-8", async () => {
    const sku = newSku("ROWS");
    const lines = ["sku,name,quantity", `${sku},One,1`, "too-few,x", "too-many,x,1,2", `${sku},Two,2`];
    const body = Buffer.concat([Buffer.from(`${lines.join("\n")}\nlatin,`), Buffer.from([0xe9]), Buffer.from(",1\n")]);
    const report = await unchanged(admin, () => sendGood(body));
    assert.deepEqual(report.errors.map((error) => error.line), [3, 4, 5, 6]);
  });

  it("counts lines as an editor does, also after a line break inside a cell", async () => {
    const sku = newSku("LINES");
    const body = `sku,name,category,quantity\n${sku},First,"no line break here",1\n"${sku}-2","two\nlines",x,bad\n`;
    const report = await unchanged(admin, () => sendGood(body));
    assert.ok(report.errors.every((error) => error.line === 3), JSON.stringify(report.errors));
  });

  it("takes a byte order mark, any line ends and no last line end", async () => {
    const [a, b, c] = [newSku("ENDS"), newSku("ENDS"), newSku("ENDS")];
    const body = `\ufeffSKU , Name,quantity\r\n${a},A,1\n${b},B,2\r\n${c},C,3`;
    assert.deepEqual(counts(await sendGood(body)), [3, 3, 0, 0, true]);
    assert.equal((await levelOf(admin, c)).on_hand, 3);
  });

  const unreadable = {
    "an empty file": "",
    "a header without sku": "name,quantity\nx,1\n",
    "an unknown column": "sku,name,colour\na,b,c\n",
    "a column twice": "sku,name,sku\na,b,c\n",
    "a quote that does not end": 'sku,name\na,"b\n',
    "UTF-16": Buffer.from("\ufeffsku,name\na,b\n", "utf16le"),
    "a zip file": Buffer.from("504b0304140000000800", "hex"),
  };
  for (const [what, body] of Object.entries(unreadable)) {
    it(`refuses ${what}`, async () => {
      checkProblem(await unchanged(admin, () => send(body)), 400, "invalid_request");
    });
  }

  it("applies all of a file larger than one transaction, or nothing", async () => {
    const rows = Array.from({ length: 5200 }, (_, i) => `BULK-${i},Bulk ${i},2`);
    const bad = `sku,name,quantity\n${rows.join("\n")}\nBULK-BAD,Bad,x\n`;
    const report = await unchanged(admin, () => sendGood(bad));
    assert.deepEqual([report.applied, report.errors[0].line], [false, 5202]);
    const good = `sku,name,quantity\n${rows.join("\n")}\n`;
    assert.deepEqual(counts(await sendGood(good)), [5200, 5200, 0, 0, true]);
    assert.equal((await admin.get("/api/v1/stock?search=BULK-&limit=1")).json.total, 5200);
  });
});

describe("a stock file", () => {
  it("sets the stock of products that exist, and refuses to take below what is promised", async () => {
    const { sku } = await makeProduct(admin, { quantity: 10 });
    await placeOrder(admin, [{ sku, quantity: 6 }]);
    assert.equal((await sendGood(`sku,location,quantity\n${sku},MAIN,8\n`, "kind=stock")).applied, true);
    assert.equal((await levelOf(admin, sku)).on_hand, 8);
    const report = await unchanged(admin, () => sendGood(`sku,quantity\n${sku},5\nUNKNOWN-SKU,1\n`, "kind=stock"));
    assert.deepEqual(report.errors.map((error) => error.line), [2, 3]);
    assert.equal(report.errors[0].column, "quantity");
    assert.equal((await levelOf(admin, sku)).on_hand, 8);
    checkProblem(await unchanged(admin, () => send("sku,name,quantity\na,b,1\n", "kind=stock")), 400);
    checkProblem(await unchanged(admin, () => send("sku\na\n", "kind=stock")), 400, "invalid_request");
  });
});

describe("files of other shops", () => {
  it("takes Shopify's product export, with variants and image rows", async () => {
    const [small, large, poster] = [newSku("SH"), newSku("SH"), newSku("SH")];
    const body = [
      "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU," +
        "Variant Grams,Variant Inventory Qty,Variant Price,Variant Barcode,Image Src",
      `shirt,"Shirt, blue","<p>Soft</p>",Acme,Apparel > Shirts,Shirts,new,true,Size,S,${small},100,5,19.90,'0123,http://x/1.jpg`,
      `shirt,,,,,,,,,L,${large},100,2,21.90,,`,
      "shirt,,,,,,,,,,,,,,,http://x/2.jpg",
      `poster,Poster,,Acme,,Prints,,true,Title,Default Title,${poster},10,1,5.00,,`,
    ].join("\r\n");
    const report = await sendGood(`${body}\r\n`, "currency=EUR");
    assert.deepEqual(report.errors, []);
    assert.equal(report.created, 3);
    const [a, b, c] = [await productOf(small), await productOf(large), await productOf(poster)];
    assert.deepEqual([a.name, b.name, c.name], ["Shirt, blue - S", "Shirt, blue - L", "Poster"]);
    assert.deepEqual([a.category, b.category, c.category], ["Shirts", "Shirts", "Prints"]);
    assert.deepEqual([a.barcode, a.unit_price], ["0123", { amount: "19.90", currency: "EUR" }]);
    assert.equal((await levelOf(admin, large)).on_hand, 2);
  });

  it("takes WooCommerce's product export", async () => {
    const [simple, variation] = [newSku("WC"), newSku("WC")];
    const body = [
      "ID,Type,SKU,Name,Published,Categories,Stock,Regular price,Low stock amount,Images",
      `1,simple,${simple},Mug,1,"Home > Kitchen, Gifts",12,7.5,3,`,
      `2,variable,ROOF-${simple},Shirt,1,Clothes,,,,`,
      `3,variation,${variation},Shirt - M,1,,4,9.00,,`,
    ].join("\n");
    const report = await sendGood(body, "currency=USD");
    assert.deepEqual(report.errors, []);
    assert.equal(report.created, 2);
    const mug = await productOf(simple);
    assert.deepEqual([mug.category, mug.reorder_point], ["Kitchen", 3]);
    assert.equal((await levelOf(admin, variation)).on_hand, 4);
    checkProblem(await admin.get(`/api/v1/products/ROOF-${simple}`), 404, "unknown_sku");
  });
});

describe("the request of an import", () => {
  for (const query of ["kind=orders", "dry_run=1", "partial=yes", "currency=eur", "unknown=1", "kind=products&kind=stock"]) {
    it(`refuses ${query}`, async () => {
      checkProblem(await unchanged(admin, () => send("sku,name\na,b\n", query)), 400, "invalid_request");
    });
  }

  for (const type of ["application/json", "text/plain", "text/csv; charset=utf-16", "multipart/form-data; boundary=x", ""]) {
    it(`refuses the content type "${type}"`, async () => {
      const answer = await unchanged(admin, () => send("sku,name\na,b\n", "", { "Content-Type": type }));
      checkProblem(answer, 415, "unsupported_media_type");
    });
  }

  it("keeps formula cells as text, and reads back what an export escaped", async () => {
    const names = ["=HYPERLINK(\"http://x\")", "+1", "-2", "@SUM(A1)", "=cmd|' /C calc'!A0"];
    const skus = names.map(() => newSku("F"));
    const lines = names.map((name, i) => `${skus[i]},"${name.replaceAll('"', '""')}"`);
    await sendGood(`sku,name\n${lines.join("\n")}\n`);
    const products = await readList(admin, "/api/v1/products?search=F-");
    for (const [i, sku] of skus.entries()) assert.equal(products.find((each) => each.sku === sku).name, names[i]);
  });
});
