// What the Engine.IO protocol, version 4, demands of a server. The session is watched packet by packet, as the
// protocol's own conformance suite does; messages are carried by the echo events of Socket.IO.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PollingPeer, WebSocketPeer, peers } from './peers.js';
import { RawWebSocket, rawHttp, text, upgradeRequest } from './raw.js';
import { startServer } from './server.js';

const pingInterval = 300;
const pingTimeout = 200;
let server;
before(async () => {
  server = await startServer('--ping-interval', pingInterval, '--ping-timeout', pingTimeout, '--connect-timeout', 60000);
});
after(() => server.stop());

const url = (query) => `${server.url}/socket.io/?${query}`;
// What was written before has reached the server once another client was served twice.
async function barrier() {
  for (let i = 0; i < 2; i += 1) await (await PollingPeer.open(server)).close();
}
const probe = (sid) => RawWebSocket.open(server.port, `EIO=4&transport=websocket&sid=${sid}`);
// A WebSocket whose probe was answered.
async function probed(sid) {
  const socket = await probe(sid);
  socket.send(text('2probe'));
  assert.equal((await socket.next()).text, '3probe');
  return socket;
}

describe('opening a session', () => {
  for (const [transport, Peer] of Object.entries(peers)) {
    it(`tells the five facts of the session over ${transport}`, async () => {
      const peer = await Peer.open(server);
      const { sid, upgrades, ...limits } = peer.handshake;
      assert.match(sid, /^[\w-]{20}$/);
      assert.deepEqual(upgrades, transport === 'polling' ? ['websocket'] : []);
      assert.deepEqual(limits, { pingInterval, pingTimeout, maxPayload: 1_000_000 });
      await peer.close();
    });
    for (const query of ['', 'EIO=', 'EIO=abc', 'EIO=3', 'EIO=5', 'EIO=4.0', 'EIO=%34x']) {
      it(`refuses ${query || 'no version'} over ${transport}`, async () => {
        if (transport === 'polling') {
          assert.equal((await fetch(url(`${query}&transport=polling`))).status, 400);
        } else {
          const answer = await rawHttp(server.port, upgradeRequest(`${query}&transport=websocket`));
          assert.match(answer, /^HTTP\/1\.1 400 /);
        }
      });
    }
    for (const query of ['', '&transport=', '&transport=abc', '&transport=webtransport', '&transport=__proto__']) {
      it(`refuses ${query || 'no transport'} over ${transport}`, async () => {
        if (transport === 'polling') {
          assert.equal((await fetch(url(`EIO=4${query}`))).status, 400);
        } else {
          assert.match(await rawHttp(server.port, upgradeRequest(`EIO=4${query}`)), /^HTTP\/1\.1 400 /);
        }
      });
    }
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
    it(`refuses to open by ${method}`, async () => {
      assert.equal((await fetch(url('EIO=4&transport=polling'), { method })).status, 400);
    });
  }
  it('takes query parameters in any order, and those it does not know', async () => {
    const response = await fetch(url('shop=7&t=pqrs&transport=polling&b64=1&x=%20&EIO=4'));
    assert.equal(response.status, 200);
    assert.equal((await response.text())[0], '0');
  });
});

describe('messages over polling', () => {
  it('answers a POST with ok and gives the message to the next GET', async () => {
    const peer = await PollingPeer.open(server);
    await peer.join();
    const response = await peer.post('42["message","hello"]');
    assert.equal(response.status, 200);
    assert.equal(await response.text(), 'ok');
    const answer = await peer.get();
    assert.match(answer.headers.get('content-type'), /^text\/plain; charset=utf-8$/i);
    assert.equal(await answer.text(), '42["message-back","hello"]');
    await peer.close();
  });

  it('takes several packets in one POST and gives several in one GET, in order', async () => {
    const peer = await PollingPeer.open(server);
    await peer.join();
    await peer.send('42["message","test1"]', '42["message","test2"]', '42["message","test3"]');
    const body = await (await peer.get()).text();
    assert.equal(body, ['test1', 'test2', 'test3'].map((one) => `42["message-back","${one}"]`).join('\x1e'));
    await peer.close();
  });

  it('carries bytes as base64 between texts, also over two requests', async () => {
    const peer = await PollingPeer.open(server);
    await peer.join();
    const header = (name) => `451-["${name}",{"_placeholder":true,"num":0},"text"]`;
    assert.equal(await (await peer.post(`42["message",1]\x1e${header('message')}\x1ebAQIDBA==\x1e42["message",2]`)).text(), 'ok');
    const body = await (await peer.get()).text();
    assert.equal(body, `42["message-back",1]\x1e${header('message-back')}\x1ebAQIDBA==\x1e42["message-back",2]`);
    await peer.post(header('message'));
    await peer.post('b/+8=');
    assert.equal(await (await peer.get()).text(), `${header('message-back')}\x1eb/+8=`);
    await peer.close();
  });

  for (const body of ['abc', '3\x1e\x1e3', '\x1e', '7']) {
    it(`ends the session on the malformed body ${JSON.stringify(body)}`, async () => {
      const peer = await PollingPeer.open(server);
      const response = await peer.post(body).catch(() => ({ status: 400 }));
      assert.equal(response.status, 400);
      assert.equal((await peer.get()).status, 400);
    });
  }

  it('ends the session on a second GET while one is held', async () => {
    const peer = await PollingPeer.open(server);
    const first = peer.get();
    await barrier();
    assert.equal((await peer.get()).status, 400);
    const held = await first;
    assert.equal(held.status, 200);
    assert.equal(await held.text(), '1');
    assert.equal((await peer.get()).status, 400);
  });

  it('ends the session when a held GET is cancelled', async () => {
    const peer = await PollingPeer.open(server);
    const controller = new AbortController();
    const held = fetch(peer.url, { signal: controller.signal });
    await barrier();
    controller.abort();
    await assert.rejects(held);
    assert.equal((await peer.get()).status, 400);
  });

  it('serves GET and POST of one session at once', async () => {
    const peer = await PollingPeer.open(server);
    await peer.join();
    for (let round = 0; round < 10; round += 1) {
      const held = peer.get();
      await peer.send(`42["message",${round}]`);
      assert.equal(await (await held).text(), `42["message-back",${round}]`);
    }
    await peer.close();
  });
});

