// Rooms and what is done to many clients at once: who hears a broadcast and who does not, questions to a whole room,
// and moving or disconnecting the clients of a room. Clients are on all transports and on two io threads.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { Clients, ask, event, fence } from './clients.js';
import { WebSocketPeer } from './peers.js';
import { startServer } from './server.js';

let server;
const clients = new Clients();
before(async () => {
  server = await startServer('--io-threads', 2);
});
afterEach(() => clients.close());
after(() => server.stop());

// Six clients a to f; a, b, c in room "red", c, d in room "blue"; e and f in none.
async function colours(path = '/') {
  const all = await clients.crowd(server, 6, path);
  const [a, b, c, d] = all;
  await Promise.all([a, b, c].map((socket) => ask(socket, 'join', 'red')));
  await Promise.all([c, d].map((socket) => ask(socket, 'join', 'blue')));
  return all;
}

// Sends "told" and returns, client by client, how often it was heard.
async function tell(all, sender, rooms, except, ...args) {
  assert.equal(await ask(sender, 'to', rooms, except, ...args), true);
  await fence(sender, all);
  return all.map((socket) => {
    const told = socket.heard.splice(0);
    for (const heard of told) assert.deepEqual(heard, ['told', ...args]);
    return told.length;
  });
}

describe('membership', () => {
  it('begins with the room of the own id', async () => {
    const [socket] = await clients.crowd(server, 1);
    assert.deepEqual(await ask(socket, 'rooms'), [socket.id]);
  });
  it('is told by join and leave, each room once', async () => {
    const [socket] = await clients.crowd(server, 1);
    const rooms = await ask(socket, 'join', 'one', 'two', 'one', 'ünï ☃');
    assert.deepEqual(rooms.sort(), [socket.id, 'one', 'two', 'ünï ☃'].sort());
    assert.deepEqual((await ask(socket, 'leave-room', 'one', 'never')).sort(), [socket.id, 'two', 'ünï ☃'].sort());
  });
  it('ends with the namespace', async () => {
    const [socket] = await clients.crowd(server, 1);
    await ask(socket, 'join', 'old');
    const first = socket.id;
    socket.disconnect();
    socket.connect();
    await event(socket, 'auth');
    assert.notEqual(socket.id, first);
    assert.deepEqual(await ask(socket, 'rooms'), [socket.id]);
  });
  it('is bounded', async () => {
    const [socket] = await clients.crowd(server, 1);
    const rooms = await ask(socket, 'join', ...Array.from({ length: 1500 }, (_, i) => `room ${i}`));
    assert.ok(rooms.length <= 1001, String(rooms.length));
    assert.ok(rooms.length >= 1000, String(rooms.length));
    await ask(socket, 'leave-room', 'room 3');
    assert.ok((await ask(socket, 'join', 'another')).includes('another'));
  });
});

describe('a broadcast', () => {
  it('without rooms reaches everybody but its sender', async () => {
    const all = await colours();
    assert.deepEqual(await tell(all, all[0], [], [], 'to all', 7), [0, 1, 1, 1, 1, 1]);
  });
  it('to a room reaches its members but the sender', async () => {
    const all = await colours();
    assert.deepEqual(await tell(all, all[0], ['red'], [], 1), [0, 1, 1, 0, 0, 0]);
    assert.deepEqual(await tell(all, all[5], ['red'], [], 2), [1, 1, 1, 0, 0, 0]);
  });
  it('to two rooms reaches a member of both once', async () => {
    const all = await colours();
    assert.deepEqual(await tell(all, all[4], ['red', 'blue'], [], { a: [1] }), [1, 1, 1, 1, 0, 0]);
    assert.deepEqual(await tell(all, all[4], ['red', 'red'], [], 'x'), [1, 1, 1, 0, 0, 0]);
  });
  it('leaves out the members of other rooms', async () => {
    const all = await colours();
    assert.deepEqual(await tell(all, all[4], ['red'], ['blue'], 1), [1, 1, 0, 0, 0, 0]);
    assert.deepEqual(await tell(all, all[4], [], ['blue', 'red'], 2), [0, 0, 0, 0, 0, 1]);
    assert.deepEqual(await tell(all, all[4], ['red', 'blue'], ['red', 'blue'], 3), [0, 0, 0, 0, 0, 0]);
    assert.deepEqual(await tell(all, all[4], ['red'], ['no such room'], 4), [1, 1, 1, 0, 0, 0]);
  });
  it('knows every client by its id, as a room to reach and to leave out', async () => {
    const all = await colours();
    assert.deepEqual(await tell(all, all[4], [all[1].id], [], 1), [0, 1, 0, 0, 0, 0]);
    assert.deepEqual(await tell(all, all[4], ['red'], [all[1].id], 2), [1, 0, 1, 0, 0, 0]);
  });
  it('to a room that nobody is in reaches nobody', async () => {
    const all = await colours();
    assert.deepEqual(await tell(all, all[0], ['green'], [], 1), [0, 0, 0, 0, 0, 0]);
  });
  it('misses those who left the room, the namespace or the server', async () => {
    const all = await colours();
    await ask(all[0], 'leave-room', 'red');
    all[1].disconnect();
    all[2].io.opts.reconnection = false;
    all[2].io._reconnection = false;
    all[2].io.engine.close();
    const present = [all[0], all[3], all[4], all[5]];
    assert.deepEqual(await tell(present, all[5], ['red'], [], 1), [0, 0, 0, 0]);
  });
  it('carries bytes, encoded once for all', async () => {
    const all = await colours();
    const args = [{ deep: [Buffer.from('bytes')] }, Buffer.alloc(0), 'text'];
    assert.deepEqual(await tell(all, all[4], ['red', 'blue'], [], ...args), [1, 1, 1, 1, 0, 0]);
  });
  it('stays within its namespace', async () => {
    const main = await colours('/');
    const custom = await colours('/custom');
    const dynamic = await colours('/dynamic-1');
    assert.deepEqual(await tell(custom, custom[4], ['red'], [], 1), [1, 1, 1, 0, 0, 0]);
    assert.deepEqual(await tell(main, main[4], ['blue'], [], 2), [0, 0, 1, 1, 0, 0]);
    assert.deepEqual(await tell(dynamic, dynamic[4], [], [], 3), [1, 1, 1, 1, 0, 1]);
  });
  it('keeps the order of its sender', async () => {
    const all = await colours();
    for (let i = 0; i < 200; i += 1) all[0].emit('to', i % 2 ? ['red'] : ['red', 'blue'], [], i);
    await fence(all[0], all);
    assert.deepEqual(all[1].heard, Array.from({ length: 200 }, (_, i) => ['told', i]));
    assert.deepEqual(all[3].heard, Array.from({ length: 100 }, (_, i) => ['told', 2 * i]));
  });
});

