// Bodies that are no JSON, or not the JSON that is wanted: 400 with every wrong field, and nothing applied.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { checkProblem, newKey } from "../support/client.mjs";
import { levelOf, makeProduct, unchanged } from "../support/stock.mjs";
import { startChecked } from "./contract.mjs";

let server;
let admin;
let sku;

before(async () => {
  server = await startChecked();
  admin = server.admin;
  ({ sku } = await makeProduct(admin, { sku: "JSON", quantity: 1_000_000 }));
});
after(() => server.dispose());

const send = (body) => admin.post("/api/v1/orders", body, { key: newKey() });
const withQuantity = (text) => `{"lines":[{"sku":"JSON","quantity":${text}}]}`;
const withNote = (bytes) =>
  Buffer.concat([Buffer.from('{"lines":[{"sku":"JSON","quantity":1}],"note":"'), Buffer.from(bytes), Buffer.from('"}')]);
const nested = (depth) => `{"lines":[{"sku":"JSON","quantity":1}],"note":${"[".repeat(depth)}${"]".repeat(depth)}}`;

describe("what is no JSON", () => {
  const texts = {
    "an empty body": "",
    "white space": " \r\n\t",
    "two documents": `${withQuantity(1)}${withQuantity(1)}`,
    "trailing garbage": `${withQuantity(1)} x`,
    "a trailing comma": '{"lines":[{"sku":"JSON","quantity":1},]}',
    "a comment": `/* hello */ ${withQuantity(1)}`,
    "a byte order mark": `\ufeff${withQuantity(1)}`,
    "single quotes": "{'lines':[]}",
    "an open object": '{"lines":[{"sku":"JSON","quantity":1}]',
    "a name twice": '{"lines":[{"sku":"JSON","quantity":1,"quantity":99}]}',
    "a name twice by escape": '{"lines":[{"sku":"JSON","quantity":1,"quan\\u0074ity":99}]}',
    "a lone surrogate": '{"lines":[{"sku":"JSON","quantity":1}],"note":"\\ud800"}',
    "U+0000 by escape": '{"lines":[{"sku":"JSON","quantity":1}],"note":"a\\u0000b"}',
    "U+0000 in a name": '{"li\\u0000nes":[]}',
    "invalid UTF-8": withNote([0xff]),
    "overlong UTF-8": withNote([0xc0, 0xaf]),
    "a surrogate in UTF-8": withNote([0xed, 0xa0, 0x80]),
    "cut UTF-8": withNote([0xe2, 0x82]),
    "a raw line feed in a text": withNote([0x0a]),
    "a depth of 100 000": "[".repeat(100_000),
    "a depth of 33": nested(32),
    ...Object.fromEntries(
      ["NaN", "Infinity", "-Infinity", "01", "+1", "0x10", ".5", "1.", "1e", "--1", "1_000", "True", "undefined", "1e400", "9".repeat(400)].map(
        (text) => [`the number ${text.slice(0, 12)}`, withQuantity(text)],
      ),
    ),
  };
  for (const [what, body] of Object.entries(texts)) {
    it(`is refused: ${what}`, async () => {
      checkProblem(await unchanged(admin, () => send(body)), 400, "malformed_json");
    });
  }
});

describe("JSON of another shape", () => {
  for (const body of ["null", "[]", '"x"', "1", "true", "[{}]"]) {
    it(`is refused: ${body}`, async () => {
      checkProblem(await unchanged(admin, () => send(body)), 400, "invalid_request");
    });
  }

  const quantities = ["1.0", "1e2", "1.5", "-0", "0", "-1", '"1"', "true", "null", "[]", "{}", "[1]", "1e-400", "0.30000000000000004", "9223372036854775807", "9223372036854775808", "18446744073709551616", "-9223372036854775809", "9007199254740993", "1000001", "2147483648"];
  for (const text of quantities) {
    it(`refuses the quantity ${text}`, async () => {
      const problem = checkProblem(await unchanged(admin, () => send(withQuantity(text))), 400, "invalid_request");
      assert.deepEqual(problem.errors.map((error) => error.pointer), ["/lines/0/quantity"]);
    });
  }

  it("takes any way to write the same right text", async () => {
    const before = (await levelOf(admin, sku)).allocated;
    const bodies = ['\t{ "lines" :\r\n[ {"quantity":1,"sku":"JSON"} ] }\n', '{"lines":[{"sku":"\\u004aSON","quantity":1}]}', '{"lines":[{"sku":"JSON","quantity":1,"location":null}],"note":null,"customer":""}'];
    for (const body of bodies) assert.equal((await send(body)).status, 201, body);
    assert.equal((await levelOf(admin, sku)).allocated, before + 3);
  });

  const shapes = {
    "no lines": [{}, ["/lines"]],
    "no line": [{ lines: [] }, ["/lines"]],
    "201 lines": [{ lines: Array(201).fill({ sku: "JSON", quantity: 1 }) }, ["/lines"]],
    "5 000 lines": [{ lines: Array(5000).fill({ sku: "J", quantity: 1 }) }, ["/lines"]],
    "lines as an object": [{ lines: { 0: {} } }, ["/lines"]],
    "a line that is a text": [{ lines: ["JSON"] }, ["/lines/0"]],
    "an empty line": [{ lines: [{}] }, ["/lines/0/quantity", "/lines/0/sku"]],
    "unknown fields": [{ lines: [{ sku: "JSON", quantity: 1, price: 1 }], role: "admin", id: 7 }, ["/id", "/lines/0/price", "/role"]],
    "fields of an order": [{ lines: [{ sku: "JSON", quantity: 1 }], status: "fulfilled", version: 9 }, ["/status", "/version"]],
    "names of JavaScript": ['{"lines":[{"sku":"JSON","quantity":1,"__proto__":{}}],"constructor":1,"toString":1}', ["/constructor", "/lines/0/__proto__", "/toString"]],
    "a name with slash and tilde": [{ lines: [{ sku: "JSON", quantity: 1 }], "a/b~c": 1 }, ["/a~1b~0c"]],
    "a number as text": [{ lines: [{ sku: 5, quantity: 1 }], note: 1, customer: {}, reference: [] }, ["/customer", "/lines/0/sku", "/note", "/reference"]],
  };
  for (const [what, [body, pointers]] of Object.entries(shapes)) {
    it(`is refused with its place: ${what}`, async () => {
      const problem = checkProblem(await unchanged(admin, () => send(body)), 400, "invalid_request");
      assert.deepEqual(problem.errors.map((error) => error.pointer).sort(), pointers);
    });
  }
});

describe("large bodies", () => {
  it("within the limit of the route are answered, above it refused", async () => {
    const long = JSON.stringify({ lines: [{ sku: "JSON", quantity: 1 }], note: "x".repeat(127_000) });
    checkProblem(await unchanged(admin, () => send(long)), 400, "invalid_request");
    checkProblem(await unchanged(admin, () => send(`"${"x".repeat(1_100_000)}"`)), 413, "body_too_large");
    const many = `{${Array.from({ length: 12_000 }, (_, i) => `"k${i}":1`).join(",")}}`;
    const problem = checkProblem(await unchanged(admin, () => send(many)), 400, "invalid_request");
    assert.ok(problem.errors.length > 0 && problem.errors.length <= 1000);
    checkProblem(await unchanged(admin, () => send(`[${"1,".repeat(60_000)}1]`)), 400, "invalid_request");
  });
});
