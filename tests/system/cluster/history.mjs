// The history of a run: every request before its first byte is sent, every answer after its last byte was read, every
// frame of every watcher and every fault, with one clock (CLOCK_MONOTONIC). The checker judges a run by nothing else.
// Kept in memory, and as one JSON line per event in a file when one is named. Used by the workload, the watchers and
// the fault runner.

import { createWriteStream, readFileSync } from "node:fs";
import { finished } from "node:stream/promises";

// `invoke` and its completion: `ok` (2xx), `fail` (an answer that promises that nothing was applied, or a read without
// an answer), `info` (nobody knows). `fault`: start or end of a fault. `live`: something a watcher saw.
export const TYPES = ["invoke", "ok", "fail", "info", "fault", "live", "note"];

const NANOSECONDS_PER_MS = 1e6;

export function nowNs() {
  return Number(process.hrtime.bigint());
}

export const toMs = (ns) => ns / NANOSECONDS_PER_MS;

// Statuses that the contract explains with "nothing was applied".
export function completionType(status) {
  if (status >= 200 && status < 300) return "ok";
  if (status === 503 || (status >= 400 && status < 500)) return "fail";
  return "info";
}

export class History {
  // `about` goes into the first line: the seed and every option, so that the run can be repeated.
  constructor(about = {}, file) {
    this.events = [];
    this.attempts = 0;
    this.output = file ? createWriteStream(file) : undefined;
    this.add({ type: "note", about });
  }

  add(event) {
    const whole = { t: nowNs(), ...event };
    this.events.push(whole);
    if (!this.closed) this.output?.write(`${JSON.stringify(whole)}\n`);
    return whole;
  }

  // Notes that a request is about to be sent. The result goes to complete().
  invoke(fields) {
    this.attempts += 1;
    return this.add({ type: "invoke", attempt: this.attempts, ...fields });
  }

  complete(invoked, { type, status, text, body, error }) {
    const { attempt, proc, f, key, instance, incarnation } = invoked;
    return this.add({ type, attempt, proc, f, key, instance, incarnation, status, text, body, error });
  }

  // What comes later, because a run was broken off, is of no interest.
  async close() {
    this.closed = true;
    if (!this.output) return;
    this.output.end();
    await finished(this.output);
  }
}

export function readHistory(file) {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line));
}

// Sends one request and records it. Returns the completion. An answer of the wrong shape is thrown: it is a fault of
// the server whatever else happens.
export async function perform(history, target, { proc, f, key, args, method, path, body }) {
  const { name: instance, incarnation } = target;
  const invoked = history.invoke({ proc, f, key, args, instance, incarnation });
  let answer;
  try {
    answer = await target.client.send(method, path, { body, key });
  } catch (error) {
    if (error.code === "ERR_ASSERTION") throw error;
    // Refused connections sent nothing. A read that got no answer changed nothing either.
    const type = error.code === "ECONNREFUSED" || method === "GET" ? "fail" : "info";
    return history.complete(invoked, { type, error: error.code ?? error.message });
  }
  const { status, text, json } = answer;
  const type = method === "GET" && completionType(status) === "info" ? "fail" : completionType(status);
  return history.complete(invoked, { type, status, text: method === "GET" ? undefined : text, body: json });
}
