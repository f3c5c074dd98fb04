// Two of our servers and a Node server with @socket.io/redis-adapter share one Redis and are one cluster: whatever is
// said on one of them is heard on all, and each can list, move, ask and disconnect the clients of the others.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { Emitter } from '@socket.io/redis-emitter';
import { Clients, ask, event, fence } from './clients.js';
import { connectedByRedis, redisClient, startNodeServer, subscribed, until } from './cluster_peers.js';
import { createRedis } from '../support/redis.mjs';
import { startServer } from './server.js';

let redis;
let control;
let ours;
let theirs;
const clients = new Clients({ transports: ['websocket'] });

before(async () => {
  redis = await createRedis();
  await redis.start();
  control = await redisClient(redis.url);
  theirs = await startNodeServer(redis.url);
  ours = await Promise.all([1, 2].map((threads) => startServer('--redis', redis.url, '--io-threads', threads)));
  for (const nsp of ['/', '/custom']) await until(() => subscribed(control, 3, nsp), `subscriptions to ${nsp}`);
  const probes = await Promise.all([...ours, theirs].map((server) => clients.connected(server)));
  await connectedByRedis(probes, probes);
  clients.close();
});
after(async () => {
  await Promise.all(ours.map((server) => server.stop()));
  await theirs.stop();
  await control.disconnect();
  await redis.remove();
});

// Clients a, b on our first server, c, d on our second, e, f on the Node server; a, c, e in "red", b, c, f in "blue".
let all;
const path = { current: '/' };
async function gather(nsp) {
  path.current = nsp;
  const servers = [ours[0], ours[0], ours[1], ours[1], theirs, theirs];
  all = await Promise.all(servers.map((server) => clients.connected(server, nsp)));
  await Promise.all([0, 2, 4].map((i) => ask(all[i], 'join', 'red')));
  await Promise.all([1, 2, 5].map((i) => ask(all[i], 'join', 'blue')));
}
beforeEach(() => gather('/'));
afterEach(async () => {
  clients.close();
  // The next test begins with the servers empty.
  await until(async () => (await theirs.io.of(path.current).fetchSockets()).length === 0, 'the end of all clients');
});

// What each has heard since the last time; `sender` comes after everything it sent before.
async function heard(sender) {
  await fence(sender, all);
  return all.map((socket) => socket.heard.splice(0));
}
const counts = (lists) => lists.map((list) => list.length);
const bytes = { deep: [Buffer.from([0, 128, 255])] };

describe('broadcasts of our servers', () => {
  it('reach everybody everywhere', async () => {
    all[0].emit('announce', 'to all', 7, { a: [null, true, 1.5] }, 'ä☃🎉');
    for (const list of await heard(all[0])) {
      assert.deepEqual(list, [['announced', 'to all', 7, { a: [null, true, 1.5] }, 'ä☃🎉']]);
    }
  });
  it('reach rooms, without those excepted and the sender', async () => {
    const cases = [
      [[], [], [0, 1, 1, 1, 1, 1]],
      [['red'], [], [0, 0, 1, 0, 1, 0]],
      [['red', 'blue'], [], [0, 1, 1, 0, 1, 1]],
      [['red'], ['blue'], [0, 0, 0, 0, 1, 0]],
      [[], ['red'], [0, 1, 0, 1, 0, 1]],
      [['green'], [], [0, 0, 0, 0, 0, 0]],
      [[all[3].id], [], [0, 0, 0, 1, 0, 0]],
      [[all[4].id], [], [0, 0, 0, 0, 1, 0]],
      [['blue'], [all[5].id], [0, 1, 1, 0, 0, 0]],
    ];
    for (const [rooms, except, expected] of cases) {
      await ask(all[0], 'to', rooms, except, 'x');
      assert.deepEqual(counts(await heard(all[0])), expected, JSON.stringify([rooms, except]));
    }
  });
  it('carry bytes', async () => {
    await ask(all[3], 'to', ['red'], [], bytes, Buffer.alloc(0), 'text');
    const lists = await heard(all[3]);
    for (const i of [0, 2, 4]) assert.deepEqual(lists[i], [['told', bytes, Buffer.alloc(0), 'text']]);
    assert.deepEqual(counts(lists), [1, 0, 1, 0, 1, 0]);
  });
  it('keep their order', async () => {
    for (let i = 0; i < 200; i += 1) all[3].emit('to', i % 2 ? ['red'] : [], [], i);
    const lists = await heard(all[3]);
    for (const i of [0, 2, 4]) assert.deepEqual(lists[i].map(([, number]) => number), Array.from({ length: 200 }, (_, n) => n));
    for (const i of [1, 5]) assert.deepEqual(lists[i].map(([, number]) => number), Array.from({ length: 100 }, (_, n) => 2 * n));
  });
});

