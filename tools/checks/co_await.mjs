// The rule of CONTRIBUTING.md, "co_await": g++ 12.2 destroys an aggregate, or a lambda with captures, twice when it is
// made in the same full expression as co_await. So no such expression may hold a brace; name the value on the line
// above. This file finds the full expression around every co_await.

import { isLambdaIntroducer, parse, startOfPart } from "./cpp_tokens.mjs";

const STATEMENT_HEADS = new Set(["if", "while", "switch", "for"]);
const BLOCKS = new Set(["function", "lambda", "block", "namespace", "type"]);

const isHead = (tokens, parenthesis) => {
  const before = tokens[parenthesis - 1]?.text;
  return STATEMENT_HEADS.has(before) || (before === "constexpr" && tokens[parenthesis - 2]?.text === "if");
};

// The outermost token that still belongs to the full expression of the co_await at `index`: on the way out, brackets
// are part of it until the head of a control statement or a block is reached.
function outermost(tokens, index) {
  let at = index;
  while (tokens[at].up >= 0) {
    const around = tokens[at].up;
    const bracket = tokens[around];
    if (bracket.text === "(" && isHead(tokens, around)) break;
    if (bracket.text === "{" && BLOCKS.has(bracket.opens)) break;
    at = around;
  }
  return at;
}

// The index behind which the expression begins: a `;`, the end of a block, a label, `else`, `do`, or the closed head
// of a control statement.
function expressionStart(tokens, index) {
  let at = index - 1;
  while (at > tokens[index].up) {
    const token = tokens[at];
    if (token.text === ";" || token.text === "else" || token.text === "do") return at;
    if (token.text === ":" && startsLabel(tokens, at)) return at;
    if (token.text === ")" && isHead(tokens, token.partner)) return at;
    if (token.text === "}" && tokens[token.partner].opens !== "list" && tokens[token.partner].opens !== "lambda") return at;
    at = token.partner !== undefined && token.partner < at ? token.partner - 1 : at - 1;
  }
  return tokens[index].up;
}

// `case x:` and `default:` begin a statement; the `:` of `a ? b : c` and of a range-for do not.
function startsLabel(tokens, colon) {
  const start = startOfPart(tokens, colon, new Set([";", "{", "}", ":"]));
  return ["case", "default"].includes(tokens[start + 1]?.text);
}

function expressionEnd(tokens, index) {
  let at = index;
  while (at < tokens.length) {
    const token = tokens[at];
    if (token.text === ";" || (token.partner !== undefined && token.partner < at)) return at;
    at = token.partner !== undefined ? token.partner + 1 : at + 1;
  }
  return at;
}

// Returns findings [{line, message}] for one source text.
export function findBracesBesideAwait(source) {
  const tokens = parse(source);
  const findings = [];
  const seen = new Set();
  for (const [index, token] of tokens.entries()) {
    if (token.text !== "co_await") continue;
    const middle = outermost(tokens, index);
    const start = expressionStart(tokens, middle) + 1;
    if (seen.has(start)) continue;
    const end = expressionEnd(tokens, middle);
    const brace = tokens.slice(start, end).find((each) => each.text === "{");
    if (brace === undefined) continue;
    seen.add(start);
    const what = brace.opens === "lambda" ? lambdaMessage(tokens, tokens.indexOf(brace)) : "a brace";
    findings.push({ line: token.line, message: `${what} in an expression with co_await: name it on the line above` });
  }
  return findings;
}

function lambdaMessage(tokens, brace) {
  for (let at = brace - 1; at >= 0; at -= 1) {
    if (tokens[at].text !== "]" || !isLambdaIntroducer(tokens, tokens[at].partner)) continue;
    return tokens[at].partner === at - 1 ? "a lambda" : "a lambda with captures";
  }
  return "a lambda";
}
