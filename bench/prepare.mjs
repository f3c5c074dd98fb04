// Makes the databases that the scenarios run on, through the API as any user would: the first account, then products
// with stock by a CSV import. Used by scenarios.mjs and cluster/.

import { ask } from "./server.mjs";

export const HOT_SKU = "HOT";
export const SPREAD_PREFIX = "S";
export const SPREAD_PRODUCTS = 1000;
export const LARGE_PREFIX = "P";
export const LARGE_PRODUCTS = 100_000;

const HOT_STOCK = 1_000_000_000;
const SPREAD_STOCK = 1_000_000_000;

// Words of made-up names, so that a search finds some products and not all.
const KINDS = ["bolt", "nut", "washer", "screw", "bracket", "hinge", "clamp", "hook", "anchor", "rivet"];
const MATERIALS = ["steel", "brass", "copper", "nylon", "zinc", "oak", "carbon"];

const ACCOUNT = { email: "bench@example.com", password: "a password for the bench 42", name: "Bench" };

// Makes the first account and returns its token.
export async function register(server) {
  const { status, body } = await ask(server, "POST", "/api/v1/auth/register", { body: ACCOUNT });
  if (status !== 201) throw new Error(`register: ${status} ${JSON.stringify(body)}`);
  return body.token;
}

// A token for a database that has the account already.
export async function signIn(server) {
  const { email, password } = ACCOUNT;
  const { status, body } = await ask(server, "POST", "/api/v1/auth/login", { body: { email, password } });
  if (status !== 200) throw new Error(`login: ${status} ${JSON.stringify(body)}`);
  return body.token;
}

const HEADER = "sku,name,category,unit_price,currency,quantity,reorder_point";

export function skuOf(prefix, index) {
  return `${prefix}-${String(index).padStart(6, "0")}`;
}

function productRow(sku, index, quantity) {
  const kind = KINDS[index % KINDS.length];
  const material = MATERIALS[index % MATERIALS.length];
  return `${sku},${material} ${kind} ${index},${kind}s,${1 + (index % 90)}.50,EUR,${quantity},10`;
}

async function importProducts(server, token, rows) {
  const body = `${[HEADER, ...rows].join("\n")}\n`;
  const begun = performance.now();
  const answer = await ask(server, "POST", "/api/v1/imports?kind=products", { token, body, type: "text/csv" });
  const seconds = (performance.now() - begun) / 1000;
  const good = answer.status === 200 && answer.body.applied && answer.body.created === rows.length;
  if (!good) throw new Error(`import: ${answer.status} ${JSON.stringify(answer.body).slice(0, 500)}`);
  return seconds;
}

// One hot product and 1 000 others, all with more stock than any run can order. Returns the seconds it took.
export function prepareSmall(server, token) {
  const rows = [productRow(HOT_SKU, 0, HOT_STOCK)];
  for (let index = 0; index < SPREAD_PRODUCTS; index++) {
    rows.push(productRow(skuOf(SPREAD_PREFIX, index), index, SPREAD_STOCK));
  }
  return importProducts(server, token, rows);
}

// So many products of the spread, each with `quantity` units. Returns the seconds it took.
export function prepareSpread(server, token, count, quantity = SPREAD_STOCK) {
  const rows = [];
  for (let index = 0; index < count; index++) rows.push(productRow(skuOf(SPREAD_PREFIX, index), index, quantity));
  return importProducts(server, token, rows);
}

// 100 000 products with 0 to 996 units each. Returns the seconds it took.
export function prepareLarge(server, token) {
  const rows = [];
  for (let index = 0; index < LARGE_PRODUCTS; index++) {
    rows.push(productRow(skuOf(LARGE_PREFIX, index), index, (index * 7919) % 997));
  }
  return importProducts(server, token, rows);
}

// The units allocated over all stock levels, by the answers of GET /stock.
export async function allocatedUnits(server, token) {
  let units = 0;
  for (let offset = 0; ; ) {
    const { status, body } = await ask(server, "GET", `/api/v1/stock?limit=500&offset=${offset}`, { token });
    if (status !== 200) throw new Error(`stock: ${status}`);
    for (const level of body.items) units += level.allocated;
    offset += body.items.length;
    if (body.items.length === 0 || offset >= body.total) return units;
  }
}
