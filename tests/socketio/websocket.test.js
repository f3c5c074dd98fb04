// WebSocket and the upgrade on bare TCP: framing, close codes, who may take a session over, and rude clients.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { io } from 'socket.io-client';
import { PollingPeer } from './peers.js';
import { startServer } from './server.js';
import { RawWebSocket, frame, rawHttp, text, upgradeRequest } from './raw.js';

const limit = 65536;
let server;
before(async () => {
  server = await startServer('--max-payload', limit, '--upgrade-timeout', 300, '--io-threads', 2);
});
after(() => server.stop());

async function join(port = server.port) {
  const client = await RawWebSocket.open(port);
  assert.match(client.answer, /^HTTP\/1\.1 101 /);
  const open = (await client.next()).text;
  assert.equal(open[0], '0');
  assert.deepEqual(JSON.parse(open.slice(1)).upgrades, []);
  client.send(text('40'));
  assert.match((await client.next()).text, /^40\{"sid":"[\w-]{20}"\}$/);
  assert.equal((await client.next()).text, '42["auth",{}]');
  return client;
}

const url = (sid) => `${server.url}/socket.io/?EIO=4&transport=polling${sid ? `&sid=${sid}` : ''}`;
async function openPolling() {
  return JSON.parse((await (await fetch(url())).text()).slice(1)).sid;
}
const candidate = (sid, first) => RawWebSocket.open(server.port, `EIO=4&transport=websocket&sid=${sid}`, {}, first);
const post = (sid, body) => fetch(url(sid), { method: 'POST', body });

describe('the WebSocket handshake', () => {
  const query = 'EIO=4&transport=websocket';
  const refused = [
    [query, { 'Sec-WebSocket-Key': null }, '400', 'Bad request'],
    [query, { 'Sec-WebSocket-Key': 'short' }, '400', 'Bad request'],
    [query, { 'Sec-WebSocket-Version': '8' }, '400', 'Bad request'],
    [query, { Connection: 'keep-alive' }, '400', 'Bad request'],
    [query, { Upgrade: 'h2c' }, '400', 'Bad request'],
    ['EIO=4&transport=polling', {}, '400', 'Bad request'],
    ['EIO=4&transport=__proto__', {}, '400', 'Transport unknown'],
    ['EIO=3&transport=websocket', {}, '400', 'Unsupported protocol version'],
    ['transport=websocket', {}, '400', 'Unsupported protocol version'],
    [`${query}&sid=constructor`, {}, '400', 'Session ID unknown'],
    [`${query}&sid=abcdefghijklmnopqrst`, {}, '400', 'Session ID unknown'],
  ];
  for (const [target, headers, status, message] of refused) {
    it(`refuses ?${target} ${JSON.stringify(headers)}`, async () => {
      const answer = await rawHttp(server.port, upgradeRequest(target, headers));
      assert.ok(answer.startsWith(`HTTP/1.1 ${status} `), answer);
      assert.ok(answer.endsWith(message), answer);
    });
  }

  it('takes frames that follow the request in the same packet', async () => {
    const client = await RawWebSocket.open(server.port, query, {}, text('40'));
    assert.equal((await client.next()).text[0], '0');
    assert.match((await client.next()).text, /^40/);
    client.destroy();
  });

  it('names the first subprotocol offered', async () => {
    const client = await RawWebSocket.open(server.port, query, { 'Sec-WebSocket-Protocol': 'one, two' });
    assert.match(client.answer, /Sec-WebSocket-Protocol: one$/m);
    client.destroy();
  });
});

