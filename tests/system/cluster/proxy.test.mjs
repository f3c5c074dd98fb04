// The proxies of the fault runs do what they say: a fault that never happens proves nothing.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { connect, createServer } from "node:net";
import { after, before, describe, it } from "node:test";
import { Client } from "../../support/client.mjs";
import { randomFrom } from "../random.mjs";
import { HttpProxy, TcpProxy } from "./proxy.mjs";

const until = async (holds) => {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
};

// A server that notes what it gets and sends it back.
async function echoServer() {
  const heard = [];
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      heard.push(bytes.toString());
      socket.write(bytes);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { heard, port: server.address().port, close: () => server.close() };
}

async function open(port) {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  const link = { socket, text: "", closed: false };
  socket.on("data", (bytes) => {
    link.text += bytes;
  });
  socket.on("close", () => {
    link.closed = true;
  });
  await once(socket, "connect");
  return link;
}

describe("the TCP proxy", () => {
  let echo;
  let proxy;
  before(async () => {
    echo = await echoServer();
    proxy = await new TcpProxy({ port: echo.port }).start();
  });
  after(async () => {
    await proxy.stop();
    echo.close();
  });

  it("passes bytes both ways", async () => {
    const link = await open(proxy.port);
    link.socket.write("hello");
    await until(() => link.text === "hello");
    link.socket.destroy();
  });

  it("keeps the order of what it delays", async () => {
    const link = await open(proxy.port);
    proxy.delayMs = 40;
    link.socket.write("a");
    await until(() => echo.heard.at(-1) === "a");
    proxy.delayMs = 0;
    link.socket.write("b");
    await until(() => link.text === "ab");
    link.socket.destroy();
  });

  for (const [kind, arrives] of Object.entries({ done: true, late: true, lost: false })) {
    it(`cuts behind a pattern: ${kind}`, async () => {
      proxy.cutWhen({ pattern: /commit/i, random: () => 0, percent: 100, kinds: [kind] });
      const link = await open(proxy.port);
      const word = `COMMIT-${kind}`;
      link.socket.write("one ");
      await until(() => link.text === "one ");
      link.socket.write(word.slice(0, 4));
      await until(() => link.text === `one ${word.slice(0, 4)}`);
      link.socket.write(word.slice(4));
      await until(() => link.closed);
      assert.equal(link.text, "one COMM");
      if (arrives) await until(() => echo.heard.includes(word.slice(4)));
      proxy.heal();
      // What was sent later has arrived, so nothing of the word is on its way any more.
      const other = await open(proxy.port);
      other.socket.write("later");
      await until(() => other.text === "later");
      assert.equal(echo.heard.includes(word.slice(4)), arrives);
      other.socket.destroy();
    });
  }

  it("falls silent, and ends silent connections when it heals", async () => {
    const link = await open(proxy.port);
    proxy.silentUp = true;
    link.socket.write("nobody hears this");
    const other = await open(proxy.port);
    other.socket.write("nor this");
    await until(() => proxy.links.size === 2);
    proxy.heal();
    await until(() => link.closed && other.closed);
    assert.ok(!echo.heard.some((text) => /hears|nor/.test(text)));
  });

  it("refuses", async () => {
    proxy.refuse = true;
    const link = await open(proxy.port);
    await until(() => link.closed);
    proxy.heal();
  });
});

describe("the HTTP proxy", () => {
  let server;
  let heard;
  before(async () => {
    heard = [];
    server = createHttpServer(async (incoming, outgoing) => {
      let body = "";
      for await (const chunk of incoming) body += chunk;
      heard.push(`${incoming.method} ${incoming.url} ${incoming.headers["idempotency-key"]} ${body}`);
      outgoing.end("{}");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => server.close());

  const proxyWith = (options) =>
    new HttpProxy({ port: server.address().port, random: randomFrom(1), ...options }).start();
  // The plain server above sets none of the headers that Client asks for.
  const post = (client) =>
    Client.prototype.send.call(Object.assign(client, { look: (answer) => answer }), "POST", "/x", {
      body: { a: 1 },
      key: "k",
    });

  it("sends requests twice, whole", async () => {
    const proxy = await proxyWith({ twice: 100 });
    const client = new Client(proxy.port);
    assert.equal((await post(client)).status, 200);
    assert.deepEqual(heard.splice(0), ['POST /x k {"a":1}', 'POST /x k {"a":1}']);
    assert.equal(proxy.doubled, 1);
    client.close();
    await proxy.stop();
  });

  it("does what was asked and loses the answer", async () => {
    const proxy = await proxyWith({ drop: 100 });
    const client = new Client(proxy.port);
    await assert.rejects(post(client), { code: "ECONNRESET" });
    assert.deepEqual(heard.splice(0), ['POST /x k {"a":1}']);
    assert.equal(proxy.dropped, 1);
    client.close();
    await proxy.stop();
  });
});
