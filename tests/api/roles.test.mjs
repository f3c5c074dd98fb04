// Every route with every role, by real requests: who may not, gets 401 or 403 and changes nothing; who may, gets past
// the check of the role. The least roles stand here by hand, as the contract gives them.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { checkProblem, newKey } from "../support/client.mjs";
import { feedHead, makeProduct, placeOrder } from "../support/stock.mjs";
import { startChecked } from "./contract.mjs";

const ROLES = ["viewer", "clerk", "manager", "admin"];
const SOME_ID = "0192f0b0-1111-7222-8333-444455556666";

// Method, path, least role ("open" for anybody), body, and whether it needs a key. Bodies are wrong on purpose where a
// right one would change something: 400 or 404 is past the check of the role.
const ROUTES = [
  ["POST", "/api/v1/auth/register", "open", {}],
  ["POST", "/api/v1/auth/login", "open", {}],
  ["GET", "/api/v1/auth/status", "open"],
  ["GET", "/api/v1/auth/me", "viewer"],
  ["GET", "/api/v1/users", "admin"],
  ["POST", "/api/v1/users", "admin", {}],
  ["PATCH", `/api/v1/users/${SOME_ID}`, "admin", {}],
  ["GET", "/api/v1/products", "viewer"],
  ["POST", "/api/v1/products", "manager", {}],
  ["GET", "/api/v1/products/ROLES", "viewer"],
  ["PATCH", "/api/v1/products/ROLES", "manager", {}],
  ["DELETE", "/api/v1/products/ROLES", "manager"],
  ["GET", "/api/v1/categories", "viewer"],
  ["GET", "/api/v1/locations", "viewer"],
  ["POST", "/api/v1/locations", "manager", {}],
  ["GET", "/api/v1/stock", "viewer"],
  ["GET", "/api/v1/stock/ROLES", "viewer"],
  ["POST", "/api/v1/stock/adjustments", "manager", {}, true],
  ["GET", "/api/v1/movements", "viewer"],
  ["POST", "/api/v1/orders", "clerk", {}, true],
  ["GET", "/api/v1/orders", "viewer"],
  ["GET", "/api/v1/orders/ORDER", "viewer"],
  ["POST", `/api/v1/orders/${SOME_ID}/fulfil`, "manager", {}, true],
  ["POST", `/api/v1/orders/${SOME_ID}/cancel`, "clerk", {}, true],
  ["GET", "/api/v1/feed", "viewer"],
  ["POST", "/api/v1/imports", "manager"],
  ["GET", "/api/v1/admin/locks", "admin"],
  ["GET", "/api/v1/exports/stock.csv", "viewer"],
  ["GET", "/api/v1/exports/orders.csv", "viewer"],
  ["GET", "/api/v1/exports/movements.csv", "viewer"],
  ["GET", "/healthz", "open"],
  ["GET", "/readyz", "open"],
  ["GET", "/version", "open"],
  ["GET", "/metrics", "open"],
  ["GET", "/openapi.json", "open"],
  ["GET", "/docs", "open"],
  ["GET", "/docs/style.css", "open"],
  ["GET", "/docs/problems/forbidden", "open"],
  ["POST", "/api/v1/auth/logout", "viewer"],
];

const rank = (role) => ROLES.indexOf(role);

describe("every route with every role", () => {
  let server;
  let order;
  let clients;
  before(async () => {
    server = await startChecked();
    await makeProduct(server.admin, { sku: "ROLES", quantity: 10 });
    order = await placeOrder(server.admin, [{ sku: "ROLES", quantity: 1 }]);
    clients = { nobody: server.client() };
    for (const role of ROLES) clients[role] = await server.userWith(role);
  });
  after(() => server.dispose());

  for (const [method, template, least, body, keyed] of ROUTES) {
    it(`${method} ${template}: ${least}`, async () => {
      const path = template.replace("ORDER", order.id);
      const head = await feedHead(server.admin);
      for (const [role, client] of Object.entries(clients)) {
        const answer = await client.send(method, path, { body, key: keyed ? newKey() : undefined });
        if (least === "open" || (role !== "nobody" && rank(role) >= rank(least))) {
          // The body of the first is refused before the question whether registration is open.
          assert.ok(![401, 403].includes(answer.status), `${role}: ${answer.what}: ${answer.text}`);
        } else if (role === "nobody") {
          checkProblem(answer, 401, "unauthenticated");
        } else {
          checkProblem(answer, 403, "forbidden");
        }
      }
      assert.equal(await feedHead(server.admin), head);
    });
  }

  it("knows every route of the document", () => {
    const shape = (path) => path.replace(/\{[^}]+\}|ROLES|ORDER|[0-9a-f-]{36}|(?<=problems\/)\w+/g, "*");
    const documented = Object.entries(server.contract.document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${shape(path)}`),
    );
    const tested = ROUTES.map(([method, path]) => `${method} ${shape(path)}`);
    assert.deepEqual(documented.sort(), tested.sort());
  });
});

describe("what a role says beyond the route", () => {
  let server;
  before(async () => {
    server = await startChecked();
  });
  after(() => server.dispose());

  it("lets a clerk cancel own orders only, and a manager any", async () => {
    const { sku } = await makeProduct(server.admin, { quantity: 10 });
    const clerk = await server.userWith("clerk");
    const other = await server.userWith("clerk");
    const manager = await server.userWith("manager");
    const cancel = (client, order) => client.post(`/api/v1/orders/${order.id}/cancel`, undefined, { key: newKey() });
    const mine = await placeOrder(clerk, [{ sku, quantity: 1 }]);
    const second = await placeOrder(clerk, [{ sku, quantity: 1 }]);
    checkProblem(await cancel(other, mine), 403, "forbidden");
    assert.equal((await clerk.get(`/api/v1/orders/${mine.id}`)).json.status, "placed");
    assert.equal((await cancel(clerk, mine)).json.status, "cancelled");
    assert.equal((await cancel(manager, second)).json.status, "cancelled");
    assert.equal(mine.placed_by, clerk.user.id);
  });

  it("takes no role, account or price from headers, query or body", async () => {
    const viewer = await server.userWith("viewer");
    const headers = { "X-Role": "admin", "X-User": server.admin.user.id, "X-Forwarded-User": "admin@example.com" };
    checkProblem(await viewer.get("/api/v1/users", { headers }), 403, "forbidden");
    checkProblem(await viewer.get("/api/v1/users?role=admin"), 403, "forbidden");
    const cookie = { Cookie: `onhand_session=${server.admin.token}` };
    checkProblem(await viewer.get("/api/v1/users", { headers: cookie }), 403, "forbidden");
    checkProblem(await server.client().get(`/api/v1/users?token=${server.admin.token}`), 401, "unauthenticated");
  });
});
