// Several versions of the unmodified socket.io-client and engine.io-client, each on polling, WebSocket and with the
// upgrade: what a program written against any of them relies on.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { event } from './clients.js';
import { startServer } from './server.js';

const socketVersions = {
  '4.0.2': 'socket.io-client-4.0',
  '4.4.1': 'socket.io-client-4.4',
  '4.5.4': 'socket.io-client-4.5',
  '4.6.2': 'socket.io-client-4.6',
  '4.7.5': 'socket.io-client-4.7',
  '4.8.4': 'socket.io-client',
};
const engineVersions = {
  '6.0.3': 'engine.io-client-6.0',
  '6.2.3': 'engine.io-client-6.2',
  '6.4.0': 'engine.io-client-6.4',
  '6.5.4': 'engine.io-client-6.5',
  '6.6.8': 'engine.io-client',
};
const ways = { polling: ['polling'], websocket: ['websocket'], upgrade: ['polling', 'websocket'] };

// What emitWithAck does in the versions that have it.
const ask = (socket, ...args) => new Promise((resolve) => socket.emit(...args, (...answer) => resolve(answer)));

let server;
before(async () => {
  server = await startServer('--io-threads', 2, '--max-payload', 50_000);
});
after(() => server.stop());

// What opens clients of one version by one way; they are closed after the tests of the describe() it stands in.
function opener(io, transports) {
  const open = [];
  const connect = (path = '/', options = {}) => {
    const socket = io(server.url + path, { forceNew: true, transports, reconnectionDelay: 10, ...options });
    open.push(socket);
    return socket;
  };
  // Connected, and on the transport it ends up with.
  const connected = async (path, options) => {
    const socket = connect(path, options);
    await event(socket, 'connect');
    const { engine } = socket.io;
    if (transports.length === 2 && engine.transport.name === 'polling') await event(engine, 'upgrade');
    return socket;
  };
  after(() => open.forEach((socket) => socket.io._close()));
  return { connect, connected };
}

function exchangeTests({ connect, connected }) {
  it('connects with its auth, and sees an id of its own', async () => {
    const socket = connect('/', { auth: { token: 'ä', deep: [1, { a: null }] } });
    const [auth] = await event(socket, 'auth');
    assert.deepEqual(auth, { token: 'ä', deep: [1, { a: null }] });
    assert.match(socket.id, /^[\w-]{20}$/);
    assert.notEqual(socket.id, socket.io.engine.id);
  });

  it('takes the auth from a function', async () => {
    const socket = connect('/', { auth: (give) => give({ asked: true }) });
    assert.deepEqual(await event(socket, 'auth'), [{ asked: true }]);
  });

  it('gets events back unchanged and in order', async () => {
    const socket = await connected();
    const values = [1, '2', { 3: [true, null, -0.5] }, 'snow ☃ and 🎉', '\u0000\u001e\u2028', []];
    const all = Array.from({ length: 30 }, (_, i) => [i, ...values]);
    const got = [];
    const done = new Promise((resolve) => {
      socket.on('message-back', (...back) => got.push(back) === all.length && resolve());
    });
    for (const args of all) socket.emit('message', ...args);
    await done;
    assert.deepEqual(got, all);
  });

  it('is answered, and answers', async () => {
    const socket = await connected();
    assert.deepEqual(await ask(socket, 'message-with-ack', 1, { two: [3] }), [1, { two: [3] }]);
    assert.deepEqual(await ask(socket, 'message-with-ack'), []);
    socket.once('question', (a, b, reply) => reply(a + b, 'and more'));
    socket.emit('ask', 20, 22);
    assert.deepEqual(await event(socket, 'answered'), [[42, 'and more']]);
  });

  it('exchanges bytes, also deep inside', async () => {
    const socket = await connected();
    const bytes = Buffer.from([0, 1, 254, 255]);
    const args = ['text', { a: [bytes, { b: Buffer.from('deep') }], c: null }, Buffer.alloc(0)];
    const back = event(socket, 'message-back');
    socket.emit('message', ...args);
    assert.deepEqual(await back, args);
    assert.deepEqual(await ask(socket, 'message-with-ack', ...args), args);
    socket.once('question', (asked, reply) => reply({ again: asked }));
    socket.emit('ask', bytes);
    assert.deepEqual(await event(socket, 'answered'), [[{ again: bytes }]]);
    assert.deepEqual(await ask(socket, 'message-with-ack', new Uint8Array([7]).buffer), [Buffer.from([7])]);
  });

  it('carries a message as large as the server takes', async () => {
    const socket = await connected();
    const bytes = Buffer.alloc(30_000, 'x');
    assert.deepEqual(await ask(socket, 'message-with-ack', bytes), [bytes]);
    const long = 'ü'.repeat(20_000);
    assert.deepEqual(await ask(socket, 'message-with-ack', long), [long]);
  });

  it('sends what it buffered while it was not connected', async () => {
    const socket = connect();
    const back = event(socket, 'message-back');
    socket.emit('message', 'early', Buffer.from('bytes'));
    assert.deepEqual(await back, ['early', Buffer.from('bytes')]);
  });
}

