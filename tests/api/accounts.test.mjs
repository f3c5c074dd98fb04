// Accounts: registration, sign-in, sign-out, the cookie of the page, and accounts managed by an admin.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { checkProblem } from "../support/client.mjs";
import { ADMIN_EMAIL, PASSWORD } from "../support/server.mjs";
import { startChecked } from "./contract.mjs";

const REGISTER = "/api/v1/auth/register";
const LOGIN = "/api/v1/auth/login";
const LOGOUT = "/api/v1/auth/logout";
const ME = "/api/v1/auth/me";

const isUuid7 = (text) => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(text);
const cookieOf = (answer) => answer.headers["set-cookie"]?.[0].split(";")[0];

describe("registration for the first account only", () => {
  let server;
  before(async () => {
    server = await startChecked({ account: false });
  });
  after(() => server.dispose());

  it("makes the first account admin, signs it in, and is closed from then on", async () => {
    const client = server.client();
    const status = await client.get("/api/v1/auth/status");
    assert.deepEqual(status.json, { registration: "first", has_accounts: false, demo: null });
    const made = await client.post(REGISTER, { email: "Ada@Example.com", password: PASSWORD, name: "Ada" });
    assert.equal(made.status, 201, made.text);
    assert.equal(made.json.user.role, "admin");
    assert.equal(made.json.user.email, "ada@example.com");
    assert.ok(isUuid7(made.json.user.id));
    assert.ok(Date.parse(made.json.expires_at) > Date.now());
    const me = await server.client(made.json.token).get(ME);
    assert.deepEqual(me.json, { user: made.json.user });
    const second = await client.post(REGISTER, { email: "bob@example.com", password: PASSWORD, name: "Bob" });
    checkProblem(second, 403, "registration_closed");
    assert.equal((await client.get("/api/v1/auth/status")).json.registration, "closed");
  });
});

describe("registration at the same instant", () => {
  it("makes exactly one admin", async () => {
    const server = await startChecked({ account: false });
    const bodies = Array.from({ length: 4 }, (_, i) => ({ email: `a${i}@example.com`, password: PASSWORD, name: "A" }));
    const answers = await Promise.all(bodies.map((body) => server.client().post(REGISTER, body)));
    assert.deepEqual(answers.map((answer) => answer.status).sort(), [201, 403, 403, 403]);
    await server.dispose();
  });
});

describe("open registration", () => {
  let server;
  before(async () => {
    server = await startChecked({ env: { ONHAND_REGISTRATION: "open" } });
  });
  after(() => server.dispose());

  it("makes later accounts clerks", async () => {
    assert.equal((await server.client().get("/api/v1/auth/status")).json.registration, "open");
    const body = { email: "clerk@example.com", password: PASSWORD, name: "Cleo" };
    const made = await server.client().post(REGISTER, body);
    assert.equal(made.status, 201, made.text);
    assert.equal(made.json.user.role, "clerk");
    const again = await server.client().post(REGISTER, { ...body, email: "CLERK@example.com" });
    checkProblem(again, 409, "already_exists");
  });

  it("takes no role from the body", async () => {
    const body = { email: "thief@example.com", password: PASSWORD, name: "T", role: "admin" };
    checkProblem(await server.client().post(REGISTER, body), 400, "invalid_request");
  });

  it("slows down an address that registers on and on", async () => {
    const statuses = [];
    for (let i = 0; i < 24; i += 1) {
      const body = { email: `crowd${i}@example.com`, password: PASSWORD, name: "C" };
      const answer = await server.client().post(REGISTER, body);
      statuses.push(answer.status);
      if (answer.status === 429) {
        checkProblem(answer, 429, "rate_limited");
        assert.ok(Number(answer.headers["retry-after"]) > 0);
        break;
      }
    }
    assert.equal(statuses.at(-1), 429, statuses.join(" "));
  });
});

