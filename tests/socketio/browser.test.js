// What browsers and load balancers ask of the HTTP answers: CORS headers for pages of other origins, preflights, and
// the sticky cookie.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PollingPeer, WebSocketPeer } from './peers.js';
import { rawHttp } from './raw.js';
import { startServer } from './server.js';

const shop = 'https://shop.example';
const admin = 'https://admin.example:8443';
const evil = 'https://evil.example';
const opening = (server) => `${server.url}/socket.io/?EIO=4&transport=polling`;
const allowOrigin = (response) => response.headers.get('access-control-allow-origin');
const vary = (response) => (response.headers.get('vary') ?? '').toLowerCase().split(/,\s*/);

// The answer to a preflight, which fetch does not let us send.
async function preflight(server, headers, query = 'EIO=4&transport=polling') {
  const lines = Object.entries({ Host: 'a', Connection: 'close', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  const answer = await rawHttp(server.port, `OPTIONS /socket.io/?${query} HTTP/1.1\r\n${lines.join('')}\r\n`);
  const [head, body] = answer.split('\r\n\r\n');
  const [status, ...fields] = head.split('\r\n');
  const named = fields.map((field) => field.split(': ')).map(([name, ...value]) => [name.toLowerCase(), value.join(': ')]);
  const joined = {};
  for (const [name, value] of named) joined[name] = name in joined ? `${joined[name]}, ${value}` : value;
  return { status: Number(status.split(' ')[1]), body, fields: joined };
}

describe('without settings for other origins', () => {
  let server;
  before(async () => {
    server = await startServer();
  });
  after(() => server.stop());
  it('no answer has CORS headers or a cookie', async () => {
    const peer = await PollingPeer.open(server, '', { origin: shop });
    const answers = [peer.opening, await peer.post('40'), await peer.get(), await fetch(`${opening(server)}&sid=x`)];
    for (const answer of answers) {
      const names = [...answer.headers.keys()];
      assert.deepEqual(names.filter((name) => /^access-control|^set-cookie|^vary/.test(name)), []);
    }
    await peer.close();
  });
  it('a preflight is refused', async () => {
    const { status, fields } = await preflight(server, { Origin: shop, 'Access-Control-Request-Method': 'POST' });
    assert.equal(status, 400);
    assert.equal(fields['access-control-allow-origin'], undefined);
  });
});

describe('with two origins and credentials', () => {
  let server;
  before(async () => {
    server = await startServer('--cors-origin', shop, '--cors-origin', admin, '--cors-credentials', 1, '--max-payload', 1000);
  });
  after(() => server.stop());

  for (const origin of [shop, admin]) {
    it(`every answer of a session names ${origin}`, async () => {
      const peer = await PollingPeer.open(server, '', { origin });
      const answers = [peer.opening];
      const held = peer.get();
      answers.push(await peer.post('40'), await held);
      answers.push(await peer.post(`42["message","${'x'.repeat(1000)}"]`));
      answers.push(await peer.post('abc'), await peer.get());
      assert.deepEqual(answers.map(({ status }) => status), [200, 200, 200, 413, 400, 400]);
      for (const answer of answers) {
        assert.equal(allowOrigin(answer), origin);
        assert.equal(answer.headers.get('access-control-allow-credentials'), 'true');
        assert.ok(vary(answer).includes('origin'));
      }
    });
  }
  for (const query of ['EIO=4', 'EIO=3&transport=polling', 'EIO=4&transport=polling&sid=x']) {
    it(`a page may read why ?${query} was refused`, async () => {
      const answer = await fetch(`${server.url}/socket.io/?${query}`, { headers: { origin: shop } });
      assert.equal(answer.status, 400);
      assert.equal(allowOrigin(answer), shop);
    });
  }
  for (const origin of [evil, 'https://shop.example.evil.example', 'http://shop.example', 'https://shop.example:444', 'null', '*', `${shop}/`]) {
    it(`pages of ${origin} may read nothing`, async () => {
      const answer = await fetch(opening(server), { headers: { origin } });
      assert.ok(allowOrigin(answer) !== origin && allowOrigin(answer) !== '*', String(allowOrigin(answer)));
      assert.ok(vary(answer).includes('origin'), 'a cache must not give this to another page');
      const { fields } = await preflight(server, { Origin: origin, 'Access-Control-Request-Method': 'POST' });
      assert.ok(fields['access-control-allow-origin'] !== origin && fields['access-control-allow-origin'] !== '*');
    });
  }
  it('a preflight is answered before anything else', async () => {
    for (const query of ['EIO=4&transport=polling', 'EIO=4&transport=polling&sid=unknown', '']) {
      const { status, body, fields } = await preflight(
        server,
        { Origin: shop, 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type,x-own' },
        query,
      );
      assert.equal(status, 204);
      assert.equal(body, '');
      assert.equal(fields['access-control-allow-origin'], shop);
      assert.equal(fields['access-control-allow-credentials'], 'true');
      assert.equal(fields['access-control-allow-headers'], 'content-type,x-own');
      for (const method of ['GET', 'POST']) assert.match(fields['access-control-allow-methods'], new RegExp(`\\b${method}\\b`));
      assert.match(fields.vary.toLowerCase(), /origin/);
      assert.match(fields.vary.toLowerCase(), /access-control-request-headers/);
    }
  });
  it('a preflight cannot put headers into its answer', async () => {
    const { fields } = await preflight(server, {
      Origin: shop,
      'Access-Control-Request-Method': 'POST',
      'Access-Control-Request-Headers': 'a\tb',
    });
    assert.ok(Object.keys(fields).every((name) => !/evil/.test(name)));
  });
  it('WebSockets are not its business', async () => {
    const peer = await WebSocketPeer.open(server, '', { Origin: evil });
    await peer.join();
    await peer.close();
  });
});

describe('with all origins', () => {
  it('every page may read, without credentials', async () => {
    const server = await startServer('--cors-origin', '*');
    const answer = await fetch(opening(server), { headers: { origin: evil } });
    assert.equal(allowOrigin(answer), '*');
    assert.equal(answer.headers.get('access-control-allow-credentials'), null);
    const { status, fields } = await preflight(server, { Origin: evil, 'Access-Control-Request-Method': 'POST' });
    assert.equal(status, 204);
    assert.equal(fields['access-control-allow-origin'], '*');
    await server.stop();
  });
  it('all origins and credentials never go together', async () => {
    const server = await startServer('--cors-origin', '*', '--cors-credentials', 1).catch(() => null);
    if (!server) return; // refusing to start is an answer too
    const answer = await fetch(opening(server), { headers: { origin: evil } });
    assert.ok(allowOrigin(answer) !== evil || answer.headers.get('access-control-allow-credentials') === null);
    await server.stop();
  });
});

describe('the sticky cookie', () => {
  let server;
  before(async () => {
    server = await startServer('--cookie', 'io');
  });
  after(() => server.stop());
  it('comes with the handshake of a polling session, and only there', async () => {
    const peer = await PollingPeer.open(server);
    assert.equal(peer.opening.headers.get('set-cookie'), `io=${peer.sid}; Path=/; HttpOnly; SameSite=Lax`);
    const answers = [await peer.post('40'), await peer.get(), await fetch(`${peer.url}x`), await fetch(`${server.url}/socket.io/?EIO=3`)];
    for (const answer of answers) assert.equal(answer.headers.get('set-cookie'), null);
    await peer.close();
  });
  it('does not come with a WebSocket', async () => {
    const peer = await WebSocketPeer.open(server);
    assert.doesNotMatch(peer.socket.answer, /set-cookie/i);
    await peer.close();
  });
});
