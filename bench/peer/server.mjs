// The peer: the usual design of such a system, done well, to hold Onhand against. Express, Socket.IO, PostgreSQL, a lock
// of each product in Redis, events by pub/sub between the instances. It does one job: take an order, never oversell, tell
// every client. Any number of instances share one PostgreSQL and one Redis. bench/cluster.mjs starts it.
//
// What the design cannot do, and what is not repaired here: an instance that dies between the commit and the event
// loses the event; one that dies with a lock stops that product until the lease ends.

import { createServer } from "node:http";
import express from "express";
import { Redis } from "ioredis";
import { Server } from "socket.io";
import { pool } from "./database.mjs";
import { placeOrder, readOrder, Refusal } from "./orders.mjs";
import { LockNotFree, ProductLocks } from "./product_locks.mjs";
import { settings } from "./settings.mjs";
import { accountOf } from "./tokens.mjs";

const STOP_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_MS = 60_000;

const redis = new Redis(settings.redis, { enableAutoPipelining: true });
const subscriber = new Redis(settings.redis);
for (const each of [redis, subscriber]) each.on("error", (error) => console.error(`peer: redis: ${error.message}`));

const locks = settings.locks === "redis" ? new ProductLocks(redis) : undefined;

function publish(event) {
  redis.publish(settings.channel, JSON.stringify(event)).catch((error) => console.error(`peer: publish: ${error.message}`));
}

function authenticate(request, response, next) {
  const [, token] = /^Bearer (\S+)$/.exec(request.get("authorization") ?? "") ?? [];
  try {
    request.account = accountOf(token);
  } catch {
    response.status(401).json({ code: "unauthenticated" });
    return;
  }
  next();
}

async function postOrder(request, response) {
  const order = readOrder(request.body, request.get("idempotency-key"));
  const { id, changes, replayed } = await placeOrder(request.account, order, locks, publish);
  if (replayed) response.set("Idempotency-Replayed", "true");
  response.status(201).json({ id, status: "placed", lines: changes });
}

function answerError(error, _request, response, _next) {
  if (error instanceof Refusal) response.status(error.status).json({ code: error.code, ...error.more });
  else if (error instanceof LockNotFree) response.status(503).set("Retry-After", "1").json({ code: "busy" });
  else if (error.type?.startsWith("entity.")) response.status(400).json({ code: "malformed_json" });
  else {
    console.error(error);
    response.status(500).json({ code: "internal" });
  }
}

function makeApi() {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.get("/readyz", async (_request, response) => {
    await pool.query("SELECT 1");
    response.json({ status: "ready" });
  });
  app.post("/api/v1/orders", authenticate, express.json({ limit: "64kb" }), postOrder);
  app.use((_request, response) => response.status(404).json({ code: "not_found" }));
  app.use(answerError);
  return app;
}

// Every instance hears every event and hands it to its own clients.
async function serveFeed(server) {
  const io = new Server(server, { serveClient: false, perMessageDeflate: false });
  io.use((socket, next) => {
    try {
      accountOf(socket.handshake.auth?.token);
      next();
    } catch {
      next(new Error("unauthenticated"));
    }
  });
  await subscriber.subscribe(settings.channel);
  subscriber.on("message", (_channel, message) => io.local.emit("stock.changed", JSON.parse(message)));
  return io;
}

const server = createServer(makeApi());
server.keepAliveTimeout = KEEP_ALIVE_MS;
const io = await serveFeed(server);
server.listen(settings.port, "127.0.0.1");

let stopping = false;
async function stop() {
  if (stopping) return;
  stopping = true;
  setTimeout(() => process.exit(1), STOP_TIMEOUT_MS).unref();
  await io.close(); // and with it the HTTP server, once it has answered
  await pool.end();
  subscriber.disconnect();
  await redis.quit();
}
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, stop);
