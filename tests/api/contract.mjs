// Holds every answer that the tests of a file see against the OpenAPI document of the server: the route and the status
// must be documented, and the body must be valid against its schema.

import assert from "node:assert/strict";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { observeAnswers } from "../support/client.mjs";
import { Server } from "../support/server.mjs";

const DOCUMENT_ID = "onhand";

// Escapes one step of a JSON pointer for use in a URI reference.
const step = (name) => encodeURIComponent(name.replaceAll("~", "~0").replaceAll("/", "~1"));

export class Contract {
  constructor(document) {
    this.document = document;
    this.ajv = new Ajv2020({ strict: false, allErrors: true });
    addFormats.default(this.ajv);
    this.ajv.addSchema(document, DOCUMENT_ID);
    this.routes = Object.keys(document.paths).map((path) => {
      const pattern = path.replace(/[.]/g, "\\.").replace(/\{[^}]+\}/g, "[^/]+");
      return { path, pattern: new RegExp(`^${pattern}$`) };
    });
    this.seen = new Set();
  }

  // The documented path that answers `path`: a literal one before one with parameters.
  find(path) {
    const plain = path.split("?", 1)[0];
    return this.document.paths[plain] ? plain : this.routes.find(({ pattern }) => pattern.test(plain))?.path;
  }

  // The response object of a status, and the pointer to it.
  response(path, method, status) {
    const given = this.document.paths[path][method].responses[status];
    if (given === undefined) return undefined;
    if (given.$ref) {
      const name = given.$ref.split("/").at(-1);
      return { response: this.document.components.responses[name], at: `#/components/responses/${step(name)}` };
    }
    return { response: given, at: `#/paths/${step(path)}/${method}/responses/${status}` };
  }

  check(answer) {
    const path = this.find(answer.path);
    const method = answer.method === "HEAD" ? "get" : answer.method.toLowerCase();
    const operation = path && this.document.paths[path][method];
    if (!operation) {
      const right = [400, 404, 405].includes(answer.status);
      assert.ok(right || !answer.path.startsWith("/api/"), `${answer.what}: an answer of a route that is not documented`);
      return;
    }
    const found = this.response(path, method, String(answer.status));
    assert.ok(found, `${answer.what}: this status is not documented`);
    this.seen.add(`${method} ${path} ${answer.status}`);
    if (answer.method !== "HEAD") this.checkBody(answer, found);
  }

  checkBody(answer, { response, at }) {
    const type = (answer.headers["content-type"] ?? "").split(";", 1)[0];
    if (!response.content) return assert.equal(answer.text, "", `${answer.what}: no body is documented`);
    const content = response.content[type];
    assert.ok(content, `${answer.what}: ${type} is not documented`);
    if (!content.schema || !answer.json) return undefined;
    const validate = this.ajv.getSchema(`${DOCUMENT_ID}${at}/content/${step(type)}/schema`);
    assert.ok(validate, `${answer.what}: the schema of its answer cannot be read`);
    const good = validate(answer.json);
    return assert.ok(good, `${answer.what}: ${this.ajv.errorsText(validate.errors)}\n${answer.text.slice(0, 600)}`);
  }
}

// Starts a server, every answer of which is held against the document.
export async function startChecked(options) {
  const server = await Server.start({ account: false, ...options });
  const answer = await server.client().get("/openapi.json");
  assert.equal(answer.status, 200);
  const contract = new Contract(answer.json);
  observeAnswers((each) => contract.check(each));
  server.contract = contract;
  if (options?.account !== false) server.admin = await server.registerFirst();
  return server;
}
