// presence.changed and session.ended on the live feed, with the real socket.io-client: who is there, on all io threads,
// and how a client hears that its session has ended.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { PASSWORD, Server } from "../support/server.mjs";
import { LiveClient } from "./live_client.mjs";

const WEBSOCKET = { transports: ["websocket"] };
const WAYS = [{ transports: ["polling"] }, WEBSOCKET, {}];
const PRESENCE_MS = 300;

const clients = [];
async function connect(server, user, options = WEBSOCKET) {
  const client = new LiveClient(server.origin, user.token, options);
  clients.push(client);
  client.presence = [];
  client.socket.on("presence.changed", (message) => client.presence.push(message));
  return client.connected();
}
const people = (...users) => users.map(({ user }) => ({ id: user.id, name: user.name }));
const ids = (message) => message?.users.map(({ id }) => id);
const sees = (client, ...users) =>
  client.until(
    () => JSON.stringify(ids(client.presence.at(-1))) === JSON.stringify(users.map(({ user }) => user.id)),
    users.map(({ user }) => user.name).join(" and "),
  );

let server;
let admin;
let clerk;
let viewer;
before(async () => {
  server = await Server.start({ flags: ["--io-threads", "2"] });
  admin = server.admin;
  clerk = await server.userWith("clerk");
  viewer = await server.userWith("viewer");
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
after(() => server.dispose());

describe("presence.changed", () => {
  it("comes after a subscription, with oneself in it", async () => {
    for (const options of WAYS) {
      const client = await connect(server, admin, options);
      await client.subscribe({ stock: { keys: [] } });
      await client.until(() => client.presence.length > 0, "presence.changed");
      assert.deepEqual(client.presence[0], { users: people(admin) });
      client.close();
    }
  });

  it("tells who comes and goes, each user once, in the order of the accounts", async () => {
    const watcher = await connect(server, clerk);
    await watcher.subscribe({ orders: true });
    await sees(watcher, clerk);
    const late = await connect(server, viewer);
    await sees(watcher, clerk, viewer);
    // The first account, by every way at once, on whichever io thread.
    const first = [];
    for (let i = 0; i < 9; i += 1) first.push(await connect(server, admin, WAYS[i % 3]));
    await sees(watcher, admin, clerk, viewer);
    assert.deepEqual(watcher.presence.at(-1), { users: people(admin, clerk, viewer) });
    late.close();
    await sees(watcher, admin, clerk);
    for (const client of first.slice(1)) client.close();
    const again = await connect(server, viewer);
    await sees(watcher, admin, clerk, viewer);
    first[0].close();
    await sees(watcher, clerk, viewer);
    again.close();
    await sees(watcher, clerk);
  });

  it("reaches every subscriber on every io thread, and nobody else", async () => {
    const quiet = await connect(server, admin);
    const watchers = [];
    for (let i = 0; i < 12; i += 1) {
      const watcher = await connect(server, clerk, WAYS[i % 3]);
      await watcher.subscribe({});
      watchers.push(watcher);
    }
    await connect(server, viewer);
    for (const watcher of watchers) await sees(watcher, admin, clerk, viewer);
    assert.equal((await quiet.ask("watch", { keys: [] })).ok, true);
    assert.deepEqual(quiet.presence, []);
  });

  it("comes at a pace, however many come and go", async () => {
    const watcher = await connect(server, admin);
    await watcher.subscribe({});
    await sees(watcher, admin);
    const before = watcher.presence.length;
    const start = performance.now();
    for (let i = 0; i < 60; i += 1) {
      const client = await connect(server, i % 2 ? clerk : viewer);
      client.close();
    }
    await connect(server, viewer);
    await sees(watcher, admin, viewer);
    const rounds = (performance.now() - start) / PRESENCE_MS;
    assert.ok(watcher.presence.length - before <= rounds + 1, `${watcher.presence.length - before} in ${rounds} rounds`);
  });

  it("tells a new name", async () => {
    const watcher = await connect(server, admin);
    await watcher.subscribe({});
    const user = await server.userWith("clerk");
    await connect(server, user);
    await sees(watcher, admin, user);
    assert.equal((await admin.patch(`/api/v1/users/${user.user.id}`, { name: 'Zoë "Z" <z>' })).status, 200);
    const named = () => watcher.presence.at(-1).users.some(({ name }) => name === 'Zoë "Z" <z>');
    await watcher.until(named, "the new name");
  });

  it("comes again after a break", async () => {
    const watcher = await connect(server, admin, { ...WEBSOCKET, reconnectionDelay: 20 });
    await watcher.subscribe({});
    await sees(watcher, admin);
    const lost = watcher.on("disconnect");
    await server.kill();
    await lost;
    watcher.presence = [];
    await server.launch();
    await watcher.connected();
    await watcher.subscribe({});
    await sees(watcher, admin);
  });
});

describe("session.ended", () => {
  const ends = {
    "signing out": (user) => user.post("/api/v1/auth/logout"),
    "a disabled account": (user) => admin.patch(`/api/v1/users/${user.user.id}`, { disabled: true }),
    "another role": (user) => admin.patch(`/api/v1/users/${user.user.id}`, { role: "viewer" }),
    "a new password": (user) => admin.patch(`/api/v1/users/${user.user.id}`, { password: `${PASSWORD} again` }),
  };
  for (const [way, end] of Object.entries(ends)) {
    it(`is told before the connection ends, by ${way}`, async () => {
      const watcher = await connect(server, admin);
      await watcher.subscribe({});
      for (const options of WAYS) {
        const user = await server.userWith("clerk");
        const client = await connect(server, user, options);
        await sees(watcher, admin, user);
        const told = [];
        const gone = client.on("disconnect").then(([reason]) => told.push(reason));
        client.socket.once("session.ended", () => told.push("session.ended"));
        assert.ok((await end(user)).status < 300);
        await gone;
        assert.deepEqual(told, ["session.ended", "io server disconnect"]);
        // It may not come back with the same session.
        const refused = client.on("connect_error");
        client.socket.connect();
        assert.equal((await refused)[0].message, "unauthenticated");
        await sees(watcher, admin);
      }
    });
  }

  it("ends every client of the session, and those of no other", async () => {
    const user = await server.userWith("clerk");
    const other = await server.signIn(user.user.email);
    const leaving = await Promise.all(WAYS.map((options) => connect(server, user, options)));
    const staying = await Promise.all(WAYS.map((options) => connect(server, other, options)));
    const ended = leaving.map((client) => client.on("session.ended"));
    await user.post("/api/v1/auth/logout");
    await Promise.all(ended);
    for (const client of staying) {
      assert.equal((await client.ask("subscribe", {})).ok, true);
      assert.ok(!client.events.includes("session.ended"));
    }
  });
});
