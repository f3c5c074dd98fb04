// Connection state recovery: a client that lost its connection comes back as the same one and hears what it missed,
// in order and once; or it is a new one, when its session cannot be had any more.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Clients, ask, event, fence } from './clients.js';
import { peers } from './peers.js';
import { startServer } from './server.js';

const clients = new Clients({ reconnection: false });
afterEach(() => clients.close());

// Joins by packets. Returns { sid, pid, offset } and the packets that came before the answer.
async function joinRaw(peer, payload = '', nsp = '') {
  await peer.send(`40${nsp}${payload}`);
  const missed = [];
  let packet = await peer.next();
  while (packet !== null && !packet.startsWith('40') && !packet.startsWith('44')) {
    missed.push(packet);
    packet = await peer.next();
  }
  return { packet, missed, ...JSON.parse(packet.slice(2 + nsp.length)) };
}

// Ends a polling session by a POST whose connection breaks.
async function breakPost(server, peer) {
  const socket = connect(server.port, '127.0.0.1');
  socket.end(`POST ${new URL(peer.url).pathname}${new URL(peer.url).search} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n4`);
  socket.resume();
  await once(socket, 'close');
}

const offsetOf = (packet) => JSON.parse(packet.slice(packet.indexOf('['))).at(-1);

for (const threads of [1, 3]) {
  describe(`recovery with ${threads} io thread(s)`, () => {
    let server;
    before(async () => {
      server = await startServer('--recovery', 60_000, '--io-threads', threads);
    });
    after(() => server.stop());

    for (const transports of [['websocket'], ['polling'], ['polling', 'websocket']]) {
      // Cuts the connection, lets `meanwhile` happen, and connects again.
      const lose = async (socket, meanwhile) => {
        const lost = event(socket, 'disconnect');
        socket.io.engine.close();
        await lost;
        await meanwhile();
        const back = event(socket, 'connect');
        socket.connect();
        await back;
      };

      it(`gives back identity, rooms and missed events over ${transports.join(' and ')}`, async () => {
        const socket = await clients.connected(server, '/', { transports });
        const other = await clients.connected(server);
        await ask(socket, 'join', 'mine', 'ours');
        other.emit('announce', 'before');
        await fence(other, [socket, other]);
        assert.deepEqual(socket.heard.map(([name, first]) => [name, first]), [['announced', 'before']]);
        const { id } = socket;
        assert.equal(socket.recovered, false);
        socket.heard = [];
        await lose(socket, async () => {
          other.emit('announce', 'to all');
          await ask(other, 'to', ['mine'], [], 'to the room');
          await ask(other, 'to', ['other room'], [], 'not for it');
          await ask(other, 'to', ['mine'], ['ours'], 'not for it either');
          await ask(other, 'to', [id], [], 'to it alone');
          await ask(other, 'to', ['ours'], [], { bytes: Buffer.from('bytes') });
          await fence(other, [other]);
        });
        assert.equal(socket.recovered, true);
        assert.equal(socket.id, id);
        assert.equal(await ask(socket, 'recovered'), true);
        assert.deepEqual((await ask(socket, 'rooms')).sort(), [id, 'mine', 'ours'].sort());
        const heard = socket.heard.filter(([, first]) => !/^fence/.test(first));
        assert.deepEqual(
          heard.map(([name, first]) => [name, first]),
          [['announced', 'to all'], ['told', 'to the room'], ['told', 'to it alone'], ['told', { bytes: Buffer.from('bytes') }]],
        );
        const now = event(socket, 'announced');
        other.emit('announce', 'live again');
        assert.equal((await now)[0], 'live again');
      });

      it(`recovers again and again without gap or repetition over ${transports.join(' and ')}`, async () => {
        const socket = await clients.connected(server, '/', { transports });
        const other = await clients.connected(server);
        let sent = 0;
        const announce = (count) => {
          for (let i = 0; i < count; i += 1) other.emit('announce', (sent += 1));
        };
        for (let round = 0; round < 6; round += 1) {
          announce(5);
          // What reaches the client in the moment it closes is buffered by it without its offset, and would be repeated.
          await fence(other, [socket]);
          await lose(socket, async () => {
            announce(5);
            await fence(other, [other]);
            announce(5); // these race with the return
          });
          assert.equal(socket.recovered, true);
        }
        await fence(other, [socket]);
        const numbers = socket.heard.map(([, first]) => first).filter((first) => typeof first === 'number');
        assert.deepEqual(numbers, Array.from({ length: sent }, (_, i) => i + 1));
      });
    }

    for (const [transport, Peer] of Object.entries(peers)) {
      it(`misses nothing when the connection breaks amid a stream of events (${transport})`, async () => {
        const speaker = await peers.websocket.open(server);
        await joinRaw(speaker, '', '/custom,');
        let peer = await Peer.open(server);
        let session = await joinRaw(peer, '', '/custom,');
        let offset = offsetOf(await peer.next());
        const numbers = [];
        const take = (packet) => {
          offset = offsetOf(packet);
          numbers.push(JSON.parse(packet.slice(packet.indexOf('[')))[1]);
        };
        let sent = 0;
        for (let round = 0; round < 8; round += 1) {
          for (let i = 0; i < 10; i += 1) await speaker.send(`42/custom,["announce",${(sent += 1)}]`);
          for (let i = 0; i < 5; i += 1) take(await peer.next());
          const disconnects = server.output().split('disconnect ').length;
          if (transport === 'websocket') await peer.close();
          else await breakPost(server, peer);
          await server.printed('disconnect ', disconnects);
          for (let i = 0; i < 10; i += 1) await speaker.send(`42/custom,["announce",${(sent += 1)}]`);
          peer = await Peer.open(server);
          const back = await joinRaw(peer, JSON.stringify({ pid: session.pid, offset }), '/custom,');
          assert.equal(back.sid, session.sid);
          session = back;
          back.missed.forEach(take);
        }
        while (numbers.length < sent) take(await peer.next());
        assert.deepEqual(numbers, Array.from({ length: sent }, (_, i) => i + 1));
        await peer.send('41/custom,');
        await peer.close();
        await speaker.close();
      });
    }

    it('finds a recovered client by its id on whichever thread it came back', async () => {
      const other = await clients.connected(server);
      const socket = await clients.connected(server, '/', { transports: ['websocket'] });
      const { id } = socket;
      for (let round = 0; round < 4; round += 1) {
        const lost = event(socket, 'disconnect');
        socket.io.engine.close();
        await lost;
        const back = event(socket, 'connect');
        socket.connect();
        await back;
        assert.equal(socket.id, id);
        const whispered = event(socket, 'whispered');
        other.emit('whisper', id);
        await whispered;
        await ask(other, 'rooms-join', id, `round ${round}`);
        const told = event(socket, 'told');
        await ask(other, 'to', [id], [], 'to it alone');
        await told;
        assert.deepEqual((await ask(other, 'fetch', id)).map((one) => one.id), [id]);
        assert.ok((await ask(socket, 'rooms')).includes(`round ${round}`));
      }
    });

    it('recovers a client behind a middleware, and does not ask it again', async () => {
      const first = await peers.websocket.open(server);
      const session = await joinRaw(first, '{"token":"let me in"}', '/guarded,');
      const offset = offsetOf(await first.next());
      await first.close();
      await server.printed('disconnect transport');
      const second = await peers.polling.open(server);
      const again = await joinRaw(second, JSON.stringify({ pid: session.pid, offset, token: 'no' }), '/guarded,');
      assert.equal(again.sid, session.sid);
      await second.close();
    });
  });
}