function namespaceTests({ connect, connected }) {
  it('uses namespaces over one connection, also dynamic ones', async () => {
    const socket = await connected();
    const custom = socket.io.socket('/custom');
    const dynamic = socket.io.socket('/dynamic-42');
    await Promise.all([event(custom, 'connect'), event(dynamic, 'connect')]);
    assert.equal(new Set([socket.id, custom.id, dynamic.id]).size, 3);
    assert.deepEqual(await ask(custom, 'message-with-ack', 'there'), ['there']);
    assert.deepEqual(await ask(dynamic, 'message-with-ack', Buffer.from('x')), [Buffer.from('x')]);
    custom.disconnect();
    assert.deepEqual(await ask(dynamic, 'message-with-ack', 'still'), ['still']);
    const again = event(custom, 'connect');
    custom.connect();
    await again;
    assert.deepEqual(await ask(custom, 'message-with-ack', 'again'), ['again']);
  });

  it('hears why it is refused, and may try again', async () => {
    const [unknown] = await event(connect('/nowhere'), 'connect_error');
    assert.equal(unknown.message, 'Invalid namespace');
    const socket = connect('/guarded', { auth: { token: 'no' } });
    const [refused] = await event(socket, 'connect_error');
    assert.equal(refused.message, 'not authorized');
    assert.deepEqual(refused.data, { code: 401 });
    socket.auth.token = 'let me in';
    const accepted = event(socket, 'connect');
    socket.connect();
    await accepted;
  });
}

function leavingTests({ connected }) {
  it('is told when the server takes it out of a namespace, and stays away', async () => {
    const left = await connected();
    const reason = event(left, 'disconnect');
    left.emit('leave');
    assert.equal((await reason)[0], 'io server disconnect');
    const kicked = await connected();
    const kickReason = event(kicked, 'disconnect');
    kicked.emit('kick');
    assert.equal((await kickReason)[0], 'io server disconnect');
    assert.equal(kicked.active, false);
    const back = event(kicked, 'connect');
    kicked.connect();
    await back;
  });

  it('leaves by itself', async () => {
    const socket = await connected();
    const reason = event(socket, 'disconnect');
    socket.disconnect();
    assert.equal((await reason)[0], 'io client disconnect');
  });

  it('comes back by itself when its transport was cut', async () => {
    const socket = await connected();
    const first = socket.id;
    const reason = event(socket, 'disconnect');
    socket.io.engine.close();
    assert.equal((await reason)[0], 'forced close');
    await event(socket, 'connect');
    assert.notEqual(socket.id, first);
    assert.deepEqual(await ask(socket, 'message-with-ack', 1), [1]);
  });

  it('comes back by itself when the server ended the connection', async () => {
    const socket = await connected();
    const reason = event(socket, 'disconnect');
    socket.emit('throw'); // the application's exception ends the connection
    assert.match((await reason)[0], /^transport (close|error)$/);
    await event(socket, 'connect');
    assert.deepEqual(await ask(socket, 'message-with-ack', 1), [1]);
  });
}

for (const [version, name] of Object.entries(socketVersions)) {
  const { io } = await import(name);
  for (const [way, transports] of Object.entries(ways)) {
    describe(`socket.io-client ${version} by ${way}`, () => {
      const opening = opener(io, transports);
      exchangeTests(opening);
      namespaceTests(opening);
      leavingTests(opening);
    });
  }
}

describe('connection state recovery', () => {
  let recovering;
  before(async () => {
    recovering = await startServer('--recovery', 60_000, '--io-threads', 2);
  });
  after(() => recovering.stop());
  for (const [version, name] of Object.entries(socketVersions)) {
    const knowsRecovery = Number(version.split('.')[1]) >= 6;
    it(`${knowsRecovery ? 'brings back' : 'does not trouble'} socket.io-client ${version}`, async () => {
      const { io } = await import(name);
      const connect = () => io(recovering.url, { forceNew: true, reconnectionDelay: 10, transports: ['websocket'] });
      const [socket, other] = [connect(), connect()];
      await Promise.all([event(socket, 'auth'), event(other, 'auth')]);
      const { id } = socket;
      const disconnected = event(socket, 'disconnect');
      const back = event(socket, 'connect');
      const missed = event(socket, 'announced');
      socket.io.engine.close();
      await disconnected;
      other.emit('announce', 'missed');
      await event(other, 'announced');
      await back;
      assert.equal(socket.id === id, knowsRecovery);
      if (knowsRecovery) assert.equal((await missed)[0], 'missed');
      assert.equal((await ask(socket, 'message-with-ack', 'now'))[0], 'now');
      for (const one of [socket, other]) one.io._close();
    });
  }
});

for (const [version, name] of Object.entries(engineVersions)) {
  const { Socket: Engine } = await import(name);
  for (const [way, transports] of Object.entries(ways)) {
    describe(`engine.io-client ${version} by ${way}`, () => {
      const open = async () => {
        const socket = new Engine(server.url, { path: '/socket.io/', transports });
        await event(socket, 'open');
        if (transports.length === 2) await event(socket, 'upgrade');
        return socket;
      };

      it('exchanges texts and bytes', async () => {
        const socket = await open();
        assert.match(socket.id, /^[\w-]{20}$/);
        const got = [];
        let wake;
        socket.on('message', (data) => wake(got.push(data)));
        const next = async () => {
          if (got.length === 0) await new Promise((resolve) => (wake = resolve));
          return got.shift();
        };
        wake = () => {};
        socket.send('0');
        assert.match(await next(), /^0\{"sid":"[\w-]{20}"\}$/);
        assert.equal(await next(), '2["auth",{}]');
        socket.send('51-7["message-with-ack",{"_placeholder":true,"num":0}]');
        socket.send(Buffer.from([1, 2, 3]));
        assert.equal(await next(), '61-7[{"_placeholder":true,"num":0}]');
        assert.deepEqual(Buffer.from(await next()), Buffer.from([1, 2, 3]));
        const closed = event(socket, 'close');
        socket.close();
        assert.equal((await closed)[0], 'forced close');
      });

      it('sees the end of a session that breaks the rules', async () => {
        const socket = await open();
        const closed = event(socket, 'close');
        socket.send('not a packet');
        assert.match((await closed)[0], /^transport (close|error)$/);
      });
    });
  }
}
