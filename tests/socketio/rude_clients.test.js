// Clients that break rules, flood, stall or lie: each ends alone, within its bounds, and the others are served on.
// What the other files cover (framing, malformed packets, outboxes) is not repeated here.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, afterEach, before, describe, it } from 'node:test';
import { Clients, ask, event } from './clients.js';
import { PollingPeer, WebSocketPeer, peers } from './peers.js';
import { RawWebSocket, frame, rawHttp, text, upgradeRequest } from './raw.js';
import { startServer } from './server.js';

let server;
const clients = new Clients();
before(async () => {
  server = await startServer('--io-threads', 2, '--max-payload', 100_000);
});
afterEach(() => clients.close());
after(() => server.stop());

const polling = 'EIO=4&transport=polling';
const webSocket = 'EIO=4&transport=websocket';
const request = (query, ...headers) =>
  `GET /socket.io/?${query} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`;
const status = (answer) => (answer === '' ? 0 : Number(answer.split(' ')[1]));

// A client that comes afterwards is served.
async function assertServing() {
  const peer = await WebSocketPeer.open(server);
  await peer.join();
  await peer.close();
}

describe('handshakes that lie', () => {
  const ends = {
    'a session id of 10 KiB': [`${polling}&sid=${'s'.repeat(10_240)}`],
    'a session id with a null byte': [`${polling}&sid=%00`],
    'a session id twice': [`${polling}&sid=a&sid=b`],
    'a broken escape': [`${polling}&sid=%zz`],
    'the transport toString': ['EIO=4&transport=toString'],
    'two transports': [`${polling}&transport=websocket&sid=x`],
    'a header of 64 KiB': [polling, `X-Large: ${'x'.repeat(65_536)}`],
    'an Origin with a control character': [polling, 'Origin: http://a\x01'],
    'a WebSocket without an Upgrade': [webSocket],
  };
  for (const [what, [query, ...headers]] of Object.entries(ends)) {
    it(`are refused with ${what}`, async () => {
      const code = status(await rawHttp(server.port, request(query, ...headers)));
      assert.ok(code === 0 || (code >= 400 && code < 500), String(code));
      await assertServing();
    });
  }
  for (const [what, header] of [['a cookie of 7 KiB', `Cookie: a=${'c'.repeat(7168)}`], ['an Origin that is null', 'Origin: null']]) {
    it(`are taken with ${what}`, async () => {
      assert.equal(status(await rawHttp(server.port, request(polling, header))), 200);
    });
  }
  it('are refused with two Origins of which one is allowed', async () => {
    const strict = await startServer('--origin', 'https://shop.example');
    const both = ['Origin: https://shop.example', 'Origin: https://evil.example'];
    for (const headers of [both, both.toReversed()]) {
      const code = status(await rawHttp(strict.port, request(polling, ...headers)));
      assert.ok(code === 0 || code === 400 || code === 403, String(code));
      const upgrade = upgradeRequest(webSocket).replace('\r\n\r\n', `\r\n${headers.join('\r\n')}\r\n\r\n`);
      assert.ok([0, 400, 403].includes(status(await rawHttp(strict.port, upgrade))));
    }
    await strict.stop();
  });
  it('are refused beyond the number of sessions, and taken when one has left', async () => {
    const small = await startServer('--sessions-max', 3);
    const open = [await PollingPeer.open(small), await WebSocketPeer.open(small), await PollingPeer.open(small)];
    assert.equal((await fetch(`${small.url}/socket.io/?${polling}`)).status, 503);
    const refused = await rawHttp(small.port, upgradeRequest(webSocket), (answer) => answer.includes('\r\n\r\n'));
    assert.equal(status(refused), 503);
    await open.shift().close();
    open.push(await WebSocketPeer.open(small));
    for (const peer of open) await peer.close();
    await small.stop();
  });
});