describe('frames', () => {
  const broken = [
    ['an unmasked frame', frame(0x81, '2', { masked: false }), 1002],
    ['a reserved bit', frame(0xc1, '3'), 1002],
    ['a reserved opcode', frame(0x83, '3'), 1002],
    ['a reserved control opcode', frame(0x8b, ''), 1002],
    ['a fragmented ping', frame(0x09, 'x'), 1002],
    ['a ping of 126 bytes', frame(0x89, 'x'.repeat(126)), 1002],
    ['a continuation of nothing', frame(0x80, 'x'), 1002],
    ['a message inside a fragment', Buffer.concat([frame(0x01, '4'), frame(0x81, '3')]), 1002],
    ['a close frame of one byte', frame(0x88, 'x'), 1002],
    ['the close code 999', frame(0x88, Buffer.from([0x03, 0xe7])), 1002],
    ['the close code 1004', frame(0x88, Buffer.from([0x03, 0xec])), 1002],
    ['the close code 1005', frame(0x88, Buffer.from([0x03, 0xed])), 1002],
    ['the close code 5000', frame(0x88, Buffer.from([0x13, 0x88])), 1002],
    ['a close reason that is not UTF-8', frame(0x88, Buffer.from([0x03, 0xe8, 0xff])), 1007],
    ['text that is not UTF-8', frame(0x81, Buffer.from([0x34, 0xff])), 1007],
    ['UTF-8 broken across frames', Buffer.concat([frame(0x01, Buffer.from([0x34, 0xe2])), frame(0x80, 'A')]), 1007],
    ['a 64-bit length with its top bit set', frame(0x82, '', { length: 1n << 63n }), 1002],
    ['the largest length', frame(0x82, '', { length: (1n << 63n) - 1n }), 1009],
    ['a message above the limit', frame(0x81, `4${'x'.repeat(limit)}`), 1009],
    ['a message above the limit in fragments', Buffer.concat([frame(0x01, '4'), frame(0x80, 'x'.repeat(limit))]), 1009],
  ];
  for (const [what, bytes, code] of broken) {
    it(`closes with ${code} on ${what}`, async () => {
      const client = await join();
      client.send(bytes);
      for (;;) {
        const next = await client.next();
        if (next.opcode !== 8) continue;
        assert.equal(next.data.readUInt16BE(0), code);
        assert.equal(next.data.length, 2, 'the reason is empty');
        break;
      }
      await client.ended();
    });
  }

  it('echoes close frames', async () => {
    const normal = await join();
    normal.send(frame(0x88, Buffer.from([0x03, 0xe8])));
    assert.equal(await normal.closeCode(), 1000);
    const empty = await join();
    empty.send(frame(0x88));
    assert.equal(await empty.closeCode(), 1005);
    await empty.ended();
  });

  it('answers pings inside a fragmented message', async () => {
    const client = await join();
    client.send(Buffer.concat([frame(0x01, '42["mess'), frame(0x89, 'are you there'), frame(0x80, 'age",1]')]));
    const pong = await client.next();
    assert.equal(pong.opcode, 10);
    assert.equal(pong.text, 'are you there');
    assert.equal((await client.next()).text, '42["message-back",1]');
    client.destroy();
  });

  it('reads messages byte by byte, with UTF-8 split across frames', async () => {
    const client = await join();
    const snow = Buffer.from('42["message","☃"]');
    const bytes = Buffer.concat([frame(0x01, snow.subarray(0, 15)), frame(0x00, snow.subarray(15, 16)), frame(0x80, snow.subarray(16))]);
    for (const byte of bytes) {
      client.send(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal((await client.next()).text, '42["message-back","☃"]');
    client.destroy();
  });

  it('takes a message of exactly the limit', async () => {
    const client = await join();
    const padding = 'x'.repeat(limit - '42["message",""]'.length);
    client.send(text(`42["message","${padding}"]`));
    assert.equal((await client.next()).text, `42["message-back","${padding}"]`);
    client.destroy();
  });

  it('survives noise', async () => {
    let seed = 1;
    const random = () => {
      seed = (seed * 1103515245 + 12345) & 0x7fffffff;
      return seed >> 8;
    };
    for (let round = 0; round < 150; round += 1) {
      const client = await RawWebSocket.open(server.port);
      const noise = Buffer.from(Array.from({ length: 1 + (random() % 200) }, () => random() & 0xff));
      if (round % 2 === 0) client.send(text('40'));
      client.send(round % 3 === 0 ? text(noise.toString('latin1')) : noise);
      client.send(frame(0x88));
      await sleep(1);
      client.destroy();
    }
    (await join()).destroy();
  });
});

describe('engine.io packets on a WebSocket', () => {
  for (const packet of ['1', '2', '2probe', '7', '', 'x', '42["a"', '450-["a"]']) {
    it(`ends on ${JSON.stringify(packet)}`, async () => {
      const client = await join();
      client.send(text(packet));
      assert.equal(await client.closeCode(), 1005);
      await client.ended();
    });
  }
  it('ends on bytes that belong to no event', async () => {
    const client = await join();
    client.send(frame(0x82, Buffer.from([1, 2, 3])));
    assert.equal(await client.closeCode(), 1005);
  });
  it('ignores 0, 5, 6 and pongs it did not ask for', async () => {
    const client = await join();
    for (let i = 0; i < 200; i += 1) client.send(Buffer.concat(['0', '5', '6', '3'].map((packet) => text(packet))));
    client.send(text('42["message"]'));
    assert.equal((await client.next()).text, '42["message-back"]');
    client.destroy();
  });
  it('answers ten thousand small events in order', async () => {
    const client = await join();
    const events = Array.from({ length: 10000 }, (_, i) => text(`42["message",${i}]`));
    client.send(Buffer.concat(events));
    for (let i = 0; i < 10000; i += 1) assert.equal((await client.next()).text, `42["message-back",${i}]`);
    client.destroy();
  });
});

describe('the upgrade', () => {
  it('moves a session with everything it has to say', async () => {
    const sid = await openPolling();
    await post(sid, '40');
    await (await fetch(url(sid))).text();
    const held = fetch(url(sid));
    await sleep(10);
    const socket = await candidate(sid);
    socket.send(text('2probe'));
    assert.equal((await socket.next()).text, '3probe');
    assert.equal(await (await held).text(), '6');
    await post(sid, '42["message","while probing"]');
    socket.send(text('5'));
    assert.equal((await socket.next()).text, '42["message-back","while probing"]');
    for (const request of [fetch(url(sid)), post(sid, '3')]) {
      const response = await request;
      assert.equal(response.status, 400);
      assert.deepEqual(await response.json(), { code: 3, message: 'Bad request' });
    }
    assert.match((await candidate(sid)).answer, /^HTTP\/1\.1 400/);
    socket.send(text('42["message","still here"]'));
    assert.equal((await socket.next()).text, '42["message-back","still here"]');
    socket.destroy();
  });

  it('refuses a GET that overtakes the upgrade packet', async () => {
    for (let round = 0; round < 20; round += 1) {
      const sid = await openPolling();
      const socket = await candidate(sid);
      socket.send(text('2probe'));
      socket.send(text('5'));
      assert.equal((await fetch(url(sid))).status, 400);
      socket.send(text('40'));
      assert.equal((await socket.next()).text, '3probe');
      assert.match((await socket.next()).text, /^40/);
      socket.destroy();
    }
  });

  it('answers GETs during the probe with noops, without spinning', async () => {
    const sid = await openPolling();
    const socket = await candidate(sid);
    socket.send(text('2probe'));
    assert.equal((await socket.next()).text, '3probe');
    const began = performance.now();
    for (let i = 0; i < 3; i += 1) assert.equal(await (await fetch(url(sid))).text(), '6');
    assert.ok(performance.now() - began >= 195, 'two of three noops were held back');
    socket.destroy();
  });

  for (const packet of ['2', '3', '40', '6', '2prob', '']) {
    it(`drops a candidate that says ${JSON.stringify(packet)} and keeps polling`, async () => {
      const sid = await openPolling();
      const socket = await candidate(sid);
      socket.send(text(packet));
      assert.equal(await socket.closeCode(), 1005);
      await post(sid, '40');
      assert.match(await (await fetch(url(sid))).text(), /^40/);
    });
  }

  it('keeps polling when the candidate goes away, and takes another one', async () => {
    const sid = await openPolling();
    const first = await candidate(sid);
    first.send(text('2probe'));
    await first.next();
    assert.match((await candidate(sid)).answer, /^HTTP\/1\.1 400/, 'only one at a time');
    first.destroy();
    let second;
    do {
      // Until the server has noticed, another candidate is refused.
      second = await candidate(sid, Buffer.concat([text('2probe'), text('5'), text('40')]));
    } while (second.answer.startsWith('HTTP/1.1 400'));
    assert.equal((await second.next()).text, '3probe');
    assert.match((await second.next()).text, /^40/);
    second.destroy();
  });

  it('gives up on a candidate that never upgrades', async () => {
    const sid = await openPolling();
    const socket = await candidate(sid);
    socket.send(text('2probe'));
    assert.equal((await socket.next()).text, '3probe');
    assert.equal(await socket.closeCode(), 1005);
    await post(sid, '40');
    assert.match(await (await fetch(url(sid))).text(), /^40/);
  });

  it('is refused to a session that was opened over WebSocket', async () => {
    const client = await RawWebSocket.open(server.port);
    const { sid } = JSON.parse((await client.next()).text.slice(1));
    assert.match((await candidate(sid)).answer, /^HTTP\/1\.1 400/);
    client.send(text('40'));
    assert.match((await client.next()).text, /^40/);
    client.destroy();
  });
});

describe('slow and silent clients', () => {
  it('closes a client that does not read, and serves the others meanwhile', async () => {
    const strict = await startServer('--outbox-soft', 200000, '--outbox-grace', 200);
    const slow = await join(strict.port);
    slow.pause();
    const other = io(strict.url, { forceNew: true, transports: ['websocket'] });
    // Enough for the kernel's buffers to be full and the outbox to stay above its soft limit.
    slow.send(text('42["push",700]'));
    for (let i = 0; i < 20; i += 1) assert.equal(await other.timeout(2000).emitWithAck('message-with-ack', i), i);
    await strict.printed('disconnect transport close');
    other.close();
    await strict.stop();
    slow.destroy();
  });

  it('closes with 1013 at the hard limit', async () => {
    const strict = await startServer('--outbox-soft', 10000, '--outbox-hard', 200000, '--outbox-grace', 60000);
    const slow = await join(strict.port);
    slow.pause();
    slow.send(text('42["push",1500]'));
    await strict.printed('disconnect transport close');
    slow.resume();
    assert.equal(await slow.closeCode(), 1013);
    await strict.stop();
  });

  it('keeps a client that pauses and then reads on', async () => {
    const patient = await startServer();
    const client = await join(patient.port);
    client.pause();
    client.send(text('42["flood",8000]'));
    await sleep(100);
    client.resume();
    for (let i = 0; i < 8000; i += 1) assert.ok((await client.next()).text.startsWith(`42["flood",${i},`));
    assert.equal((await client.next()).text, '42["flood-end",8000]');
    client.destroy();
    await patient.stop();
  });

  it('ends a WebSocket that does not answer the ping', async () => {
    const quick = await startServer('--ping-interval', 60, '--ping-timeout', 40);
    const client = await join(quick.port);
    assert.equal((await client.next()).text, '2');
    assert.equal(await client.closeCode(), 1005);
    await quick.printed('disconnect ping timeout');
    await quick.stop();
  });

  it('closes 200 connections at once and stops cleanly with 1001', async () => {
    const many = await startServer('--io-threads', 2);
    const clients = await Promise.all(Array.from({ length: 200 }, () => join(many.port)));
    const codes = Promise.all(clients.map((client) => client.closeCode()));
    const stopped = many.stop();
    assert.deepEqual([...new Set(await codes)], [1001]);
    for (const client of clients) client.destroy();
    await stopped;
    assert.match(many.output(), /stopped 0 sessions 0 websockets/);
  });

  // The client has stopped polling by then: nothing but the WebSocket can tell it that the server ends.
  it('lets an upgrade end that the stop meets', async () => {
    const stopping = await startServer();
    const { sid } = await PollingPeer.open(stopping);
    const candidate = await RawWebSocket.open(stopping.port, `EIO=4&transport=websocket&sid=${sid}`);
    candidate.send(text('2probe'));
    assert.equal((await candidate.next()).text, '3probe');
    const witness = await join(stopping.port);
    const stopped = stopping.stop();
    assert.equal(await witness.closeCode(), 1001);
    candidate.send(text('5'));
    assert.equal(await candidate.closeCode(), 1001);
    await stopped;
    assert.match(stopping.output(), /stopped 0 sessions 0 websockets/);
  });
});
