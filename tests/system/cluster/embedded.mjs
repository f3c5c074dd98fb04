// One embedded server as the thing that a fault run breaks: the same load and the same checker as for several instances.

import { Client } from "../../support/client.mjs";
import { Server } from "../../support/server.mjs";
import { HttpProxy } from "./proxy.mjs";

const ATTEMPT_MS_MAX = 2_000;

export async function startEmbedded({ flags = [], httpProxy }, { random }) {
  const server = await Server.start({ flags });
  const { token } = server.admin;
  const proxy = httpProxy && (await new HttpProxy({ port: server.port, random, ...httpProxy }).start());
  const client = new Client(proxy?.port ?? server.port, token, { timeoutMs: ATTEMPT_MS_MAX });
  const target = { name: "only", incarnation: 1, client, origin: server.origin, token };
  let ending = false;
  const deaths = [];
  const watch = () => server.exited.then((how) => ending || deaths.push({ name: target.name, ...how }));
  watch();
  return {
    targets: [target],
    proxy,
    deaths,
    get logs() {
      return server.log;
    },
    async kill() {
      ending = true;
      await server.kill();
    },
    async launch() {
      target.incarnation += 1;
      ending = false;
      await server.launch();
      watch();
    },
    async heal() {
      proxy?.heal();
      if (!server.running) await this.launch();
    },
    async dispose() {
      ending = true;
      client.close();
      await proxy?.stop();
      await server.dispose();
    },
  };
}

export const embeddedScenarios = [
  {
    name: "embedded_calm",
    about: "one embedded server, nothing broken",
    cluster: startEmbedded,
    limits: { coverage: { applied: 300, refused: 60, repeats: 20, reconnects: 2, frames: 100 } },
    faults: (faults) => faults.calm(2_000),
  },
  {
    name: "embedded_kill",
    about: "one embedded server, killed and started again under load",
    cluster: startEmbedded,
    load: { rate: 1_500 },
    limits: { coverage: { applied: 300, refused: 60, info: 3, in_flight: 5, faults: 6, reconnects: 6 } },
    async faults(faults) {
      for (let i = 0; i < 6; i += 1) {
        await faults.during(
          "kill -9",
          "only",
          faults.random(300),
          () => faults.cluster.kill(),
          () => faults.cluster.launch(),
        );
        await faults.calm(300 + faults.random(500));
      }
    },
  },
  {
    name: "embedded_twice",
    about: "one embedded server; requests sent twice, late and out of order, and answers that get lost",
    cluster: startEmbedded,
    options: { httpProxy: {} },
    limits: { coverage: { applied: 200, refused: 40, info: 20, faults: 1, doubled: 30, dropped: 20 } },
    async faults(faults) {
      const { proxy } = faults.cluster;
      const disturb = () => Object.assign(proxy, { delayMs: 200, twice: 15, drop: 15 });
      await faults.during("a bad network", "clients", 3_000, disturb, () => proxy.heal());
      faults.count("doubled", proxy.doubled);
      faults.count("dropped", proxy.dropped);
    },
  },
];
