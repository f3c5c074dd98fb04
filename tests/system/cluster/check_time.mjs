// I11 and I12: the order of things in real time. What was answered before something else began has the lower number,
// reads come neither from the future nor from long ago, and each refusal names an amount that was true while the
// request was on its way. Pure; used by the checker.

import { isDeepStrictEqual } from "node:util";
import { toMs } from "./history.mjs";
import { levelName, mergeLines, sameBalances, statusOf } from "./model.mjs";

const openLines = (order) => order.lines.filter((line) => line.quantity > line.fulfilled + line.cancelled);

// I11 for writes: per level, per order, and over the whole feed.
export function checkRealTime({ effects, levels, orders }, report) {
  for (const [name, versions] of [...levels, ...orders]) {
    const found = versions.findInversion();
    if (found)
      report(
        "I11",
        `${name}: version ${found[1].version} was answered before version ${found[0].version} was asked for`,
      );
  }
  let latest;
  for (const { operation, last } of effects.filter((effect) => effect.operation)) {
    if (latest && latest.operation.invoked > operation.completed) {
      report("I11", `feed ${last} was answered before feed ${latest.last} was asked for`);
    }
    if (!latest || operation.invoked > latest.operation.invoked) latest = { operation, last };
  }
}

// I11 for reads. A read of stock may be `staleMsMax` behind; an order is read where it is written, so it may not.
// Returns the oldest value read, in milliseconds.
export function checkReads({ reads, levels, orders, staleMsMax }, report) {
  let stalest = 0;
  for (const read of reads) {
    if (read.f === "read_order") {
      stalest = Math.max(
        stalest,
        checkRead(read, orders.get(read.args.order), read.body, { kind: "order", staleMsMax: 0 }, report),
      );
    } else {
      const level = read.status === 200 ? read.body.items.find(({ location }) => location === "MAIN") : undefined;
      stalest = Math.max(
        stalest,
        checkRead(read, levels.get(levelName(read.args)), level, { kind: "level", staleMsMax }, report),
      );
    }
  }
  checkMonotonic(reads, report);
  return stalest;
}

function checkRead(read, versions, told, { kind, staleMsMax }, report) {
  const what = `${read.f} ${read.args.sku ?? read.args.order} at ${read.instance}`;
  if (read.status === 503 || read.status === 429) return 0;
  if (read.status !== 200 || told === undefined) {
    report("I11", `${what} was answered ${read.status} although it had been acknowledged`);
    return 0;
  }
  const current = versions?.at(told.version);
  const same =
    current && (kind === "level" ? sameBalances(current.state, told) : isDeepStrictEqual(current.state, told));
  if (!same) {
    report("I11", `${what} told version ${told.version} with content that it never had: ${JSON.stringify(told)}`);
    return 0;
  }
  if (current.begin > read.completed) report("I11", `${what} told version ${told.version} before anybody asked for it`);
  const stale = Math.max(0, toMs(read.invoked - current.end));
  if (stale > staleMsMax)
    report("I11", `${what} told version ${told.version}, which was over ${stale.toFixed(1)} ms before`);
  return Math.min(stale, Number.MAX_SAFE_INTEGER);
}

// Who asks the same instance twice never sees an older version the second time.
function checkMonotonic(reads, report) {
  const moments = [];
  for (const read of reads.filter(({ f, status }) => f === "read_level" && status === 200)) {
    const level = read.body.items.find(({ location }) => location === "MAIN");
    if (!level) continue;
    const entry = {
      name: `${read.instance} ${read.incarnation} ${levelName(read.args)}`,
      version: level.version,
      floor: 0,
    };
    moments.push({ t: read.invoked, start: true, entry }, { t: read.completed, start: false, entry });
  }
  moments.sort((a, b) => a.t - b.t);
  const seen = new Map();
  for (const { start, entry } of moments) {
    const highest = seen.get(entry.name) ?? 0;
    if (start) entry.floor = highest;
    else if (entry.version < entry.floor)
      report("I11", `${entry.name}: version ${entry.version} after version ${entry.floor}`);
    if (!start) seen.set(entry.name, Math.max(highest, entry.version));
  }
}

// I12.
export function checkRefusals({ operations, levels, orders }, report) {
  for (const operation of operations.values()) {
    if (operation.result !== "refused") continue;
    const { f, key, reply } = operation;
    if (reply.status === 409 && reply.body.code === "insufficient_stock") checkShortages(operation, levels, report);
    else if (reply.status === 409 && reply.body.code === "invalid_state" && (f === "cancel" || f === "fulfil")) {
      checkInvalidState(operation, orders, report);
    } else if (reply.status === 409 && reply.body.code === "breaks_promises" && f === "adjust") {
      checkPromises(operation, levels, report);
    } else report("I12", `${f} ${key} was answered ${reply.status} ${reply.body?.code}, for which there is no reason`);
  }
}

function checkShortages({ f, key, args, invoked, completed, reply }, levels, report) {
  const wanted =
    f === "order" ? mergeLines(args.lines) : [{ sku: args.sku, location: args.location, quantity: -args.delta }];
  const { shortages } = reply.body;
  if (!(shortages?.length > 0)) report("I12", `${f} ${key} was refused without naming what is short`);
  for (const line of wanted) {
    const during = levels.get(levelName(line))?.during(invoked, completed) ?? [];
    const short = shortages.find((each) => levelName(each) === levelName(line));
    const isTrue = short
      ? short.requested === line.quantity &&
        short.available < line.quantity &&
        during.some(({ state }) => state.available === short.available)
      : during.some(({ state }) => state.available >= line.quantity);
    const said = short ? `${short.available} left of ${short.requested} wanted` : `enough for ${line.quantity}`;
    if (!isTrue)
      report(
        "I12",
        `${f} ${key} was told of ${line.sku}: ${said}; there were ${during.map(({ state }) => state.available)}`,
      );
  }
}

function checkPromises({ key, args, invoked, completed }, levels, report) {
  const during = levels.get(levelName(args))?.during(invoked, completed) ?? [];
  const isTrue = ({ state }) => state.available + args.delta < 0 && state.held + state.allocated > 0;
  if (!during.some(isTrue))
    report("I12", `adjust ${key} was refused for promises; there were ${during.map(({ state }) => state.available)}`);
}

function checkInvalidState({ f, key, args, invoked, completed }, orders, report) {
  const during = orders.get(args.order)?.during(invoked, completed) ?? [];
  const isOver = ({ state }) => {
    const open = openLines(state);
    if (open.length === 0) return true;
    return (args.lines ?? []).some(
      (line) => !open.some((own) => own.sku === line.sku && own.allocated >= line.quantity),
    );
  };
  if (!during.some(isOver))
    report("I12", `${f} ${key} was refused while the order was ${during.map(({ state }) => statusOf(state.lines))}`);
}
