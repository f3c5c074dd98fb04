// The checker is tested by spoiling: a small history that is right passes, and each way in which a server could be wrong
// is found by the invariant that is there for it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { check } from "./checker.mjs";
import { balances } from "./model.mjs";
import { Pretend } from "./pretend.mjs";

const one = (sku, quantity) => ({ sku, quantity });
const coverage = { applied: 6, refused: 3, info: 2, repeats: 1, in_flight: 1, reconnects: 1, faults: 1, snapshots: 1 };

// Two products; orders that are accepted, refused, lost and sent again, never applied; ends of orders; reads; a watcher
// with two connections; a fault.
function story() {
  const server = new Pretend();
  server.product("A", 10);
  server.product("B", 5);
  const setupHead = server.feed.length;
  server.live("w", "start", { head: setupHead, levels: server.table() });
  server.live("w", "subscribe", { after: setupHead });
  server.order("k1", [one("A", 2), one("B", 1)]);
  server.read("A");
  server.order("k2", [one("A", 1)]);
  const told = server.feed.length;
  server.tell("w", setupHead);
  server.order("k3", [one("B", 50)]);
  server.adjust("k4", "A", 5);
  server.order("k5", [one("A", 4), one("B", 2)], { lost: true, during: () => server.fault("start", "a kill") });
  server.fault("end", "a kill");
  server.order("k5", [one("A", 4), one("B", 2)]);
  server.order("k6", [one("A", 1)], { unapplied: true });
  server.send("fulfil", "k7", { order: "o-k1", lines: [{ sku: "A", location: "MAIN", quantity: 1 }] });
  server.send("cancel", "k8", { order: "o-k2" });
  server.send("cancel", "k9", { order: "o-k2" });
  server.adjust("k10", "B", -50);
  server.order("k2", [one("A", 1)]);
  server.adjust("k11", "B", -1, { lost: true });
  server.adjust("k11", "B", -1);
  server.live("w", "disconnect");
  server.live("w", "subscribe", { after: told, again: true });
  server.read("A");
  server.read("B");
  server.readOrder("o-k1");
  server.tell("w", told);
  const final = server.final(setupHead);
  return { history: structuredClone(server.history), final, limits: { coverage: { ...coverage } } };
}

const lastWith = (list, holds) => list.findLast(holds);
const completion = (story, key, n = 0) =>
  story.history.filter((event) => event.key === key && event.type !== "invoke")[n];
const invocation = (story, key) => story.history.find((event) => event.key === key && event.type === "invoke");
const live = (story, what, n = 0) => story.history.filter((event) => event.what === what)[n];
const reads = (story, sku) =>
  story.history.filter((event) => event.f === "read_level" && event.type === "ok" && event.body.items[0].sku === sku);
const placed = (story, key) =>
  story.final.feed.find((item) => item.kind === "order.placed" && item.order.reference === key);
const move = (story, name, t) => {
  story.history = story.history.map((event) => (name(event) ? { ...event, t } : event));
};

// Takes items out of the feed and closes the numbers, as if they had never been.
function forget(story, holds) {
  story.final.feed = story.final.feed.filter((item) => !holds(item)).map((item, i) => ({ ...item, seq: i + 1 }));
  story.final.head = story.final.feed.length;
}

const of = (id) => (item) => item.cause.id === id;
const beginning = (story) => story.history[0].t;

