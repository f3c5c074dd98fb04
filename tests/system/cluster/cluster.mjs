// Several instances on one PostgreSQL and one Redis, with the means to break each of them and the ways between them.
// Used by the scenarios; the runner disposes of it, whatever happened.

import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "../../support/client.mjs";
import { Server } from "../../support/server.mjs";
import { dumpOf, snapshotOf } from "./database.mjs";
import { until, waitReady } from "./final_phase.mjs";
import { canSplitNetworks, Network } from "./network.mjs";
import { HttpProxy, TcpProxy } from "./proxy.mjs";
import { buildClockShim, endAtExit, endedProperly, Postgres, Redis, steadyPort } from "./services.mjs";

export const ATTEMPT_MS_MAX = 2_000;
const LAUNCHES_MAX = 5;
const SETTLE_MS_MAX = 10_000;
const SNAPSHOT_MS = 2_000;

// One `onhand serve`, with what stands in its way when the scenario asks for it.
class Instance {
  constructor(cluster, index) {
    Object.assign(this, { cluster, index, name: "abcdef"[index] });
    // What the workload and the watchers see of it.
    this.target = { name: this.name, incarnation: 0 };
    this.end = () => this.server?.child?.kill("SIGKILL");
  }

  async start(account) {
    const { cluster } = this;
    const folder = join(cluster.folder, `instance-${this.name}`);
    mkdirSync(folder);
    this.server = new Server(folder, await steadyPort());
    endAtExit(this.end);
    await this.build();
    this.server.flags = [...(await this.flags()), ...cluster.flags];
    this.server.env = cluster.env;
    await this.launch();
    if (account) cluster.token = (await this.server.registerFirst()).token;
    const port = this.httpProxy ? this.httpProxy.port : this.server.port;
    const host = this.httpProxy ? "127.0.0.1" : this.server.host;
    const client = new Client(port, cluster.token, { host, timeoutMs: ATTEMPT_MS_MAX });
    Object.assign(this.target, { client, origin: this.server.origin, token: cluster.token });
  }

  // The ways to and from it: a namespace of its own, proxies, or nothing.
  async build() {
    const { cluster } = this;
    const { proxies, httpProxy } = cluster.options;
    this.network = cluster.networks[this.index];
    if (this.network) {
      this.server.host = this.network.address;
      this.server.wrapper = this.network.wrapper;
    }
    if (proxies) {
      this.postgresProxy = await new TcpProxy({ port: cluster.postgres.port }).start();
      this.redisProxy = await new TcpProxy({ port: cluster.redis.port }).start();
    }
    if (httpProxy) {
      this.httpProxy = await new HttpProxy({ port: this.server.port, random: cluster.random, ...httpProxy }).start();
    }
  }

  flags() {
    const { postgres, redis } = this.cluster;
    const host = this.network?.machine;
    const database = postgres.url(host, this.postgresProxy?.port);
    this.server.database = database;
    const bound = this.network ? ["--host", this.network.address] : [];
    return ["--redis", redis.url(host, this.redisProxy?.port), ...bound];
  }

  async launch() {
    this.target.incarnation += 1;
    this.ending = false;
    await this.server.launch();
    const { exited } = this.server;
    exited.then((how) => this.ending || this.cluster.deaths.push({ name: this.name, ...how }));
  }

  // As whoever looks after a service does: a start that fails, because a fault cut its connection to PostgreSQL, is
  // tried again.
  async relaunch() {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.launch();
      } catch (error) {
        if (tries >= LAUNCHES_MAX || this.running) throw error;
      }
    }
  }

  get running() {
    return this.server.child !== undefined && this.server.running;
  }
  kill() {
    this.ending = true;
    return this.server.kill();
  }
  // SIGTERM; an end that is not clean is thrown.
  stop() {
    this.ending = true;
    return this.server.stop();
  }
  pauseProcess() {
    this.server.child.kill("SIGSTOP");
  }
  continueProcess() {
    this.server.child?.kill("SIGCONT");
  }

  async heal() {
    this.continueProcess();
    await this.network?.heal();
    this.postgresProxy?.heal();
    this.redisProxy?.heal();
    this.httpProxy?.heal();
    if (!this.running) await this.relaunch();
  }

  // The end must be clean when the run was.
  async dispose(clean) {
    this.target.client?.close();
    try {
      if (this.server && this.running) {
        this.continueProcess();
        if (clean) await this.stop();
        else await this.kill();
      }
    } finally {
      if (this.server?.child && this.running) await this.kill();
      endedProperly(this.end);
      for (const each of [this.postgresProxy, this.redisProxy, this.httpProxy]) await each?.stop();
    }
  }
}

