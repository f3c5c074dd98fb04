// The length of files and functions: at most 600 and 70 lines. A table (a list of routes, cases, settings) may be
// longer when the line above it says so with a comment that begins with "table": `// table: one row per route`.

import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parse, startOfPart } from "./cpp_tokens.mjs";
import { root } from "./files.mjs";

export const FUNCTION_LINES_MAX = 70;
export const FILE_LINES_MAX = 600;

const TABLE = /^\s*(?:\/\/|\/\*\*?|\{\/\*)\s*table\b/;

const isTable = (lines, firstLine) => TABLE.test(lines[firstLine - 2] ?? "");

export function findLongFile(text) {
  const lines = text.split("\n");
  const count = text.endsWith("\n") ? lines.length - 1 : lines.length;
  if (count <= FILE_LINES_MAX || TABLE.test(lines[0])) return [];
  return [{ line: 1, message: `the file has ${count} lines, at most ${FILE_LINES_MAX} are allowed` }];
}

function judge(lines, name, first, last) {
  const count = last - first + 1;
  if (count <= FUNCTION_LINES_MAX || isTable(lines, first)) return [];
  return [{ line: first, message: `${name} has ${count} lines, at most ${FUNCTION_LINES_MAX} are allowed` }];
}

const BODIES = new Set(["function", "lambda"]);

function isInsideBody(tokens, index) {
  for (let at = tokens[index].up; at >= 0; at = tokens[at].up) if (BODIES.has(tokens[at].opens)) return true;
  return false;
}

// Counted from the first line of the signature to the closing brace. A lambda inside a function counts with it.
export function findLongCppFunctions(source) {
  const tokens = parse(source);
  const lines = source.split("\n");
  const findings = [];
  for (const [index, token] of tokens.entries()) {
    if (!BODIES.has(token.opens) || isInsideBody(tokens, index)) continue;
    const start = startOfPart(tokens, index, new Set([";", "}", "{"]));
    const first = tokens[start + 1].line;
    const name = tokens.slice(start + 1, index).find((each, at, all) => all[at + 1]?.text === "(")?.text ?? "a lambda";
    findings.push(...judge(lines, name, first, tokens[token.partner].line));
  }
  return findings;
}

// The page's own bundler reads TypeScript; its parser is used here too.
async function loadParser() {
  const resolved = createRequire(join(root, "client/package.json")).resolve("vite");
  const { parseSync } = await import(pathToFileURL(resolved));
  return parseSync;
}

const FUNCTION_TYPES = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

function* children(node) {
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) yield* value.filter((each) => typeof each?.type === "string");
    else if (typeof value?.type === "string") yield value;
  }
}

// A describe() holds tests and is no function of its own: what it holds is measured one by one.
const isTestGroup = (node) => node?.type === "CallExpression" && /^describe\b/.test(node.callee?.name ?? node.callee?.object?.name ?? "");

// The functions of a tree that stand in no other function.
function* outermostFunctions(node, parent) {
  if (FUNCTION_TYPES.has(node.type) && !isTestGroup(parent)) {
    yield node;
    return;
  }
  for (const child of children(node)) yield* outermostFunctions(child, node);
}

export async function findLongTsFunctions(path, source) {
  const parseSync = await loadParser();
  const { program, errors } = parseSync(path, source);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`);
  const lines = source.split("\n");
  const lineOf = (offset) => source.slice(0, offset).split("\n").length;
  return [...outermostFunctions(program)].flatMap((node) =>
    judge(lines, node.id?.name ?? "a function", lineOf(node.start), lineOf(node.end)),
  );
}
