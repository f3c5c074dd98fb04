// A lock for each product in Redis: SET key owner NX PX lease, freed by a script that compares the owner. Who finds a
// lock taken asks again after a pause, drawn at random from a range that doubles with each attempt. It is not fair: a
// request can be overtaken again and again, which is where the long tail on one hot product comes from.

import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { settings } from "./settings.mjs";

const FREE_SCRIPT = `
if redis.call("GET", KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call("DEL", KEYS[1])`;

const DOUBLINGS_MAX = 10;

export const lockKey = (sku) => `peer:lock:${sku}`;

export class LockNotFree extends Error {}

export class ProductLocks {
  constructor(redis) {
    this.redis = redis;
    redis.defineCommand("freeLock", { numberOfKeys: 1, lua: FREE_SCRIPT });
  }

  // Locks the products in the order of their SKUs, so that two orders never wait for each other. Resolves to the
  // function that frees them; it does not wait for Redis, and a lock that could not be freed ends with its lease.
  async take(skus) {
    const owner = randomUUID();
    const deadline = performance.now() + settings.patienceMs;
    const taken = [];
    const free = () => {
      for (const key of taken) this.redis.freeLock(key, owner).catch((error) => console.error(`peer: unlock: ${error.message}`));
    };
    try {
      for (const key of skus.toSorted().map(lockKey)) {
        await this.takeOne(key, owner, deadline);
        taken.push(key);
      }
    } catch (error) {
      free();
      throw error;
    }
    return free;
  }

  async takeOne(key, owner, deadline) {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.redis.set(key, owner, "PX", settings.leaseMs, "NX");
      if (answer === "OK") return;
      const left = deadline - performance.now();
      if (left <= 0) throw new LockNotFree(key);
      const range = Math.min(settings.pauseMaxMs, settings.pauseMinMs * 2 ** Math.min(attempt, DOUBLINGS_MAX));
      await pause(Math.min(left, 1 + Math.random() * range));
    }
  }
}