describe("forms of accounts", () => {
  let server;
  before(async () => {
    server = await startChecked();
  });
  after(() => server.dispose());

  const wrong = {
    "a password of 7 bytes": { password: "sevenxx" },
    "a password of 1 025 bytes": { password: "p".repeat(1025) },
    "a password that everybody guesses": { password: "password" },
    "the e-mail address as password": { password: "new@example.com" },
    "no password": { password: undefined },
    "a number as password": { password: 12345678 },
    "no e-mail address": { email: undefined },
    "an address without @": { email: "nobody" },
    "an address of 255 bytes": { email: `${"a".repeat(243)}@example.com` },
    "an address with a line break": { email: "a\n@example.com" },
    "an empty name": { name: "" },
    "a name of 129 bytes": { name: "n".repeat(129) },
    "an unknown role": { role: "root" },
    "no role": { role: undefined },
    "an unknown field": { admin: true },
  };
  for (const [what, change] of Object.entries(wrong)) {
    it(`refuses ${what}`, async () => {
      const body = { email: "new@example.com", password: PASSWORD, name: "New", role: "viewer", ...change };
      const problem = checkProblem(await server.admin.post("/api/v1/users", body), 400, "invalid_request");
      assert.deepEqual(problem.errors.map((error) => error.pointer), [`/${Object.keys(change)[0]}`]);
    });
  }

  it("names every wrong field", async () => {
    const problem = checkProblem(await server.admin.post("/api/v1/users", { email: "x", name: 5, extra: 1 }), 400);
    const pointers = problem.errors.map((error) => error.pointer).sort();
    assert.deepEqual(pointers, ["/email", "/extra", "/name", "/password", "/role"]);
  });

  it("takes passwords of 8 and of 1 024 bytes, with spaces and any character", async () => {
    for (const [i, password] of [" 8bytes ", "ü".repeat(512), "tab\tand 🎉"].entries()) {
      const email = `long${i}@example.com`;
      const made = await server.admin.post("/api/v1/users", { email, password, name: "L", role: "viewer" });
      assert.equal(made.status, 201, made.text);
      assert.equal((await server.client().post(LOGIN, { email, password })).status, 200);
      checkProblem(await server.client().post(LOGIN, { email, password: password.trim() + "x" }), 401);
    }
  });
});

