// A client of a few lines that speaks Engine.IO and Socket.IO packets as they are written, over WebSocket or polling,
// so that one conformance test can be run on both. Packets are strings, binary ones are Buffers; null is the end.
import assert from 'node:assert/strict';
import { RawWebSocket, frame, text } from './raw.js';

const separator = '\x1e';
// No request of these tests is held for longer by a server that does what it should.
const patienceMs = 15_000;
const decode = (packet) => (packet.startsWith('b') ? Buffer.from(packet.slice(1), 'base64') : packet);
const encode = (packet) => (typeof packet === 'string' ? packet : `b${packet.toString('base64')}`);

class Peer {
  // The handshake of the session.
  async readOpen() {
    const packet = await this.nextPacket();
    assert.equal(packet[0], '0');
    this.handshake = JSON.parse(packet.slice(1));
    this.sid = this.handshake.sid;
  }

  // The next packet that is neither a ping, which is answered, nor a noop.
  async next() {
    for (;;) {
      const packet = await this.nextPacket();
      if (packet === '2') await this.send('3');
      else if (packet !== '6') return packet;
    }
  }

  // Joins a namespace of the echo server and reads its two answers. Returns the socket's id.
  async join(nsp = '/', auth = '') {
    const prefix = nsp === '/' ? '' : `${nsp},`;
    await this.send(`40${prefix}${auth}`);
    const answer = await this.next();
    const start = `40${prefix}{"sid":"`;
    assert.ok(answer?.startsWith(start), answer);
    assert.equal(await this.next(), `42${prefix}["auth",${auth || '{}'}]`);
    return answer.slice(start.length, start.length + 20);
  }

  // Nothing but pings comes before the end.
  async ends() {
    assert.equal(await this.next(), null);
  }
}

export class WebSocketPeer extends Peer {
  static async open(server, query = '', headers = {}) {
    const peer = new WebSocketPeer();
    peer.socket = await RawWebSocket.open(server.port, `EIO=4&transport=websocket${query}`, headers);
    await peer.readOpen();
    return peer;
  }

  async send(...packets) {
    this.socket.send(Buffer.concat(packets.map((one) => (typeof one === 'string' ? text(one) : frame(0x82, one)))));
  }

  async nextPacket() {
    const next = await this.socket.next();
    if (!next) return null;
    if (next.opcode === 8) {
      this.socket.send(frame(0x88, next.data));
      return null;
    }
    return next.opcode === 2 ? next.data : next.text;
  }

  async close() {
    this.socket.destroy();
  }
}

export class PollingPeer extends Peer {
  #received = [];

  static async open(server, query = '', headers = {}) {
    const peer = new PollingPeer();
    peer.url = `${server.url}/socket.io/?EIO=4&transport=polling${query}`;
    peer.headers = headers;
    peer.opening = await fetch(peer.url, { headers });
    peer.#received = (await peer.opening.text()).split(separator);
    await peer.readOpen();
    peer.url += `&sid=${peer.sid}`;
    return peer;
  }

  get() {
    return fetch(this.url, { headers: this.headers, signal: AbortSignal.timeout(patienceMs) });
  }

  post(body) {
    return fetch(this.url, { method: 'POST', body, headers: this.headers, signal: AbortSignal.timeout(patienceMs) });
  }

  // A refusal is no error here: the next packet then is the end.
  async send(...packets) {
    await (await this.post(packets.map(encode).join(separator))).text();
  }

  async nextPacket() {
    if (this.#received.length === 0) {
      const response = await this.get();
      const body = await response.text();
      if (response.status !== 200) return null;
      this.#received = body.split(separator).map(decode);
    }
    const packet = this.#received.shift();
    return packet === '1' ? null : packet;
  }

  async close() {
    await this.send('1');
  }
}

export const peers = { websocket: WebSocketPeer, polling: PollingPeer };
