// A Redis of the tests' own: on a free port, without persistence, gone with the test file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { freePort } from './server.mjs';

const running = new Set();
const killAll = () => running.forEach((child) => child.kill('SIGKILL'));
process.on('exit', killAll);
after(() => setTimeout(killAll, 5000).unref());

export async function createRedis() {
  const folder = await mkdtemp(join(tmpdir(), 'onhand-redis-'));
  const port = await freePort();
  let child = null;
  const redis = {
    url: `redis://127.0.0.1:${port}`,
    async start() {
      const flags = ['--port', port, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
      child = spawn('redis-server', flags.map(String), { stdio: ['ignore', 'pipe', 'inherit'] });
      running.add(child);
      let output = '';
      const ended = once(child, 'exit').then(() => Promise.reject(new Error(`redis-server ended: ${output}`)));
      ended.catch(() => {});
      for await (const text of child.stdout) {
        output += text;
        if (output.includes('Ready to accept connections')) break;
        await Promise.race([ended, undefined]);
      }
      child.stdout?.resume();
    },
    // As a crash would: without a farewell to its clients.
    async kill() {
      running.delete(child);
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    async remove() {
      if (child) await redis.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return redis;
}