describe("signing in and out", () => {
  let server;
  before(async () => {
    server = await startChecked({ web: true });
  });
  after(() => server.dispose());

  it("answers a wrong password and an unknown address alike", async () => {
    const wrong = await server.client().post(LOGIN, { email: ADMIN_EMAIL, password: "not the password" });
    const nobody = await server.client().post(LOGIN, { email: "nobody@example.com", password: PASSWORD });
    const [a, b] = [wrong, nobody].map((answer) => ({ ...checkProblem(answer, 401), trace_id: "" }));
    assert.deepEqual(a, b);
  });

  it("ends the token with the sign-out, and no other one", async () => {
    const one = await server.signIn(ADMIN_EMAIL);
    const other = await server.signIn(ADMIN_EMAIL.toUpperCase());
    assert.notEqual(one.token, other.token);
    assert.equal((await one.post(LOGOUT)).status, 204);
    checkProblem(await one.get(ME), 401, "unauthenticated");
    checkProblem(await one.post(LOGOUT), 401, "unauthenticated");
    assert.equal((await other.get(ME)).status, 200);
  });

  const tokens = {
    "no token": undefined,
    "an empty token": "",
    "another token": "A".repeat(43),
    "a token of 10 000 bytes": "x".repeat(5000),
    "a token like a JWT": "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
  };
  for (const [what, token] of Object.entries(tokens)) {
    it(`refuses ${what}`, async () => {
      const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
      const answer = await server.client().get(ME, { headers });
      checkProblem(answer, 401, "unauthenticated");
      assert.match(answer.headers["www-authenticate"], /^Bearer\b/);
    });
  }

  it("refuses a token with one changed character and one that is cut", async () => {
    const { token } = server.admin;
    const changed = (token[0] === "A" ? "B" : "A") + token.slice(1);
    for (const bad of [changed, token.slice(0, -1), `${token}A`, ` ${token} x`]) {
      checkProblem(await server.client(bad).get(ME), 401, "unauthenticated");
    }
  });

  it("keeps only a hash of the token: another server does not know it", async () => {
    const other = await startChecked();
    checkProblem(await server.client(other.admin.token).get(ME), 401, "unauthenticated");
    await other.dispose();
  });

  it("sets a cookie that scripts cannot read, and takes it for reading", async () => {
    const answer = await server.client().post(LOGIN, { email: ADMIN_EMAIL, password: PASSWORD });
    const [cookie] = answer.headers["set-cookie"];
    assert.match(cookie, /^onhand_session=[\w-]{43}; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Strict$/);
    const client = server.client();
    assert.equal((await client.get(ME, { headers: { Cookie: cookieOf(answer) } })).status, 200);
    const twice = `${cookieOf(answer)}; ${cookieOf(answer)}`;
    checkProblem(await client.get(ME, { headers: { Cookie: twice } }), 401, "unauthenticated");
  });

  it("wants a proof of the page's origin for changes by cookie", async () => {
    const login = await server.client().post(LOGIN, { email: ADMIN_EMAIL, password: PASSWORD });
    const Cookie = cookieOf(login);
    const page = { Cookie, "X-Onhand-Client": "web", Origin: server.origin };
    const foreign = {
      "nothing": { Cookie },
      "no origin": { Cookie, "X-Onhand-Client": "web" },
      "another origin": { ...page, Origin: "http://evil.example" },
      "origin null": { ...page, Origin: "null" },
      "another port": { ...page, Origin: `http://127.0.0.1:${server.port + 1}` },
      "no client field": { Cookie, Origin: server.origin },
      "a cross-site fetch": { ...page, "Sec-Fetch-Site": "cross-site" },
      "a same-site fetch": { ...page, "Sec-Fetch-Site": "same-site" },
    };
    for (const [what, headers] of Object.entries(foreign)) {
      const answer = await server.client().post(LOGOUT, undefined, { headers });
      checkProblem(answer, 403, "cross_origin");
      assert.equal((await server.client().get(ME, { headers: { Cookie } })).status, 200, what);
    }
    const out = await server.client().post(LOGOUT, undefined, { headers: page });
    assert.equal(out.status, 204, out.text);
    assert.match(out.headers["set-cookie"][0], /^onhand_session=; Max-Age=0;/);
    checkProblem(await server.client().get(ME, { headers: { Cookie } }), 401);
  });

  it("refuses a sign-in that comes from another site", async () => {
    const headers = { "Sec-Fetch-Site": "cross-site" };
    const body = { email: ADMIN_EMAIL, password: PASSWORD };
    checkProblem(await server.client().post(LOGIN, body, { headers }), 403, "cross_origin");
  });

  it("locks an account after many wrong passwords, without saying which it was", async () => {
    const email = "target@example.com";
    await server.admin.post("/api/v1/users", { email, password: PASSWORD, name: "T", role: "viewer" });
    const client = server.client();
    let limited;
    for (let i = 0; i < 60 && !limited; i += 1) {
      const answer = await client.post(LOGIN, { email, password: `wrong number ${i}` });
      if (answer.status !== 401) limited = answer;
    }
    checkProblem(limited, 429, "rate_limited");
    assert.ok(Number(limited.headers["retry-after"]) > 0);
    checkProblem(await client.post(LOGIN, { email, password: PASSWORD }), 429, "rate_limited");
  });
});

