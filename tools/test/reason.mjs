// How a failed test is told at the end of ./test: its name and, on the same line, why. The end is often all that is kept
// of a run on another machine.

const REASON_LENGTH_MAX = 500;

export function withReason(name, reason) {
  const line = reason.replace(/\s+/g, " ").trim();
  if (line === "") return name;
  return `${name}: ${line.length > REASON_LENGTH_MAX ? `${line.slice(0, REASON_LENGTH_MAX)}…` : line}`;
}
