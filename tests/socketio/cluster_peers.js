// The other members of a cluster: the reference server with its Redis adapter, in this process, and clients that are
// spread over all servers.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createAdapter } from '@socket.io/redis-adapter';
import { createClient } from 'redis';
import { Server } from 'socket.io';

const patienceMs = 12_000;

// What a test that failed half-way leaves open must not keep the test file alive.
const leftOpen = new Set();
after(() => setTimeout(() => leftOpen.forEach((close) => close()), 5000).unref());

// Asks again and again until the answer is true.
export async function until(condition, what) {
  const limit = performance.now() + patienceMs;
  while (!(await condition())) {
    if (performance.now() > limit) throw new Error(`waited in vain: ${what}`);
    await sleep(20);
  }
}

export async function redisClient(url) {
  const client = createClient({ url, socket: { reconnectStrategy: 50 } });
  client.on('error', () => {});
  await client.connect();
  leftOpen.add(() => client.isOpen && client.disconnect().catch(() => {}));
  return client;
}

// A Node server with the namespaces / and /custom, which greets its clients as the echo server does.
export async function startNodeServer(redisUrl) {
  const publisher = await redisClient(redisUrl);
  const subscriber = await redisClient(redisUrl);
  const http = createServer();
  const io = new Server(http, { adapter: createAdapter(publisher, subscriber, { requestsTimeout: 3000 }) });
  for (const name of ['/', '/custom']) {
    io.of(name).on('connection', (socket) => {
      socket.data.from = 'node';
      socket.on('announce', (...args) => io.of(name).emit('announced', ...args));
      socket.on('join', (...args) => {
        const reply = args.pop();
        socket.join(args);
        reply([...socket.rooms]);
      });
      socket.on('rooms', (reply) => reply([...socket.rooms]));
      socket.emit('auth', socket.handshake.auth);
    });
  }
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  leftOpen.add(() => http.listening && http.close());
  return {
    io,
    url: `http://127.0.0.1:${http.address().port}`,
    async stop() {
      await io.close();
      await Promise.all([publisher, subscriber].map((client) => client.quit()));
    },
  };
}

// True once all servers have subscribed to the requests of the namespace.
export async function subscribed(client, count, nsp) {
  const channel = `socket.io-request#${nsp}#`;
  return (await client.pubSubNumSub(channel))[channel] === count;
}

// Every one of `speakers` reaches every one of `listeners`.
export async function connectedByRedis(speakers, listeners) {
  for (const speaker of speakers) {
    const name = `probe ${speaker.id}`;
    const reached = () => listeners.every((socket) => socket.heard.some(([, first]) => first === name));
    await until(() => {
      if (!reached()) speaker.emit('announce', name);
      return reached();
    }, name);
  }
}
