// SIGTERM under load: what was answered is there, nobody who had begun is cut off, and the end comes soon.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { describe, it } from "node:test";
import { newKey } from "../support/client.mjs";
import { parseAnswers } from "../support/raw.mjs";
import { Server } from "../support/server.mjs";
import { makeProduct, readList, tryOrder } from "../support/stock.mjs";

const CLIENTS = 16;
const STOP_MS_MAX = 10_000;

// A connection that sends one order after the other as bytes, so that it is seen how far each request came.
class RawBuyer {
  constructor(server, sku) {
    this.server = server;
    this.sku = sku;
    this.accepted = [];
    this.cut = 0;
  }

  request() {
    const body = JSON.stringify({ lines: [{ sku: this.sku, quantity: 1 }] });
    return (
      `POST /api/v1/orders HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${this.server.admin.token}\r\n` +
      `Content-Type: application/json\r\nIdempotency-Key: ${newKey()}\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    );
  }

  // Runs until the server ends the connection. `cut` counts requests sent before the signal that got no whole answer.
  run() {
    return new Promise((resolve) => {
      const socket = connect(this.server.port, "127.0.0.1");
      let text = "";
      let begun = false;
      const next = () => {
        begun = !this.server.stopping;
        socket.write(this.request());
      };
      socket.on("connect", next);
      socket.on("error", () => {});
      socket.on("data", (data) => {
        text += data;
        const [answer] = parseAnswers(text);
        if (!answer || answer.body.length < Number(answer.headers["content-length"])) return;
        text = "";
        begun = false;
        if (answer.status === 201) this.accepted.push(JSON.parse(answer.body).id);
        else assert.ok([503].includes(answer.status), `${answer.status} ${answer.body}`);
        if (answer.headers.connection !== "close") next();
      });
      socket.on("close", () => {
        if (begun) this.cut += 1;
        resolve();
      });
    });
  }
}

async function waitForOrders(buyers, count) {
  while (buyers.reduce((sum, buyer) => sum + buyer.accepted.length, 0) < count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("SIGTERM", () => {
  it("under load keeps every answered order and cuts off nobody who had begun", async () => {
    const server = await Server.start();
    const { sku } = await makeProduct(server.admin, { quantity: 1_000_000 });
    const accepted = [];
    for (let round = 0; round < 3; round += 1) {
      server.stopping = false;
      const buyers = Array.from({ length: CLIENTS }, () => new RawBuyer(server, sku));
      const runs = buyers.map((buyer) => buyer.run());
      await waitForOrders(buyers, 200);
      const started = performance.now();
      server.stopping = true;
      server.child.kill("SIGTERM");
      const { code } = await server.exited;
      const took = performance.now() - started;
      await Promise.all(runs);
      assert.equal(code, 0, server.log);
      assert.ok(took < STOP_MS_MAX, `${took} ms`);
      assert.deepEqual(buyers.map((buyer) => buyer.cut), Array(CLIENTS).fill(0), "requests without an answer");
      accepted.push(...buyers.flatMap((buyer) => buyer.accepted));
      await server.verify({ copy: true });
      await server.launch();
      const ids = new Set((await readList(server.admin, `/api/v1/orders?sku=${sku}`)).map((order) => order.id));
      for (const id of accepted) assert.ok(ids.has(id), `lost: ${id}`);
      assert.equal(ids.size, new Set(accepted).size);
    }
    await server.dispose();
  });

  it("waits for the body of a request that was begun", async () => {
    const server = await Server.start();
    const { sku } = await makeProduct(server.admin, { quantity: 5 });
    const [head, body] = new RawBuyer(server, sku).request().split("\r\n\r\n");
    const socket = connect(server.port, "127.0.0.1");
    let text = "";
    socket.on("data", (data) => {
      text += data;
    });
    const closed = new Promise((resolve) => socket.on("close", resolve));
    await new Promise((resolve) => socket.on("connect", resolve));
    await new Promise((resolve) => socket.write(`${head}\r\n\r\n${body.slice(0, 10)}`, resolve));
    // The server has the first part when it has answered a connection that was made later.
    await server.client().get("/healthz");
    server.child.kill("SIGTERM");
    while (!server.log.includes("stopping")) await new Promise((resolve) => setTimeout(resolve, 5));
    socket.write(body.slice(10));
    await closed;
    assert.equal(parseAnswers(text)[0]?.status, 201, text);
    assert.equal((await server.exited).code, 0);
    await server.launch();
    assert.equal((await readList(server.admin, "/api/v1/orders")).length, 1);
    await server.dispose();
  });

  it("says that it is draining, and closes kept connections", async () => {
    const server = await Server.start();
    const socket = connect(server.port, "127.0.0.1");
    await new Promise((resolve) => socket.on("connect", resolve));
    const closed = new Promise((resolve) => socket.on("close", resolve));
    socket.resume();
    await server.admin.get("/healthz");
    await server.stop();
    await closed;
    await server.launch();
    await server.dispose();
  });

  it("ends within ten seconds although live connections are open", async () => {
    const server = await Server.start();
    const open = await server.admin.get("/socket.io/?EIO=4&transport=polling");
    assert.equal(open.status, 200);
    const sid = JSON.parse(open.text.slice(1)).sid;
    const path = `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
    const poll = server.admin.get(path).catch(() => undefined);
    const idle = await server.admin.get("/socket.io/?EIO=4&transport=polling");
    assert.equal(idle.status, 200);
    const started = performance.now();
    server.child.kill("SIGTERM");
    const { code } = await server.exited;
    assert.equal(code, 0);
    assert.ok(performance.now() - started < STOP_MS_MAX, `${performance.now() - started} ms`);
    await poll;
    await server.launch();
    await server.dispose();
  });

  it("a second time ends at once, and loses nothing that was answered", async () => {
    const server = await Server.start();
    const { sku } = await makeProduct(server.admin, { quantity: 100 });
    const orders = await Promise.all(Array.from({ length: 20 }, () => tryOrder(server.admin, [{ sku, quantity: 1 }])));
    // A request whose body never comes keeps the first signal waiting.
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(
      "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n" +
        "Content-Length: 50\r\nExpect: 100-continue\r\n\r\n",
    );
    // The server has read the head when it asks for the body.
    const [continued] = await once(socket, "data");
    assert.match(continued.toString(), /^HTTP\/1\.1 100 /);
    server.child.kill("SIGTERM");
    while (!server.log.includes("stopping")) await new Promise((resolve) => setTimeout(resolve, 5));
    server.child.kill("SIGTERM");
    const { code } = await server.exited;
    assert.equal(code, 1);
    await server.verify({ copy: true });
    await server.launch();
    const ids = new Set((await readList(server.admin, "/api/v1/orders")).map((order) => order.id));
    for (const order of orders) assert.ok(ids.has(order.json.id));
    await server.dispose();
  });

  it("SIGINT ends as SIGTERM does, and other signals do not end", async () => {
    const server = await Server.start();
    server.child.kill("SIGPIPE");
    assert.equal((await server.admin.get("/healthz")).status, 200);
    server.child.kill("SIGINT");
    assert.equal((await server.exited).code, 0);
    await server.launch();
    await server.dispose();
  });
});
