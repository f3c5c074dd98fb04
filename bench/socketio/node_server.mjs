// Node's socket.io as the same benchmark server as server.cpp: WebSockets only, its default engine (ws), everything
// else as it comes. Run by run.mjs; prints "listening on PORT", ends with its standard input. On SIGUSR2 it collects
// garbage and prints the bytes of heap in use.
//
//   node --expose-gc node_server.mjs [--lean]
//
// --lean drops the HTTP request of each connection, as the documentation of socket.io advises to save memory.

import { createServer } from "node:http";
import { Server } from "socket.io";

const EVENT_BYTES = 200;
const BURST_MAX = 1000;
const ANSWER_TIMEOUT_MS = 30_000;

// Makes the packet 42["tick","xx…"] exactly as long as that of server.cpp.
const argument = "x".repeat(EVENT_BYTES - '42["tick",""]'.length);

const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false });

if (process.argv.includes("--lean")) {
  io.engine.on("connection", (raw) => {
    raw.request = null;
  });
}

io.on("connection", (socket) => {
  socket.on("next", (count) => {
    for (let left = Math.min(count, BURST_MAX); left > 0; left--) io.emit("tick", argument);
  });
  socket.on("ask", () => {
    io.timeout(ANSWER_TIMEOUT_MS).emit("question", argument, (error, answers) => {
      if (!error) socket.emit("acked", answers.length);
    });
  });
});

process.on("SIGUSR2", () => {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  console.log(`heap ${heapUsed + external}`);
});

process.stdin.on("end", () => process.exit(0)).resume();

http.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => console.log(`listening on ${http.address().port}`));