describe('messages over WebSocket', () => {
  it('carries text and bytes, one packet in each message', async () => {
    const peer = await WebSocketPeer.open(server);
    await peer.join();
    await peer.send('42["message","hello"]');
    assert.equal(await peer.next(), '42["message-back","hello"]');
    await peer.send('451-["message",{"_placeholder":true,"num":0}]', Buffer.from([1, 2, 3, 4]));
    assert.equal(await peer.next(), '451-["message-back",{"_placeholder":true,"num":0}]');
    assert.deepEqual(await peer.next(), Buffer.from([1, 2, 3, 4]));
    await peer.close();
  });

  for (const packet of ['abc', '', '9', 'b1234']) {
    it(`ends the connection on the malformed packet ${JSON.stringify(packet)}`, async () => {
      const peer = await WebSocketPeer.open(server);
      await peer.send(packet);
      await peer.ends();
    });
  }
});

for (const [transport, Peer] of Object.entries(peers)) {
  describe(`the heartbeat over ${transport}`, () => {
    it('pings a client that answers again and again', async () => {
      const peer = await Peer.open(server);
      for (let i = 0; i < 3; i += 1) {
        assert.equal(await peer.nextPacket(), '2');
        await peer.send('3');
      }
      await peer.close();
    });

    it('pings also while messages are exchanged', async () => {
      const peer = await Peer.open(server);
      await peer.join();
      let sent = 0;
      let pinged = false;
      while (!pinged) {
        await peer.send(`42["message",${sent}]`);
        const packet = await peer.nextPacket();
        if (packet === '2') pinged = true;
        else assert.equal(packet, `42["message-back",${sent}]`);
        sent += 1;
      }
      await peer.close();
    });

    it('ends a session that answers no ping, after the time promised', async () => {
      const peer = await Peer.open(server);
      if (transport === 'polling') {
        await sleep(pingInterval + pingTimeout);
        assert.equal((await peer.get()).status, 400);
      } else {
        assert.equal(await peer.nextPacket(), '2');
        assert.equal(await peer.nextPacket(), null);
      }
    });

    it('ends a session whose client sends the ping', async () => {
      const peer = await Peer.open(server);
      await peer.send('2');
      await peer.ends();
    });
  });
}

describe('leaving', () => {
  it('is confirmed to the held GET over polling', async () => {
    const peer = await PollingPeer.open(server);
    const held = peer.get();
    await barrier();
    assert.equal(await (await peer.post('1')).text(), 'ok');
    assert.equal(await (await held).text(), '6');
    assert.equal((await peer.get()).status, 400);
    assert.equal((await peer.post('3')).status, 400);
  });

  it('closes the WebSocket', async () => {
    const peer = await WebSocketPeer.open(server);
    await peer.send('1');
    await peer.ends();
  });
});

describe('the upgrade', () => {
  it('moves the session to the WebSocket', async () => {
    const peer = await PollingPeer.open(server);
    await peer.join();
    const socket = await probed(peer.sid);
    socket.send(text('5'));
    socket.send(text('42["message","hello"]'));
    assert.equal((await socket.next()).text, '42["message-back","hello"]');
    socket.destroy();
  });

  it('finishes the held GET with a noop', async () => {
    const peer = await PollingPeer.open(server);
    const held = peer.get();
    await barrier();
    const socket = await probe(peer.sid);
    socket.send(text('2probe'));
    assert.equal(await (await held).text(), '6');
    socket.destroy();
  });

  it('refuses polling requests afterwards, unharmed', async () => {
    const peer = await PollingPeer.open(server);
    await peer.join();
    const socket = await probed(peer.sid);
    socket.send(text('5'));
    assert.equal((await peer.get()).status, 400);
    assert.equal((await peer.post('3')).status, 400);
    socket.send(text('42["message","hello"]'));
    assert.equal((await socket.next()).text, '42["message-back","hello"]');
    socket.destroy();
  });

  it('refuses another WebSocket afterwards, unharmed', async () => {
    const peer = await PollingPeer.open(server);
    await peer.join();
    const socket = await probed(peer.sid);
    socket.send(text('5'));
    const second = await probe(peer.sid);
    assert.ok(second.answer.startsWith('HTTP/1.1 400 ') || (await second.closeCode()) > 0);
    second.destroy();
    socket.send(text('42["message","hello"]'));
    assert.equal((await socket.next()).text, '42["message-back","hello"]');
    socket.destroy();
  });

  it('is left open to the polling session when the WebSocket goes away', async () => {
    const peer = await PollingPeer.open(server);
    await peer.join();
    const socket = await probed(peer.sid);
    socket.destroy();
    await peer.send('42["message","still polling"]');
    assert.equal(await peer.next(), '42["message-back","still polling"]');
    await peer.close();
  });
});
