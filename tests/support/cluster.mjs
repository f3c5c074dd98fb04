// Several instances of the program on one PostgreSQL and one Redis of the tests' own. Used by the tests of what stands
// around the instances (proxies); whoever starts a cluster disposes of it.

import { execFileSync } from "node:child_process";
import { chmodSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createRedis } from "./redis.mjs";
import { Server, temporaryFolder } from "./server.mjs";

const postgresScript = join(import.meta.dirname, "postgres.sh");
const START_TIMEOUT_MS = 60_000;

export class Cluster {
  static async start({ instances = 3, flags = [] } = {}) {
    const cluster = new Cluster();
    try {
      await cluster.startServices();
      for (let index = 0; index < instances; index++) await cluster.addInstance(index === 0, flags);
      return cluster;
    } catch (error) {
      await cluster.dispose().catch(() => {});
      throw error;
    }
  }

  constructor() {
    this.folder = temporaryFolder();
    // PostgreSQL may run as a user of its own and has to pass through.
    chmodSync(this.folder, 0o755);
    this.instances = [];
  }

  async startServices() {
    execFileSync("sh", [postgresScript, "start", join(this.folder, "postgres")], { timeout: START_TIMEOUT_MS });
    const url = readFileSync(join(this.folder, "postgres", "tcp_url"), "utf8").trim();
    execFileSync("psql", [url, "-qc", "CREATE DATABASE onhand"], { timeout: START_TIMEOUT_MS });
    this.database = url.replace(/\/postgres$/, "/onhand");
    this.redis = await createRedis();
    await this.redis.start();
  }

  // The first one makes the first account; its client with the session is `admin` of the cluster.
  async addInstance(account, flags) {
    const settings = { database: this.database, flags: ["--redis", this.redis.url, ...flags], account };
    const instance = await Server.start(settings);
    this.instances.push(instance);
    if (account) this.admin = instance.admin;
    return instance;
  }

  get token() {
    return this.admin.token;
  }

  async dispose() {
    try {
      for (const instance of this.instances) if (instance.running) await instance.stop();
    } finally {
      for (const instance of this.instances) {
        if (instance.running) await instance.kill();
        rmSync(instance.folder, { recursive: true, force: true });
      }
      await this.redis?.remove();
      execFileSync("sh", [postgresScript, "stop", join(this.folder, "postgres")], { timeout: START_TIMEOUT_MS });
      rmSync(this.folder, { recursive: true, force: true });
    }
  }
}
