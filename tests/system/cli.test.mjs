// The subcommands on a database: users, import, export, verify, migrate, backup and restore.

import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { PASSWORD, runProgram, Server, temporaryFolder } from "../support/server.mjs";
import { foldFeed, levelOf, makeProduct, placeOrder, readFeed, readList, stockTable } from "../support/stock.mjs";

const SUBCOMMANDS = ["serve", "import", "export", "verify", "migrate", "backup", "restore", "user", "user add", "user password", "user list"];

let folder;
before(() => {
  folder = temporaryFolder();
});
after(() => rmSync(folder, { recursive: true, force: true }));

const onhand = (...args) => {
  const input = typeof args.at(-1) === "object" ? args.pop().input : "";
  return runProgram(args, { cwd: folder, input });
};

async function succeeds(...args) {
  const result = await onhand(...args);
  assert.equal(result.code, 0, `${args.join(" ")}:\n${result.stdout}${result.stderr}`);
  return result;
}

async function fails(code, says, ...args) {
  const result = await onhand(...args);
  assert.equal(result.code, code, `${args.join(" ")}:\n${result.stdout}${result.stderr}`);
  assert.match(result.stderr, says);
  return result;
}

describe("help", () => {
  for (const command of ["", ...SUBCOMMANDS]) {
    it(`of "onhand ${command}" is text on standard output`, async () => {
      const { stdout, stderr } = await succeeds(...command.split(" ").filter(Boolean), "--help");
      assert.match(stdout, /Usage: /);
      assert.equal(stderr, "");
      if (!["", "user"].includes(command)) assert.match(stdout, /--database/);
    });
  }
  it("tells the version", async () => {
    assert.match((await succeeds("--version")).stdout, /^onhand \d+\.\d+\.\d+\n$/);
  });
});

describe("users", () => {
  const db = "sqlite:users/onhand.db";

  it("are added, listed and get new passwords", async () => {
    await succeeds("user", "add", "Ada@example.com", "--name", "Ada", "--database", db, { input: `${PASSWORD}\n` });
    await succeeds("user", "add", "cleo@example.com", "--role", "clerk", "--database", db, { input: `${PASSWORD}\n` });
    const list = JSON.parse((await succeeds("user", "list", "--json", "--database", db)).stdout);
    assert.deepEqual(list.map(({ email, name, role }) => [email, name, role]), [
      ["ada@example.com", "Ada", "admin"],
      ["cleo@example.com", "cleo@example.com", "clerk"],
    ]);
    assert.match((await succeeds("user", "list", "--database", db)).stdout, /clerk +cleo@example\.com/);
    await succeeds("user", "password", "cleo@example.com", "--database", db, { input: "another passphrase\n" });
    const server = await Server.start({ account: false, database: join(folder, "users/onhand.db") });
    assert.equal((await server.signIn("ada@example.com")).user.role, "admin");
    assert.equal((await server.signIn("cleo@example.com", "another passphrase")).user.role, "clerk");
    await assert.rejects(server.signIn("cleo@example.com", PASSWORD), /401/);
    await server.stop();
    rmSync(server.folder, { recursive: true });
  });

  it("are refused with a reason when something is wrong", async () => {
    const add = (email, ...more) => ["user", "add", email, "--database", db, ...more];
    await fails(2, /no e-mail/, ...add("nobody"), { input: `${PASSWORD}\n` });
    await fails(2, /role/, ...add("x@example.com", "--role", "root"), { input: `${PASSWORD}\n` });
    await fails(2, /8 characters/, ...add("x@example.com"), { input: "short\n" });
    await fails(2, /8 characters/, ...add("x@example.com"), { input: "" });
    await fails(1, /./, ...add("ada@example.com"), { input: `${PASSWORD}\n` });
    await fails(2, /no such user/, "user", "password", "x@example.com", "--database", db, { input: `${PASSWORD}\n` });
    await fails(2, /./, "user");
    assert.equal(JSON.parse((await succeeds("user", "list", "--json", "--database", db)).stdout).length, 2);
  });
});

