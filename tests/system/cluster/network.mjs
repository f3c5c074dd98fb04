// A network namespace for each instance, so that its way to PostgreSQL or to Redis can be cut by nftables, one way or
// both, without touching anything else of the machine. Needs root, `ip` and `nft`; where the kernel does not allow it
// canSplitNetworks() says so and the fault runs use TcpProxy instead.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const COMMAND_MS_MAX = 5_000;

const ip = (...words) => run("ip", words, { timeout: COMMAND_MS_MAX });

export async function canSplitNetworks() {
  const name = `onhand-t${process.pid}`;
  try {
    await ip("netns", "add", name);
  } catch {
    return false;
  }
  try {
    await run("ip", ["netns", "exec", name, "nft", "add table inet probe"], { timeout: COMMAND_MS_MAX });
    return true;
  } catch {
    return false;
  } finally {
    await ip("netns", "del", name);
  }
}

export class Network {
  // `index` tells the networks of one run apart. In each, .1 is the machine and .2 the instance.
  constructor(index) {
    this.name = `onhand-${process.pid}-${index}`;
    this.outside = `oh${process.pid % 100_000}a${index}`;
    this.inside = `oh${process.pid % 100_000}b${index}`;
    const net = `10.${200 + (process.pid % 50)}.${index}`;
    this.machine = `${net}.1`;
    this.address = `${net}.2`;
  }

  async start() {
    await ip("netns", "add", this.name);
    await ip("link", "add", this.outside, "type", "veth", "peer", "name", this.inside);
    await ip("link", "set", this.inside, "netns", this.name);
    await ip("addr", "add", `${this.machine}/30`, "dev", this.outside);
    await ip("link", "set", this.outside, "up");
    await this.within("ip", "addr", "add", `${this.address}/30`, "dev", this.inside);
    await this.within("ip", "link", "set", this.inside, "up");
    await this.within("ip", "link", "set", "lo", "up");
    await this.within("nft", "add table inet cut");
    await this.within("nft", "add chain inet cut out { type filter hook output priority 0; }");
    await this.within("nft", "add chain inet cut in { type filter hook input priority 0; }");
  }

  get wrapper() {
    return ["ip", "netns", "exec", this.name];
  }

  within(...words) {
    return ip("netns", "exec", this.name, ...words);
  }

  // From now on nothing comes through to or from a port: "up" what the instance sends, "down" what it hears, "both".
  async split(port, way) {
    if (way !== "down") await this.within("nft", `add rule inet cut out tcp dport ${port} drop`);
    if (way !== "up") await this.within("nft", `add rule inet cut in tcp sport ${port} drop`);
  }

  async heal() {
    await this.within("nft", "flush chain inet cut out");
    await this.within("nft", "flush chain inet cut in");
  }

  async dispose() {
    await ip("netns", "del", this.name).catch(() => {});
    await ip("link", "del", this.outside).catch(() => {});
  }
}
