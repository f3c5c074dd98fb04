// The steps that most tests take: make a product, place an order, read levels, the feed and its head. Each checks that
// it worked, so that a test fails at the step that went wrong.

import assert from "node:assert/strict";
import { newKey } from "./client.mjs";

let skus = 0;
// A SKU that no other test of this run uses.
export function newSku(prefix = "SKU") {
  skus += 1;
  return `${prefix}-${process.pid}-${skus}`;
}

// Creates a product with `quantity` at MAIN. Returns it as the API tells it.
export async function makeProduct(client, { sku = newSku(), quantity = 0, ...fields } = {}) {
  const body = { sku, name: `Product ${sku}`, ...fields };
  if (quantity > 0) body.opening_stock = [{ location: "MAIN", quantity }];
  const answer = await client.post("/api/v1/products", body);
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

export async function makeLocation(client, code) {
  const answer = await client.post("/api/v1/locations", { code, name: `Location ${code}` });
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

export function tryOrder(client, lines, { key = newKey(), ...fields } = {}) {
  return client.post("/api/v1/orders", { lines, ...fields }, { key });
}

export async function placeOrder(client, lines, options) {
  const answer = await tryOrder(client, lines, options);
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

export function tryAdjust(client, body, options = {}) {
  return client.post("/api/v1/stock/adjustments", body, { key: newKey(), ...options });
}

export async function adjust(client, sku, delta, fields = {}) {
  const answer = await tryAdjust(client, { sku, location: "MAIN", delta, reason: "correction", ...fields });
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

export async function levelOf(client, sku, location = "MAIN") {
  const answer = await client.get(`/api/v1/stock/${encodeURIComponent(sku)}`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json.items.find((level) => level.location === location);
}

export async function feedHead(client) {
  const answer = await client.get(`/api/v1/feed?after=${Number.MAX_SAFE_INTEGER}&limit=1`);
  assert.equal(answer.status, 200, answer.text);
  return answer.json.head;
}

// Every item of the feed after `after`, page by page.
export async function readFeed(client, after = 0, limit = 500) {
  const items = [];
  for (let next = after; ; ) {
    const answer = await client.get(`/api/v1/feed?after=${next}&limit=${limit}`);
    assert.equal(answer.status, 200, answer.text);
    items.push(...answer.json.items);
    if (answer.json.items.length === 0) return { items, head: answer.json.head };
    next = answer.json.items.at(-1).seq;
  }
}

// All items of a list, by following its cursor.
export async function readList(client, path) {
  const items = [];
  let cursor = "";
  do {
    const separator = path.includes("?") ? "&" : "?";
    const answer = await client.get(`${path}${separator}limit=500${cursor && `&cursor=${cursor}`}`);
    assert.equal(answer.status, 200, answer.text);
    items.push(...answer.json.items);
    cursor = answer.json.next_cursor;
  } while (cursor);
  return items;
}

export const BALANCES = ["on_hand", "unavailable", "held", "allocated", "available", "incoming", "version"];

export function balancesOf(level) {
  return Object.fromEntries(BALANCES.map((name) => [name, level[name]]));
}

// The newest level per SKU and location that the feed tells; versions must rise by exactly 1.
export function foldFeed(items) {
  const levels = new Map();
  for (const { level } of items.filter((item) => item.level !== undefined)) {
    const name = `${level.sku} @ ${level.location}`;
    const before = levels.get(name)?.version ?? 0;
    assert.equal(level.version, before + 1, `the version of ${name}`);
    levels.set(name, balancesOf(level));
  }
  return levels;
}

// The stock table in the form of foldFeed. Levels without any movement have version 0 and are left out.
export async function stockTable(client) {
  const levels = await readList(client, "/api/v1/stock");
  const moved = levels.filter((level) => level.version > 0);
  return new Map(moved.map((level) => [`${level.sku} @ ${level.location}`, balancesOf(level)]));
}

// Runs `attempt` and holds that the feed did not move by it.
export async function unchanged(client, attempt) {
  const before = await feedHead(client);
  const result = await attempt();
  assert.equal(await feedHead(client), before, "the feed moved: something was applied");
  return result;
}
