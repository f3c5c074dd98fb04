// When each version of a level or an order can have been the current one. The server's own order (the feed) says which
// operation made which version; the history says between which two moments that operation happened. Pure; used by the
// checker.

// The versions of one object, oldest first, and the time in which each can have been current: from begin (the latest
// moment at which an operation up to it began) to end (the earliest moment at which a later one had been answered).
export class Versions {
  constructor() {
    this.all = [];
  }

  // `operation` undefined: it was there before the run.
  add(version, state, operation) {
    const invoked = operation?.invoked ?? -Infinity;
    const before = this.all.at(-1)?.begin ?? -Infinity;
    const completed = operation?.completed ?? -Infinity;
    this.all.push({ version, state, invoked, completed, begin: Math.max(before, invoked), end: Infinity });
  }

  close() {
    let end = Infinity;
    for (let i = this.all.length - 1; i >= 0; i -= 1) {
      this.all[i].end = end;
      end = Math.min(end, this.all[i].completed);
    }
    this.byVersion = new Map(this.all.map((each) => [each.version, each]));
  }

  at(version) {
    return this.byVersion.get(version);
  }

  // Those that can have been current at a moment between the two. begin and end never fall, so they stand together.
  during(invoked, completed) {
    const first = firstIndex(this.all, (each) => each.end >= invoked);
    const last = firstIndex(this.all, (each) => each.begin > completed);
    return this.all.slice(first, last);
  }

  // A version that stands behind one whose operation began only after this one had been answered.
  findInversion() {
    let latest;
    for (const each of this.all) {
      if (latest && latest.invoked > each.completed) return [latest, each];
      if (!latest || each.invoked > latest.invoked) latest = each;
    }
    return undefined;
  }
}

function firstIndex(items, holds) {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(items[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}
