// Starts the echo server named by ONHAND_SIO_ECHO on a port of the system's choice and stops it again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after } from 'node:test';

const binary = process.env.ONHAND_SIO_ECHO;
if (!binary) throw new Error('set ONHAND_SIO_ECHO to the path of socketio_echo_server');

// A test that failed half-way leaves its server behind. It must not outlive the test file, and the connections to it
// must not keep the test file alive.
const running = new Set();
const killAll = () => running.forEach((child) => child.kill('SIGKILL'));
process.on('exit', killAll);
after(() => setTimeout(killAll, 5000).unref());

// What a server is asked to print must come within this time.
const printLimitMs = 10_000;

export async function startServer(...flags) {
  const child = spawn(binary, ['--port', '0', ...flags.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  let output = '';
  const port = await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the echo server ended with ${code}`)));
    child.stdout.on('data', (text) => {
      output += text;
      const match = /listening on (\d+)/.exec(output);
      if (match) resolve(Number(match[1]));
    });
  });
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    output: () => output,
    // Waits until the server printed `text` this often.
    async printed(text, times = 1) {
      const signal = AbortSignal.timeout(printLimitMs);
      while (output.split(text).length <= times) await once(child.stdout, 'data', { signal });
    },
    // A clean stop; a crash or a sanitizer's report fails the test that stops the server.
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        running.delete(child);
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      if (child.exitCode !== 0) throw new Error(`the echo server ended with ${child.exitCode ?? child.signalCode}`);
    },
  };
}