export class Cluster {
  // options: instances (3), flags, env, networks, proxies (to PostgreSQL and Redis), httpProxy {…}, clock (Redis's can
  // be stepped), postgres (settings of postgresql.conf).
  static async start(options, { random }) {
    const cluster = new Cluster(options, random);
    try {
      await cluster.startAll();
      return cluster;
    } catch (error) {
      await cluster.dispose(false).catch(() => {});
      throw error;
    }
  }

  // `deaths`: instances that ended though nobody ended them.
  constructor(options, random) {
    Object.assign(this, {
      options: { instances: 3, ...options },
      random,
      instances: [],
      networks: [],
      takenSnapshots: [],
      deaths: [],
    });
    this.flags = options.flags ?? [];
    this.env = options.env ?? {};
    this.folder = mkdtempSync(join(tmpdir(), "onhand-cluster-"));
  }

  async startAll() {
    if (this.options.networks && !(await canSplitNetworks())) {
      console.log("This machine does not allow network namespaces: proxies stand in for the split.");
      this.options = { ...this.options, networks: false, proxies: true };
    }
    for (let i = 0; this.options.networks && i < this.options.instances; i += 1) {
      this.networks.push(new Network(i));
      await this.networks.at(-1).start();
    }
    await this.startServices();
    for (let i = 0; i < this.options.instances; i += 1) {
      const instance = new Instance(this, i);
      this.instances.push(instance);
      await instance.start(i === 0);
    }
    this.snapshots = setInterval(() => this.snapshot().catch(() => {}), SNAPSHOT_MS);
  }

  async startServices() {
    const reachable = ["127.0.0.1", ...this.networks.map(({ machine }) => machine)];
    const listen = this.networks.length > 0 ? [`listen_addresses=${reachable.join(",")}`] : [];
    this.postgres = new Postgres(join(this.folder, "postgres"), [...listen, ...(this.options.postgres ?? [])]);
    await this.postgres.start();
    if (this.networks.length > 0) {
      const rules = this.networks.map(({ machine }) => `host all all ${machine}/30 trust\n`);
      appendFileSync(join(this.postgres.folder, "data", "pg_hba.conf"), rules.join(""));
    }
    await this.postgres.createDatabase();
    await this.postgres.sql("SELECT pg_reload_conf()");
    const shim = this.options.clock ? await buildClockShim(join(this.folder, "shim")) : undefined;
    this.redis = new Redis(join(this.folder, "redis"), { shim, bind: reachable });
    await this.redis.start();
  }

  get targets() {
    return this.instances.map(({ target }) => target);
  }

  // An instance that a fault may hit.
  any() {
    return this.instances[this.random(this.instances.length)];
  }

  // Waits until an instance knows the products and the account that another one made.
  async settle(target, sku) {
    await waitReady(target);
    const knows = async () => {
      const answer = await target.client.get(`/api/v1/stock/${encodeURIComponent(sku)}`).catch(() => undefined);
      return answer?.status === 200 && answer.json.items.length > 0 ? true : undefined;
    };
    await until(knows, `${target.name} knows ${sku}`, SETTLE_MS_MAX);
  }

  async heal() {
    this.postgres.continueProcess();
    this.redis.continueProcess();
    this.redis.stepClock(0);
    await this.postgres.start();
    if (!this.redis.running) await this.redis.start();
    await Promise.all(this.instances.map((instance) => instance.heal()));
  }

  async snapshot() {
    this.takenSnapshots.push(await snapshotOf(this.postgres));
  }

  // The tables at the end. No snapshot is taken any more.
  dump() {
    clearInterval(this.snapshots);
    return dumpOf(this.postgres);
  }

  get logs() {
    return this.instances.map(({ name, server }) => `--- instance ${name}\n${server?.log ?? ""}`).join("\n");
  }

  async dispose(clean) {
    clearInterval(this.snapshots);
    const ends = await Promise.allSettled(this.instances.map((instance) => instance.dispose(clean)));
    await this.redis?.dispose();
    await this.postgres?.dispose();
    for (const network of this.networks) await network.dispose();
    rmSync(this.folder, { recursive: true, force: true });
    const failed = ends.find(({ status }) => status === "rejected");
    if (failed) throw failed.reason;
  }
}
