// WebSocket framing, exhaustively: RFC 6455 case by case as loops over sizes, opcodes, reserved bits, fragments, UTF-8
// and close codes. Each case is a connection of its own on bare TCP; messages are echoed by the server.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { WebSocketPeer } from './peers.js';
import { RawWebSocket, frame, text } from './raw.js';
import { startServer } from './server.js';

const limit = 140_000;
let server;
before(async () => {
  server = await startServer('--max-payload', limit, '--io-threads', 2);
});
after(() => server.stop());

async function join() {
  const peer = await WebSocketPeer.open(server);
  await peer.join();
  return peer;
}

const op = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 };
const fin = 0x80;
const hello = '42["message","hello"]';
const helloBack = '42["message-back","hello"]';
const code = (number, reason = '') => Buffer.concat([Buffer.from([number >> 8, number & 0xff]), Buffer.from(reason)]);

// A message cut into fragments of `size` bytes, with `between` behind every fragment but the last.
function fragments(opcode, payload, size, between = Buffer.alloc(0)) {
  const data = Buffer.from(payload);
  const parts = [];
  for (let at = 0; at < data.length || at === 0; at += size) {
    const last = at + size >= data.length;
    parts.push(frame((last ? fin : 0) | (at === 0 ? opcode : op.continuation), data.subarray(at, at + size)));
    if (!last) parts.push(between);
  }
  return Buffer.concat(parts);
}

