// Starts the echo server named by ONHAND_SIO_ECHO on a port of the system's choice and stops it again.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const binary = process.env.ONHAND_SIO_ECHO;
if (!binary) throw new Error('set ONHAND_SIO_ECHO to the path of socketio_echo_server');

export async function startServer(...flags) {
  const child = spawn(binary, ['--port', '0', ...flags.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
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
    // Waits until the server printed `text`.
    async printed(text) {
      while (!output.includes(text)) await once(child.stdout, 'data');
    },
    // A clean stop; a crash or a sanitizer's report fails the test that stops the server.
    async stop() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM');
        await once(child, 'exit');
      }
      if (child.exitCode !== 0) throw new Error(`the echo server ended with ${child.exitCode ?? child.signalCode}`);
    },
  };
}
