// Work beside a measurement, in a process of its own: asks the server the same requests again and again until its input
// ends, then prints what came of it. The first line of its input says what: {port, token, workers, requests: [[method,
// path, headers, body]]}. Started by scenarios/side_loads.mjs.

import { Agent, request } from "node:http";
import { createInterface } from "node:readline";

const work = { done: 0, failed: 0, bytes: 0 };
const open = new Set();
let stopping = false;

// One request whose answer is read and dropped; resolves to its status, or 0 when it broke off.
function askOnce(agent, { port, token }, [method, path, headers = {}, body]) {
  return new Promise((resolve) => {
    const fields = { ...headers, Authorization: `Bearer ${token}` };
    if (body !== undefined) fields["Content-Length"] = Buffer.byteLength(body);
    const asked = request({ host: "127.0.0.1", port, agent, method, path, headers: fields }, (answer) => {
      answer.on("data", (bytes) => (work.bytes += bytes.length));
      answer.once("end", () => resolve(answer.statusCode));
      answer.once("error", () => resolve(0));
    });
    asked.once("error", () => resolve(0));
    asked.once("close", () => open.delete(asked));
    open.add(asked);
    asked.end(body);
  });
}

async function loop(agent, order, first) {
  for (let count = first; !stopping; count++) {
    const status = await askOnce(agent, order, order.requests[count % order.requests.length]);
    if (stopping) return;
    if (status >= 200 && status < 300) work.done++;
    else work.failed++;
  }
}

const agent = new Agent({ keepAlive: true });
const input = createInterface({ input: process.stdin });
const loops = [];
input.once("line", (line) => {
  const order = JSON.parse(line);
  for (let worker = 0; worker < order.workers; worker++) loops.push(loop(agent, order, worker));
});
input.once("close", async () => {
  stopping = true;
  const result = JSON.stringify(work);
  for (const asked of open) asked.destroy();
  await Promise.all(loops);
  agent.destroy();
  console.log(result);
});
