// What deploy/ and the compose files say is true of the program and of each other. No container is started here.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, realpathSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { programPath, runProgram } from "../support/server.mjs";

const root = resolve(import.meta.dirname, "../..");
const read = (path) => readFileSync(join(root, path), "utf8");
const namesIn = (text, pattern) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name))].sort();

// Of every system, so no image has to install them.
const ALWAYS_THERE = new Set(["libc6", "libgcc-s1", "libstdc++6"]);

// The Debian package of a library, which dpkg may know by its path before /usr was merged.
function packageOf(path) {
  for (const name of [path, path.replace(/^\/usr/, ""), `/usr${path}`]) {
    try {
      return execFileSync("dpkg", ["-S", name], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).split(":")[0];
    } catch {
      // Perhaps by the next name.
    }
  }
  throw new Error(`no package has ${path}`);
}

test("the image installs every library that the program needs", () => {
  // What the program itself asks for; what those libraries need comes with their packages.
  const needed = namesIn(execFileSync("readelf", ["-d", programPath()], { encoding: "utf8" }), /\(NEEDED\).*\[(.+)\]/g);
  assert.ok(needed.length > 5, needed.join(" "));
  const places = execFileSync("ldd", [programPath()], { encoding: "utf8" });
  const paths = new Map([...places.matchAll(/^\s*(\S+) => (\/\S+) /gm)].map(([, name, path]) => [name, path]));
  const libraries = needed.filter((name) => paths.has(name)).map((name) => realpathSync(paths.get(name)));
  const wanted = libraries.map(packageOf).filter((name) => !ALWAYS_THERE.has(name));
  const installed = read("deploy/Dockerfile").split("\nFROM debian:12-slim\n")[1].split(/\s+/);
  assert.deepEqual(wanted.filter((name) => !installed.includes(name)), []);
});

test("nginx in the compose file gets the instances of the compose file", () => {
  const compose = read("deploy/compose.cluster.yml");
  const [, script] = /- (sed '[^']+') \/onhand\/nginx\.conf/.exec(compose);
  const config = execFileSync("sh", ["-c", `${script} '${join(root, "deploy/nginx.conf")}'`], { encoding: "utf8" });
  const upstreams = namesIn(config, /^ {4}server ([a-z0-9]+):3000 /gm);
  assert.deepEqual(upstreams, namesIn(compose, /^ {2}(onhand\d+): \*onhand$/gm));
  assert.equal(upstreams.length, 3);
  assert.doesNotMatch(config, /server 127\.0\.0\.1/);
});

test(".env.example names every setting of the program and of the compose files once, and no other", async () => {
  const { code, stdout } = await runProgram(["serve", "--help"]);
  assert.equal(code, 0);
  const composed = `${read("docker-compose.yml")}${read("deploy/compose.cluster.yml")}`;
  const wanted = [...namesIn(stdout, /\b((?:ONHAND_[A-Z_]+)|PORT|DATABASE_URL|REDIS_URL)\b/g), ...namesIn(composed, /\$\{([A-Z_]+):-/g)];
  const named = [...read(".env.example").matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name);
  assert.deepEqual(named.sort(), [...new Set(wanted)].sort());
});

test("the defaults of the compose files are those of .env.example", () => {
  const example = read(".env.example");
  const composed = `${read("docker-compose.yml")}${read("deploy/compose.cluster.yml")}`;
  const given = [...composed.matchAll(/\$\{([A-Z_]+):-([^}]*)\}/g)];
  assert.ok(given.length > 3);
  for (const [, name, value] of given) assert.match(example, new RegExp(`^${name}=${value}$`, "m"));
});