describe('broadcasts of the Node server', () => {
  const nodeHeard = () => heard(all[4]);
  it('reach our clients as its own', async () => {
    const { io } = theirs;
    const values = ['x', -1, 2 ** 40, 1.5e-7, null, { a: [[]], 'ä☃': '🎉' }, bytes];
    const cases = [
      [() => io, [1, 1, 1, 1, 1, 1]],
      [() => io.to('red'), [1, 0, 1, 0, 1, 0]],
      [() => io.to(['red', 'blue']), [1, 1, 1, 0, 1, 1]],
      [() => io.to('red').except('blue'), [1, 0, 0, 0, 1, 0]],
      [() => io.except('red'), [0, 1, 0, 1, 0, 1]],
      [() => io.to(all[3].id), [0, 0, 0, 1, 0, 0]],
      [() => io.volatile.to('blue'), [0, 1, 1, 0, 0, 1]],
      [() => io.sockets.sockets.get(all[4].id).broadcast, [1, 1, 1, 1, 0, 1]],
    ];
    for (const [target, expected] of cases) {
      target().emit('news', ...values);
      const lists = await nodeHeard();
      assert.deepEqual(counts(lists), expected, target.toString());
      for (const list of lists) for (const one of list) assert.deepEqual(one, ['news', ...values]);
    }
  });
  it('carry dates, gaps and long texts as JSON would', async () => {
    const long = 'ä'.repeat(200_000);
    theirs.io.emit('news', new Date(0), [undefined], { gone: undefined, date: new Date(1e12 + 7) }, long);
    for (const [[, ...values]] of await nodeHeard()) {
      const object = { date: '2001-09-09T01:46:40.007Z' };
      if ('gone' in values[2]) object.gone = null;
      assert.deepEqual(values, ['1970-01-01T00:00:00.000Z', [null], object, long]);
    }
  });
  it('do not come back to where local was said', async () => {
    theirs.io.local.emit('news', 1);
    assert.deepEqual(counts(await nodeHeard()), [0, 0, 0, 0, 1, 1]);
  });
});

describe('questions', () => {
  it('of our servers are answered everywhere', async () => {
    all.forEach((socket, i) => socket.on('question', (reply) => reply(`client ${i}`)));
    for (const asker of [all[0], all[3]]) {
      const answers = event(asker, 'room-answers');
      asker.emit('ask-room', 'red', 5000);
      const [{ timed_out: timedOut, answers: list }] = await answers;
      assert.deepEqual([timedOut, list.sort()], [false, ['client 0', 'client 2', 'client 4']]);
    }
  });
  it('of our servers end with what came in time', async () => {
    all.slice(1).forEach((socket, i) => socket.on('question', (reply) => reply(i + 1)));
    const answers = event(all[1], 'room-answers');
    all[1].emit('ask-room', 'red', 500);
    const [{ timed_out: timedOut, answers: list }] = await answers;
    assert.deepEqual([timedOut, list.sort()], [true, [2, 4]]);
  });
  it('of our servers to nobody end before their time-out', async () => {
    const answers = event(all[1], 'room-answers');
    all[1].emit('ask-room', 'green', 600_000);
    assert.deepEqual(await answers, [{ timed_out: false, answers: [] }]);
  });
  it('of the Node server are answered by our clients, also with bytes', async () => {
    all.forEach((socket, i) => socket.on('question', (what, reply) => reply({ i, what })));
    const answers = await theirs.io.timeout(5000).to('red').emitWithAck('question', bytes);
    assert.deepEqual(answers.sort((x, y) => x.i - y.i), [0, 2, 4].map((i) => ({ i, what: bytes })));
  });
  it('of the Node server end with what came in time', async () => {
    all.slice(0, 3).forEach((socket, i) => socket.on('question', (reply) => reply(i)));
    const error = await theirs.io.timeout(400).emitWithAck('question').then(() => null, (failure) => failure);
    assert.deepEqual(error.responses.sort(), [0, 1, 2]);
  });
});