describe("files", () => {
  const db = "sqlite:files/onhand.db";
  const csv = 'sku,name,unit_price,currency,quantity\nA-1,"A, one",1.50,EUR,5\nB-2,=B,2,EUR,0\n';

  it("are imported, checked first when asked, and exported again", async () => {
    writeFileSync(join(folder, "good.csv"), csv);
    const dry = await succeeds("import", "good.csv", "--dry-run", "--database", db);
    assert.match(dry.stdout, /2 rows: 2 created, 0 updated, 0 skipped; nothing was applied/);
    const done = JSON.parse((await succeeds("import", "good.csv", "--json", "--database", db)).stdout);
    assert.deepEqual([done.created, done.applied], [2, true]);
    assert.match((await succeeds("import", "-", "--database", db, { input: csv })).stdout, /0 created, 2 updated|2 skipped/);
    const { stdout } = await succeeds("export", "--database", db);
    assert.match(stdout, /^sku,name,/);
    assert.match(stdout, /\r\nA-1,"A, one",,,1\.50,EUR,MAIN,5,/);
    assert.ok(!stdout.includes(",=B,"));
    await succeeds("export", "--output", "out.csv", "--database", db);
    assert.equal(readFileSync(join(folder, "out.csv"), "utf8"), stdout);
    await succeeds("import", "out.csv", "--database", "sqlite:files/second.db");
    const second = (await succeeds("export", "--database", "sqlite:files/second.db")).stdout;
    const plain = (text) => text.replaceAll(/,\d+,[^,]*Z\r\n/g, "\r\n");
    assert.equal(plain(second), plain(stdout));
    await succeeds("verify", "--database", db);
  });

  it("with bad rows are reported by file, line and column", async () => {
    writeFileSync(join(folder, "bad.csv"), `${csv}C-3,C,1,EUR,x\n`);
    const bad = await fails(1, /bad\.csv:4: quantity: /, "import", "bad.csv", "--database", "sqlite:files/bad.db");
    assert.match(bad.stdout, /nothing was applied/);
    assert.equal((await succeeds("export", "--database", "sqlite:files/bad.db")).stdout.split("\r\n").length, 2);
    const partial = await succeeds("import", "bad.csv", "--partial", "--database", "sqlite:files/bad.db");
    assert.match(partial.stdout, /2 created.*1 skipped/);
    await fails(2, /cannot read/, "import", "none.csv", "--database", db);
    await fails(2, /kind/, "import", "good.csv", "--kind", "orders", "--database", db);
    await fails(1, /./, "import", "-", "--database", db, { input: "no,such,columns\n1,2,3\n" });
    await fails(2, /cannot write/, "export", "--output", "no/such/folder/x.csv", "--database", db);
  });
});

describe("a database with a history", () => {
  let server;
  let feed;
  let table;
  let orders;
  before(async () => {
    server = await Server.start();
    const { sku } = await makeProduct(server.admin, { quantity: 50 });
    for (let i = 0; i < 20; i += 1) await placeOrder(server.admin, [{ sku, quantity: 1 }], { customer: `C ${i}` });
    feed = await readFeed(server.admin);
    table = await stockTable(server.admin);
    orders = await readList(server.admin, "/api/v1/orders?search=C");
    await server.stop();
  });
  after(() => server.dispose());

  const compare = async (other) => {
    assert.deepEqual(await readFeed(other.admin), feed);
    assert.deepEqual(await stockTable(other.admin), table);
    assert.deepEqual(await readList(other.admin, "/api/v1/orders?search=C"), orders);
    assert.deepEqual(foldFeed(feed.items), table);
  };

  it("is verified, in words and as JSON", async () => {
    const database = ["--database", `sqlite:${server.database}`];
    const { stdout } = await succeeds("verify", ...database);
    assert.ok(stdout.trimEnd().split("\n").every((line) => line.startsWith("ok ")), stdout);
    const checks = JSON.parse((await succeeds("verify", "--json", ...database)).stdout);
    assert.ok(checks.length >= 5 && checks.every((check) => check.ok && check.name.length > 0));
    assert.match((await succeeds("migrate", ...database)).stdout, /up to date/);
  });

  it("has its derived store made anew, also when it is gone", async () => {
    const database = ["--database", `sqlite:${server.database}`];
    await succeeds("verify", "--rebuild", ...database);
    assert.ok(existsSync(`${server.database}.derived`));
    for (const part of ["", "-wal", "-shm"]) rmSync(`${server.database}.derived${part}`, { force: true });
    await succeeds("verify", "--rebuild", ...database);
    await server.launch();
    await compare(server);
    await server.stop();
  });

  it("has its derived store made anew by the server itself", async () => {
    for (const part of ["", "-wal", "-shm"]) rmSync(`${server.database}.derived${part}`, { force: true });
    await server.launch();
    await compare(server);
    await server.stop();
    writeFileSync(`${server.database}.derived`, "rubbish ".repeat(1000));
    for (const part of ["-wal", "-shm"]) rmSync(`${server.database}.derived${part}`, { force: true });
    await server.launch();
    await compare(server);
    await server.stop();
  });

  it("is copied to a backup and restored to the same", async () => {
    const backup = join(folder, "backup.db");
    const database = ["--database", `sqlite:${server.database}`];
    await succeeds("backup", backup, ...database);
    await fails(1, /./, "backup", backup, ...database);
    await fails(2, /exists/, "restore", backup, ...database);
    await fails(2, /there is no/, "restore", "none.db", "--database", "sqlite:restored/none.db");
    const restored = await Server.start({ account: false });
    await restored.stop();
    const place = join(folder, "restored", "onhand.db");
    await succeeds("restore", backup, "--database", `sqlite:${place}`);
    restored.database = place;
    await restored.launch();
    restored.admin = restored.client(server.admin.token);
    await compare(restored);
    const { sku } = feed.items.find((item) => item.level).level;
    await placeOrder(restored.admin, [{ sku, quantity: 1 }]);
    assert.equal((await levelOf(restored.admin, sku)).allocated, 21);
    await restored.dispose();
  });

  it("that was tampered with is found out", async () => {
    const copy = join(folder, "tampered.db");
    await succeeds("backup", copy, "--database", `sqlite:${server.database}`);
    const bytes = readFileSync(copy);
    bytes.fill(0xff, bytes.length / 2, bytes.length / 2 + 2000);
    writeFileSync(copy, bytes);
    const { code } = await onhand("restore", copy, "--database", `sqlite:${folder}/tampered/onhand.db`);
    assert.ok([1, 2].includes(code), `${code}`);
  });
});
