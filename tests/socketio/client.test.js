// The unmodified socket.io-client against the echo server, on each transport.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { Socket as EngineSocket } from 'engine.io-client';
import { io } from 'socket.io-client';
import { startServer } from './server.js';

const event = (emitter, name) => new Promise((resolve) => emitter.once(name, (...args) => resolve(args)));

const ways = {
  'polling only': { transports: ['polling'] },
  'websocket only': { transports: ['websocket'] },
  'default options': {},
};

for (const [way, transports] of Object.entries(ways)) {
  for (const threads of [1, 2]) {
    describe(`${way}, ${threads} io thread(s)`, () => {
      let server;
      const sockets = [];
      const connect = (path = '/', options = {}) => {
        const socket = io(server.url + path, { forceNew: true, ...transports, ...options });
        sockets.push(socket);
        return socket;
      };
      before(async () => {
        server = await startServer('--io-threads', threads);
      });
      after(async () => {
        for (const socket of sockets) socket.close();
        await server.stop();
      });

      it('connects with auth and shows another id than the session', async () => {
        const socket = connect('/', { auth: { token: 'ä', deep: [1, { a: null }] } });
        const [auth] = await event(socket, 'auth');
        assert.deepEqual(auth, { token: 'ä', deep: [1, { a: null }] });
        assert.match(socket.id, /^[\w-]{20}$/);
        assert.notEqual(socket.id, socket.io.engine.id);
      });

      it('sends events back unchanged and in order', async () => {
        const socket = connect();
        const args = [1, '2', { 3: [true, null, -0.5] }, 'snow ☃ and 🎉', '\u0000\u001e\u2028', []];
        const got = [];
        const done = new Promise((resolve) => {
          socket.on('message-back', (...back) => {
            got.push(back);
            if (got.length === 100) resolve();
          });
        });
        for (let i = 0; i < 100; i += 1) socket.emit('message', i, ...args);
        await done;
        got.forEach((back, i) => assert.deepEqual(back, [i, ...args]));
      });

      it('acknowledges events', async () => {
        const socket = connect();
        const answers = await Promise.all(
          Array.from({ length: 50 }, (_, i) => socket.timeout(5000).emitWithAck('message-with-ack', { i })),
        );
        assert.deepEqual(answers, Array.from({ length: 50 }, (_, i) => ({ i })));
      });

      it('asks the client and hears its acknowledgement', async () => {
        const socket = connect();
        socket.on('question', (a, b, reply) => reply(a + b));
        socket.emit('ask', 20, 22);
        assert.deepEqual(await event(socket, 'answered'), [[42]]);
      });

      it('gives up on an acknowledgement that does not come', async () => {
        const socket = connect();
        socket.emit('ask', 1);
        assert.deepEqual(await event(socket, 'answered'), [null]);
      });

      it('carries a large message both ways', async () => {
        const socket = connect();
        const text = 'ü'.repeat(200_000);
        assert.equal(await socket.timeout(5000).emitWithAck('message-with-ack', text), text);
      });

      it('delivers a flood completely while the outbox stays bounded', async () => {
        const socket = connect();
        let next = 0;
        socket.on('flood', (number) => {
          assert.equal(number, next);
          next += 1;
        });
        socket.emit('flood', way === 'polling only' ? 200 : 5000);
        const [count] = await event(socket, 'flood-end');
        assert.equal(next, count);
      });

      it('refuses an unknown namespace and a client without the token', async () => {
        const [unknown] = await event(connect('/nowhere'), 'connect_error');
        assert.equal(unknown.message, 'Invalid namespace');
        const [refused] = await event(connect('/guarded', { auth: { token: 'no' } }), 'connect_error');
        assert.equal(refused.message, 'not authorized');
        assert.deepEqual(refused.data, { code: 401 });
        await event(connect('/guarded', { auth: { token: 'let me in' } }), 'connect');
      });

      it('serves two namespaces over one connection', async () => {
        const socket = connect();
        const custom = socket.io.socket('/custom');
        sockets.push(custom);
        await event(custom, 'connect');
        assert.equal(await custom.timeout(5000).emitWithAck('message-with-ack', 'there'), 'there');
        assert.equal(await socket.timeout(5000).emitWithAck('message-with-ack', 'here'), 'here');
        custom.disconnect();
        assert.equal(await socket.timeout(5000).emitWithAck('message-with-ack', 'still'), 'still');
      });

      it('disconnects a client for good, with and without its connection', async () => {
        const left = connect();
        left.emit('leave');
        assert.deepEqual((await event(left, 'disconnect'))[0], 'io server disconnect');
        const kicked = connect();
        kicked.emit('kick');
        assert.deepEqual((await event(kicked, 'disconnect'))[0], 'io server disconnect');
      });

      it('reaches every client of a namespace, and a single one by its id', async () => {
        const clients = [connect(), connect(), connect(), connect()];
        const outsider = connect('/custom');
        outsider.onAny((name) => assert.equal(name, 'auth'));
        await Promise.all([...clients, outsider].map((socket) => event(socket, 'auth')));
        const announced = clients.map((socket) => event(socket, 'announced'));
        clients[0].emit('announce', 'to all', 7);
        for (const args of await Promise.all(announced)) assert.deepEqual(args, ['to all', 7]);
        const visited = clients.map((socket) => event(socket, 'visited'));
        clients[1].emit('visit');
        await Promise.all(visited);
        const whispered = event(clients[3], 'whispered');
        clients[2].once('whispered', () => assert.fail('meant for another'));
        clients[0].emit('whisper', clients[3].id);
        await whispered;
      });

      it('hears that a client leaves', async () => {
        const socket = connect();
        await event(socket, 'connect');
        socket.disconnect();
        await server.printed('disconnect client namespace disconnect');
      });

      it('lets the client reconnect after its transport was cut', async () => {
        const socket = connect('/', { reconnectionDelay: 10 });
        await event(socket, 'connect');
        const first = socket.id;
        const gone = event(socket, 'disconnect');
        socket.emit('throw'); // the application's exception ends the connection
        await gone;
        await event(socket, 'connect');
        assert.notEqual(socket.id, first);
        assert.equal(await socket.timeout(5000).emitWithAck('message-with-ack', 1), 1);
      });

      if (way === 'default options') {
        it('upgrades to websocket without losing or doubling events', async () => {
          const socket = connect();
          let upgraded = false;
          socket.io.engine?.once('upgrade', () => {
            upgraded = true;
          });
          const got = [];
          socket.on('message-back', (number) => got.push(number));
          let sent = 0;
          await event(socket, 'connect');
          socket.io.engine.once('upgrade', () => {
            upgraded = true;
          });
          while (!upgraded || sent < 50) {
            socket.emit('message', sent);
            sent += 1;
            await socket.timeout(5000).emitWithAck('message-with-ack', sent);
          }
          await socket.timeout(5000).emitWithAck('message-with-ack', 'last');
          assert.equal(socket.io.engine.transport.name, 'websocket');
          assert.deepEqual(got, Array.from({ length: sent }, (_, i) => i));
        });
      }
    });
  }
}

