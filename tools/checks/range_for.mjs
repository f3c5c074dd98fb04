// In C++20 the head of a range-for keeps alive only what its expression itself gives: in `for (x : current()->rows)` a
// smart pointer that current() returned by value is gone before the first round, and maybe what it pointed to. This file
// finds heads that go through the answer of a call by `->` or by a leading `*`; naming the answer on the line above
// mends them.

import { parse } from "./cpp_tokens.mjs";

const isName = (token) => token !== undefined && /^[A-Za-z_]\w*$/.test(token.text);

// Whether the `)` at `index` ends the arguments of a call.
const endsCall = (tokens, index) => tokens[index]?.text === ")" && isName(tokens[tokens[index].partner - 1]);

// The first token of what a range-for goes over, or undefined when the head at `open` is that of another loop.
function startOfRange(tokens, open) {
  let start;
  for (let at = open + 1; at < tokens[open].partner; at += 1) {
    if (tokens[at].text === ";") start = undefined;
    if (tokens[at].text === ":") start ??= at + 1;
    if (tokens[at].partner > at) at = tokens[at].partner;
  }
  return start;
}

// Returns findings [{line, message}] for one source text.
export function findDanglingRanges(source) {
  const tokens = parse(source);
  const findings = [];
  for (const [index, token] of tokens.entries()) {
    if (token.text !== "for" || tokens[index + 1]?.text !== "(") continue;
    const start = startOfRange(tokens, index + 1);
    if (start === undefined) continue;
    const end = tokens[index + 1].partner;
    const range = tokens.slice(start, end);
    const through = range.some((each, at) => each.text === "->" && endsCall(tokens, start + at - 1));
    const pointed = range[0].text === "*" && endsCall(tokens, end - 1);
    if (through || pointed) findings.push({ line: token.line, message: "goes through what a call returned: name it on the line above" });
  }
  return findings;
}
