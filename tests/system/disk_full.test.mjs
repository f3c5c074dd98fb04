// A full disk: orders are refused with 503 and nothing applied, reading goes on, and when there is room again so do
// orders. Needs a small file system of its own, which only root can mount.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { checkProblem, newKey } from "../support/client.mjs";
import { Server, temporaryFolder } from "../support/server.mjs";
import { feedHead, foldFeed, makeProduct, placeOrder, readFeed, readList, stockTable, tryOrder } from "../support/stock.mjs";

const SIZE = "8m";
const ROUNDS = 5;
const ORDERS_MAX = 20_000;
const RECOVERY_TRIES_MAX = 100;

function mountSmall() {
  const folder = temporaryFolder();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${SIZE}`, "tmpfs", folder], { stdio: "pipe" });
    return { folder };
  } catch (error) {
    rmSync(folder, { recursive: true });
    return { reason: `no tmpfs can be mounted here: ${String(error.stderr ?? error.message).trim()}` };
  }
}

describe("a full disk", () => {
  const { folder, reason } = mountSmall();

  it("refuses orders with 503, and takes them again when there is room", { skip: reason }, async () => {
    const server = await Server.start({ folder });
    try {
      // It is left to chance which of the database's files meets the full disk first.
      const accepted = [];
      for (let round = 0; round < ROUNDS; round += 1) await fillAndRecover(server, join(folder, "ballast"), accepted);
      await server.stop();
      await server.verify();
    } finally {
      if (server.running) await server.kill();
      execFileSync("umount", ["-l", folder]);
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

// Leaves only a little room, so that it is the database that fills the disk.
function writeBallast(file, folder) {
  const { bavail, bsize } = statfsSync(folder);
  writeFileSync(file, Buffer.alloc(Math.max(0, bavail * bsize - 256 * 1024)));
}

async function fillAndRecover(server, ballast, accepted) {
  const { sku } = await makeProduct(server.admin, { quantity: 1_000_000 });
  accepted.push((await placeOrder(server.admin, [{ sku, quantity: 1 }])).id);
  writeBallast(ballast, server.folder);
  const key = newKey();
  const body = { lines: [{ sku, quantity: 1 }], note: "x".repeat(900) };
  let refused;
  for (let i = 0; i < ORDERS_MAX && !refused; i += 1) {
    const answer = await server.admin.post("/api/v1/orders", body, { key: `${key}-${i}` });
    if (answer.status === 201) accepted.push(answer.json.id);
    else refused = { answer, key: `${key}-${i}` };
  }
  assert.ok(refused, "the disk never became full");
  checkProblem(refused.answer, 503, "storage_unavailable");
  assert.ok(Number(refused.answer.headers["retry-after"]) > 0);
  const head = await feedHead(server.admin);
  checkProblem(await tryOrder(server.admin, [{ sku, quantity: 1 }], { note: "y".repeat(900) }), 503, "storage_unavailable");
  assert.equal(await feedHead(server.admin), head);
  assert.equal((await server.admin.get("/api/v1/stock")).status, 200);
  assert.equal((await server.admin.get("/healthz")).status, 200);

  rmSync(ballast);
  let again;
  for (let i = 0; i < RECOVERY_TRIES_MAX && again?.status !== 201; i += 1) {
    again = await server.admin.post("/api/v1/orders", body, { key: refused.key });
    if (again.status !== 201) {
      checkProblem(again, 503);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  assert.equal(again.status, 201, again.text);
  accepted.push(again.json.id);
  const ids = (await readList(server.admin, "/api/v1/orders")).map((order) => order.id);
  assert.deepEqual([...ids].sort(), [...accepted].sort());
  const { items } = await readFeed(server.admin);
  assert.deepEqual(foldFeed(items), await stockTable(server.admin));
}
