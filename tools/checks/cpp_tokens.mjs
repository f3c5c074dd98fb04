// C++ as tokens and nested brackets, as much of the language as the checks need: comments, strings (raw ones too) and
// preprocessor lines are taken out, every bracket knows its partner, and every `{` knows what it opens.

const WORD = /[A-Za-z_0-9$]/;
const THREE = ["<=>", "->*", "...", "<<="];
const TWO = ["->", "::", "&&", "||", "==", "!=", "<=", ">=", "+=", "-=", "*=", "/=", "++", "--", "<<"];

// Returns [{text, line}]. A string or character literal becomes the token "" (two quotes).
export function tokenize(source) {
  const tokens = [];
  let at = 0;
  let line = 1;
  let lineIsEmpty = true;

  const countLines = (text) => {
    for (const letter of text) if (letter === "\n") line += 1;
  };
  const skipTo = (end) => {
    countLines(source.slice(at, end));
    at = end;
  };
  const endOf = (found, length) => (found < 0 ? source.length : found + length);

  while (at < source.length) {
    const letter = source[at];
    if (letter === "\n") {
      line += 1;
      at += 1;
      lineIsEmpty = true;
      continue;
    }
    if (/\s/.test(letter)) {
      at += 1;
      continue;
    }
    if (source.startsWith("//", at)) {
      skipTo(endOf(source.indexOf("\n", at), 0));
      continue;
    }
    if (source.startsWith("/*", at)) {
      skipTo(endOf(source.indexOf("*/", at + 2), 2));
      continue;
    }
    if (letter === "#" && lineIsEmpty) {
      skipTo(endOfDirective(source, at));
      continue;
    }
    lineIsEmpty = false;
    const started = line;
    const literal = endOfLiteral(source, at);
    if (literal > at) {
      skipTo(literal);
      tokens.push({ text: '""', line: started });
      continue;
    }
    const text = readToken(source, at);
    at += text.length;
    tokens.push({ text, line: started });
  }
  return tokens;
}

// A directive ends with its line, unless the line ends with a backslash.
function endOfDirective(source, at) {
  let end = source.indexOf("\n", at);
  while (end > 0 && source[end - 1] === "\\") end = source.indexOf("\n", end + 1);
  return end < 0 ? source.length : end;
}