describe("accounts managed by an admin", () => {
  let server;
  before(async () => {
    server = await startChecked();
  });
  after(() => server.dispose());

  it("lists, makes and changes accounts", async () => {
    const body = { email: "mia@example.com", password: PASSWORD, name: "Mia", role: "manager" };
    const made = await server.admin.post("/api/v1/users", body);
    assert.equal(made.status, 201, made.text);
    checkProblem(await server.admin.post("/api/v1/users", { ...body, email: "MIA@example.com" }), 409, "already_exists");
    const list = await server.admin.get("/api/v1/users");
    assert.deepEqual(list.json.items.map((user) => user.email), [ADMIN_EMAIL, "mia@example.com"]);
    assert.ok(!list.text.includes("argon2"));
    const path = `/api/v1/users/${made.json.id}`;
    const renamed = await server.admin.patch(path, { name: "Mia M.", role: "clerk" });
    assert.equal(renamed.status, 200, renamed.text);
    assert.deepEqual([renamed.json.name, renamed.json.role, renamed.json.version], ["Mia M.", "clerk", 2]);
    checkProblem(await server.admin.patch(path, { name: "X" }, { ifMatch: '"1"' }), 412, "version_mismatch");
    checkProblem(await server.admin.patch(path, { email: "new@example.com" }), 400, "invalid_request");
    const unknown = "/api/v1/users/0192f0b0-1111-7222-8333-444455556666";
    checkProblem(await server.admin.patch(unknown, { name: "X" }), 404, "not_found");
    checkProblem(await server.admin.patch("/api/v1/users/1", { name: "X" }), 404, "not_found");
  });

  it("ends the sessions of an account that is disabled or gets a new password", async () => {
    const user = await server.userWith("viewer");
    const path = `/api/v1/users/${user.user.id}`;
    const newPassword = "quite another passphrase";
    assert.equal((await server.admin.patch(path, { password: newPassword })).status, 200);
    checkProblem(await user.get(ME), 401, "unauthenticated");
    checkProblem(await user.post(LOGIN, { email: user.user.email, password: PASSWORD }), 401);
    const again = await server.signIn(user.user.email, newPassword);
    assert.equal((await server.admin.patch(path, { disabled: true })).status, 200);
    checkProblem(await again.get(ME), 401, "unauthenticated");
    checkProblem(await again.post(LOGIN, { email: user.user.email, password: newPassword }), 401);
    assert.equal((await server.admin.patch(path, { disabled: false })).status, 200);
    assert.equal((await (await server.signIn(user.user.email, newPassword)).get(ME)).status, 200);
  });

  it("lets a lowered role count at once, by ending the sessions of the higher one", async () => {
    const user = await server.userWith("admin");
    assert.equal((await user.get("/api/v1/users")).status, 200);
    await server.admin.patch(`/api/v1/users/${user.user.id}`, { role: "viewer" });
    checkProblem(await user.get("/api/v1/users"), 401, "unauthenticated");
    checkProblem(await (await server.signIn(user.user.email)).get("/api/v1/users"), 403, "forbidden");
  });

  it("never loses the last admin", async () => {
    const { items } = (await server.admin.get("/api/v1/users")).json;
    const admins = items.filter((user) => user.role === "admin" && !user.disabled);
    assert.equal(admins.length, 1);
    const path = `/api/v1/users/${admins[0].id}`;
    checkProblem(await server.admin.patch(path, { role: "viewer" }), 409, "invalid_state");
    checkProblem(await server.admin.patch(path, { disabled: true }), 409, "invalid_state");
    const other = await server.userWith("admin");
    const demote = (client, id) => client.patch(`/api/v1/users/${id}`, { role: "clerk" });
    const answers = await Promise.all([demote(server.admin, other.user.id), demote(other, admins[0].id)]);
    const [good, refused] = answers.map((answer) => answer.status).sort();
    assert.equal(good, 200);
    // Which one depends on whether the loser's session was still alive when its request came in.
    assert.ok([401, 403, 409].includes(refused), `${refused}`);
  });
});