describe('the clients of all servers', () => {
  const ids = (list) => list.map(({ id }) => id).sort();
  it('are seen by the Node server', async () => {
    const everybody = await theirs.io.fetchSockets();
    assert.deepEqual(ids(everybody), ids(all));
    const red = await theirs.io.in('red').fetchSockets();
    assert.deepEqual(ids(red), ids([all[0], all[2], all[4]]));
    const c = red.find(({ id }) => id === all[2].id);
    assert.deepEqual([...c.rooms].sort(), [c.id, 'red', 'blue'].sort());
    for (const name of ['headers', 'query', 'auth', 'time', 'url', 'address']) assert.ok(name in c.handshake, name);
    assert.equal(typeof c.data, 'object');
    assert.deepEqual([...(await theirs.io.of('/').adapter.allRooms())].sort(), [...ids(all), 'red', 'blue'].sort());
    assert.equal(await theirs.io.of('/').adapter.serverCount(), 3);
  });
  it('are seen by our servers', async () => {
    for (const asker of [all[0], all[3]]) {
      assert.deepEqual(ids(await ask(asker, 'fetch', '')), ids(all));
      const blue = await ask(asker, 'fetch', 'blue');
      assert.deepEqual(ids(blue), ids([all[1], all[2], all[5]]));
      const node = blue.find(({ id }) => id === all[5].id);
      assert.deepEqual(node.rooms.sort(), [all[5].id, 'blue'].sort());
      assert.deepEqual(node.data, { from: 'node' });
    }
  });
  it('are moved by the Node server', async () => {
    const { io } = theirs;
    const inGreen = async () => ids(await io.in('green').fetchSockets());
    io.in('red').socketsJoin(['green', 'more']);
    await until(async () => (await inGreen()).length === 3, 'joins');
    assert.deepEqual(await inGreen(), ids([all[0], all[2], all[4]]));
    assert.deepEqual((await ask(all[0], 'rooms')).sort(), [all[0].id, 'red', 'green', 'more'].sort());
    io.in('blue').socketsLeave('green');
    await until(async () => (await inGreen()).length === 2, 'leaves');
    assert.deepEqual(await inGreen(), ids([all[0], all[4]]));
  });
  it('are moved by our servers', async () => {
    const inGreen = async () => ids(await ask(all[3], 'fetch', 'green'));
    await ask(all[0], 'rooms-join', 'red', 'green');
    await until(async () => (await inGreen()).length === 3, 'joins');
    assert.deepEqual(await inGreen(), ids([all[0], all[2], all[4]]));
    assert.ok((await ask(all[4], 'rooms')).includes('green'));
    await ask(all[3], 'rooms-leave', 'blue', 'green');
    await until(async () => (await inGreen()).length === 2, 'leaves');
    await ask(all[1], 'rooms-join', all[5].id, 'green');
    await until(async () => (await inGreen()).length === 3, 'a single join');
    assert.deepEqual(await inGreen(), ids([all[0], all[4], all[5]]));
  });
  it('are moved before the next thing is said to them', async () => {
    theirs.io.in('red').socketsJoin('green');
    theirs.io.to('green').emit('news', 1);
    const lists = await heard(all[4]);
    assert.deepEqual([lists[0].length, lists[2].length], [1, 1], 'its own client it forgets itself');
    all[3].emit('rooms-join', 'red', 'yellow', () => {});
    all[3].emit('to', ['yellow'], [], 'x');
    assert.deepEqual(counts(await heard(all[3])), [1, 0, 1, 0, 1, 0]);
  });
  it('are disconnected by the Node server', async () => {
    const gone = Promise.all([0, 2, 4].map((i) => event(all[i], 'disconnect')));
    theirs.io.in('red').disconnectSockets();
    for (const [reason] of await gone) assert.equal(reason, 'io server disconnect');
    assert.deepEqual(ids(await theirs.io.fetchSockets()), ids([all[1], all[3], all[5]]));
  });
  it('are disconnected by our servers, with their connections', async () => {
    const gone = Promise.all([1, 2, 5].map((i) => event(all[i].io.engine, 'close')));
    await ask(all[3], 'rooms-disconnect', 'blue', true);
    await gone;
    await until(async () => (await ask(all[3], 'fetch', '')).length === 3, 'the others alone');
    assert.deepEqual(ids(await ask(all[3], 'fetch', '')), ids([all[0], all[3], all[4]]));
  });
});

