// table: every fault scenario over several instances. Each names what it breaks, what it must at least have met
// (coverage), and does the breaking; the load, the end and the judging are the same for all (run.mjs).

import { Cluster } from "./cluster.mjs";
import { until } from "./final_phase.mjs";

const cluster = (options, context) => Cluster.start(options, context);

// Least amounts that most runs meet with ease on two slow cores; the point is that none of them is 0.
const usual = { applied: 150, refused: 30, repeats: 8, frames: 60, snapshots: 2 };
const broken = { ...usual, faults: 2, info: 3, in_flight: 1 };

// How old a stock table may be on an instance that did not do the change itself, with everything running; and while
// something is broken that it needs to hear of changes. Values only: no order is decided by them.
const STALE_MS = 3_000;
const STALE_BROKEN_MS = 12_000;

// Redis is for speed: without it everybody goes on. Well above what two slow cores add.
const GAP_MS = 1_500;

// A lock whose holder died: its lease is 2 s, and nobody waits for its end.
const STALL_MS = 1_000;

const HOLD_MS = 3_000; // longer than the lease of a lock (2 s)
const HOLD_TRIES_MAX = 50;
const COMMIT = /commit/i;

const times = async (count, work) => {
  for (let i = 0; i < count; i += 1) await work(i);
};

