// A cluster whose Redis is missing, dies, comes back, stands still or carries nonsense: the clients of one server are
// served on as if nothing were, and the servers find each other again by themselves.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { encode } from 'notepack.io';
import { Clients, ask, event, fence } from './clients.js';
import { connectedByRedis, redisClient, startNodeServer, until } from './cluster_peers.js';
import { createRedis } from '../support/redis.mjs';
import { startServer } from './server.js';

const clients = new Clients({ transports: ['websocket'] });
afterEach(() => clients.close());

// Two clients of one server hear each other, which needs no Redis.
async function assertServing([first, second]) {
  const heard = event(second, 'announced');
  first.emit('announce', 'local');
  assert.deepEqual(await heard, ['local']);
  await ask(first, 'join', 'local room');
  assert.equal(await ask(second, 'to', ['local room'], [], 'x'), true);
  await fence(second, [first, second]);
  assert.ok(first.heard.some(([name]) => name === 'told'));
  for (const socket of [first, second]) socket.heard = [];
}

describe('a Redis that comes and goes', () => {
  let redis;
  before(async () => {
    redis = await createRedis();
  });
  after(() => redis.remove());

  it('is waited for at the start, while clients are served', async () => {
    const servers = await Promise.all([startServer('--redis', redis.url), startServer('--redis', redis.url, '--io-threads', 2)]);
    const local = await Promise.all([clients.connected(servers[0]), clients.connected(servers[0])]);
    await assertServing(local);
    const far = await clients.connected(servers[1]);
    await redis.start();
    for (const server of servers) await server.printed('cluster connected');
    await connectedByRedis([local[0], far], [local[1], far]);
    clients.close();
    await Promise.all(servers.map((server) => server.stop()));
    await redis.kill();
  });

  it('may die and be replaced, again and again', async () => {
    await redis.start();
    const servers = await Promise.all([startServer('--redis', redis.url), startServer('--redis', redis.url, '--io-threads', 2)]);
    const node = await startNodeServer(redis.url);
    for (const server of servers) await server.printed('cluster connected');
    const local = await Promise.all([clients.connected(servers[0]), clients.connected(servers[0])]);
    const all = [...local, await clients.connected(servers[1]), await clients.connected(node)];
    await connectedByRedis(all, all);
    for (let round = 1; round <= 2; round += 1) {
      await redis.kill();
      for (const server of servers) await server.printed('cluster disconnected', round);
      await assertServing(local);
      assert.deepEqual((await ask(local[0], 'fetch', '')).map(({ id }) => id).sort(), local.map(({ id }) => id).sort());
      const answers = event(local[0], 'room-answers');
      local.forEach((socket) => socket.once('question', (reply) => reply('here')));
      local[0].emit('ask-room', '', 5000);
      assert.deepEqual((await answers)[0].answers.filter((answer) => answer === 'here').length <= 2, true);
      await redis.start();
      for (const server of servers) await server.printed('cluster connected', round + 1);
      for (const socket of all) socket.heard = [];
      await connectedByRedis(all, all);
      await until(async () => (await ask(local[0], 'fetch', '')).length === 4, 'all four clients');
      for (const socket of all) assert.ok(socket.connected);
    }
    clients.close();
    await Promise.all(servers.map((server) => server.stop()));
    await node.stop();
    await redis.kill();
  });

  it('goes with recovery: what others said meanwhile is made up for', async () => {
    await redis.start();
    const flags = ['--redis', redis.url, '--recovery', 60_000, '--io-threads', 2];
    const servers = await Promise.all([startServer(...flags), startServer(...flags)]);
    for (const server of servers) await server.printed('cluster connected');
    const socket = await clients.connected(servers[0], '/', { reconnection: false });
    const near = await clients.connected(servers[0]);
    const far = await clients.connected(servers[1]);
    await connectedByRedis([far], [socket, near]);
    await ask(socket, 'join', 'room');
    socket.heard = [];
    const { id } = socket;
    const lost = event(socket, 'disconnect');
    socket.io.engine.close();
    await lost;
    await ask(far, 'to', ['room'], [], 'missed', Buffer.from('bytes'));
    await ask(far, 'to', ['another room'], [], 'not for it');
    await fence(far, [near, far]);
    const back = event(socket, 'connect');
    socket.connect();
    await back;
    assert.ok(socket.recovered);
    assert.equal(socket.id, id);
    assert.deepEqual(socket.heard[0].slice(0, 3), ['told', 'missed', Buffer.from('bytes')]);
    const now = event(socket, 'told');
    await ask(far, 'to', ['room'], [], 'live');
    assert.equal((await now)[0], 'live');
    clients.close();
    await Promise.all(servers.map((server) => server.stop()));
    await redis.kill();
  });

  it('may stand still without holding anybody up', async () => {
    await redis.start();
    const control = await redisClient(redis.url);
    const servers = await Promise.all([1, 2].map(() => startServer('--redis', redis.url)));
    for (const server of servers) await server.printed('cluster connected');
    const local = await Promise.all([clients.connected(servers[0]), clients.connected(servers[0])]);
    const far = await clients.connected(servers[1]);
    await connectedByRedis([local[0]], [far]);
    await control.sendCommand(['CLIENT', 'PAUSE', '60000', 'ALL']);
    await assertServing(local);
    for (let i = 0; i < 2000; i += 1) local[0].emit('announce', i, 'x'.repeat(100));
    await fence(local[0], local);
    assert.equal(local[1].heard.length, 2000);
    await control.disconnect();
    clients.close();
    await Promise.all(servers.map((server) => server.stop()));
    await redis.kill();
  });
});

