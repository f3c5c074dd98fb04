// Own proxies for what a network can do. TcpProxy stands between an instance and PostgreSQL or Redis: delays, silence
// (half-open connections), refusal, and connections that end right after a certain request went by. HttpProxy stands
// between a client and an instance: whole requests delayed, sent twice, or done without the answer coming back.

import { once } from "node:events";
import { createServer as createHttpServer, Agent, request as sendRequest } from "node:http";
import { connect, createServer } from "node:net";

// What a cut does with the request that it waited for.
export const CUTS = {
  done: { forward: true, linger: 0 }, // goes through; nobody hears of it
  late: { forward: true, linger: 300 }, // goes through, and the server keeps the connection for a while
  lost: { forward: false, linger: 0 }, // never arrives
};

export class TcpProxy {
  constructor({ port, host = "127.0.0.1" }) {
    Object.assign(this, { targetPort: port, targetHost: host, links: new Set(), cuts: 0, seen: 0 });
    this.heal();
    this.server = createServer((socket) => this.accept(socket));
  }

  async start(host = "127.0.0.1") {
    this.server.listen(0, host);
    await once(this.server, "listening");
    this.port = this.server.address().port;
    return this;
  }

  // Everything passes again. Connections that were silent are ended: their bytes are gone.
  heal() {
    const wasSilent = this.silentUp || this.silentDown;
    Object.assign(this, { refuse: false, silentUp: false, silentDown: false, delayMs: 0, cut: undefined });
    if (wasSilent) this.cutAll();
  }

  cutAll() {
    for (const link of this.links) link.end();
  }

  // From now on, with a probability of `percent`, a connection ends when bytes that match `pattern` go up.
  cutWhen({ pattern, random, percent, kinds = Object.keys(CUTS), afterBytes = 0 }) {
    this.cut = { pattern, random, percent, kinds, afterBytes };
  }

  accept(client) {
    if (this.refuse) return client.destroy();
    const server = connect(this.targetPort, this.targetHost);
    const link = new Link(this, client, server);
    this.links.add(link);
  }

  async stop() {
    this.server.close();
    this.cutAll();
    await once(this.server, "close");
  }
}

class Link {
  constructor(proxy, client, server) {
    Object.assign(this, { proxy, client, server, tail: "", times: { up: 0, down: 0 } });
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on("error", () => this.end());
      socket.on("close", () => this.end());
    }
    client.on("data", (bytes) => this.up(bytes));
    server.on("data", (bytes) => this.pass(bytes, client, "down", this.proxy.silentDown));
  }

  up(bytes) {
    const kind = this.cutBy(bytes);
    if (!kind) return this.pass(bytes, this.server, "up", this.proxy.silentUp);
    const { forward, linger } = CUTS[kind];
    this.proxy.cuts += 1;
    if (forward) this.server.write(bytes);
    this.client.destroy();
    this.client.removeAllListeners("data");
    this.server.removeAllListeners("data");
    this.server.on("data", () => {});
    // The bytes must be on their way before the end of the connection is.
    this.closing = true;
    if (linger > 0) setTimeout(() => this.server.destroy(), linger);
    else if (forward) this.server.end();
    else this.server.destroy();
    this.proxy.links.delete(this);
  }

  cutBy(bytes) {
    const { cut } = this.proxy;
    if (!cut) return undefined;
    // The pattern may lie over the border of two pieces.
    const text = this.tail + bytes.toString("latin1");
    this.tail = text.slice(-32);
    if (!cut.pattern.test(text)) return undefined;
    this.tail = "";
    this.proxy.seen += 1;
    if (cut.random(100) >= cut.percent) return undefined;
    return cut.kinds[cut.random(cut.kinds.length)];
  }

  // Order is kept also when the delay changes.
  pass(bytes, to, direction, silent) {
    if (silent || this.closing) return;
    const now = performance.now();
    const due = Math.max(now + this.proxy.delayMs, this.times[direction]);
    this.times[direction] = due;
    if (due <= now) to.write(bytes);
    else setTimeout(() => this.closing || to.write(bytes), due - now);
  }

  end() {
    if (this.closing) return;
    this.closing = true;
    this.client.destroy();
    this.server.destroy();
    this.proxy.links.delete(this);
  }
}

const BODY_BYTES_MAX = 1_000_000;

export class HttpProxy {
  // `delayMs`: up to so many milliseconds; `twice`, `drop`: percent of the requests.
  constructor({ port, host = "127.0.0.1", random, delayMs = 0, twice = 0, drop = 0 }) {
    Object.assign(this, { targetPort: port, targetHost: host, random, delayMs, twice, drop, doubled: 0, dropped: 0 });
    this.agent = new Agent({ keepAlive: true, maxSockets: 256 });
    this.server = createHttpServer((incoming, outgoing) => this.serve(incoming, outgoing));
  }

  async start() {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
    this.port = this.server.address().port;
    return this;
  }

  heal() {
    Object.assign(this, { delayMs: 0, twice: 0, drop: 0 });
  }

  async serve(incoming, outgoing) {
    try {
      const chunks = [];
      for await (const chunk of incoming) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      if (body.length > BODY_BYTES_MAX) throw new Error("too large for the proxy");
      await this.wait();
      const copies = [this.forward(incoming, body)];
      if (this.random(100) < this.twice) {
        this.doubled += 1;
        copies.push(this.wait().then(() => this.forward(incoming, body)));
      }
      const answers = await Promise.allSettled(copies);
      this.answer(incoming, outgoing, answers[this.random(answers.length)]);
    } catch {
      outgoing.destroy();
    }
  }

  answer(incoming, outgoing, { value }) {
    if (!value) return outgoing.destroy();
    if (incoming.method === "POST" && this.random(100) < this.drop) {
      this.dropped += 1;
      return outgoing.destroy();
    }
    const { status, headers, bytes } = value;
    for (const name of ["connection", "keep-alive", "transfer-encoding"]) delete headers[name];
    outgoing.writeHead(status, headers);
    outgoing.end(bytes);
    return undefined;
  }

  wait() {
    if (this.delayMs === 0) return Promise.resolve();
    return new Promise((resolve) => setTimeout(resolve, this.random(this.delayMs)));
  }

  forward({ method, url, headers }, body) {
    const { targetHost: host, targetPort: port, agent } = this;
    return new Promise((resolve, reject) => {
      const exchange = sendRequest({ host, port, agent, method, path: url, headers }, (message) => {
        const chunks = [];
        message.on("data", (chunk) => chunks.push(chunk));
        message.on("error", reject);
        message.on("end", () =>
          resolve({ status: message.statusCode, headers: message.headers, bytes: Buffer.concat(chunks) }),
        );
      });
      exchange.on("error", reject);
      exchange.end(body);
    });
  }

  async stop() {
    this.agent.destroy();
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, "close").catch(() => {});
  }
}