// Does `work` every `everyMs` until `forMs` are over.
async function every(everyMs, forMs, work) {
  const end = performance.now() + forMs;
  while (performance.now() < end) {
    await work();
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

const killInstance = (faults, instance, ms) =>
  faults.during(
    "kill -9 of an instance",
    instance.name,
    ms,
    () => instance.kill(),
    () => instance.relaunch(),
  );

// Locks that the same owner holds at two looks, 300 ms apart: held by one who does nothing.
async function heldLocks(redis) {
  const look = async () => {
    const keys = await redis.keys("onhand:*lock:*");
    const values = await Promise.all(keys.map((key) => redis.command("GET", key)));
    return new Map(keys.map((key, i) => [key, values[i]]));
  };
  const before = await look();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const now = await look();
  return [...before].filter(([key, value]) => now.get(key) === value).length;
}

// Transactions that have been waiting for their instance for a while: those of a stopped one.
const OPEN_TRANSACTIONS = `SELECT count(*) FROM pg_stat_activity
  WHERE state = 'idle in transaction' AND state_change < now() - interval '250 milliseconds'`;

// Who holds a lock at this moment, by the process id in its name; undefined when nobody does.
async function findHolder({ redis, instances }) {
  const [key] = await redis.keys("onhand:*lock:*");
  if (key === undefined) return undefined;
  const value = await redis.command("GET", key);
  const instance = instances.find(({ server }) => new RegExp(`\\b${server.child.pid}\\b`).test(value));
  return instance && { instance, key, value };
}

// Kills the holder of a lock; whether it still had it is seen afterwards.
async function killHolder(faults) {
  const { redis } = faults.cluster;
  const held = await until(() => findHolder(faults.cluster), "somebody holds a lock", HOLD_MS);
  const kill = async () => {
    await held.instance.kill();
    if ((await redis.command("GET", held.key)) === held.value) faults.count("killed_holders");
  };
  await faults.during("kill -9 of a lock's holder", held.instance.name, 600, kill, () => held.instance.relaunch());
}

// Stops an instance at a moment when it holds a lock; the moments are short, so some tries come too late.
async function pauseHolder({ cluster }) {
  for (let tries = 1; ; tries += 1) {
    const held = await until(() => findHolder(cluster), "somebody holds a lock", HOLD_MS);
    held.instance.pauseProcess();
    if ((await cluster.redis.command("GET", held.key)) === held.value || tries === HOLD_TRIES_MAX) return held.instance;
    held.instance.continueProcess();
  }
}

const killTwo = (faults) =>
  times(2, async () => {
    await faults.calm(1_500);
    await killInstance(faults, faults.cluster.any(), 300);
  });

export const scenarios = [
  {
    name: "calm",
    about: "three instances under load, nothing broken; three relays",
    limits: { staleMsMax: STALE_MS, coverage: { ...usual, applied: 300, reconnects: 2 } },
    faults: (faults) => faults.calm(4_000),
  },
  {
    name: "kill_instance",
    about: "kill -9 of an instance, again and again",
    limits: { staleMsMax: STALE_BROKEN_MS, coverage: { ...broken, faults: 5, reconnects: 3 } },
    faults: (faults) =>
      times(5, async () => {
        await killInstance(faults, faults.cluster.any(), 200 + faults.random(600));
        await faults.calm(400);
      }),
  },
  {
    name: "kill_relays",
    about: "one instance after the other killed every 300 ms, whoever numbers the feed",
    limits: { staleMsMax: STALE_BROKEN_MS, coverage: { ...broken, faults: 9, reconnects: 6 } },
    faults: (faults) =>
      times(9, async (i) => {
        await killInstance(faults, faults.cluster.instances[i % 3], faults.random(100));
        await faults.calm(faults.random(300));
      }),
  },
  {
    name: "kill_postgres",
    about: "kill -9 of PostgreSQL, which recovers from its log",
    limits: { staleMsMax: STALE_BROKEN_MS, coverage: { ...broken, faults: 3, info: 0 } },
    faults: (faults) =>
      times(3, async () => {
        const { postgres } = faults.cluster;
        await faults.during(
          "kill -9 of PostgreSQL",
          "",
          faults.random(700),
          () => postgres.kill(),
          () => postgres.start(),
        );
        await faults.calm(1_500);
      }),
  },
  {
    name: "kill_backends",
    about: "connections to PostgreSQL ended by the server, one every 60 ms",
    limits: { staleMsMax: STALE_BROKEN_MS, coverage: { ...usual, faults: 1 } },
    async faults(faults) {
      const { postgres } = faults.cluster;
      const end = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = 'onhand' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1`;
      await faults.during(
        "ended connections",
        "postgres",
        0,
        () => every(60, 4_000, () => postgres.sql(end)),
        () => {},
      );
    },
  },
  {
    name: "kill_redis",
    about: "kill -9 of Redis, which comes back empty",
    limits: { gapMsMax: GAP_MS, staleMsMax: STALE_BROKEN_MS, coverage: { ...usual, faults: 3 } },
    faults: (faults) =>
      times(3, async () => {
        const { redis } = faults.cluster;
        await faults.during(
          "kill -9 of Redis",
          "",
          500 + faults.random(1_500),
          () => redis.kill(),
          () => redis.start(),
        );
        await faults.calm(700);
      }),
  },
  {
    name: "stop_redis",
    about: "SIGSTOP of Redis: connections stand and nobody answers",
    limits: { gapMsMax: GAP_MS, staleMsMax: STALE_BROKEN_MS, coverage: { ...usual, faults: 2 } },
    faults: (faults) =>
      times(2, async () => {
        const { redis } = faults.cluster;
        await faults.during(
          "SIGSTOP of Redis",
          "",
          2_500,
          () => redis.pauseProcess(),
          () => redis.continueProcess(),
        );
        await faults.calm(700);
      }),
  },
  {
    name: "stop_lock_holder",
    about: "SIGSTOP of an instance past the lease of its locks, then SIGCONT",
    options: { products: 3 },
    load: { lines_max: 3 },
    limits: { staleMsMax: STALE_BROKEN_MS, coverage: { ...broken, faults: 3, held_locks: 1 } },
    faults: (faults) =>
      times(3, async () => {
        let instance;
        const hold = async () => {
          instance = await pauseHolder(faults);
          faults.count("held_locks", await heldLocks(faults.cluster.redis));
          faults.count("open_transactions", Number(await faults.cluster.postgres.sql(OPEN_TRANSACTIONS)));
        };
        await faults.during("SIGSTOP of a lock's holder", "an instance", HOLD_MS, hold, () => instance.continueProcess());
        await faults.calm(1_000);
      }),
  },
  {
    name: "kill_lock_holder",
    about: "one product; kill -9 of the instance that holds its lock; the others go on before the lease ends",
    options: { products: 1 },
    load: { lines_max: 1, rate: 300 },
    limits: {
      staleMsMax: STALE_BROKEN_MS,
      gapMsMax: STALL_MS,
      coverage: { ...broken, info: 0, faults: 6, killed_holders: 1 },
    },
    faults: (faults) =>
      times(6, async () => {
        await killHolder(faults);
        await faults.calm(500);
      }),
  },
  {
    name: "flush_redis",
    about: "FLUSHALL every 200 ms",
    limits: { gapMsMax: GAP_MS, staleMsMax: STALE_BROKEN_MS, coverage: { ...usual, faults: 1, flushes: 10 } },
    async faults(faults) {
      const flush = async () => {
        await faults.cluster.redis.command("FLUSHALL");
        faults.count("flushes");
      };
      await faults.during(
        "FLUSHALL",
        "redis",
        0,
        () => every(200, 4_500, flush),
        () => {},
      );
    },
  },
  {
    name: "read_only_redis",
    about: "Redis turns into a replica that refuses to write, and back",
    limits: { gapMsMax: GAP_MS, staleMsMax: STALE_BROKEN_MS, coverage: { ...usual, faults: 2 } },
    faults: (faults) =>
      times(2, async () => {
        const { redis } = faults.cluster;
        const demote = () => redis.command("REPLICAOF", "127.0.0.1", "1");
        await faults.during("read-only Redis", "", 1_200, demote, () => redis.command("REPLICAOF", "NO", "ONE"));
        await faults.calm(700);
      }),
  },
  {
    name: "lost_hints",
    about: "subscriptions of all instances ended every 300 ms",
    limits: { gapMsMax: GAP_MS, staleMsMax: STALE_BROKEN_MS, coverage: { ...usual, faults: 1 } },
    async faults(faults) {
      const kill = () => faults.cluster.redis.command("CLIENT", "KILL", "TYPE", "pubsub");
      await faults.during(
        "ended subscriptions",
        "redis",
        0,
        () => every(300, 4_500, kill),
        () => {},
      );
    },
  },
  {
    name: "redis_clock",
    about: "the clock of Redis steps by a minute and by an hour, forwards and back",
    options: { clock: true },
    limits: { gapMsMax: GAP_MS, staleMsMax: STALE_BROKEN_MS, coverage: { ...usual, faults: 5 } },
    async faults(faults) {
      for (const seconds of [60, -60, 3_600, -3_600, 0]) {
        const step = () => faults.cluster.redis.stepClock(seconds);
        await faults.during(`clock of Redis ${seconds} s`, "", 900, step, () => {});
      }
    },
  },
  {
    name: "locks_off",
    about: "no product locks at all: the rows alone keep the stock right",
    options: { flags: ["--locks", "off"], products: 3 },
    load: { lines_max: 3 },
    limits: { staleMsMax: STALE_BROKEN_MS, coverage: { ...broken, info: 1 } },
    faults: killTwo,
  },
  {
    name: "short_lease",
    about: "locks that end after one millisecond",
    options: { flags: ["--lock-lease-ms", "1"], products: 3 },
    load: { lines_max: 3 },
    limits: { staleMsMax: STALE_BROKEN_MS, coverage: { ...broken, info: 1 } },
    faults: killTwo,
  },
  {
    name: "commit_cut",
    about: "connections to PostgreSQL cut when COMMIT was sent: done, done late, or lost",
    options: { proxies: true },
    limits: { staleMsMax: STALE_BROKEN_MS, coverage: { ...usual, faults: 1, commits_cut: 15 } },
    async faults(faults) {
      const proxies = faults.cluster.instances.map(({ postgresProxy }) => postgresProxy);
      const cut = () => proxies.map((proxy) => proxy.cutWhen({ pattern: COMMIT, random: faults.random, percent: 4 }));
      const heal = () => proxies.map((proxy) => proxy.heal());
      await faults.during("cut after COMMIT", "all", 6_000, cut, heal);
      for (const proxy of proxies) faults.count("commits_cut", proxy.cuts);
    },
  },
  {
    name: "split_postgres",
    about: "an instance cut off from PostgreSQL: what it sends, what it hears, both",
    options: { networks: true },
    limits: { staleMsMax: STALE_BROKEN_MS, coverage: { ...broken, faults: 3, info: 1 } },
    faults: (faults) => splits(faults, "postgres"),
  },
  {
    name: "split_redis",
    about: "an instance cut off from Redis: what it sends, what it hears, both",
    options: { networks: true },
    limits: { staleMsMax: STALE_BROKEN_MS, coverage: { ...usual, faults: 3 } },
    faults: (faults) => splits(faults, "redis"),
  },
  {
    name: "slow_redis",
    about: "30 ms to Redis and back, then 80 ms, which is more than a lock may cost",
    options: { proxies: true },
    limits: { gapMsMax: GAP_MS, staleMsMax: STALE_BROKEN_MS, coverage: { ...usual, faults: 2 } },
    async faults(faults) {
      const proxies = faults.cluster.instances.map(({ redisProxy }) => redisProxy);
      for (const delayMs of [15, 40]) {
        const slow = () => proxies.map((proxy) => Object.assign(proxy, { delayMs }));
        await faults.during(`${2 * delayMs} ms to Redis`, "all", 2_000, slow, () =>
          proxies.map((proxy) => proxy.heal()),
        );
      }
    },
  },
  {
    name: "twice_and_late",
    about: "requests sent twice, late and out of order, and answers that get lost",
    options: { httpProxy: { delayMs: 0 } },
    limits: { staleMsMax: STALE_BROKEN_MS, coverage: { ...broken, faults: 1, doubled: 30, dropped: 20, info: 20 } },
    async faults(faults) {
      const proxies = faults.cluster.instances.map(({ httpProxy }) => httpProxy);
      const disturb = () => proxies.map((proxy) => Object.assign(proxy, { delayMs: 200, twice: 15, drop: 15 }));
      await faults.during("a bad network", "clients", 5_000, disturb, () => proxies.map((proxy) => proxy.heal()));
      for (const { doubled, dropped } of proxies) {
        faults.count("doubled", doubled);
        faults.count("dropped", dropped);
      }
    },
  },
  {
    name: "rolling_restart",
    about: "every instance ended by SIGTERM and started again, one after the other, twice",
    limits: { staleMsMax: STALE_BROKEN_MS, coverage: { ...usual, faults: 6, reconnects: 6 } },
    faults: (faults) =>
      times(6, async (i) => {
        const instance = faults.cluster.instances[i % 3];
        await faults.during(
          "restart of an instance",
          instance.name,
          100,
          () => instance.stop(),
          () => instance.relaunch(),
        );
        await faults.calm(400);
      }),
  },
  {
    name: "everything",
    about: "several faults over one another, chosen by the seed",
    options: { proxies: true },
    limits: { staleMsMax: STALE_BROKEN_MS, coverage: { ...broken, info: 1, faults: 6 } },
    faults: (faults) => Promise.all([disturbInstances(faults), disturbRedis(faults), disturbPostgres(faults)]),
  },
].map((scenario) => ({ cluster, ...scenario }));

const WAYS = ["up", "down", "both"];

// In a namespace the split is nftables'; elsewhere a proxy falls silent, so that connections stay half open.
async function splits(faults, service) {
  for (const [i, way] of WAYS.entries()) {
    const instance = faults.cluster.instances[i];
    const proxy = instance[`${service}Proxy`];
    const split = () => {
      if (instance.network) return instance.network.split(faults.cluster[service].port, way);
      return Object.assign(proxy, { silentUp: way !== "down", silentDown: way !== "up" });
    };
    const heal = () => (instance.network ? instance.network.heal() : proxy.heal());
    await faults.during(`${instance.name} cut off from ${service} (${way})`, instance.name, 2_500, split, heal);
    await faults.calm(700);
  }
}

const disturbInstances = (faults) =>
  times(4, async (i) => {
    await faults.calm(faults.random(800));
    const instance = faults.cluster.any();
    if (i % 2 === 0) await killInstance(faults, instance, faults.random(500));
    else
      await faults.during(
        "SIGSTOP of an instance",
        instance.name,
        1_000,
        () => instance.pauseProcess(),
        () => instance.continueProcess(),
      );
  });

const disturbRedis = (faults) =>
  times(4, async () => {
    await faults.calm(faults.random(800));
    const { redis } = faults.cluster;
    if (faults.random(2))
      await faults.during(
        "kill -9 of Redis",
        "",
        faults.random(800),
        () => redis.kill(),
        () => redis.start(),
      );
    else
      await faults.during(
        "SIGSTOP of Redis",
        "",
        800,
        () => redis.pauseProcess(),
        () => redis.continueProcess(),
      );
  });

const disturbPostgres = (faults) =>
  times(4, async () => {
    const proxy = faults.cluster.any().postgresProxy;
    const cut = () => proxy.cutWhen({ pattern: COMMIT, random: faults.random, percent: 5 });
    await faults.during("cut after COMMIT", "", 1_500, cut, () => proxy.heal());
  });
