// A WebSocket client on bare TCP that can break every rule, and raw HTTP for what fetch refuses to send.
import { connect } from 'node:net';
import { once } from 'node:events';

// A server that says nothing for so long will not do so any more; a failing test then ends by itself.
const patienceMs = 15_000;

// Sends `text` as it is and returns everything the server answers until it closes or `enough` says so.
export async function rawHttp(port, text, enough = () => false) {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('error', () => {});
  socket.write(text);
  try {
    for await (const chunk of socket) {
      answer += chunk.toString('latin1');
      if (enough(answer)) break;
    }
  } catch {
    // The server broke the connection, which is an answer as well.
  }
  socket.destroy();
  return answer;
}

export const upgradeRequest = (query, headers = {}) => {
  const all = {
    Host: 'localhost',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...headers,
  };
  const lines = Object.entries(all).filter(([, value]) => value !== null);
  return `GET /socket.io/?${query} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
};

// One client frame. `first` is FIN, reserved bits and opcode in one byte.
export function frame(first, payload = '', { masked = true, length } = {}) {
  const data = Buffer.from(payload);
  const size = length ?? BigInt(data.length);
  const bit = masked ? 0x80 : 0;
  let head;
  if (size < 126n) {
    head = Buffer.from([first, bit | Number(size)]);
  } else if (size < 65536n) {
    head = Buffer.alloc(4);
    head.writeUInt16BE(Number(size), 2);
    head[0] = first;
    head[1] = bit | 126;
  } else {
    head = Buffer.alloc(10);
    head.writeBigUInt64BE(size, 2);
    head[0] = first;
    head[1] = bit | 127;
  }
  if (!masked) return Buffer.concat([head, data]);
  const key = Buffer.from([1, 2, 3, 4]);
  return Buffer.concat([head, key, Buffer.from(data.map((byte, i) => byte ^ key[i % 4]))]);
}

export const text = (payload) => frame(0x81, payload);

export class RawWebSocket {
  #socket;
  #buffer = Buffer.alloc(0);
  #ended = false;
  #wake = () => {};

  constructor(port) {
    this.#socket = connect(port, '127.0.0.1');
    this.#socket.setNoDelay(true);
    this.#socket.on('error', () => {});
    this.#socket.on('data', (chunk) => {
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
      this.#wake();
    });
    this.#socket.on('close', () => {
      this.#ended = true;
      this.#wake();
    });
  }

  // Opens a WebSocket; `first` follows the request in the same write. The head of the answer is in `answer`.
  static async open(port, query = 'EIO=4&transport=websocket', headers = {}, first = Buffer.alloc(0)) {
    const client = new RawWebSocket(port);
    client.send(Buffer.concat([Buffer.from(upgradeRequest(query, headers)), first]));
    await client.#until(() => client.#buffer.includes('\r\n\r\n'));
    const end = client.#buffer.indexOf('\r\n\r\n');
    client.answer = client.#buffer.subarray(0, end).toString('latin1');
    client.#buffer = client.#buffer.subarray(end + 4);
    return client;
  }

  send(bytes) {
    this.#socket.write(bytes);
  }
  pause() {
    this.#socket.pause();
  }
  resume() {
    this.#socket.resume();
  }
  destroy() {
    this.#socket.destroy();
  }
  ended() {
    return this.#ended ? Promise.resolve() : once(this.#socket, 'close');
  }

  // Until the condition holds or the connection has ended.
  async #until(condition) {
    while (!condition() && !this.#ended) {
      await new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('the server says nothing')), patienceMs);
        timer.unref();
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  // The next frame as { opcode, data }, or null when the connection ended.
  async next() {
    let frameEnd = 0;
    let start = 2;
    await this.#until(() => {
      if (this.#buffer.length < 2) return false;
      let length = this.#buffer[1];
      if (length === 126) {
        if (this.#buffer.length < 4) return false;
        length = this.#buffer.readUInt16BE(2);
        start = 4;
      } else if (length === 127) {
        if (this.#buffer.length < 10) return false;
        length = Number(this.#buffer.readBigUInt64BE(2));
        start = 10;
      }
      frameEnd = start + length;
      return this.#buffer.length >= frameEnd;
    });
    if (frameEnd === 0 || this.#buffer.length < frameEnd) return null;
    const opcode = this.#buffer[0] & 0x0f;
    const reserved = this.#buffer[0] & 0x70;
    const data = this.#buffer.subarray(start, frameEnd);
    this.#buffer = this.#buffer.subarray(frameEnd);
    return { opcode, reserved, data, text: data.toString() };
  }

  // Reads on until the close frame and answers it; returns its code, 1005 for none, 1006 when the connection just ended.
  async closeCode() {
    for (;;) {
      const next = await this.next();
      if (!next) return 1006;
      if (next.opcode !== 8) continue;
      this.send(frame(0x88, next.data));
      return next.data.length < 2 ? 1005 : next.data.readUInt16BE(0);
    }
  }
}
