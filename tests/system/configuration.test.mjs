// What stops a start: one clear line on standard error and exit code 2. Nothing is served, and nothing is made.

import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { freePort, runProgram, Server, temporaryFolder } from "../support/server.mjs";

const TIMEOUT_MS = 15_000;

describe("a start that cannot be", () => {
  let folder;
  let port;
  before(async () => {
    folder = temporaryFolder();
    port = await freePort();
    mkdirSync(join(folder, "no-page"));
    mkdirSync(join(folder, "a-folder.db"));
    writeFileSync(join(folder, "text.db"), "This is no database at all, but it is long enough to have been one. ".repeat(50));
    writeFileSync(join(folder, "a-file"), "");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function refuses(args, { env = {}, cwd = folder, says } = {}) {
    const result = await runProgram(["serve", ...args], { cwd, env, timeoutMs: TIMEOUT_MS });
    assert.equal(result.code, 2, `${result.stdout}${result.stderr}`);
    assert.equal(result.stdout, "");
    const lines = result.stderr.trimEnd().split("\n").filter((line) => !line.startsWith('{"at"'));
    assert.equal(lines.length, 1, result.stderr);
    assert.match(lines[0], /^onhand: /);
    assert.match(lines[0], says);
  }

  const flags = {
    "an unknown flag": [["--prot", "3000"], /--prot/],
    "an argument too many": [["somewhere"], /somewhere/],
    "a flag without its value": [["--port"], /port/],
    "port 0": [["--port", "0"], /PORT|port/],
    "port 65536": [["--port", "65536"], /PORT|port/],
    "a port that is a word": [["--port", "http"], /PORT|port/],
    "a port with a fraction": [["--port", "3000.5"], /PORT|port/],
    "an empty host": [["--host", ""], /HOST/],
    "a host that is no address": [["--host", "not an address"], /not an address/],
    "an address of another machine": [["--host", "203.0.113.7"], /203\.0\.113\.7/],
    "a PostgreSQL that is not there": [["--database", "postgresql://u:secret@127.0.0.1:1/x", "--database-wait", "0"], /PostgreSQL/],
    "a wait of a day": [["--database-wait", "86400"], /database-wait|DATABASE_WAIT/],
    "a database of another kind": [["--database", "mysql://u:secret@127.0.0.1/x"], /postgresql:/],
    "a database without a scheme": [["--database", "data.db"], /sqlite:PATH/],
    "a database without a path": [["--database", "sqlite:"], /sqlite:PATH/],
    "a database that is a folder": [["--database", "sqlite:a-folder.db"], /a-folder\.db/],
    "a database that is no database": [["--database", "sqlite:text.db"], /text\.db/],
    "a database below a file": [["--database", "sqlite:a-file/onhand.db"], /a-file/],
    "Redis": [["--redis", "http://127.0.0.1"], /redis/i],
    "registration for nobody": [["--registration", "closed"], /first or open/],
    "an unknown log level": [["--log-level", "chatty"], /debug/],
    "no io thread": [["--io-threads", "0"], /1 to 64/],
    "65 io threads": [["--io-threads", "65"], /1 to 64/],
    "a page folder that is not there": [["--web", "nowhere"], /nowhere/],
    "a page folder without a page": [["--web", "no-page"], /no-page/],
    "an origin without a scheme": [["--allowed-origins", "shop.example"], /origins/],
    "an origin with a path": [["--allowed-origins", "https://shop.example/x"], /origins/],
  };
  for (const [what, [args, says]] of Object.entries(flags)) {
    it(`is refused: ${what}`, () => refuses(["--port", String(port), ...args].slice(args[0] === "--port" ? 2 : 0), { says }));
  }

  const variables = {
    "an unknown variable": [{ ONHAND_X: "1" }, /ONHAND_X/],
    "a port that is a word": [{ PORT: "x" }, /PORT/],
    "a flag that is neither true nor false": [{ ONHAND_BEHIND_TLS: "maybe" }, /ONHAND_BEHIND_TLS/],
    "a database of another kind": [{ DATABASE_URL: "mysql://db/x" }, /DATABASE_URL/],
    "Redis": [{ REDIS_URL: "localhost:6379" }, /REDIS_URL/],
  };
  for (const [what, [env, says]] of Object.entries(variables)) {
    it(`is refused by the environment: ${what}`, () => refuses([], { env, says }));
  }

  const files = {
    "an unknown setting": ["ONHAND_NONSENSE=1", /ONHAND_NONSENSE/],
    "a line without =": ["# fine\nPORT 3000", /\.env:2/],
    "a quote that does not end": ['ONHAND_HOST="x', /\.env:1/],
    "a bad port": ["PORT=99999", /PORT/],
  };
  for (const [what, [text, says]] of Object.entries(files)) {
    it(`is refused by .env: ${what}`, async () => {
      const cwd = temporaryFolder();
      writeFileSync(join(cwd, ".env"), text);
      await refuses([], { cwd, says });
      rmSync(cwd, { recursive: true });
    });
  }

  it("is refused: no subcommand, and an unknown one", async () => {
    for (const args of [[], ["sreve"]]) {
      const { code, stderr } = await runProgram(args, { cwd: folder });
      assert.equal(code, 2);
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    }
  });

  it("tells no password that stands in a setting", async () => {
    const away = ["--database", "postgresql://u:secret@127.0.0.1:1/x"];
    const { stderr } = await runProgram(["serve", ...away, "--database-wait", "1"], { cwd: folder });
    assert.ok(!stderr.includes("secret"), stderr);
  });
});

describe("two servers", () => {
  it("cannot share a port, nor a database, and the first goes on", async () => {
    const first = await Server.start();
    const other = join(first.folder, "other.db");
    const port = await freePort();
    const attempts = [
      [["--port", String(first.port), "--database", `sqlite:${other}`], String(first.port)],
      [["--port", String(port), "--database", `sqlite:${first.database}`], "another process"],
    ];
    for (const [args, says] of attempts) {
      const result = await runProgram(["serve", ...args], { cwd: first.folder, timeoutMs: TIMEOUT_MS });
      assert.equal(result.code, 2, result.stderr);
      assert.ok(result.stderr.includes(says), result.stderr);
    }
    const verify = await runProgram(["verify", "--database", `sqlite:${first.database}`], { cwd: first.folder });
    assert.equal(verify.code, 2, verify.stderr);
    assert.equal((await first.admin.get("/api/v1/stock")).status, 200);
    await first.dispose();
  });
});

describe("settings", () => {
  it("come from flags before the environment before .env", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, ".env"), '# settings\nexport ONHAND_REGISTRATION="open"\nPORT=1\nOTHER_PROGRAM=x\n');
    const env = { ONHAND_LOG_LEVEL: "warn", PORT: "2" };
    const server = await Server.start({ folder, env });
    assert.equal((await server.client().get("/api/v1/auth/status")).json.registration, "open");
    assert.ok(!server.log.includes('"info"'));
    await server.dispose();
  });

  it("for a proxy with TLS make cookies secure", async () => {
    const server = await Server.start({ flags: ["--behind-tls", "--allowed-origins", "https://shop.example"], account: false });
    const body = { email: "a@example.com", password: "a long enough passphrase", name: "A" };
    const answer = await server.client().post("/api/v1/auth/register", body);
    assert.match(answer.headers["set-cookie"][0], /^__Host-onhand_session=.*; Secure$/);
    assert.match(answer.headers["strict-transport-security"], /^max-age=\d+/);
    const headers = { Cookie: answer.headers["set-cookie"][0].split(";")[0], "X-Onhand-Client": "web" };
    const logout = (Origin) => server.client().post("/api/v1/auth/logout", undefined, { headers: { ...headers, Origin } });
    assert.equal((await logout(server.origin)).status, 403);
    assert.equal((await logout("https://shop.example")).status, 204);
    await server.dispose();
  });
});
