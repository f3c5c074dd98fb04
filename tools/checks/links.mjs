// Dead links in Markdown, and paths that a document names in backticks.

import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { root } from "./files.mjs";

const withoutCode = (text) =>
  text.replace(/^(```|~~~)[\s\S]*?^\1.*$/gm, (block) => block.replace(/[^\n]/g, "")).replace(/`[^`\n]*`/g, "");

// The anchor that a heading gets when it is shown on the web.
function slug(heading) {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M} _-]/gu, "")
    .replace(/ /g, "-");
}

export function anchorsOf(text) {
  const anchors = new Set();
  const counts = new Map();
  const body = text.replace(/^(```|~~~)[\s\S]*?^\1.*$/gm, "");
  for (const [, heading] of body.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const name = slug(heading);
    const earlier = counts.get(name) ?? 0;
    counts.set(name, earlier + 1);
    anchors.add(earlier === 0 ? name : `${name}-${earlier}`);
  }
  for (const [, name] of body.matchAll(/<a\s+(?:id|name)="([^"]+)"/g)) anchors.add(name);
  return anchors;
}

const isOutside = (target) => /^[a-z][a-z+.-]*:/i.test(target) || target.startsWith("//");

// `readText(path)` gives the text of another file of the repository, or undefined when there is no such file;
// `exists(path)` says whether a file or folder is there. Findings are [{line, message}].
export function findDeadLinks(path, text, readText, exists) {
  const findings = [];
  const links = /!?\[[^\]]*\]\(\s*<?([^)\s>]+)>?(?:\s+"[^"]*")?\s*\)|^\[[^\]]+\]:\s*(\S+)|(?:href|src)="([^"]+)"/gm;
  const body = withoutCode(text);
  for (const match of body.matchAll(links)) {
    const target = match[1] ?? match[2] ?? match[3];
    if (isOutside(target)) continue;
    const line = body.slice(0, match.index).split("\n").length;
    const [file, anchor] = target.split("#");
    const wanted = file === "" ? path : normalize(join(dirname(path), decodeURIComponent(file)));
    if (wanted.startsWith("..") || !exists(wanted)) {
      findings.push({ line, message: `the link to ${target} leads nowhere` });
    } else if (anchor && wanted.endsWith(".md") && !anchorsOf(file === "" ? text : readText(wanted)).has(anchor)) {
      findings.push({ line, message: `there is no heading for #${anchor} in ${wanted}` });
    }
  }
  return findings;
}

// Expands `a/{b,c}.hpp` to both paths.
function expand(path) {
  const match = /^(.*?)\{([^{}]*)\}(.*)$/.exec(path);
  if (!match) return [path];
  return match[2].split(",").flatMap((part) => expand(`${match[1]}${part}${match[3]}`));
}

// A name in backticks is a path when it has a slash or a known ending, and no letters that paths do not have.
const looksLikePath = (name) =>
  /^[A-Za-z0-9_.{},-]+(\/[A-Za-z0-9_.{},-]*)*$/.test(name) &&
  (/^[A-Za-z0-9_.-]+\/[A-Za-z0-9_.{},/-]*[a-z}/]$/.test(name) || /\.(cpp|hpp|ts|tsx|md|sql|yaml|mjs|sh|json)$/.test(name)) &&
  !/^(build|data|\.tools)\//.test(name) &&
  !/^(application|text|image)\//.test(name);

// A document may leave `server/` or `client/src/` away, as ARCHITECTURE.md does.
const PREFIXES = ["", "server", "client/src", "client"];

export function findMissingPaths(text, exists) {
  const findings = [];
  for (const match of text.replace(/^```[\s\S]*?^```/gm, (block) => block.replace(/[^\n]/g, "")).matchAll(/`([^`\n]+)`/g)) {
    if (!looksLikePath(match[1])) continue;
    const line = text.slice(0, match.index).split("\n").length;
    for (const path of expand(match[1])) {
      if (!PREFIXES.some((prefix) => exists(normalize(join(prefix, path))))) {
        findings.push({ line, message: `there is no ${path}` });
      }
    }
  }
  return findings;
}

export const existsInTree = (path) => existsSync(join(root, path));
