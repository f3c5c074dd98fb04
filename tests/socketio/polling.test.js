// Engine.IO over HTTP, request by request: the rules of long-polling, the error table, and malformed packets.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer } from './server.js';
import { rawHttp } from './raw.js';

let server;
before(async () => {
  server = await startServer('--ping-interval', 300, '--ping-timeout', 200, '--connect-timeout', 400, '--max-payload', 100000);
});
after(() => server.stop());

const url = (query) => `${server.url}/socket.io/?${query}`;
const session = (sid) => url(`EIO=4&transport=polling&sid=${sid}`);
const get = (sid) => fetch(session(sid));
const post = (sid, body, headers = {}) => fetch(session(sid), { method: 'POST', body, headers });

async function open() {
  const response = await fetch(url('EIO=4&transport=polling'));
  assert.equal(response.status, 200);
  const body = await response.text();
  return JSON.parse(body.slice(1)).sid;
}

// What was written before has reached the server once another client was served twice.
async function barrier() {
  await open();
  await open();
}

async function join() {
  const sid = await open();
  assert.equal(await (await post(sid, '40')).text(), 'ok');
  const body = await (await get(sid)).text();
  assert.match(body, /^40\{"sid":"[\w-]{20}"\}\x1e42\["auth",\{\}\]$/);
  return sid;
}

async function assertGone(sid) {
  const response = await get(sid);
  assert.equal(response.status, 400);
  assert.deepEqual(await response.json(), { code: 1, message: 'Session ID unknown' });
}

describe('handshake', () => {
  it('opens with exactly the five keys', async () => {
    const response = await fetch(url('EIO=4&transport=polling&t=abc'));
    assert.equal(response.headers.get('content-type'), 'text/plain; charset=UTF-8');
    assert.equal(response.headers.get('cache-control'), 'no-store');
    const body = await response.text();
    assert.equal(body[0], '0');
    const { sid, ...rest } = JSON.parse(body.slice(1));
    assert.match(sid, /^[\w-]{20}$/);
    assert.deepEqual(rest, { upgrades: ['websocket'], pingInterval: 300, pingTimeout: 200, maxPayload: 100000 });
  });

  it('takes every target under its path, and an empty sid for none', async () => {
    assert.equal((await fetch(`${server.url}/socket.io/default/?EIO=4&transport=polling&sid=`)).status, 200);
    assert.equal((await fetch(`${server.url}/socket.io?EIO=4&transport=polling`)).status, 404);
    assert.equal((await fetch(`${server.url}/socket.iox/?EIO=4&transport=polling`)).status, 404);
  });

  const unknown = [0, 'Transport unknown'];
  const table = [
    ['GET', 'EIO=4', ...unknown],
    ['GET', 'EIO=4&transport=', ...unknown],
    ['GET', 'EIO=4&transport=webtransport', ...unknown],
    ['GET', 'EIO=4&transport=__proto__', ...unknown],
    ['GET', 'EIO=4&transport=constructor', ...unknown],
    ['GET', 'EIO=4&transport=toString&sid=x', ...unknown],
    ['GET', 'EIO=4&transport=polling&sid=constructor', 1, 'Session ID unknown'],
    ['GET', 'EIO=4&transport=polling&sid=__proto__', 1, 'Session ID unknown'],
    ['GET', 'EIO=4&transport=polling&sid=abcdefghijklmnopqrst', 1, 'Session ID unknown'],
    ['GET', `EIO=4&transport=polling&sid=${'x'.repeat(7000)}`, 1, 'Session ID unknown'],
    ['POST', 'EIO=4&transport=polling&sid=abcdefghijklmnopqrst', 1, 'Session ID unknown'],
    ['POST', 'EIO=4&transport=polling', 2, 'Bad handshake method'],
    ['PUT', 'EIO=4&transport=polling', 2, 'Bad handshake method'],
    ['OPTIONS', 'EIO=4&transport=polling', 2, 'Bad handshake method'],
    ['GET', 'EIO=4&transport=websocket', 3, 'Bad request'],
    ['GET', 'transport=polling', 5, 'Unsupported protocol version'],
    ['GET', 'EIO=3&transport=polling', 5, 'Unsupported protocol version'],
    ['GET', 'EIO=5&transport=polling', 5, 'Unsupported protocol version'],
    ['GET', 'EIO=04&transport=polling', 5, 'Unsupported protocol version'],
    ['GET', 'EIO=abc&transport=polling', 5, 'Unsupported protocol version'],
  ];
  for (const [method, query, code, message] of table) {
    it(`answers ${method} ?${query.slice(0, 60)} with code ${code}`, async () => {
      const response = await fetch(url(query), { method });
      assert.equal(response.status, 400);
      assert.equal(response.headers.get('content-type'), 'application/json');
      assert.deepEqual(await response.json(), { code, message });
    });
  }

  it('refuses an Origin with control characters', async () => {
    const request = 'GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nOrigin: http://a\x01\r\nConnection: close\r\n\r\n';
    const answer = await rawHttp(server.port, request);
    assert.ok(answer === '' || answer.startsWith('HTTP/1.1 400'), answer);
  });

  it('refuses with 403 what the application does not allow', async () => {
    const strict = await startServer('--origin', 'https://shop.example');
    const response = await fetch(`${strict.url}/socket.io/?EIO=4&transport=polling`, { headers: { origin: 'https://evil.example' } });
    assert.equal(response.status, 403);
    assert.deepEqual(await response.json(), { code: 4, message: 'Origin not allowed' });
    await strict.stop();
  });
});