// What is done to the story, by the invariant that must find it.
const SPOILED = {
  I1: {
    "a movement that is not in the level": (s) => (s.final.movements[0].delta += 1),
    "a level that moved without the ledger": (s) =>
      (lastWith(s.final.feed, ({ level }) => level?.sku === "A").level.on_hand += 1),
  },
  I2: {
    "an order line more than is allocated": (s) => (s.final.orders[0].lines[0].quantity += 1),
    "a table that promises more than there is": (s) => Object.assign(s.final.tables.a[1], { on_hand: 1, allocated: 2 }),
    "a change of the feed that oversells": (s) =>
      Object.assign(placed(s, "k1") && s.final.feed[4].level, { on_hand: 1, allocated: 2 }),
    "a snapshot in the middle of something": (s) => (s.final.snapshots[0].levels[0].allocated += 1),
    "database tables that disagree": (s) => (s.final.database.lines[0].fulfilled += 1),
  },
  I3: {
    "a movement without its order": (s) => forget(s, (item) => item === placed(s, "k1")),
    "an order with one line of two": (s) => forget(s, (item) => of("o-k1")(item) && item.level?.sku === "B"),
    "a second end": (s) =>
      s.final.feed.push({
        ...s.final.feed.find(({ kind }) => kind === "order.cancelled"),
        seq: s.final.feed.length + 1,
      }),
    "a version left out": (s) => (s.final.feed.find(({ kind }) => kind === "order.cancelled").order.version += 1),
    "an order that begins shipped": (s) => (placed(s, "k2").order.status = "fulfilled"),
  },
  I4: {
    "an acknowledged order that is lost": (s) => forget(s, of("o-k5")),
    "an order that was made twice": (s) => (placed(s, "k5").order.reference = "k1"),
    "an answer with another order": (s) => (completion(s, "k1").body.number = 7),
    "an adjustment told differently": (s) => (completion(s, "k4").body.level.on_hand += 1),
    "an order missing in the list": (s) => s.final.orders.pop(),
    "an order of nobody in the list": (s) => s.final.orders.push({ ...s.final.orders[0], id: "o-x" }),
    "an order listed twice": (s) => s.final.orders.push(s.final.orders[0]),
    "two keys with one order": (s) => s.final.database.idempotency.push({ order_id: "o-k1" }),
    "an order without a key": (s) => s.final.database.idempotency.shift(),
  },
  I5: {
    "a refused order with an effect": (s) => (placed(s, "k2").order.reference = "k3"),
    "an order that was promised not to be there": (s) => (placed(s, "k2").order.reference = "k6"),
    "an order that nobody asked for": (s) => (placed(s, "k2").order.reference = "k99"),
    "a cancellation that nobody asked for": (s) =>
      Object.assign(completion(s, "k8"), { type: "fail", status: 409, body: { code: "invalid_state" } }),
  },
  I6: {
    "an unknown request left unresolved": (s) =>
      Object.assign(completion(s, "k5", 1), { type: "info", status: undefined }),
    "a request that never ended": (s) => (s.history = s.history.filter((event) => event !== completion(s, "k4"))),
  },
  I7: {
    "another status for the same key": (s) => Object.assign(completion(s, "k2", 1), { type: "fail", status: 409 }),
    "another body for the same key": (s) => (completion(s, "k2", 1).text += " "),
  },
  I8: {
    "a number left out": (s) => s.final.feed.splice(6, 1),
    "a number given twice": (s) => (s.final.feed[6].seq = 6),
    "a head above the feed": (s) => (s.final.head += 1),
    "a version left out": (s) => (s.final.feed[7].level.version += 1),
    "a table that differs": (s) => (s.final.tables.a[0].incoming += 1),
    "a level missing in a table": (s) => s.final.tables.a.pop(),
    "a level that the feed does not know": (s) =>
      s.final.tables.a.push({ ...s.final.tables.a[0], sku: "C", allocated: 0 }),
    "a batch without a number": (s) => (s.final.database.outbox[3].number = null),
    "batches that overlap": (s) => (s.final.database.outbox[3].first_seq -= 1),
    "one number per batch": (s) => {
      for (const batch of s.final.database.outbox) batch.n = 1;
    },
    "a head of the database behind": (s) => (s.final.database.feed_head.seq -= 1),
    "a database level that differs": (s) => (s.final.database.levels[0].on_hand += 1),
  },
  I9: {
    "a stretch that was left out": (s) => (live(s, "stock", 1).from += 1),
    "a stretch that was told twice": (s) =>
      s.history.splice(s.history.indexOf(live(s, "stock")) + 1, 0, { ...live(s, "stock") }),
    "a change that was left out": (s) => live(s, "stock", 1).changes.pop(),
    "a change with other values": (s) => (live(s, "stock").changes[0].allocated += 1),
    "an old value under a new number": (s) => (live(s, "stock").changes[0].seq -= 2),
    "an order that was left out": (s) => (s.history = s.history.filter((event) => event !== live(s, "order"))),
    "an order that came after its stretch": (s) => {
      const order = live(s, "order");
      s.history = s.history.filter((event) => event !== order);
      s.history.splice(s.history.indexOf(live(s, "stock")) + 1, 0, order);
    },
    "an order that was told differently": (s) => (live(s, "order").order.version += 1),
    "a watcher that stayed behind": (s) => (s.history = s.history.filter((event) => event !== live(s, "stock", 1))),
  },
  I10: {
    "an order accepted without stock": (s) => {
      for (const event of s.history)
        if (event.key === "k2" && event.args) event.args = { lines: [one("A", 9)], reference: "k2" };
    },
    "an order judged on the rows as first read": (s) => {
      const { level } = s.final.feed[placed(s, "k2").seq - 2];
      level.allocated -= 2;
    },
    "an order that took too little": (s) => {
      for (const item of s.final.feed.filter(of("o-k2"))) if (item.level) item.level.allocated -= 1;
    },
    "a cancellation that gave too much back": (s) =>
      (s.final.feed.find(({ kind }) => kind === "order.cancelled").order.lines[0].cancelled += 1),
  },
  I11: {
    "a later order with an earlier number": (s) => move(s, (event) => event.key === "k1", s.history.at(-1).t),
    "a read of what was over": (s) => Object.assign(reads(s, "A")[1].body.items[0], balances(s.final.feed[3].level)),
    "a read of what was still to come": (s) =>
      Object.assign(
        reads(s, "A")[0].body.items[0],
        balances(lastWith(s.final.feed, ({ level }) => level?.sku === "A").level),
      ),
    "a read of what never was": (s) => (reads(s, "A")[0].body.items[0].allocated += 1),
    "an acknowledged order that cannot be read": (s) =>
      (s.history.find((event) => event.f === "read_order" && event.type === "ok").status = 404),
    "a read that goes back at one instance": (s) => {
      // The newer one first; how old a read may be is set aside.
      const [first, second] = reads(s, "A");
      [first.body, second.body] = [second.body, first.body];
      s.limits.staleMsMax = Infinity;
    },
  },
  I12: {
    "a refusal that names a wrong amount": (s) => (completion(s, "k3").body.shortages[0].available = 3),
    "a refusal although there was enough": (s) => Object.assign(invocation(s, "k3").args.lines[0], { quantity: 2 }),
    "a refusal for another reason": (s) => (completion(s, "k3").body.code = "forbidden"),
    "a refusal that names nothing": (s) => (completion(s, "k3").body.shortages = []),
    "an adjustment refused although there was enough": (s) => (invocation(s, "k10").args.delta = -1),
    "an adjustment refused for promises although there was enough": (s) => {
      invocation(s, "k10").args.delta = -1;
      completion(s, "k10").body = { code: "breaks_promises" };
    },
    "an order that could have been cancelled": (s) => (invocation(s, "k9").args.order = "o-k1"),
  },
  I13: {
    "a ledger row missing": (s) => s.final.movements.pop(),
    "a ledger row too many": (s) => s.final.movements.push({ ...s.final.movements[0] }),
    "a ledger row with another level": (s) =>
      (s.final.movements[2].after = { ...s.final.movements[2].after, allocated: 9 }),
    "a row of the table missing": (s) => s.final.database.movements.pop(),
    "a row of the table that differs": (s) => (s.final.database.movements[2].version += 1),
  },
  I14: {
    "no success while nothing is broken": (s) =>
      move(s, (event) => event.type === "note" && event.phase === "load", beginning(s) - 3e9),
    "a request without an answer while nothing is broken": (s) =>
      Object.assign(completion(s, "k1"), { type: "info", status: undefined, error: "timeout" }),
    "transactions that waited for each other": (s) => (s.final.database.deadlocks = 1),
    "a long time without any success": (s) => (s.limits.gapMsMax = 1),
    "no success after a fault": (s) => {
      const end = s.history.find(({ phase }) => phase === "end").t;
      s.history = s.history.map((event) => (event.t > end ? { ...event, t: event.t + 6e9 } : event));
    },
  },
  I15: {
    "a run without any refusal": (s) => (s.limits.coverage.refused = 100),
    "a run that broke nothing": (s) => (s.history = s.history.filter(({ type }) => type !== "fault")),
  },
};

describe("the checker", () => {
  it("finds nothing in a history that is right", () => {
    const { history, final, limits } = story();
    const { violations, figures } = check(history, final, limits);
    assert.deepEqual(violations, []);
    const { applied, refused, nothing, info, repeats } = figures;
    assert.deepEqual(
      { applied, refused, nothing, info, repeats },
      { applied: 7, refused: 3, nothing: 1, info: 2, repeats: 1 },
    );
  });

  for (const [invariant, ways] of Object.entries(SPOILED)) {
    for (const [what, spoil] of Object.entries(ways)) {
      it(`${invariant} finds ${what}`, () => {
        const spoiled = story();
        spoil(spoiled);
        const { violations, counts } = check(spoiled.history, spoiled.final, spoiled.limits);
        assert.ok(counts[invariant] > 0, `found only: ${violations.join("\n")}`);
      });
    }
  }
});
