// I8 and I9: the numbered feed, and what watchers of the live feed saw of it. Pure; used by the checker.

import { isDeepStrictEqual } from "node:util";
import { balances, levelName, sameBalances } from "./model.mjs";

const moved = (item) => item.level !== undefined;

// I8: numbers 1 to head without gap, versions 1 to m in feed order, and the fold is the table of every instance.
export function checkFeed({ feed, head, tables }, report) {
  for (const [i, { seq }] of feed.entries()) {
    if (seq !== i + 1) {
      report("I8", `the feed has number ${seq} in place ${i + 1}`);
      break;
    }
  }
  if (feed.length !== head) report("I8", `the feed has ${feed.length} items and its head is ${head}`);
  const fold = new Map();
  for (const { seq, level } of feed.filter(moved)) {
    const name = levelName(level);
    const before = fold.get(name)?.version ?? 0;
    if (level.version !== before + 1) report("I8", `${name}: version ${level.version} follows ${before} (feed ${seq})`);
    fold.set(name, level);
  }
  for (const [instance, table] of Object.entries(tables)) {
    sameLevels(fold, table, (text) => report("I8", `the table of ${instance}: ${text}`));
  }
  return fold;
}

// Holds a list of levels against a fold. Levels that never moved (version 0) are in no fold.
export function sameLevels(fold, levels, tell) {
  const table = new Map(levels.filter(({ version }) => version > 0).map((level) => [levelName(level), level]));
  for (const [name, level] of fold) {
    const row = table.get(name);
    if (!row || !sameBalances(level, row)) {
      tell(`${name} is ${JSON.stringify(row && balances(row))}, the feed says ${JSON.stringify(balances(level))}`);
    }
  }
  for (const name of table.keys()) if (!fold.has(name)) tell(`${name} is not in the feed`);
}

// One watcher: what it saw, held against the feed while it goes.
class Watched {
  constructor(name, feed, report) {
    Object.assign(this, {
      name,
      feed,
      levels: new Map(),
      orders: new Set(),
      told: 0,
      checked: 0,
      previous: 0,
      resets: 0,
    });
    this.report = (text) => report("I9", `watcher ${name}: ${text}`);
  }

  see(event) {
    if (event.what === "start") this.start(event);
    else if (event.what === "subscribe") this.subscribe(event);
    else if (event.what === "stock") this.stock(event);
    else if (event.what === "order") this.order(event);
    else if (event.what === "refetch") this.refetch(event);
    else if (event.what === "reset") this.reset(event);
  }

  // Told to fetch everything again: the stretches go on from where the server says.
  reset({ head }) {
    this.resets += 1;
    this.previous = head;
  }

  // Where it begins: with a table that it fetched.
  start({ levels, head }) {
    this.refetch({ levels, head });
  }

  subscribe({ after }) {
    if (after !== this.told) this.report(`resumed after ${after} instead of ${this.told}; the test itself is wrong`);
    this.previous = after;
  }

  stock({ from, to, changes }) {
    if (from > this.told + 1) this.report(`numbers ${this.told + 1} to ${from - 1} are missing`);
    if (from <= to && from <= this.previous)
      this.report(`${from} to ${to} came after ${this.previous} on one connection`);
    for (const change of changes) this.change(change, to);
    this.previous = Math.max(this.previous, to);
    this.told = Math.max(this.told, to);
    this.checkUpTo(to);
  }

  change(change, to) {
    const item = this.feed[change.seq - 1];
    const isSame = item?.level && levelName(item.level) === levelName(change) && sameBalances(item.level, change);
    if (!isSame || change.seq > to)
      this.report(`change ${change.seq} up to ${to} is not the feed's: ${JSON.stringify(change)}`);
    const name = levelName(change);
    if (change.version > (this.levels.get(name)?.version ?? 0)) this.levels.set(name, change);
  }

  order({ seq, order }) {
    const item = this.feed[seq - 1];
    if (!isDeepStrictEqual(item?.order, order)) this.report(`order ${seq} is not the feed's: ${JSON.stringify(order)}`);
    this.orders.add(seq);
  }

  // All that happened up to `to` has been told: each level has at least the version of that time, each order came.
  checkUpTo(to) {
    for (let seq = this.checked + 1; seq <= Math.min(to, this.feed.length); seq += 1) {
      const { level, order } = this.feed[seq - 1];
      if (level && !(this.levels.get(levelName(level))?.version >= level.version)) {
        this.report(`change ${seq} (${levelName(level)}, version ${level.version}) was never told`);
      }
      if (order && !this.orders.has(seq)) this.report(`order change ${seq} was never told`);
    }
    this.checked = Math.max(this.checked, to);
  }

  refetch({ levels, head }) {
    for (const level of levels) {
      const name = levelName(level);
      if (level.version > (this.levels.get(name)?.version ?? 0)) this.levels.set(name, level);
    }
    this.told = Math.max(this.told, head);
    this.checked = Math.max(this.checked, head);
  }
}

// I9. Every watcher must have ended at `head` with the levels of the fold. Returns how many resets there were.
export function checkWatchers({ live, feed, head, fold }, report) {
  const watchers = new Map();
  for (const event of live) {
    if (!watchers.has(event.watcher)) watchers.set(event.watcher, new Watched(event.watcher, feed, report));
    watchers.get(event.watcher).see(event);
  }
  for (const watcher of watchers.values()) {
    if (watcher.told !== head) watcher.report(`ended at ${watcher.told}, the head is ${head}`);
    sameLevels(fold, [...watcher.levels.values()], (text) => watcher.report(`in the end ${text}`));
  }
  return [...watchers.values()].reduce((sum, { resets }) => sum + resets, 0);
}