describe('requests of one session', () => {
  it('ends on two GETs at once', async () => {
    const sid = await open();
    const answers = await Promise.all([get(sid), get(sid)]);
    const held = answers.find((answer) => answer.status === 200);
    assert.equal(await held.text(), '1');
    assert.ok(answers.some((answer) => answer.status === 400));
    await assertGone(sid);
  });

  it('ends on two POSTs at once', async () => {
    const sid = await open();
    const head = `POST /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n4`;
    // Neither body is complete, so only an overlap can be answered.
    const send = () => rawHttp(server.port, head, (answer) => answer.includes('\r\n\r\n'));
    assert.match(await Promise.race([send(), send()]), /^HTTP\/1\.1 400/);
    await assertGone(sid);
  });

  it('ends when a POST is cut off', async () => {
    const sid = await open();
    const head = `POST /socket.io/?EIO=4&transport=polling&sid=${sid} HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n4`;
    const socket = connect(server.port, '127.0.0.1');
    socket.end(head);
    socket.resume();
    await once(socket, 'close');
    await barrier();
    await assertGone(sid);
  });

  it('ends when the held GET is cancelled', async () => {
    const sid = await open();
    const controller = new AbortController();
    const cancelled = fetch(session(sid), { signal: controller.signal }).catch(() => {});
    await barrier();
    controller.abort();
    assert.equal((await get(sid)).status, 400);
    await cancelled;
  });

  it('answers POST while a GET is held', async () => {
    const sid = await open();
    const held = get(sid);
    assert.equal(await (await post(sid, '40')).text(), 'ok');
    assert.match(await (await held).text(), /^40\{/);
  });

  it('tells the held GET that the client left', async () => {
    const sid = await join();
    const held = get(sid);
    await barrier();
    assert.equal(await (await post(sid, '1')).text(), 'ok');
    assert.equal(await (await held).text(), '6');
    await assertGone(sid);
  });

  it('takes a body up to maxPayload and survives a larger one', async () => {
    const sid = await join();
    const large = JSON.stringify(['message', 'x'.repeat(99_900)]);
    assert.equal((await post(sid, `42${large}`)).status, 200);
    assert.match(await (await get(sid)).text(), /^42\["message-back","x+"\]$/);
    const tooLarge = await post(sid, `42${JSON.stringify(['message', 'x'.repeat(100_000)])}`);
    assert.equal(tooLarge.status, 413);
    assert.equal(await tooLarge.text(), '');
    assert.equal((await post(sid, '42["message"]')).status, 200);
    assert.equal(await (await get(sid)).text(), '42["message-back"]');
  });

  it('refuses other methods and keeps the session', async () => {
    const sid = await join();
    for (const method of ['PUT', 'DELETE', 'PATCH']) {
      assert.equal((await fetch(session(sid), { method })).status, 400);
    }
    assert.equal((await fetch(url(`EIO=4&transport=websocket&sid=${sid}`))).status, 400);
    assert.equal((await post(sid, '42["message"]')).status, 200);
    await get(sid);
  });

  it('does what stands before a bad packet, and nothing after it', async () => {
    const sid = await join();
    const held = get(sid);
    await barrier();
    const response = await post(sid, '42["leave"]\x1e9\x1e42["message","late"]');
    assert.equal(response.status, 400);
    assert.equal(await (await held).text(), '41');
  });
});

describe('payloads that end the session', () => {
  const table = ['', '\x1e', '\x1e\x1e', '3\x1e', '\x1e3', '7', '9', 'abc', 'b%%%', '2', '2probe'];
  for (const body of table) {
    it(`ends on ${JSON.stringify(body)}`, async () => {
      const sid = await open();
      const response = await post(sid, body);
      assert.ok([200, 400].includes(response.status));
      await assertGone(sid);
    });
  }

  it('ends on bytes that are not UTF-8 and on the old binary type', async () => {
    const first = await open();
    assert.equal((await post(first, Buffer.from([0x34, 0xff, 0xfe]))).status, 400);
    await assertGone(first);
    const second = await open();
    assert.equal((await post(second, '3', { 'content-type': 'application/octet-stream' })).status, 400);
    await assertGone(second);
  });

  it('ignores types that mean nothing from a client', async () => {
    const sid = await join();
    assert.equal((await post(sid, '0\x1e5\x1e6\x1e42["message"]')).status, 200);
    assert.equal(await (await get(sid)).text(), '42["message-back"]');
  });
});

describe('socket.io packets that end the connection', () => {
  const joined = [
    '4', '49', '4a', '4 ', '40', '40{}', '41{}', '41[]', '42{}', '42[]', '42[null]', '42[{"toString":"foo"}]', '42["connect"]',
    '42["disconnect"]', '42["newListener"]', '42"text"', '42["a"', '42["a"]x', '42-1["a"]', '421.5["a"]', '42abc["a"]',
    '4299999999999999999999["a"]', '42/other,["a"]', '43{}', '43"a"', '41/other,', '44{"message":"x"}', '450-', '451-["a"]\x1e3\x1e42["a"]',
    '45-', '451e9-["a"]', '45-1-["a"]', '4511-["a"]', '461-1[{"_placeholder":true,"num":"splice"}]\x1ebAQID', '47', 'bAQID',
    `42["a",${'['.repeat(1000)}`, `42["a",${'['.repeat(100)}${']'.repeat(100)}]`,
  ];
  for (const packet of joined) {
    it(`ends on ${JSON.stringify(packet.slice(0, 50))}`, async () => {
      const sid = await join();
      await post(sid, packet);
      await assertGone(sid);
    });
  }
  for (const packet of ['40[]', '40null', '40"str"', '40{', '41', '42["message"]', '43[]', `40/${'n'.repeat(10240)},`]) {
    it(`ends on ${JSON.stringify(packet.slice(0, 50))} as the first packet`, async () => {
      const sid = await open();
      await post(sid, packet);
      await assertGone(sid);
    });
  }
  it('ends on an event after leaving the namespace', async () => {
    const sid = await join();
    await post(sid, '41');
    await post(sid, '42["message"]');
    await assertGone(sid);
  });
});

describe('socket.io packets that are answered or ignored', () => {
  it('ignores unknown acks, empty events and empty acks', async () => {
    const sid = await join();
    await post(sid, '4399[1]\x1e42\x1e43\x1e430[]\x1e42["unknown event"]\x1e42["error"]\x1e427["message-with-ack"]');
    assert.equal(await (await get(sid)).text(), '437[]');
  });

  it('answers several namespaces, also without the comma', async () => {
    const sid = await join();
    await post(sid, '40/custom\x1e40/nope,{"a":1}\x1e42/custom,3["message-with-ack",{"a":[]}]\x1e41/custom');
    const packets = (await (await get(sid)).text()).split('\x1e');
    assert.match(packets[0], /^40\/custom,\{"sid":"[\w-]{20}"\}$/);
    assert.equal(packets[1], '42/custom,["auth",{}]');
    assert.equal(packets[2], '44/nope,{"message":"Invalid namespace"}');
    assert.equal(packets[3], '43/custom,3[{"a":[]}]');
  });

  it('joins again after leaving', async () => {
    const sid = await join();
    await post(sid, '41\x1e40');
    assert.match(await (await get(sid)).text(), /^40\{/);
  });
});

describe('heartbeat and ending', () => {
  it('ends a silent session exactly after interval and timeout', async () => {
    const sid = await open();
    await post(sid, '40');
    await sleep(500);
    assert.equal((await get(sid)).status, 400);
  });

  it('keeps a session that answers', async () => {
    const sid = await join();
    for (let i = 0; i < 3; i += 1) {
      assert.equal(await (await get(sid)).text(), '2');
      assert.equal((await post(sid, '3')).status, 200);
    }
  });

  it('closes a client that joins nothing', async () => {
    const sid = await open();
    assert.equal(await (await get(sid)).text(), '2');
    await post(sid, '3\x1e40/nope,');
    assert.match(await (await get(sid)).text(), /^44\/nope,/);
    assert.equal(await (await get(sid)).text(), '1');
    await assertGone(sid);
  });

  it('tells a kicked client with a held GET', async () => {
    const sid = await join();
    const held = get(sid);
    await barrier();
    await post(sid, '42["kick"]');
    assert.equal(await (await held).text(), '41');
    assert.equal(await (await get(sid)).text(), '6\x1e1');
    await assertGone(sid);
  });

  it('remembers to tell a kicked client without a held GET', async () => {
    const sid = await join();
    await post(sid, '42["kick"]');
    assert.equal(await (await get(sid)).text(), '41');
    assert.equal(await (await get(sid)).text(), '6\x1e1');
    await assertGone(sid);
  });
});
