// The end of a fault run: everything is healed, every unknown request is sent once more under its key until it is
// answered, the watchers catch up, and what the servers say is read. A run that cannot do this has failed.

import { readList } from "../../support/stock.mjs";
import { perform } from "./history.mjs";
import { operationsOf } from "./operations.mjs";
import { fetchTable } from "./watcher.mjs";

const READY_MS_MAX = 20_000;
const RESEND_MS_MAX = 20_000;
const SETTLE_MS_MAX = 15_000;
const STEP_MS = 50;
const AT_ONCE = 8;
const FEED_PAGE = 500;

// Asks again until `attempt` gives something else than undefined.
export async function until(attempt, what, timeMs) {
  const deadline = performance.now() + timeMs;
  for (;;) {
    const result = await attempt();
    if (result !== undefined) return result;
    if (performance.now() > deadline) throw new Error(`in vain for ${timeMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

export async function waitReady(target, timeMs = READY_MS_MAX) {
  const ask = async () => {
    const answer = await target.client.get("/readyz").catch(() => undefined);
    return answer?.status === 200 ? answer : undefined;
  };
  return until(ask, `${target.name} becomes ready`, timeMs);
}

const inParallel = (items, work) => {
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      next += 1;
      await work(items[next - 1], next - 1);
    }
  };
  return Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker));
};

// Where each kind of operation is sent.
const pathOf = ({ f, args }) => {
  if (f === "order") return "/api/v1/orders";
  return f === "adjust" ? "/api/v1/stock/adjustments" : `/api/v1/orders/${args.order}/${f}`;
};

function bodyOf({ args }) {
  const { order, ...body } = args;
  return Object.keys(body).length > 0 ? body : undefined;
}

// Every operation of which nobody knows what became of it, once more.
export async function resendUnknown(history, targets) {
  const unknown = [...operationsOf(history.events).values()].filter(({ result }) => result === "unknown");
  await inParallel(unknown, async (operation, i) => {
    let turn = i;
    const send = async () => {
      turn += 1;
      const target = targets[turn % targets.length];
      const { key, f, args } = operation;
      const request = { proc: 0, f, key, args, method: "POST", path: pathOf(operation), body: bodyOf(operation) };
      const { type, status, body } = await perform(history, target, request);
      const isFinal = type === "ok" || (type === "fail" && status !== undefined && status !== 503 && status !== 429);
      return isFinal && body?.code !== "idempotency_in_progress" ? true : undefined;
    };
    await until(send, `an answer for ${operation.key}`, RESEND_MS_MAX);
  });
  return unknown.length;
}

async function get(target, path) {
  const answer = await target.client.get(path);
  if (answer.status !== 200) throw new Error(`${target.name}: ${answer.what} ${answer.text}`);
  return answer;
}

// The head on which all instances agree, when none of them moves any more.
async function settledHead(targets) {
  let before;
  const ask = async () => {
    const answers = await Promise.all(
      targets.map((target) => get(target, `/api/v1/feed?after=${Number.MAX_SAFE_INTEGER}&limit=1`)),
    );
    const tables = await Promise.all(targets.map((target) => get(target, "/api/v1/stock?limit=1")));
    const heads = [...answers, ...tables].map(({ json }) => json.head);
    const same = heads.every((head) => head === heads[0]) && heads[0] === before;
    before = heads[0];
    return same ? before : undefined;
  };
  return until(ask, "one head on all instances", SETTLE_MS_MAX);
}

// The whole feed; each instance must tell the same bytes.
async function readFeed(targets) {
  const items = [];
  for (;;) {
    const path = `/api/v1/feed?after=${items.at(-1)?.seq ?? 0}&limit=${FEED_PAGE}`;
    const pages = await Promise.all(targets.map((target) => get(target, path)));
    const other = pages.findIndex(({ text }) => text !== pages[0].text);
    if (other >= 0) throw new Error(`${targets[other].name} tells another feed than ${targets[0].name}: ${path}`);
    if (pages[0].json.items.length === 0) return items;
    items.push(...pages[0].json.items);
  }
}

// Reads the end state. Each acknowledged order is asked for at one of the instances, beside the list of all.
async function readState(history, targets) {
  const feed = await readFeed(targets);
  const tables = {};
  for (const target of targets) tables[target.name] = (await fetchTable(target.client)).levels;
  const orders = await readList(targets[0].client, "/api/v1/orders");
  const ids = new Set();
  for (const { type, f, body } of history.events) if (type === "ok" && f === "order") ids.add(body.id);
  await inParallel([...ids], (id, i) => {
    const path = `/api/v1/orders/${id}`;
    return perform(history, targets[i % targets.length], {
      proc: 0,
      f: "read_order",
      args: { order: id },
      method: "GET",
      path,
    });
  });
  const movements = await readList(targets[0].client, "/api/v1/movements");
  return { feed, tables, orders, movements };
}

// Returns what checker.mjs calls `final`, but for setupHead.
export async function finalPhase({ history, targets, watchers, dump }) {
  await Promise.all(targets.map((target) => waitReady(target)));
  const resent = await resendUnknown(history, targets);
  const head = await settledHead(targets);
  for (const watcher of watchers) {
    if (!(await watcher.caughtUp(head)))
      throw new Error(`watcher ${watcher.name} stays at ${watcher.told}, the head is ${head}`);
  }
  const state = await readState(history, targets);
  const database = await dump?.();
  for (const watcher of watchers) watcher.close();
  return { head, resent, ...state, database };
}
