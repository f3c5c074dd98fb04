// Requests as bytes on a bare connection, for what no HTTP client would send. Used by the tests of bad input.

import { connect } from "node:net";

const ANSWER_TIMEOUT_MS = 30_000;

// Sends `bytes` and reads until the server closes or `enough(text)` says so. Resolves to {text, closed}.
export function exchangeRaw(port, bytes, { enough = () => false, timeoutMs = ANSWER_TIMEOUT_MS, end = false } = {}) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    const finish = (closed) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, closed });
    };
    const timer = setTimeout(() => finish(false), timeoutMs);
    // A server that refuses early may close while the rest is still being sent.
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (enough(text)) finish(false);
    });
    socket.on("close", () => finish(true));
    if (end) socket.end(bytes);
    else socket.write(bytes);
  });
}

// Takes answers apart: [{status, headers, body}]. Bodies by Content-Length; `heads` = true for answers to HEAD.
export function parseAnswers(text, { heads = false } = {}) {
  const answers = [];
  let at = 0;
  while (at < text.length) {
    const end = text.indexOf("\r\n\r\n", at);
    if (end < 0) break;
    const [statusLine, ...lines] = text.slice(at, end).split("\r\n");
    const headers = {};
    for (const line of lines) {
      const colon = line.indexOf(":");
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(statusLine)?.[1]);
    const length = heads || status === 100 ? 0 : Number(headers["content-length"] ?? 0);
    answers.push({ status, headers, body: text.slice(end + 4, end + 4 + length) });
    at = end + 4 + length;
  }
  return answers;
}

// Sends one request that asks for the connection to be closed, unless the server closes it itself.
export async function sendRaw(port, bytes, options = {}) {
  const result = await exchangeRaw(port, bytes, options);
  return { ...result, answers: parseAnswers(result.text, options) };
}
