// Clients that come, go, change rooms, get lost and are thrown out all at once, on several io threads and servers: no
// event is lost or doubled for those who stay, and the server ends with nothing left over.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Clients, ask, event, fence } from './clients.js';
import { redisClient, subscribed, until } from './cluster_peers.js';
import { createRedis } from '../support/redis.mjs';
import { startServer } from './server.js';

// The same sequence in every run.
function randomNumbers(seed) {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % limit;
  };
}

const ways = [['websocket'], ['polling'], ['polling', 'websocket']];
const room = (random) => `room ${random(4)}`;

// One step of one restless client. It returns without waiting for what it began.
const steps = [
  (socket, random) => socket.emit('join', room(random), () => {}),
  (socket, random) => socket.emit('leave-room', room(random), () => {}),
  (socket, random) => socket.emit('to', [room(random), room(random)], [room(random)], 'noise', Buffer.from('noise')),
  (socket, random) => socket.emit('rooms-join', room(random), room(random), () => {}),
  (socket, random) => socket.emit('rooms-leave', room(random), room(random), () => {}),
  (socket, random) => socket.emit('ask-room', room(random), 50),
  (socket, random) => socket.emit('fetch', room(random), () => {}),
  (socket) => socket.emit('volatile', 3, () => {}),
  (socket) => socket.emit('ask', 'question'),
  (socket) => socket.emit('kick'),
  (socket) => socket.emit('leave'),
  (socket) => socket.io.engine.close(),
  (socket) => socket.disconnect(),
  (socket) => socket.connect(),
];

async function churn(servers, seed, count) {
  const random = randomNumbers(seed);
  // A client that is closed during its upgrade keeps timers of its own, which must not keep the test alive.
  const clients = new Clients({ autoUnref: true });
  const steady = await Promise.all(servers.map((server) => clients.connected(server, '/', { transports: ['websocket'] })));
  const restless = Array.from({ length: 24 }, (_, i) =>
    clients.connect(servers[i % servers.length], '/', { transports: ways[i % 3] }),
  );
  for (const socket of restless) socket.on('question', (...args) => random(2) && args.at(-1)());
  let sent = 0;
  for (let i = 0; i < count; i += 1) {
    steps[random(steps.length)](restless[random(restless.length)], random);
    if (i % 10 === 0) {
      steady[0].emit('announce', sent);
      sent += 1;
      // The steps interleave with what the servers answer.
      await ask(steady[0], 'message-with-ack');
    }
  }
  await fence(steady[0], steady);
  for (const socket of steady) {
    const numbers = socket.heard.filter(([name]) => name === 'announced').map(([, number]) => number);
    assert.deepEqual(numbers, Array.from({ length: sent }, (_, i) => i));
  }
  for (const socket of restless) socket.io._close();
  await until(async () => (await ask(steady[0], 'fetch', '')).length === steady.length, 'the end of the restless');
  clients.close();
}

describe('restless clients', () => {
  for (const threads of [1, 3]) {
    it(`do not disturb the others on ${threads} io thread(s)`, async () => {
      const server = await startServer('--io-threads', threads);
      await churn([server], threads, 1500);
      await server.stop();
      assert.match(server.output(), /stopped 0 sessions 0 websockets/);
    });
    it(`do not disturb the others on ${threads} io thread(s) with recovery`, async () => {
      const server = await startServer('--io-threads', threads, '--recovery', 60_000);
      await churn([server], 10 + threads, 1500);
      await server.stop();
      assert.match(server.output(), /stopped 0 sessions 0 websockets/);
    });
  }
  it('do not disturb the others in a cluster', async () => {
    const redis = await createRedis();
    await redis.start();
    const control = await redisClient(redis.url);
    const servers = await Promise.all([1, 2].map((threads) => startServer('--redis', redis.url, '--io-threads', threads)));
    await until(() => subscribed(control, 2, '/'), 'two subscriptions');
    for (const server of servers) await server.printed('cluster connected');
    await churn(servers, 20, 1500);
    for (const server of servers) {
      await server.stop();
      assert.match(server.output(), /stopped 0 sessions 0 websockets/);
    }
    await control.disconnect();
    await redis.remove();
  });
  it('may stop a server in the middle', async () => {
    const server = await startServer('--io-threads', 3, '--recovery', 60_000);
    const clients = new Clients({ reconnection: false, autoUnref: true });
    // A client that is told of the end amid its upgrade notices only when no ping comes any more, so none upgrades.
    const all = await Promise.all(Array.from({ length: 30 }, (_, i) => clients.connected(server, '/', { transports: ways[i % 2] })));
    const gone = Promise.all(all.map((socket) => event(socket, 'disconnect')));
    all.forEach((socket, i) => {
      socket.emit('join', 'room');
      socket.emit('flood', 200);
      socket.emit('to', ['room'], [], i);
      socket.emit('ask-room', 'room', 10_000);
    });
    await server.stop();
    await gone;
    clients.close();
    assert.match(server.output(), /stopped 0 sessions 0 websockets/);
  });
});