describe('a question to a room', () => {
  const askRoom = async (sender, room, timeout) => {
    const answers = event(sender, 'room-answers');
    sender.emit('ask-room', room, timeout);
    const [{ timed_out, answers: list }] = await answers;
    return [timed_out, list.sort()];
  };
  it('collects the first word of every answer', async () => {
    const all = await colours();
    all.forEach((socket, i) => socket.on('question', (reply) => reply(`client ${i}`, 'ignored')));
    assert.deepEqual(await askRoom(all[5], 'red', 5000), [false, ['client 0', 'client 1', 'client 2']]);
    assert.deepEqual(await askRoom(all[0], 'red', 5000), [false, ['client 0', 'client 1', 'client 2']]);
  });
  it('ends at its time-out with the answers that came', async () => {
    const all = await colours();
    all.slice(1).forEach((socket, i) => socket.on('question', (reply) => reply(i)));
    assert.deepEqual(await askRoom(all[5], 'red', 200), [true, [0, 1]]);
  });
  it('ends at once where nobody is', async () => {
    const all = await colours();
    assert.deepEqual(await askRoom(all[0], 'green', 600_000), [false, []]);
  });
  it('keeps its place among the events of the same sender', async () => {
    const all = await colours();
    for (const socket of all) socket.on('question', (reply) => reply());
    for (const sender of [all[0], all[4]]) {
      for (let i = 0; i < 10; i += 1) {
        sender.emit('announce', 'before');
        sender.emit('ask-room', 'red', 5000);
        sender.emit('announce', 'behind');
      }
      await fence(sender, all);
      for (const socket of [all[0], all[1], all[2]]) {
        const names = socket.heard.splice(0).map(([name, what]) => (name === 'announced' ? what : name));
        const round = names.filter((name) => name !== 'room-answers').slice(0, 30);
        assert.deepEqual(round, Array.from({ length: 10 }, () => ['before', 'question', 'behind']).flat());
      }
    }
  });
  it('to other servers ends at once where there are none', async () => {
    const [socket] = await clients.crowd(server, 1);
    const answers = event(socket, 'server-answers');
    socket.emit('server-side-ask', 'anybody');
    assert.deepEqual(await answers, [{ timed_out: false, answers: [] }]);
    assert.equal(await ask(socket, 'server-side', 'anybody'), true);
    assert.doesNotMatch(server.output(), /anybody/);
  });
  it('takes an answer without words for null', async () => {
    const all = await colours();
    for (const socket of all) socket.on('question', (reply) => reply());
    assert.deepEqual(await askRoom(all[5], 'blue', 5000), [false, [null, null]]);
  });
  it('does not wait for ever for a client that goes away meanwhile', async () => {
    const all = await colours();
    all[3].on('question', (reply) => reply('here'));
    all[2].on('question', () => all[2].io._close());
    assert.deepEqual((await askRoom(all[5], 'blue', 300))[1], ['here']);
  });
  it('counts one answer of each', async () => {
    const [asker, other] = [await WebSocketPeer.open(server), await WebSocketPeer.open(server)];
    for (const peer of [asker, other]) {
      await peer.join();
      await peer.send('421["join","red"]');
      assert.match(await peer.next(), /^431\[/);
    }
    await asker.send('42["ask-room","red",5000]');
    const idOf = async (peer) => /^42(\d+)\["question"\]$/.exec(await peer.next())[1];
    const ids = [await idOf(asker), await idOf(other)];
    await asker.send(...Array.from({ length: 5 }, () => `43${ids[0]}["again"]`));
    await asker.send('42["message","fence"]');
    assert.equal(await asker.next(), '42["message-back","fence"]', 'one who answers for two');
    await other.send(`43${ids[1]}["at last"]`);
    const answers = JSON.parse((await asker.next()).slice(2));
    assert.equal(answers[1].timed_out, false);
    assert.deepEqual(answers[1].answers.sort(), ['again', 'at last']);
    for (const peer of [asker, other]) await peer.close();
  });
});

describe('the clients of a room', () => {
  it('are listed with their rooms', async () => {
    const all = await colours();
    const list = await ask(all[5], 'fetch', 'blue');
    const expected = [
      { id: all[2].id, rooms: [all[2].id, 'blue', 'red'].sort() },
      { id: all[3].id, rooms: [all[3].id, 'blue'].sort() },
    ];
    const found = list.map(({ id, rooms }) => ({ id, rooms: rooms.sort() }));
    const byId = (x, y) => (x.id < y.id ? -1 : 1);
    assert.deepEqual(found.sort(byId), expected.sort(byId));
    assert.equal((await ask(all[5], 'fetch', '')).length, 6);
    assert.deepEqual(await ask(all[5], 'fetch', 'green'), []);
    assert.deepEqual((await ask(all[5], 'fetch', all[1].id)).map(({ id }) => id), [all[1].id]);
  });
  it('are moved to and from other rooms', async () => {
    const all = await colours();
    await ask(all[5], 'rooms-join', 'red', 'green');
    assert.deepEqual(await tell(all, all[5], ['green'], [], 1), [1, 1, 1, 0, 0, 0]);
    await ask(all[5], 'rooms-leave', 'blue', 'green');
    assert.deepEqual(await tell(all, all[5], ['green'], [], 2), [1, 1, 0, 0, 0, 0]);
    await ask(all[5], 'rooms-join', all[4].id, 'green');
    assert.deepEqual(await tell(all, all[5], ['green'], [], 3), [1, 1, 0, 0, 1, 0]);
  });
  it('are moved before the next thing is said to them', async () => {
    const all = await colours();
    for (const sender of [all[5], all[0], all[3]]) {
      sender.emit('rooms-join', 'red', 'green', () => {});
      sender.emit('to', ['green'], [sender.id], 'joined');
      sender.emit('rooms-leave', 'blue', 'green', () => {});
      sender.emit('to', ['green'], [sender.id], 'left');
      sender.emit('rooms-leave', 'red', 'green', () => {});
      sender.emit('to', ['green'], [sender.id], 'nobody');
      await fence(sender, all);
      const lists = all.map((socket) => socket.heard.splice(0).map(([, what]) => what));
      const expected = [['joined', 'left'], ['joined', 'left'], ['joined'], [], [], []];
      assert.deepEqual(lists, expected.map((list, i) => (all[i] === sender ? [] : list)));
    }
  });
  it('are disconnected before the next thing is said to them', async () => {
    const all = await colours();
    all[5].emit('rooms-disconnect', 'red', false);
    all[5].emit('to', [], [], 'to those who stay');
    await fence(all[5], [all[3], all[4], all[5]]);
    assert.deepEqual(all.map((socket) => socket.heard.filter(([name]) => name === 'told').length), [0, 0, 0, 1, 1, 0]);
  });
  it('are disconnected from the namespace', async () => {
    const all = await colours();
    const other = all[2].io.socket('/custom');
    await event(other, 'connect');
    const reasons = Promise.all([all[2], all[3]].map((socket) => event(socket, 'disconnect')));
    await ask(all[5], 'rooms-disconnect', 'blue', false);
    for (const [reason] of await reasons) assert.equal(reason, 'io server disconnect');
    assert.equal(await ask(other, 'message-with-ack', 'still'), 'still');
    assert.equal((await ask(all[5], 'fetch', '')).length, 4);
  });
  it('are disconnected from the server', async () => {
    const all = await colours();
    const reasons = Promise.all([all[0], all[1], all[2]].map((socket) => event(socket, 'disconnect')));
    const ends = Promise.all([all[0], all[1], all[2]].map((socket) => event(socket.io.engine, 'close')));
    await ask(all[5], 'rooms-disconnect', 'red', true);
    for (const [reason] of await reasons) assert.equal(reason, 'io server disconnect');
    await ends;
    assert.equal((await ask(all[5], 'fetch', '')).length, 3);
  });
  it('can be the one who asks', async () => {
    const all = await colours();
    const reason = event(all[0], 'disconnect');
    all[0].emit('rooms-disconnect', 'red', true);
    assert.equal((await reason)[0], 'io server disconnect');
  });
});
