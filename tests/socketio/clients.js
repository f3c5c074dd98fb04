// Real clients of one test: connected together, watched together, and closed together.
import { io } from 'socket.io-client';

// What does not happen in this time does not happen; a failing test then ends by itself.
const patienceMs = 15_000;

// The arguments of the next event of that name.
export function event(emitter, name) {
  const happened = new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`waited in vain for "${name}"`)), patienceMs);
    timer.unref();
    emitter.once(name, (...args) => {
      clearTimeout(timer);
      resolve(args);
    });
  });
  happened.catch(() => {}); // nobody needs to wait for it
  return happened;
}
// Emits and resolves with the first argument of the answer.
export const ask = (socket, ...args) => socket.timeout(8000).emitWithAck(...args);

// Each socket notes what it hears in `heard` as [name, ...args], except "auth".
export class Clients {
  #all = [];

  constructor(options = {}) {
    this.options = { forceNew: true, reconnectionDelay: 10, ...options };
  }

  connect(server, path = '/', options = {}) {
    const socket = io(server.url + path, { ...this.options, ...options });
    socket.heard = [];
    socket.onAny((...args) => args[0] !== 'auth' && socket.heard.push(args));
    this.#all.push(socket);
    return socket;
  }

  // Resolves when the handler of the server has greeted the client.
  async connected(server, path, options) {
    const socket = this.connect(server, path, options);
    await event(socket, 'auth');
    return socket;
  }

  // This many clients by turns on WebSocket, polling, and with the upgrade.
  crowd(server, count, path) {
    const ways = [['websocket'], ['polling'], ['polling', 'websocket']];
    return Promise.all(Array.from({ length: count }, (_, i) => this.connected(server, path, { transports: ways[i % 3] })));
  }

  close() {
    for (const socket of this.#all) socket.io._close();
    this.#all = [];
  }
}

// Everything that `sender` had sent to others before has arrived when they all heard this; it is taken from `heard`.
let fences = 0;
export async function fence(sender, sockets) {
  fences += 1;
  const name = `fence ${fences}`;
  const passed = (socket) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`waited in vain for ${name}`)), patienceMs);
      timer.unref();
      const listen = (text) => {
        if (text !== name) return;
        clearTimeout(timer);
        socket.off('announced', listen);
        socket.heard = socket.heard.filter(([, first]) => first !== name);
        resolve();
      };
      socket.on('announced', listen);
    });
  const all = Promise.all(sockets.map(passed));
  sender.emit('announce', name);
  await all;
}