// The end of the string or character literal that starts at `at`, or `at` when none does.
function endOfLiteral(source, at) {
  const raw = /^(?:u8|u|U|L)?R"([^()\\\s]{0,16})\(/.exec(source.slice(at, at + 24));
  if (raw) {
    const end = source.indexOf(`)${raw[1]}"`, at);
    return end < 0 ? source.length : end + raw[1].length + 2;
  }
  const prefix = /^(?:u8|u|U|L)?["']/.exec(source.slice(at, at + 3));
  if (!prefix) return at;
  const quote = prefix[0].at(-1);
  let end = at + prefix[0].length;
  while (end < source.length && source[end] !== quote && source[end] !== "\n") end += source[end] === "\\" ? 2 : 1;
  return Math.min(end + 1, source.length);
}

function readToken(source, at) {
  if (WORD.test(source[at])) {
    let end = at + 1;
    const isNumber = /[0-9]/.test(source[at]);
    // 1'000'000 is one number.
    while (end < source.length && (WORD.test(source[end]) || (isNumber && source[end] === "'" && WORD.test(source[end + 1])))) {
      end += 1;
    }
    return source.slice(at, end);
  }
  for (const operator of THREE) if (source.startsWith(operator, at)) return operator;
  for (const operator of TWO) if (source.startsWith(operator, at)) return operator;
  return source[at];
}

const CLOSING = { ")": "(", "]": "[", "}": "{" };
const isWord = (token) => token !== undefined && WORD.test(token.text[0]);

// Adds to every token `up` (the index of the bracket around it, or -1) and to every bracket `partner`.
export function linkBrackets(tokens) {
  const open = [];
  for (const [index, token] of tokens.entries()) {
    if (token.text in CLOSING) {
      const opener = open.pop();
      if (opener === undefined || tokens[opener].text !== CLOSING[token.text]) {
        throw new Error(`line ${token.line}: '${token.text}' closes nothing; tools/checks/cpp_tokens.mjs cannot read this`);
      }
      token.partner = opener;
      tokens[opener].partner = index;
    }
    token.up = open.at(-1) ?? -1;
    if (["(", "[", "{"].includes(token.text)) open.push(index);
  }
  if (open.length > 0) throw new Error(`line ${tokens[open[0]].line}: '${tokens[open[0]].text}' is never closed`);
  return tokens;
}

const TYPE_WORDS = new Set(["struct", "class", "union", "enum"]);
const BEFORE_BODY = new Set(["const", "noexcept", "override", "final", "mutable", "&", "&&"]);
const BEFORE_BLOCK = new Set([";", "}", ":", "else", "do", "try"]);
const CONTROL = new Set(["if", "for", "while", "switch", "catch", "constexpr"]);

// The index of the bracket or separator that the part with `index` begins behind, on the same level. Commas between
// angle brackets do not separate.
export function startOfPart(tokens, index, separators) {
  let angles = 0;
  let at = index - 1;
  while (at >= 0) {
    const text = tokens[at].text;
    if (at === tokens[index].up) return at;
    if (text === "}" && separators.has("}") && tokens[tokens[at].partner].opens !== "list") return at;
    if (text in CLOSING) {
      at = tokens[at].partner - 1;
      continue;
    }
    if (text === ">") angles += 1;
    if (text === "<") angles = Math.max(0, angles - 1);
    if (separators.has(text) && text !== "}" && !(text === "," && angles > 0)) return at;
    at -= 1;
  }
  return -1;
}

const isLambdaIntroducer = (tokens, index) => {
  const before = tokens[index - 1];
  return !(isWord(before) && before.text !== "return" && before.text !== "co_return" && before.text !== "co_await") &&
    ![")", "]", ">", '""'].includes(before?.text);
};
export { isLambdaIntroducer };

// The words of one level between two tokens; what stands in brackets is left out.
function levelBetween(tokens, start, end) {
  const level = [];
  for (let at = start + 1; at < end; at += 1) {
    level.push(at);
    if (["(", "[", "{"].includes(tokens[at].text)) at = tokens[at].partner;
  }
  return level;
}

// `class A : public B, private C<D> {`
function isTypeHeader(tokens, index) {
  const start = startOfPart(tokens, index, new Set([";", "}", "="]));
  const texts = levelBetween(tokens, start, index).map((at) => tokens[at].text);
  return texts.some((text) => TYPE_WORDS.has(text)) && !texts.includes("(");
}

// What the part of a declaration in front of a `{` makes of it.
function kindByHeader(tokens, index) {
  if (isTypeHeader(tokens, index)) return "type";
  const start = startOfPart(tokens, index, new Set([";", "}", ",", "="]));
  const level = levelBetween(tokens, start, index);
  const texts = level.map((at) => tokens[at].text);
  if (texts.includes("namespace") || texts[0] === "extern") return "namespace";
  const arrow = texts.indexOf("->");
  if (arrow > 0) {
    const lambda = level.find((at) => tokens[at].text === "[" && isLambdaIntroducer(tokens, at));
    if (lambda !== undefined) return "lambda";
    if (["(", "const", "noexcept", "override", "&", "&&"].includes(texts[arrow - 1])) return "function";
  }
  return "list";
}

// A body behind `)`: of a lambda, of a control statement, or of a function.
function kindByParenthesis(tokens, closing) {
  const before = tokens[closing].partner - 1;
  const text = tokens[before]?.text;
  if (text === "]" && isLambdaIntroducer(tokens, tokens[before].partner)) return "lambda";
  if (text === "noexcept" || text === "requires") return kindBehind(tokens, before);
  return CONTROL.has(text) ? "block" : "function";
}

// The kind of the bracket whose `{` stands behind the token at `before`.
function kindBehind(tokens, before) {
  let at = before;
  while (at >= 0 && BEFORE_BODY.has(tokens[at].text)) at -= 1;
  if (tokens[at]?.text === ")") return kindByParenthesis(tokens, at);
  return undefined;
}

// Constructors: `X::X() : a_{1}, b_(2) {` is a function body behind an initialiser.
function isConstructorBody(tokens, index) {
  const start = startOfPart(tokens, index, new Set([";"]));
  for (let at = index - 1; at > start; at -= 1) {
    if (tokens[at].text in CLOSING) at = tokens[at].partner;
    else if (tokens[at].text === ":" && tokens[at - 1]?.text === ")") return true;
  }
  return false;
}

// Adds `opens` to every `{`: namespace, type, function, lambda, block (a compound statement) or list (an initialiser).
export function nameBraces(tokens) {
  for (const [index, token] of tokens.entries()) {
    if (token.text === "{") token.opens = kindOf(tokens, index);
  }
  return tokens;
}

function kindOf(tokens, index) {
  const before = tokens[index - 1];
  const parent = tokens[index].up < 0 ? undefined : tokens[tokens[index].up];
  const inStatements = parent === undefined || (parent.text === "{" && parent.opens !== "list");
  if (before === undefined) return "block";
  if (before.text === "}" && inStatements && isBehindInitialiser(tokens, index)) return "function";
  if (before.text === "requires") return "list";
  if (before.text === "{") return inStatements ? "block" : "list";
  if (BEFORE_BLOCK.has(before.text)) return inStatements ? "block" : "list";
  const behind = kindBehind(tokens, index - 1);
  if (behind !== undefined) return behind === "function" && !inStatements && parent?.text !== "{" ? "list" : behind;
  if (before.text === "]" && isLambdaIntroducer(tokens, before.partner)) return "lambda";
  if (isWord(before) || [">", "]", "*", "&", '""'].includes(before.text)) return kindByHeader(tokens, index);
  return "list";
}

const isBehindInitialiser = (tokens, index) =>
  tokens[tokens[index - 1].partner].opens === "list" && isConstructorBody(tokens, index);

// All of it at once.
export function parse(source) {
  return nameBraces(linkBrackets(tokenize(source)));
}
