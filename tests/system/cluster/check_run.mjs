// I14 and I15: the service goes on and comes back in time, and the run was a test of something. Pure; used by the
// checker.

import { toMs } from "./history.mjs";
import { CHANGES } from "./operations.mjs";

const QUIET_MS_MAX = 2_000; // without any success while nothing is broken

// The times between which nothing was broken or still recovering.
function quietWindows({ faults, start, end, recoveryMs }) {
  const marks = faults.map(({ t, phase }) => ({
    t: phase === "end" ? t + recoveryMs * 1e6 : t,
    step: phase === "end" ? -1 : 1,
  }));
  marks.sort((a, b) => a.t - b.t || b.step - a.step);
  const windows = [];
  let broken = 0;
  let from = start;
  for (const { t, step } of marks) {
    if (broken === 0 && t > from) windows.push([from, t]);
    broken += step;
    from = t;
  }
  if (broken === 0 && end > from) windows.push([from, end]);
  return windows;
}

// I14. Returns the longest time from the end of a fault to the first success after it, and the longest time without a
// success at all, in milliseconds.
export function checkLiveness({ history, faults, recoveryMsMax, gapMsMax }, report) {
  const load = history.filter(({ phase, type }) => type === "note" && phase);
  const start = load.find(({ phase }) => phase === "load")?.t ?? history[0].t;
  const end = load.find(({ phase }) => phase === "stop")?.t ?? history.at(-1).t;
  const successes = history.filter(({ type, f, t }) => type === "ok" && CHANGES.has(f) && t <= end).map(({ t }) => t);
  for (const [from, to] of quietWindows({ faults, start, end, recoveryMs: recoveryMsMax })) {
    const marks = [from, ...successes.filter((t) => t > from && t < to), to];
    for (let i = 1; i < marks.length; i += 1) {
      const gap = toMs(marks[i] - marks[i - 1]);
      if (gap > QUIET_MS_MAX) report("I14", `nothing succeeded for ${gap.toFixed(0)} ms while nothing was broken`);
    }
    checkUnanswered(history, from, to, report);
  }
  const recoveryMs = checkRecovery({ successes, faults, recoveryMsMax, end }, report);
  return { recoveryMs, gapMs: checkGaps({ successes, start, end, gapMsMax }, report) };
}

// While nothing is broken, every request that began and ended there was answered.
function checkUnanswered(history, from, to, report) {
  const begun = new Map();
  for (const event of history) {
    if (event.type === "invoke" && event.t >= from && event.t <= to) begun.set(event.attempt, event);
    const start = begun.get(event.attempt);
    if (start && event !== start && event.t <= to && event.status === undefined) {
      report(
        "I14",
        `${start.f} ${start.key ?? ""} at ${start.instance} got no answer (${event.error}) while nothing was broken`,
      );
    }
  }
}

// Measured from the end of each fault after which nothing else was broken.
function checkRecovery({ successes, faults, recoveryMsMax, end }, report) {
  let longest = 0;
  let broken = 0;
  for (const { t, what, phase } of faults) {
    broken += phase === "start" ? 1 : -1;
    if (broken > 0) continue;
    const next = successes.find((success) => success >= t);
    const took = toMs((next ?? end) - t);
    const isOver = took > recoveryMsMax;
    if (isOver) report("I14", `no success within ${took.toFixed(0)} ms after the end of ${what}`);
    if (next !== undefined) longest = Math.max(longest, took);
  }
  return longest;
}

// I14 for faults that others must not notice: the longest time without any success, broken or not, in milliseconds.
function checkGaps({ successes, start, end, gapMsMax }, report) {
  const marks = [start, ...successes, end];
  let longest = 0;
  for (let i = 1; i < marks.length; i += 1) longest = Math.max(longest, toMs(marks[i] - marks[i - 1]));
  if (longest > gapMsMax)
    report("I14", `nothing succeeded for ${longest.toFixed(0)} ms, at most ${gapMsMax} ms are allowed`);
  return longest;
}

// I15: counts of what the run met, and the least that it must have met of each.
export function checkCoverage({ figures, coverage }, report) {
  for (const [name, least] of Object.entries(coverage)) {
    if (!((figures[name] ?? 0) >= least))
      report("I15", `${figures[name] ?? 0} ${name}, fewer than ${least}: a test of nothing`);
  }
}

export function figuresOf({ operations, history, faults, live }) {
  const all = [...operations.values()];
  const count = (holds) => all.filter(holds).length;
  const counted = {};
  for (const { count: name, amount } of history) if (name) counted[name] = (counted[name] ?? 0) + amount;
  const starts = faults.filter(({ phase }) => phase === "start").map(({ t }) => t);
  return {
    ...counted,
    operations: all.length,
    applied: count(({ result }) => result === "applied"),
    refused: count(({ result }) => result === "refused"),
    nothing: count(({ result }) => result === "nothing"),
    info: history.filter(({ type, f }) => type === "info" && CHANGES.has(f)).length,
    busy: history.filter(({ status, f }) => status === 503 && CHANGES.has(f)).length,
    repeats: count(({ answers }) => answers.length > 1),
    in_flight: count(({ invoked, completed }) => starts.some((t) => invoked < t && completed > t)),
    faults: starts.length,
    reconnects: live.filter(({ what, again }) => what === "subscribe" && again).length,
    frames: live.filter(({ what }) => what === "stock").length,
  };
}