// One byte per write and turn of the event loop.
async function trickle(peer, bytes) {
  for (const byte of bytes) {
    peer.socket.send(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function assertEchoed(peer) {
  await peer.send(hello);
  assert.equal(await peer.next(), helloBack);
  peer.socket.send(frame(fin | op.close, code(1000)));
  assert.equal(await peer.socket.closeCode(), 1000);
}

async function assertRefused(bytes, expected) {
  const peer = await join();
  peer.socket.send(bytes);
  assert.equal(await peer.socket.closeCode(), expected);
  await peer.socket.ended();
}

const sizes = [0, 1, 125, 126, 127, 128, 65535, 65536, 131072];
const envelope = '42["message",""]'.length;
const textOf = (size) => `42["message","${'*'.repeat(Math.max(0, size - envelope))}"]`;
const header = '451-["message",{"_placeholder":true,"num":0}]';
const headerBack = '451-["message-back",{"_placeholder":true,"num":0}]';
const bytesOf = (size) => Buffer.from(Array.from({ length: size }, (_, i) => (i * 7) & 0xff));

describe('sizes', () => {
  for (const size of sizes) {
    it(`takes a text message of ${size} bytes, or the least that an event has`, async () => {
      const peer = await join();
      await peer.send(textOf(size));
      assert.equal(await peer.next(), textOf(size).replace('message', 'message-back'));
      await assertEchoed(peer);
    });
    it(`takes a binary message of ${size} bytes`, async () => {
      const peer = await join();
      await peer.send(header, bytesOf(size));
      assert.equal(await peer.next(), headerBack);
      assert.deepEqual(await peer.next(), bytesOf(size));
      await assertEchoed(peer);
    });
    if (size > 0 && size < 70_000) {
      for (const piece of [1, 997]) {
        if (size / piece > 2000) continue;
        it(`takes a binary message of ${size} bytes in fragments of ${piece}`, async () => {
          const peer = await join();
          peer.socket.send(Buffer.concat([text(header), fragments(op.binary, bytesOf(size), piece)]));
          assert.equal(await peer.next(), headerBack);
          assert.deepEqual(await peer.next(), bytesOf(size));
          await assertEchoed(peer);
        });
      }
    }
  }
  for (const size of [125, 126, 65535, 65536]) {
    it(`takes a length of ${size} that is written longer than needed, or refuses it`, async () => {
      const peer = await join();
      const payload = Buffer.from(textOf(size));
      const head = Buffer.alloc(10);
      head[0] = fin | op.text;
      head[1] = 0x80 | 127;
      head.writeBigUInt64BE(BigInt(size), 2);
      peer.socket.send(Buffer.concat([head, Buffer.alloc(4), payload]));
      const next = await peer.socket.next();
      assert.ok(next.opcode === op.close ? next.data.readUInt16BE(0) === 1002 : next.opcode === op.text);
      peer.socket.destroy();
    });
  }
  for (const length of [BigInt(limit) + 1n, 1n << 31n, 1n << 32n, (1n << 63n) - 1n]) {
    it(`refuses ${length} bytes at the head of the frame`, () => assertRefused(frame(fin | op.binary, '', { length }), 1009));
  }
  for (const length of [1n << 63n, (1n << 64n) - 1n]) {
    it(`refuses the impossible length ${length}`, () => assertRefused(frame(fin | op.binary, '', { length }), 1002));
  }
  for (const opcode of [op.text, op.binary]) {
    it(`refuses opcode ${opcode} whose fragments together are too long`, () =>
      assertRefused(fragments(opcode, '4'.repeat(limit + 1), 20_000), 1009));
  }
});

describe('writes', () => {
  for (const size of [16, 125, 126, 300]) {
    it(`takes a frame of ${size} bytes in chops of one byte`, async () => {
      const peer = await join();
      await trickle(peer, text(textOf(size)));
      assert.equal(await peer.next(), textOf(size).replace('message', 'message-back'));
      await assertEchoed(peer);
    });
  }
  it('takes fragments of one byte in chops of one byte, with pings between', async () => {
    const peer = await join();
    await trickle(peer, fragments(op.text, hello, 1, frame(fin | op.ping, 'p')));
    for (let i = 1; i < hello.length; i += 1) assert.equal((await peer.socket.next()).opcode, op.pong);
    assert.equal(await peer.next(), helloBack);
    await assertEchoed(peer);
  });
  for (const count of [2, 50, 1000]) {
    it(`takes ${count} frames in one write`, async () => {
      const peer = await join();
      await peer.send(...Array.from({ length: count }, (_, i) => `42["message",${i}]`));
      for (let i = 0; i < count; i += 1) assert.equal(await peer.next(), `42["message-back",${i}]`);
      await assertEchoed(peer);
    });
  }
});

describe('pings and pongs', () => {
  for (const size of [0, 1, 2, 64, 124, 125]) {
    it(`answers a ping of ${size} bytes with the same`, async () => {
      const peer = await join();
      peer.socket.send(frame(fin | op.ping, bytesOf(size)));
      const pong = await peer.socket.next();
      assert.equal(pong.opcode, op.pong);
      assert.deepEqual(pong.data, bytesOf(size));
      await assertEchoed(peer);
    });
    it(`ignores an unsolicited pong of ${size} bytes`, async () => {
      const peer = await join();
      peer.socket.send(frame(fin | op.pong, bytesOf(size)));
      await assertEchoed(peer);
    });
  }
  it('answers ten pings in order', async () => {
    const peer = await join();
    peer.socket.send(Buffer.concat(Array.from({ length: 10 }, (_, i) => frame(fin | op.ping, String(i)))));
    for (let i = 0; i < 10; i += 1) assert.equal((await peer.socket.next()).text, String(i));
    await assertEchoed(peer);
  });
  it('answers a ping in chops of one byte', async () => {
    const peer = await join();
    await trickle(peer, frame(fin | op.ping, 'slow'));
    assert.equal((await peer.socket.next()).text, 'slow');
    await assertEchoed(peer);
  });
  for (const opcode of [op.ping, op.pong, op.close]) {
    for (const size of [126, 127, 65536]) {
      it(`refuses a control frame ${opcode} of ${size} bytes`, () => assertRefused(frame(fin | opcode, bytesOf(size)), 1002));
    }
    it(`refuses a control frame ${opcode} without its end`, () => assertRefused(frame(opcode, 'x'), 1002));
  }
});

describe('reserved bits', () => {
  for (let bits = 1; bits <= 7; bits += 1) {
    for (const [name, opcode] of Object.entries(op)) {
      it(`refuses ${bits.toString(2).padStart(3, '0')} on ${name}`, () =>
        assertRefused(frame(fin | (bits << 4) | opcode, opcode === op.close ? code(1000) : '3'), 1002));
    }
    it(`refuses ${bits.toString(2).padStart(3, '0')} on the second fragment`, () =>
      assertRefused(Buffer.concat([frame(op.text, '42["mess'), frame(fin | (bits << 4), 'age"]')]), 1002));
  }
});

describe('reserved opcodes', () => {
  for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) {
    for (const [what, bytes] of [
      ['empty', frame(fin | opcode)],
      ['with a payload', frame(fin | opcode, '42["message"]')],
      ['behind a good message', Buffer.concat([text(hello), frame(fin | opcode, 'x')])],
      ['inside a fragmented message', Buffer.concat([frame(op.text, '42["mess'), frame(fin | opcode, 'x')])],
      ['in a fragment', frame(opcode, 'x')],
    ]) {
      it(`refuses ${opcode} ${what}`, () => assertRefused(bytes, 1002));
    }
  }
});

describe('masking', () => {
  for (const [name, opcode] of Object.entries(op)) {
    it(`refuses an unmasked frame: ${name}`, () =>
      assertRefused(frame(fin | opcode, opcode === op.close ? code(1000) : '3', { masked: false }), 1002));
  }
  for (const key of [[0, 0, 0, 0], [255, 255, 255, 255], [1, 0, 0, 0], [0, 0, 0, 200]]) {
    it(`undoes the mask ${key}`, async () => {
      const peer = await join();
      const payload = Buffer.from(textOf(203));
      const head = Buffer.from([fin | op.text, 0x80 | 126, payload.length >> 8, payload.length & 0xff, ...key]);
      peer.socket.send(Buffer.concat([head, Buffer.from(payload.map((byte, i) => byte ^ key[i % 4]))]));
      assert.equal(await peer.next(), textOf(203).replace('message', 'message-back'));
      await assertEchoed(peer);
    });
  }
});

describe('fragments', () => {
  for (const size of [1, 2, 3, 5, 7, 20]) {
    for (const [what, between] of [
      ['nothing', Buffer.alloc(0)],
      ['pings', frame(fin | op.ping, 'ping')],
      ['pongs', frame(fin | op.pong, 'pong')],
      ['empty fragments', frame(op.continuation, '')],
    ]) {
      it(`take ${what} between pieces of ${size} bytes`, async () => {
        const peer = await join();
        peer.socket.send(fragments(op.text, hello, size, between));
        if (what === 'pings') {
          for (let i = size; i < hello.length; i += size) assert.equal((await peer.socket.next()).text, 'ping');
        }
        assert.equal(await peer.next(), helloBack);
        await assertEchoed(peer);
      });
    }
  }
  for (const size of [0, 1, 5]) {
    it(`may begin with ${size} bytes and end with none`, async () => {
      const peer = await join();
      const [start, middle] = [hello.slice(0, size), hello.slice(size)];
      peer.socket.send(Buffer.concat([frame(op.text, start), frame(op.continuation, middle), frame(fin)]));
      assert.equal(await peer.next(), helloBack);
      await assertEchoed(peer);
    });
  }
  it('may be closed in the middle', async () => {
    const peer = await join();
    peer.socket.send(Buffer.concat([frame(op.text, '42["mess'), frame(fin | op.close, code(1000))]));
    assert.equal(await peer.socket.closeCode(), 1000);
  });
  for (const [what, ...parts] of [
    ['a continuation of nothing, its end', frame(fin | op.continuation, 'x')],
    ['a continuation of nothing', frame(op.continuation, 'x')],
    ['an empty continuation of nothing', frame(fin | op.continuation)],
    ['a continuation behind a whole message', text(hello), frame(fin | op.continuation, 'x')],
    ['a text within a text', frame(op.text, '4'), text(hello)],
    ['a text fragment within a text', frame(op.text, '4'), frame(op.text, hello)],
    ['bytes within a text', frame(op.text, '4'), frame(fin | op.binary, hello)],
    ['a text within bytes', frame(op.binary, '4'), text(hello)],
    ['a second start after a ping', frame(op.text, '4'), frame(fin | op.ping), frame(fin | op.text, hello)],
  ]) {
    it(`refuse ${what}`, () => assertRefused(Buffer.concat(parts), 1002));
  }
});

const utf8 = {
  'two bytes': 'äöü',
  'three bytes': '☃\uffff\ufffd\ufeff\ud7ff\ue000',
  'four bytes': '🎉\u{10000}\u{10ffff}\u{1fffe}',
  'all mixed': 'κόσμε ☃ 🎉 x\u0080\u0800',
};
const notUtf8 = {
  'a lone continuation byte': [0x80],
  'the byte fe': [0xfe],
  'the byte ff': [0xff],
  'a start without its end': [0xc3, 0x41],
  'three bytes of which two come': [0xe2, 0x98, 0x41],
  'four bytes of which three come': [0xf0, 0x9f, 0x8e, 0x41],
  'a surrogate': [0xed, 0xa0, 0x80],
  'the last surrogate': [0xed, 0xbf, 0xbf],
  'a slash in two bytes': [0xc0, 0xaf],
  'a null in two bytes': [0xc0, 0x80],
  'an overlong two': [0xc1, 0xbf],
  'an overlong three': [0xe0, 0x9f, 0xbf],
  'an overlong four': [0xf0, 0x8f, 0xbf, 0xbf],
  'beyond the last character': [0xf4, 0x90, 0x80, 0x80],
  'five bytes': [0xf8, 0x88, 0x80, 0x80, 0x80],
  'six bytes': [0xfc, 0x84, 0x80, 0x80, 0x80, 0x80],
};

describe('UTF-8', () => {
  for (const [name, value] of Object.entries(utf8)) {
    for (const size of [0, 1, 2, 3]) {
      it(`takes characters of ${name}${size ? ` in fragments of ${size}` : ''}`, async () => {
        const peer = await join();
        const message = `42["message","${value}"]`;
        peer.socket.send(size ? fragments(op.text, message, size) : text(message));
        assert.equal(await peer.next(), `42["message-back","${value}"]`);
        await assertEchoed(peer);
      });
    }
  }
  for (const [name, bytes] of Object.entries(notUtf8)) {
    const message = Buffer.concat([Buffer.from('42["message","'), Buffer.from(bytes), Buffer.from('"]')]);
    it(`refuses ${name}`, () => assertRefused(frame(fin | op.text, message), 1007));
    for (const size of [1, 15]) {
      it(`refuses ${name} in fragments of ${size}`, () => assertRefused(fragments(op.text, message, size), 1007));
    }
    it(`takes ${name} as bytes`, async () => {
      const peer = await join();
      await peer.send(header, Buffer.from(bytes));
      assert.equal(await peer.next(), headerBack);
      assert.deepEqual(await peer.next(), Buffer.from(bytes));
      await assertEchoed(peer);
    });
  }
  it('refuses a message that ends within a character', () =>
    assertRefused(frame(fin | op.text, Buffer.concat([Buffer.from(hello), Buffer.from([0xe2, 0x98])])), 1007));
  it('refuses a character that the next message would have to end', () =>
    assertRefused(Buffer.concat([frame(fin | op.text, Buffer.from([0x34, 0xe2])), frame(fin | op.text, Buffer.from([0x98, 0x83]))]), 1007));
});

describe('closing', () => {
  const allowed = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
  for (const number of allowed) {
    for (const reason of ['', 'good bye ☃', 'x'.repeat(123)]) {
      it(`echoes ${number} with a reason of ${reason.length}`, async () => {
        const peer = await join();
        peer.socket.send(frame(fin | op.close, code(number, reason)));
        assert.equal(await peer.socket.closeCode(), number);
        await peer.socket.ended();
      });
    }
  }
  for (const number of [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535]) {
    it(`refuses the code ${number}`, () => assertRefused(frame(fin | op.close, code(number)), 1002));
    it(`refuses the code ${number} with a reason`, () => assertRefused(frame(fin | op.close, code(number, 'why')), 1002));
  }
  for (const [name, bytes] of Object.entries(notUtf8)) {
    it(`refuses a reason with ${name}`, () =>
      assertRefused(frame(fin | op.close, Buffer.concat([code(1000, 'a'), Buffer.from(bytes)])), 1007));
  }
  it('echoes an empty close', async () => {
    const peer = await join();
    peer.socket.send(frame(fin | op.close));
    assert.equal(await peer.socket.closeCode(), 1005);
    await peer.socket.ended();
  });
  it('refuses half a code', () => assertRefused(frame(fin | op.close, 'x'), 1002));
  it('hears nothing behind a close', async () => {
    const peer = await join();
    peer.socket.send(Buffer.concat([frame(fin | op.close, code(1000)), text(hello), frame(fin | op.ping, 'x'), frame(fin | op.close)]));
    const next = await peer.socket.next();
    assert.equal(next.opcode, op.close);
    assert.equal(await peer.socket.next(), null);
  });
  it('takes a close in chops of one byte', async () => {
    const peer = await join();
    await trickle(peer, frame(fin | op.close, code(1000, 'slowly')));
    assert.equal(await peer.socket.closeCode(), 1000);
  });
});

describe('compression', () => {
  const offers = [
    'permessage-deflate',
    'permessage-deflate; client_max_window_bits',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    'permessage-deflate; server_max_window_bits=8, permessage-deflate',
    'x-webkit-deflate-frame',
  ];
  for (const offer of offers) {
    it(`is not agreed to: ${offer}`, async () => {
      const headers = { 'Sec-WebSocket-Extensions': offer };
      const socket = await RawWebSocket.open(server.port, 'EIO=4&transport=websocket', headers);
      assert.match(socket.answer, /^HTTP\/1\.1 101 /);
      assert.doesNotMatch(socket.answer, /sec-websocket-extensions/i);
      const open = await socket.next();
      assert.equal(open.reserved, 0);
      socket.send(frame(0xc1, Buffer.from([0xaa, 0x04, 0x00])));
      assert.equal(await socket.closeCode(), 1002);
    });
  }
  it('cannot be used to fill the memory: a bomb is refused at its first frame', async () => {
    const { deflateRawSync } = await import('node:zlib');
    const bomb = deflateRawSync(Buffer.alloc(64 * 1024 * 1024));
    await assertRefused(frame(0xc2, bomb), 1002);
  });
  it('is refused with blocks that are none, and in a later fragment', async () => {
    await assertRefused(frame(0xc2, Buffer.from([0x07, 0xff, 0xff])), 1002);
    await assertRefused(Buffer.concat([frame(op.binary, 'x'), frame(fin | 0x40, 'y')]), 1002);
  });
});