describe('messages that are none', () => {
  let redis;
  let control;
  let server;
  let sockets;
  before(async () => {
    redis = await createRedis();
    await redis.start();
    control = await redisClient(redis.url);
    server = await startServer('--redis', redis.url, '--io-threads', 2);
    await server.printed('cluster connected');
  });
  after(async () => {
    await server.stop();
    await control.disconnect();
    await redis.remove();
  });

  const packet = (data, nsp = '/') => ({ type: 2, data, nsp });
  const opts = (rooms = [], except = []) => ({ rooms, except, flags: {} });
  const broadcasts = {
    'nothing': Buffer.alloc(0),
    'a text': Buffer.from('hello'),
    'a map': encode({ type: 3, data: {}, uid: 'a', nsp: '/' }),
    'a number': encode(7),
    'an empty array': encode([]),
    'an array too short': encode(['x', packet(['bad'])]),
    'a message cut off': encode(['x', packet(['bad', 'x'.repeat(100)]), opts()]).subarray(0, 40),
    'more than a message': Buffer.concat([encode(['x', packet(['bad']), opts()]), Buffer.from([1, 2])]),
    'a packet that is a string': encode(['x', 'packet', opts()]),
    'a packet without data': encode(['x', { type: 2, nsp: '/' }, opts()]),
    'a packet whose data is no array': encode(['x', packet('bad'), opts()]),
    'a packet without a name': encode(['x', packet([]), opts()]),
    'a packet whose name is reserved': encode(['x', packet(['connect', 'bad']), opts()]),
    'a packet of another type': encode(['x', { type: 4, data: { message: 'bad' }, nsp: '/' }, opts()]),
    'a packet of another namespace': encode(['x', packet(['bad'], '/custom'), opts()]),
    'rooms that are no array': encode(['x', packet(['bad']), { rooms: 'red', except: [], flags: {} }]),
    'an array in an array in an array': Buffer.concat([Buffer.alloc(100_000, 0x91), Buffer.from([0xc0])]),
    'an array that promises 4 billion': Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff, 0x01]),
    'a string that promises 4 GB': Buffer.from([0x93, 0xdb, 0xff, 0xff, 0xff, 0xff, 0x41]),
    'eleven attachments': encode(['x', packet(['bad', ...Array.from({ length: 11 }, () => Buffer.from('b'))]), opts()]),
  };
  const requests = {
    'a broken JSON': '{"type":2,',
    'an empty object': '{}',
    'an array': '[]',
    'an unknown type': '{"type":99,"uid":"x"}',
    'a type that is a string': '{"type":"2","opts":{"rooms":[],"except":[]},"rooms":["bad"]}',
    'joining without rooms': '{"type":2,"opts":{"rooms":[],"except":[]}}',
    'joining rooms that are numbers': '{"type":2,"opts":{"rooms":[],"except":[]},"rooms":[{},[],null]}',
    'leaving with no one named': '{"type":3,"rooms":["x"]}',
    'disconnecting whom a number names': '{"type":4,"opts":{"rooms":[7]},"close":"yes"}',
    'fetching without a number': '{"type":5,"uid":"x","opts":{"rooms":[],"except":[]}}',
    'an event that is no array': '{"type":6,"uid":"x","data":"bad"}',
    'an event that is empty': '{"type":6,"uid":"x","data":[]}',
    'a question that is no packet': '{"type":7,"uid":"x","requestId":"r","packet":7,"opts":{}}',
    'an answer to nothing': '{"type":8,"requestId":"never","clientCount":7}',
    'a deep object': `{"type":6,"uid":"x","data":${'['.repeat(50_000)}`,
    'half a msgpack': Buffer.from([0x85, 0xa4, 0x74]),
  };
  async function assertUnharmed() {
    const [first, second] = sockets;
    // A good message behind the bad one: when it has arrived the bad one was read.
    const good = sockets.map((socket) => event(socket, 'good'));
    await control.publish('socket.io#/#', encode(['x', packet(['good', 1]), opts()]));
    await Promise.all(good);
    await fence(first, [first, second]);
    for (const socket of sockets) {
      assert.ok(socket.connected);
      assert.deepEqual(socket.heard.filter(([name]) => name !== 'good'), []);
      assert.deepEqual(await ask(socket, 'rooms'), [socket.id]);
    }
  }
  for (const [what, bytes] of Object.entries(broadcasts)) {
    it(`harm nobody as a broadcast of ${what}`, async () => {
      sockets = await Promise.all([clients.connected(server), clients.connected(server)]);
      await control.publish('socket.io#/#', bytes);
      await control.publish('socket.io#/#red#', bytes);
      await control.publish('socket.io#/', bytes);
      await assertUnharmed();
    });
  }
  for (const [what, bytes] of Object.entries(requests)) {
    it(`harm nobody as a request that is ${what}`, async () => {
      sockets = await Promise.all([clients.connected(server), clients.connected(server)]);
      await control.publish('socket.io-request#/#', bytes);
      await control.publish('socket.io-response#/#', bytes);
      await assertUnharmed();
    });
  }
  it('do not keep it from ending a question that somebody does not answer', async () => {
    const silent = await redisClient(redis.url);
    await silent.subscribe('socket.io-request#/#', () => {});
    const [one] = await Promise.all([clients.connected(server)]);
    assert.deepEqual((await ask(one, 'fetch', '')).map(({ id }) => id), [one.id]);
    await silent.disconnect();
  });
});