describe('events between servers', () => {
  afterEach(() => theirs.io.removeAllListeners('server-side'));
  it('go from Node to ours, with and without answers', async () => {
    theirs.io.serverSideEmit('server-side', 'from node', { a: 1 });
    for (const server of ours) await server.printed('server-side ["server-side","from node",{"a":1}]');
    const answers = await theirs.io.serverSideEmitWithAck('server-side', 1, 2, 3);
    assert.deepEqual(answers, ['heard 3', 'heard 3']);
  });
  it('go from ours to all others', async () => {
    const atNode = event(theirs.io, 'server-side');
    await ask(all[0], 'server-side', 'from ours', [7]);
    assert.deepEqual(await atNode, ['from ours', [7]]);
    await ours[1].printed('server-side ["server-side","from ours",[7]]');
    await ours[0].printed('listening', 1);
    assert.doesNotMatch(ours[0].output(), /"from ours"/);
  });
  it('from ours are answered by all others', async () => {
    theirs.io.on('server-side', (...args) => args.pop()(`node heard ${args.length}`));
    const answers = event(all[0], 'server-answers');
    all[0].emit('server-side-ask', 'a', 'b');
    const [{ timed_out: timedOut, answers: list }] = await answers;
    assert.deepEqual([timedOut, list.sort()], [false, ['heard 2', 'node heard 2']]);
  });
  it('from ours end with what came in time', async () => {
    const answers = event(all[0], 'server-answers');
    all[0].emit('server-side-ask', 'a');
    assert.deepEqual(await answers, [{ timed_out: true, answers: ['heard 1'] }]);
  });
});

describe('the emitter', () => {
  it('reaches clients as a server does', async () => {
    const emitter = new Emitter(control);
    const cases = [
      [emitter, [1, 1, 1, 1, 1, 1]],
      [emitter.to('red'), [1, 0, 1, 0, 1, 0]],
      [emitter.in(['red', 'blue']), [1, 1, 1, 0, 1, 1]],
      [emitter.to('blue').except('red'), [0, 1, 0, 0, 0, 1]],
      [emitter.except(['red']), [0, 1, 0, 1, 0, 1]],
      [emitter.to(all[0].id), [1, 0, 0, 0, 0, 0]],
      [emitter.volatile.compress(false).to('red'), [1, 0, 1, 0, 1, 0]],
      [emitter.of('/custom'), [0, 0, 0, 0, 0, 0]],
    ];
    for (const [target, expected] of cases) {
      // Its events come by another connection than a client's fence, so one more event ends the list.
      target.emit('news', 1, bytes, [undefined, null]);
      emitter.emit('end');
      await until(() => all.every((socket) => socket.heard.some(([name]) => name === 'end')), 'the end');
      const lists = all.map((socket) => socket.heard.splice(0).filter(([name]) => name !== 'end'));
      assert.deepEqual(counts(lists), expected);
      for (const list of lists) for (const one of list) assert.deepEqual(one, ['news', 1, bytes, [null, null]]);
    }
  });
  it('moves and disconnects them', async () => {
    const emitter = new Emitter(control);
    const size = async (room) => (await theirs.io.in(room).fetchSockets()).length;
    emitter.in('red').socketsJoin('green');
    await until(async () => (await size('green')) === 3, 'joins');
    emitter.in(all[2].id).socketsLeave(['green', 'red']);
    await until(async () => (await size('green')) === 2, 'leaves');
    const gone = Promise.all([0, 4].map((i) => event(all[i], 'disconnect')));
    emitter.in('green').disconnectSockets(true);
    await gone;
    await until(async () => (await theirs.io.fetchSockets()).length === 4, 'the others alone');
  });
  it('speaks to the servers', async () => {
    const atNode = event(theirs.io, 'server-side');
    new Emitter(control).serverSideEmit('server-side', 'from the emitter');
    for (const server of ours) await server.printed('server-side ["server-side","from the emitter"]');
    assert.deepEqual(await atNode, ['from the emitter']);
  });
});

describe('a namespace of its own', () => {
  it('is a cluster of its own', async () => {
    const main = all;
    await gather('/custom');
    await ask(all[0], 'to', ['red'], [], bytes);
    assert.deepEqual(counts(await heard(all[0])), [0, 0, 1, 0, 1, 0]);
    theirs.io.of('/custom').to('blue').emit('news', 1);
    assert.deepEqual(counts(await heard(all[4])), [0, 1, 1, 0, 0, 1]);
    assert.equal((await theirs.io.of('/custom').fetchSockets()).length, 6);
    assert.equal((await ask(all[2], 'fetch', '')).length, 6);
    for (const socket of main) assert.deepEqual(socket.heard, []);
    theirs.io.of('/custom').disconnectSockets(true);
    path.current = '/';
  });
  it('may be made by its first client on each server', async () => {
    const two = await Promise.all(ours.map((server) => clients.connected(server, '/dynamic-5')));
    await until(() => subscribed(control, 2, '/dynamic-5'), 'two subscriptions');
    await connectedByRedis(two, two);
    assert.equal((await ask(two[0], 'fetch', '')).length, 2);
    // Nobody is in it any more: it ends on both.
    for (const socket of two) socket.close();
    await until(() => subscribed(control, 0, '/dynamic-5'), 'the end of the namespace');
  });
});
