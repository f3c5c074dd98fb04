// Broadcasts of other programs: with --redis, what a Socket.IO program publishes there reaches the live clients, and the
// feed itself does not depend on that Redis.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect as dial } from "node:net";
import { after, before, test } from "node:test";
import { createRedis } from "../support/redis.mjs";
import { Server } from "../support/server.mjs";
import { makeProduct } from "../support/stock.mjs";
import { LiveClient } from "./live_client.mjs";

// emit("from-emitter", { a: 1 }, <09 08>) as @socket.io/redis-emitter 5.1.0 publishes it.
const FROM_EMITTER = Buffer.from(
  "93a7656d697474657283a47479706502a46461746193ac66726f6d2d656d697474657281a16101c4020908a36e7370a12f83a5726f6f6d73" +
    "90a5666c61677380a665786365707490",
  "hex",
);

// Publishes and returns how many servers heard it.
async function publish(url, channel, message) {
  const socket = dial(Number(new URL(url).port), "127.0.0.1");
  socket.write(`*3\r\n$7\r\nPUBLISH\r\n$${channel.length}\r\n${channel}\r\n$${message.length}\r\n`);
  socket.write(Buffer.concat([message, Buffer.from("\r\n")]));
  const [answer] = await once(socket, "data");
  socket.destroy();
  return Number(String(answer).slice(1));
}

async function publishUntilHeard(url, channel, message) {
  while ((await publish(url, channel, message)) === 0) await new Promise(setImmediate);
}

let redis;
let server;
before(async () => {
  redis = await createRedis();
  await redis.start();
  server = await Server.start({ flags: ["--redis", redis.url] });
});
after(async () => {
  await server?.dispose();
  await redis?.remove();
});

test("an event of another program reaches every live client, bytes and all", async () => {
  const clients = [{ transports: ["websocket"] }, { transports: ["polling"] }].map(
    (options) => new LiveClient(server.origin, server.admin.token, options),
  );
  await Promise.all(clients.map((client) => client.connected()));
  const heard = clients.map((client) => once(client.socket, "from-emitter"));
  await publishUntilHeard(redis.url, "socket.io#/#", FROM_EMITTER);
  for (const [first, bytes] of await Promise.all(heard)) {
    assert.deepEqual(first, { a: 1 });
    assert.deepEqual([...bytes], [9, 8]);
  }
  for (const client of clients) client.close();
});

const redisState = async () => (await (await fetch(`${server.origin}/readyz`)).json()).checks.redis;

test("/readyz and /metrics tell that Redis is there", async () => {
  while ((await redisState()) !== "ok") await new Promise(setImmediate);
  assert.match(await (await fetch(`${server.origin}/metrics`)).text(), /^onhand_redis_connected 1$/m);
});

test("orders and the feed go on without that Redis", async () => {
  const client = await new LiveClient(server.origin, server.admin.token, { transports: ["websocket"] }).connected();
  assert.equal((await client.socket.emitWithAck("subscribe", { stock: "all", orders: true })).ok, true);
  await redis.kill();
  const changed = once(client.socket, "stock.changed");
  await makeProduct(server.admin, { sku: "NOREDIS", quantity: 3 });
  const [{ changes }] = await changed;
  assert.ok(changes.some(({ sku }) => sku === "NOREDIS"));
  client.close();
  while ((await redisState()) !== "degraded") await new Promise(setImmediate);
  assert.equal((await fetch(`${server.origin}/readyz`)).status, 200, "still ready");
});
