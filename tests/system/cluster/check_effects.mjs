// I3 to I7 and I10: what the feed says was done, against what was asked and answered, and against a single-threaded
// model that does the same operations in the same order. Pure; used by the checker.

import { isDeepStrictEqual } from "node:util";
import { balances, levelName, Model, sameBalances, sameOrder } from "./model.mjs";
import { Versions } from "./timeline.mjs";

const LEGAL = {
  placed: ["partially_fulfilled", "fulfilled", "cancelled"],
  partially_fulfilled: ["partially_fulfilled", "fulfilled"],
  fulfilled: [],
  cancelled: [],
};

const describe = (effect) => `${effect.f} ${effect.order?.reference ?? ""} (feed ${effect.first} to ${effect.last})`;

// Which operation made an effect: orders carry the key as their reference, adjustments as their note; the others are
// known by the version of the order that they were answered.
export function linkEffects(effects, operations) {
  const ends = new Map();
  for (const operation of operations.values()) {
    const body = operation.result === "applied" ? operation.answers.find(({ type }) => type === "ok").body : undefined;
    if (operation.f === "cancel" || operation.f === "fulfil")
      if (body) ends.set(`${body.id} ${body.version}`, operation);
  }
  for (const effect of effects) {
    if (effect.f === "order") effect.operation = operations.get(effect.order.reference);
    else if (effect.f === "adjust") effect.operation = operations.get(effect.items[0].movement.note);
    else if (effect.f === "cancel" || effect.f === "fulfil") {
      effect.operation = ends.get(`${effect.order.id} ${effect.order.version}`);
    }
  }
}

// I4, I5, I6, I7.
export function checkOutcomes({ effects, operations, setupHead }, report) {
  const made = new Map();
  for (const effect of effects.filter(({ last }) => last > setupHead)) {
    const { operation } = effect;
    if (operation === undefined || operation.f !== effect.f) {
      report("I5", `nobody who was told so asked for ${describe(effect)}`);
      continue;
    }
    if (made.has(operation)) report("I4", `${operation.key} was applied twice: ${describe(effect)}`);
    made.set(operation, effect);
  }
  for (const operation of operations.values()) {
    const effect = made.get(operation);
    const { key, f, result } = operation;
    if (result === "unknown") report("I6", `${f} ${key} was never resolved`);
    else if (result === "applied" && !effect) report("I4", `${f} ${key} was acknowledged and is lost`);
    else if (result !== "applied" && effect)
      report("I5", `${f} ${key} had an effect, and was answered ${lastStatus(operation)}`);
    checkAnswers(operation, effect, report);
  }
}

const lastStatus = ({ reply }) => reply?.status ?? "that nothing was applied";

function checkAnswers({ key, f, args, answers }, effect, report) {
  const [first] = answers;
  for (const answer of answers) {
    if (answer.status !== first.status || answer.text !== first.text) {
      report("I7", `${f} ${key} was answered ${first.status} ${first.text} and ${answer.status} ${answer.text}`);
    }
  }
  if (first?.type !== "ok" || !effect) return;
  const { body } = first;
  const same = f === "adjust" ? sameAdjustment(body, effect.items[0]) : isDeepStrictEqual(body, effect.order);
  if (!same)
    report(
      "I4",
      `${f} ${key} was told ${JSON.stringify(body)}, and the feed says ${JSON.stringify(effect.order ?? effect.items)}`,
    );
  if (f === "order" && body.reference !== args.reference) report("I4", `${key} got the order of ${body.reference}`);
}

function sameAdjustment(body, { movement, level }) {
  return body.movement.id === movement.id && body.movement.delta === movement.delta && sameBalances(body.level, level);
}

// I3: whole orders, legal states, one end each.
export function checkOrders({ effects, torn }, report) {
  for (const item of torn)
    report("I3", `${item.level.sku} was moved for order ${item.cause.id}, which does not follow (feed ${item.seq})`);
  const states = new Map();
  for (const { order, last } of effects.filter((effect) => effect.order)) {
    const before = states.get(order.id);
    const isLegal = before ? LEGAL[before.status].includes(order.status) : order.status === "placed";
    if (!isLegal)
      report("I3", `order ${order.id} went from ${before?.status ?? "nothing"} to ${order.status} (feed ${last})`);
    if (order.version !== (before?.version ?? 0) + 1)
      report("I3", `order ${order.id} has version ${order.version} after ${before?.version}`);
    states.set(order.id, order);
  }
}

// I10: each operation alone on the model, in the order of the feed. Returns the versions of every level and order.
export function replay({ effects }, report) {
  const model = new Model();
  const levels = new Map();
  const orders = new Map();
  for (const effect of effects) {
    if (effect.operation?.f === effect.f) {
      predict(model, effect, report);
    }
    adopt(model, effect);
    for (const item of effect.items)
      versionsOf(levels, levelName(item.level)).add(item.level.version, item.level, effect.operation);
    if (effect.order) versionsOf(orders, effect.order.id).add(effect.order.version, effect.order, effect.operation);
  }
  for (const versions of [...levels.values(), ...orders.values()]) versions.close();
  return { model, levels, orders };
}

function versionsOf(map, name) {
  if (!map.has(name)) map.set(name, new Versions());
  return map.get(name);
}

function predict(model, effect, report) {
  const decision = model.decide(effect.operation, effect.order?.id);
  if (decision.refusal) {
    report("I10", `${describe(effect)} should have been refused: ${decision.refusal}`);
    return;
  }
  const before = new Map(effect.items.map(({ level }) => [levelName(level), model.level(level)]));
  model.apply(decision);
  const told = new Map(effect.items.map((item) => [levelName(item.level), item]));
  if (told.size !== decision.steps.length || effect.items.length !== decision.steps.length) {
    report("I3", `${describe(effect)} moved ${effect.items.length} levels instead of ${decision.steps.length}`);
  }
  for (const step of decision.steps) {
    const item = told.get(levelName(step));
    const expected = model.level(step);
    if (!item || item.movement.kind !== step.kind || item.movement.quantity !== step.quantity) {
      report("I3", `${describe(effect)} has no movement of ${step.quantity} ${step.sku}: ${step.kind}`);
    } else if (!sameBalances(expected, item.level)) {
      const was = JSON.stringify(before.get(levelName(step)));
      report(
        "I10",
        `${describe(effect)} made ${JSON.stringify(balances(item.level))} of ${was}, not ${JSON.stringify(expected)}`,
      );
    }
  }
  if (decision.order && !sameOrder(decision.order, effect.order)) {
    report("I10", `${describe(effect)} made ${JSON.stringify(effect.order)}, not ${JSON.stringify(decision.order)}`);
  }
}

// From here on as the server says, so that one fault is told once.
function adopt(model, { items, order }) {
  for (const { level } of items) model.levels.set(levelName(level), balances(level));
  if (order) model.orders.set(order.id, structuredClone(order));
}