describe('session ids', () => {
  it('are worth nothing once the session has ended', async () => {
    const peer = await PollingPeer.open(server);
    await peer.close();
    for (const answer of [await peer.get(), await peer.post('40')]) {
      assert.equal(answer.status, 400);
      assert.deepEqual(await answer.json(), { code: 1, message: 'Session ID unknown' });
    }
    const upgrade = await rawHttp(server.port, upgradeRequest(`${webSocket}&sid=${peer.sid}`));
    assert.equal(status(upgrade), 400);
  });
  it('of a WebSocket session are no good for polling', async () => {
    const peer = await WebSocketPeer.open(server);
    await peer.join();
    const target = `${server.url}/socket.io/?${polling}&sid=${peer.sid}`;
    for (const answer of [await fetch(target), await fetch(target, { method: 'POST', body: '42["message"]' })]) {
      assert.equal(answer.status, 400);
      assert.deepEqual(await answer.json(), { code: 3, message: 'Bad request' });
    }
    await peer.send('42["message"]');
    assert.equal(await peer.next(), '42["message-back"]');
    await peer.close();
  });
  it('that others may see open no session', async () => {
    const peer = await PollingPeer.open(server);
    const id = await peer.join();
    assert.equal((await fetch(`${server.url}/socket.io/?${polling}&sid=${id}`)).status, 400);
    await peer.close();
  });
  it('are never given twice', async () => {
    const open = await Promise.all(Array.from({ length: 100 }, () => PollingPeer.open(server)));
    assert.equal(new Set(open.map(({ sid }) => sid)).size, 100);
    await Promise.all(open.map((peer) => peer.close()));
  });
});

describe('bodies', () => {
  const chunked = (peer, ...chunks) => {
    const { pathname, search } = new URL(peer.url);
    const head = `POST ${pathname}${search} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`;
    return head + chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join('');
  };
  const headRead = (answer) => answer.includes('\r\n\r\n');
  it('may come in chunks', async () => {
    const peer = await PollingPeer.open(server);
    await peer.join();
    const body = `${chunked(peer, '42["mess', 'age",1', ']')}0\r\n\r\n`;
    assert.equal(status(await rawHttp(server.port, body, headRead)), 200);
    assert.equal(await peer.next(), '42["message-back",1]');
    await peer.close();
  });
  for (const [what, bytes] of [['declared', null], ['in chunks', 'x'.repeat(60_000)]]) {
    it(`are answered with 413 beyond maxPayload, ${what}, and the session stays`, async () => {
      const peer = await PollingPeer.open(server);
      await peer.join();
      if (bytes) {
        const answer = await rawHttp(server.port, chunked(peer, `42["message","${bytes}`, bytes), headRead);
        assert.equal(status(answer), 413);
      } else {
        const answer = await peer.post(`42["message","${'x'.repeat(100_000)}"]`);
        assert.equal(answer.status, 413);
        assert.equal(await answer.text(), '');
      }
      await peer.send('42["message","still here"]');
      assert.equal(await peer.next(), '42["message-back","still here"]');
      await peer.close();
    });
  }
  it('of a length that is no number are refused', async () => {
    const peer = await PollingPeer.open(server);
    const { pathname, search } = new URL(peer.url);
    for (const length of ['-1', 'x', '99999999999999999999', '1, 2']) {
      const head = `POST ${pathname}${search} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${length}\r\n\r\n`;
      const code = status(await rawHttp(server.port, head));
      assert.ok(code === 0 || code >= 400, String(code));
    }
    await assertServing();
  });
});

