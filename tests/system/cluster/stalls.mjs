// How long the machine stood still at most, as this process saw it. On hosts that are shared it may be seconds, in which
// nobody can answer: the limits in time of a run are that much wider. What is allowed in values never is.

import { limits } from "./checker.mjs";

const STEP_MS = 50;

export class Stalls {
  constructor() {
    this.longestMs = 0;
    let due = performance.now() + STEP_MS;
    this.timer = setInterval(() => {
      this.longestMs = Math.max(this.longestMs, performance.now() - due);
      due = performance.now() + STEP_MS;
    }, STEP_MS);
  }

  end() {
    clearInterval(this.timer);
  }

  // What a scenario does not limit stays as it is: a table that must never be old stays so.
  widen(given) {
    const wider = { ...given, recoveryMsMax: given.recoveryMsMax ?? limits.recoveryMsMax };
    for (const name of ["recoveryMsMax", "gapMsMax", "staleMsMax"]) {
      if (wider[name] !== undefined) wider[name] += this.longestMs;
    }
    return wider;
  }
}