describe('engine.io-client alone', () => {
  let server;
  before(async () => {
    server = await startServer('--max-payload', 1000);
  });
  const sockets = [];
  const engine = (options) => {
    const socket = new EngineSocket(server.url, { path: '/socket.io/', ...options });
    sockets.push(socket);
    return socket;
  };
  after(async () => {
    for (const socket of sockets) socket.close();
    await server.stop();
  });

  for (const transports of [['polling'], ['websocket'], ['polling', 'websocket']]) {
    it(`opens a session by ${transports.join(' and ')} that begins in no namespace`, async () => {
      const socket = engine({ transports });
      await event(socket, 'open');
      assert.match(socket.id, /^[\w-]{20}$/);
      socket.send('0');
      const [answer] = await event(socket, 'message');
      assert.match(answer, /^0\{"sid":"[\w-]{20}"\}$/);
      socket.close();
      await server.printed('disconnect transport close');
    });
  }

  it('sees 1009 without a reason for a message above the limit', async () => {
    const socket = engine({ transports: ['websocket'] });
    await event(socket, 'open');
    socket.send('x'.repeat(1001));
    const [reason, details] = await event(socket, 'close');
    assert.equal(reason, 'transport close');
    assert.equal(details.context.code, 1009);
    assert.equal(details.context.reason, '');
  });

  it('sees 413 for a body above the limit', async () => {
    const socket = engine({ transports: ['polling'] });
    await event(socket, 'open');
    socket.send('x'.repeat(1001));
    const [reason] = await event(socket, 'close');
    assert.equal(reason, 'transport error');
  });

  it('sees the status of a refused session', async () => {
    const socket = engine({ transports: ['polling'], query: { sid: 'nobody' } });
    const [error] = await event(socket, 'error');
    assert.equal(error.description, 400);
  });
});

describe('the life of a server', () => {
  it('ends with all clients told to come back', async () => {
    const server = await startServer();
    const polling = io(server.url, { forceNew: true, transports: ['polling'], reconnection: false });
    const websocket = io(server.url, { forceNew: true, transports: ['websocket'], reconnection: false });
    await Promise.all([event(polling, 'connect'), event(websocket, 'connect')]);
    const ends = [event(polling, 'disconnect'), event(websocket, 'disconnect')];
    await server.stop();
    const [[pollingReason], [websocketReason]] = await Promise.all(ends);
    // Between two GETs a polling client can only notice that nobody answers any more.
    assert.match(pollingReason, /^transport (close|error)$/);
    assert.equal(websocketReason, 'transport close');
    assert.match(server.output(), /disconnect server shutting down/);
    assert.match(server.output(), /stopped 0 sessions 0 websockets/);
  });

  it('keeps a quiet client alive by heartbeats', async () => {
    const server = await startServer('--ping-interval', 50, '--ping-timeout', 100);
    for (const transports of [['polling'], ['websocket']]) {
      const socket = io(server.url, { forceNew: true, transports, reconnection: false });
      await event(socket, 'connect');
      let pings = 0;
      const enough = new Promise((resolve) => {
        socket.io.on('ping', () => {
          pings += 1;
          if (pings === 8) resolve();
        });
      });
      await Promise.race([enough, once(socket, 'disconnect')]);
      assert.equal(pings, 8);
      assert.ok(socket.connected);
      socket.close();
    }
    await server.stop();
  });

  it('checks the origin when a session begins', async () => {
    const server = await startServer('--origin', 'https://shop.example');
    for (const transports of [['polling'], ['websocket']]) {
      const options = { forceNew: true, transports, reconnection: false };
      await event(io(server.url, options), 'connect_error');
      const socket = io(server.url, { ...options, extraHeaders: { origin: 'https://shop.example' } });
      await event(socket, 'connect');
      socket.close();
    }
    await server.stop();
  });
});