describe('on the wire', () => {
  let server;
  before(async () => {
    server = await startServer('--recovery', 60_000, '--io-threads', 2);
  });
  after(() => server.stop());
  let left = 0;
  // A session that was lost: its facts and the last offset it saw.
  async function lostSession(Peer) {
    const peer = await Peer.open(server);
    const session = await joinRaw(peer);
    const offset = offsetOf(await peer.next());
    if (Peer === peers.websocket) {
      await peer.close();
    } else {
      await breakPost(server, peer);
    }
    left += 1;
    await server.printed('disconnect transport', left);
    return { ...session, offset };
  }
  // Comes with `auth` and returns what it is then.
  async function come(auth, Peer = peers.websocket) {
    const peer = await Peer.open(server);
    const session = await joinRaw(peer, JSON.stringify(auth));
    return { peer, ...session };
  }
  const leave = async (peer) => {
    await peer.send('41');
    await peer.close();
  };

  for (const [transport, Peer] of Object.entries(peers)) {
    it(`shows a private id, and offsets behind events only (${transport})`, async () => {
      const peer = await Peer.open(server);
      await peer.send('40');
      const reply = JSON.parse((await peer.next()).slice(2));
      assert.deepEqual(Object.keys(reply), ['sid', 'pid']);
      assert.equal(new Set([reply.sid, reply.pid, peer.sid]).size, 3);
      assert.match(reply.pid, /^[\w-]{20}$/);
      const greeting = JSON.parse((await peer.next()).slice(2));
      assert.equal(greeting.length, 3);
      assert.equal(typeof greeting[2], 'string');
      await peer.send('421["message-with-ack",1]');
      assert.equal(await peer.next(), '431[1]');
      await peer.send('42["ask",1]');
      assert.match(await peer.next(), /^42\d+\["question",1\]$/);
      await peer.send('420["join","red"]', '42["ask-room","red",5000]');
      assert.match(await peer.next(), /^430\[\["[\w-]{20}","red"\]\]$/);
      const [, id] = /^42(\d+)\["question"\]$/.exec(await peer.next());
      await peer.send(`43${id}[1]`);
      assert.match(await peer.next(), /^42\["room-answers",\{"timed_out":false,"answers":\[1\]\},"[^"]+"\]$/);
      await peer.send('42["message",1]');
      const back = JSON.parse((await peer.next()).slice(2));
      assert.deepEqual(back.slice(0, 2), ['message-back', 1]);
      assert.equal(typeof back[2], 'string');
      assert.notEqual(back[2], greeting[2]);
      await peer.send('451-["message",{"_placeholder":true,"num":0}]', Buffer.from('x'));
      const header = await peer.next();
      assert.match(header, /^451-\["message-back",\{"_placeholder":true,"num":0\},"[^"]+"\]$/);
      assert.deepEqual(await peer.next(), Buffer.from('x'));
      await leave(peer);
    });
    it(`recovers by pid and offset, what was missed first (${transport})`, async () => {
      const lost = await lostSession(Peer);
      const speaker = await peers.websocket.open(server);
      await joinRaw(speaker);
      await speaker.send('42["announce","missed"]');
      for (let packet = await speaker.next(); !packet.includes('missed'); ) packet = await speaker.next();
      const back = await come({ pid: lost.pid, offset: lost.offset, own: 1 }, Peer);
      assert.equal(back.sid, lost.sid);
      assert.equal(back.pid, lost.pid);
      assert.equal(back.missed.length, 1);
      assert.match(back.missed[0], /^42\["announced","missed","[^"]+"\]$/);
      await leave(back.peer);
      await leave(speaker);
    });
  }

  const strangers = {
    'an unknown private id': (lost) => ({ ...lost, pid: 'x'.repeat(20) }),
    'no offset': ({ pid }) => ({ pid }),
    'an offset that was never given': (lost) => ({ ...lost, offset: 'never' }),
    'an offset from the future': (lost) => ({ ...lost, offset: 'zzzzzzzzzzzz' }),
    'an empty offset': (lost) => ({ ...lost, offset: '' }),
    'a long offset': (lost) => ({ ...lost, offset: 'a'.repeat(10_000) }),
    'a number for an offset': (lost) => ({ ...lost, offset: 1 }),
    'a negative offset': (lost) => ({ ...lost, offset: '-1' }),
    'a number for a private id': (lost) => ({ ...lost, pid: 1 }),
    'an object for a private id': (lost) => ({ ...lost, pid: { pid: lost.pid } }),
    'the public id for the private one': (lost) => ({ ...lost, pid: lost.sid }),
  };
  for (const [what, change] of Object.entries(strangers)) {
    it(`makes a new client of one that comes with ${what}`, async () => {
      const { sid, pid, offset } = await lostSession(peers.websocket);
      const back = await come(change({ sid, pid, offset }));
      assert.equal(back.packet.slice(0, 2), '40');
      assert.notEqual(back.sid, sid);
      assert.notEqual(back.pid, pid);
      assert.deepEqual(back.missed, []);
      await leave(back.peer);
    });
  }
  it('gives a session back only once', async () => {
    const { sid, pid, offset } = await lostSession(peers.websocket);
    const first = await come({ pid, offset });
    const second = await come({ pid, offset });
    assert.equal(first.sid, sid);
    assert.notEqual(second.sid, sid);
    await leave(first.peer);
    await leave(second.peer);
  });
  it('gives a session to one of many who come with it at once', async () => {
    const { sid, pid, offset } = await lostSession(peers.websocket);
    const all = await Promise.all(Array.from({ length: 12 }, () => come({ pid, offset })));
    assert.equal(all.filter((one) => one.sid === sid).length, 1);
    assert.equal(new Set(all.map((one) => one.sid)).size, 12);
    for (const { peer } of all) await leave(peer);
  });
  it('gives no session to another namespace', async () => {
    const { sid, pid, offset } = await lostSession(peers.websocket);
    const peer = await peers.websocket.open(server);
    const other = await joinRaw(peer, JSON.stringify({ pid, offset }), '/custom,');
    assert.notEqual(other.sid, sid);
    await peer.send('41/custom,');
    await peer.close();
  });
  it('gives no session that is still in use', async () => {
    const owner = await peers.websocket.open(server);
    const session = await joinRaw(owner);
    const offset = offsetOf(await owner.next());
    const thief = await come({ pid: session.pid, offset });
    assert.notEqual(thief.sid, session.sid);
    await owner.send('421["message-with-ack"]');
    assert.equal(await owner.next(), '431[]');
    await leave(thief.peer);
    await leave(owner);
  });
  for (const [what, packet] of [['left by itself', '41'], ['was sent away', '42["leave"]'], ['was kicked', '42["kick"]']]) {
    it(`keeps no session of a client that ${what}`, async () => {
      const owner = await peers.websocket.open(server);
      const session = await joinRaw(owner);
      const offset = offsetOf(await owner.next());
      await owner.send(packet, ...(packet === '42["kick"]' ? [] : ['40']));
      await owner.next();
      await owner.close();
      const back = await come({ pid: session.pid, offset });
      assert.notEqual(back.sid, session.sid);
      await leave(back.peer);
    });
  }
});

describe('what cannot be recovered', () => {
  const lose = async (socket) => {
    const lost = event(socket, 'disconnect');
    socket.io.engine.close();
    await lost;
  };
  const comeBack = async (socket) => {
    const back = event(socket, 'connect');
    socket.connect();
    await back;
  };
  it('is a session after its window', async () => {
    const server = await startServer('--recovery', 100);
    const socket = await clients.connected(server);
    const { id } = socket;
    await ask(socket, 'join', 'room');
    await lose(socket);
    await server.printed('disconnect transport');
    await sleep(150);
    await comeBack(socket);
    assert.equal(socket.recovered, false);
    assert.notEqual(socket.id, id);
    assert.deepEqual(await ask(socket, 'rooms'), [socket.id]);
    socket.close();
    await server.stop();
  });
  it('is a session that missed more than is kept', async () => {
    const server = await startServer('--recovery', 60_000, '--recovery-bytes', 20_000);
    const socket = await clients.connected(server);
    const other = await clients.connected(server);
    const { id } = socket;
    await lose(socket);
    for (let i = 0; i < 30; i += 1) other.emit('announce', 'x'.repeat(1000));
    await fence(other, [other]);
    await comeBack(socket);
    assert.equal(socket.recovered, false);
    assert.notEqual(socket.id, id);
    clients.close();
    await server.stop();
  });
  it('is a volatile event', async () => {
    const server = await startServer('--recovery', 60_000);
    const peer = await peers.websocket.open(server);
    await joinRaw(peer);
    await peer.next();
    await peer.send('42["volatile",1]');
    assert.equal(JSON.parse((await peer.next()).slice(2)).length, 3, 'name, number and padding, but no offset');
    await peer.close();
    await server.stop();
  });
  it('is a session of a server without recovery', async () => {
    const server = await startServer();
    const socket = await clients.connected(server);
    const { id } = socket;
    await lose(socket);
    await comeBack(socket);
    assert.ok(!socket.recovered);
    assert.notEqual(socket.id, id);
    clients.close();
    await server.stop();
  });
});