describe('the upgrade packet', () => {
  const candidate = (sid) => RawWebSocket.open(server.port, `${webSocket}&sid=${sid}`);
  it('may come without a probe, and once more', async () => {
    const peer = await PollingPeer.open(server);
    await peer.join();
    const socket = await candidate(peer.sid);
    for (const packet of ['5', '5', '42["message",1]']) socket.send(text(packet));
    assert.equal((await socket.next()).text, '42["message-back",1]');
    socket.destroy();
  });
  it('comes too late after the time-out', async () => {
    const strict = await startServer('--upgrade-timeout', 100);
    const peer = await PollingPeer.open(strict);
    const socket = await RawWebSocket.open(strict.port, `${webSocket}&sid=${peer.sid}`);
    socket.send(text('2probe'));
    assert.equal((await socket.next()).text, '3probe');
    assert.equal((await socket.next()).opcode, 8);
    socket.send(Buffer.concat([text('5'), text('40')]));
    await peer.send('40');
    assert.match(await peer.next(), /^40\{"sid"/, 'the session still polls');
    socket.destroy();
    await peer.close();
    await strict.stop();
  });
  it('may find the session gone that left meanwhile', async () => {
    const peer = await PollingPeer.open(server);
    await peer.join();
    const socket = await candidate(peer.sid);
    socket.send(text('2probe'));
    assert.equal((await socket.next()).text, '3probe');
    await peer.close();
    socket.send(text('5'));
    assert.ok((await socket.closeCode()) >= 1000);
    assert.equal((await peer.get()).status, 400);
    socket.destroy();
  });
  it('may find the client kicked meanwhile, who is told by polling', async () => {
    const peer = await PollingPeer.open(server);
    await peer.join();
    const socket = await candidate(peer.sid);
    socket.send(text('2probe'));
    assert.equal((await socket.next()).text, '3probe');
    await peer.send('42["kick"]');
    assert.equal(await peer.next(), '41');
    await peer.ends();
    assert.ok((await socket.closeCode()) >= 1000);
    socket.destroy();
  });
  it('is lost with its connection, without harm to the session', async () => {
    const peer = await PollingPeer.open(server);
    await peer.join();
    for (const bytes of [Buffer.alloc(0), text('2probe'), text('2probe').subarray(0, 5)]) {
      // While the server has not noticed that the last one went, the next is refused.
      const socket = await candidate(peer.sid);
      socket.send(bytes);
      socket.destroy();
    }
    await peer.send('42["message",1]');
    assert.equal(await peer.next(), '42["message-back",1]');
    await peer.close();
  });
});

for (const [transport, Peer] of Object.entries(peers)) {
  describe(`floods over ${transport}`, () => {
    it('of questions that are never answered are bounded', async () => {
      const peer = await Peer.open(server);
      await peer.join();
      await peer.send(...Array.from({ length: 2000 }, (_, i) => `42["ask",${i}]`), '42["message","end"]');
      let questions = 0;
      for (let packet = await peer.next(); packet !== '42["message-back","end"]'; packet = await peer.next()) {
        assert.match(packet, /^42(\d+\["question",\d+\]|\["answered",null\])$/);
        if (packet.includes('question')) questions += 1;
      }
      assert.ok(questions >= 1 && questions <= 256, String(questions));
      await peer.close();
    });
    it('of acknowledgements for questions never asked are ignored', async () => {
      const peer = await Peer.open(server);
      await peer.join();
      await peer.send(...Array.from({ length: 1000 }, (_, i) => `43${i}[]`), '43999999999999999[]', '42["message"]');
      assert.equal(await peer.next(), '42["message-back"]');
      await peer.close();
    });
    it('of questions are all answered', async () => {
      const peer = await Peer.open(server);
      await peer.join();
      await peer.send(...Array.from({ length: 1500 }, (_, i) => `42${i}["message-with-ack"]`));
      for (let i = 0; i < 1500; i += 1) assert.equal(await peer.next(), `43${i}[]`);
      await peer.close();
    });
    it('of namespaces are bounded', async () => {
      const peer = await Peer.open(server);
      await peer.join();
      await peer.send(...Array.from({ length: 100 }, (_, i) => `40/dynamic-${i}`));
      let joined = 0;
      let refused = 0;
      for (let packet = await peer.next(); packet !== null; packet = await peer.next()) {
        if (packet.startsWith('40/')) joined += 1;
        if (packet.startsWith('44/')) refused += 1;
        if (joined + refused === 100) break;
      }
      assert.ok(joined >= 1 && joined <= 16, String(joined));
      await peer.close();
      await assertServing();
    });
    it('of joining and leaving leave nothing behind', async () => {
      const peer = await Peer.open(server);
      for (let i = 0; i < 50; i += 1) {
        await peer.join('/dynamic-7');
        await peer.send('41/dynamic-7');
      }
      const id = await peer.join();
      await peer.send('421["rooms"]');
      assert.equal(await peer.next(), `431[["${id}"]]`);
      await peer.close();
    });
    it('of pongs change nothing', async () => {
      const peer = await Peer.open(server);
      await peer.join();
      await peer.send(...Array.from({ length: 3000 }, () => '3'), '42["message"]');
      assert.equal(await peer.next(), '42["message-back"]');
      await peer.close();
    });
  });
}

describe('an event that lacks bytes', () => {
  it('keeps nothing alive that does not answer pings', async () => {
    const quick = await startServer('--ping-interval', 60, '--ping-timeout', 40);
    const peer = await WebSocketPeer.open(quick);
    await peer.join();
    await peer.send('452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', Buffer.from('one'));
    assert.equal(await peer.nextPacket(), '2');
    assert.equal(await peer.nextPacket(), null);
    await quick.printed('disconnect ping timeout');
    await quick.stop();
  });
  it('is forgotten with its client', async () => {
    for (let i = 0; i < 20; i += 1) {
      const peer = await WebSocketPeer.open(server);
      await peer.join();
      await peer.send('4510-["message"]', ...Array.from({ length: 9 }, () => Buffer.alloc(50_000)));
      await peer.close();
    }
    await assertServing();
  });
  for (const limit of [1, 3]) {
    it(`may announce ${limit} when that is the limit set`, async () => {
      const strict = await startServer('--max-attachments', limit);
      const good = await WebSocketPeer.open(strict);
      await good.join();
      const packets = Array.from({ length: limit }, (_, i) => Buffer.from([i]));
      await good.send(`45${limit}-1["message-with-ack",{"_placeholder":true,"num":0}]`, ...packets);
      assert.equal(await good.next(), '461-1[{"_placeholder":true,"num":0}]');
      await good.send(`45${limit + 1}-["message"]`);
      assert.deepEqual(await good.next(), Buffer.from([0]));
      await good.ends();
      await strict.stop();
    });
  }
});

describe('clients that read slowly', () => {
  it('are closed when they read a byte at a time, while others are served', async () => {
    const strict = await startServer('--outbox-soft', 100_000, '--outbox-grace', 200, '--io-threads', 2);
    const one = Buffer.alloc(1);
    const slow = connect({
      port: strict.port,
      host: '127.0.0.1',
      onread: {
        buffer: one,
        callback: () => {
          setTimeout(() => slow.resume(), 5);
          return false;
        },
      },
    });
    slow.on('error', () => {});
    slow.write(Buffer.concat([Buffer.from(upgradeRequest(webSocket)), text('40'), text('42["push",700]')]));
    const other = await clients.connected(strict);
    for (let i = 0; i < 20; i += 1) assert.equal(await ask(other, 'message-with-ack', i), i);
    await strict.printed('disconnect transport close');
    slow.destroy();
    clients.close();
    await strict.stop();
  });
  it('miss volatile events and stay connected', async () => {
    const strict = await startServer('--outbox-hard', 3_000_000, '--io-threads', 2);
    const slow = await RawWebSocket.open(strict.port, webSocket);
    slow.pause();
    const other = await clients.connected(strict);
    const processed = event(other, 'announced');
    // Much more than the hard limit, of which the kernel takes a part.
    for (let i = 0; i < 20; i += 1) slow.send(text(i === 0 ? '40' : '42["volatile",1000]'));
    slow.send(Buffer.concat([text('42["announce","processed"]'), text('427["message-with-ack","end"]')]));
    await processed;
    slow.resume();
    let volatile = 0;
    let next = await slow.next();
    while (next && next.text !== '437["end"]') {
      if (next.text.startsWith('42["vol",')) volatile += 1;
      next = await slow.next();
    }
    assert.ok(next, 'the connection was kept');
    assert.ok(volatile >= 1 && volatile < 19_000, String(volatile));
    slow.destroy();
    clients.close();
    await strict.stop();
  });
  it('over polling hear volatile events only while a GET is held', async () => {
    const peer = await PollingPeer.open(server);
    await peer.join();
    await peer.send('421["volatile",3]');
    assert.equal(await (await peer.get()).text(), '431[0]');
    const held = peer.get();
    await (await PollingPeer.open(server)).close();
    await (await PollingPeer.open(server)).close();
    await peer.send('422["volatile",3]');
    assert.match(await (await held).text(), /^42\["vol",0,"v+"\]/);
    await peer.close();
  });
  it('do not delay a stop of the server for long', async () => {
    const strict = await startServer();
    const slow = await RawWebSocket.open(strict.port, webSocket);
    slow.pause();
    slow.send(Buffer.concat([text('40'), text('42["push",600]')]));
    const other = await clients.connected(strict);
    assert.equal(await ask(other, 'message-with-ack', 1), 1);
    const gone = event(other, 'disconnect');
    await Promise.all([strict.stop(), gone]);
    slow.destroy();
  });
});

describe('connections that say nothing', () => {
  it('are closed although they were taken, whatever they began', async () => {
    const strict = await startServer('--connect-timeout', 200);
    const begun = [
      await RawWebSocket.open(strict.port, webSocket),
      await RawWebSocket.open(strict.port, webSocket, {}, frame(0x01, '4')),
      await RawWebSocket.open(strict.port, webSocket, {}, frame(0x82, '', { length: 90_000n })),
    ];
    for (const socket of begun) {
      assert.ok((await socket.closeCode()) >= 1005);
      socket.destroy();
    }
    await strict.stop();
  });
  it('do not keep the server from stopping', async () => {
    const strict = await startServer();
    const silent = connect(strict.port, '127.0.0.1');
    const half = connect(strict.port, '127.0.0.1');
    half.write('GET /socket.io/?EIO=4&tra');
    const body = connect(strict.port, '127.0.0.1');
    body.write(`POST /socket.io/?${polling} HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx`);
    for (const socket of [silent, half, body]) socket.on('error', () => {});
    await Promise.all([silent, half, body].map((socket) => once(socket, 'connect')));
    await (await PollingPeer.open(strict)).close();
    await strict.stop();
    for (const socket of [silent, half, body]) socket.destroy();
  });
});
