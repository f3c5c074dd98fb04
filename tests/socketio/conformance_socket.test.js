// What the Socket.IO protocol, version 5, demands of a server, on both transports: joining, leaving, events,
// acknowledgements and bytes, each as the packets that go over the wire.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { peers } from './peers.js';
import { startServer } from './server.js';

let server;
before(async () => {
  server = await startServer('--ping-interval', 300, '--ping-timeout', 200, '--connect-timeout', 1000, '--io-threads', 2);
});
after(() => server.stop());

const hole = (number) => ({ _placeholder: true, num: number });
const holes = (count) => JSON.stringify(Array.from({ length: count }, (_, i) => hole(i))).slice(1, -1);
const [abc, def] = [Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])];

// A test on each transport with a fresh session, which is closed afterwards.
function onBoth(name, run) {
  for (const [transport, Peer] of Object.entries(peers)) {
    it(`${name} (${transport})`, async () => {
      const peer = await Peer.open(server);
      await run(peer);
      await peer.close();
    });
  }
}

describe('joining', () => {
  onBoth('lets a client into the main namespace, which shows exactly its id', async (peer) => {
    await peer.send('40');
    const answer = await peer.next();
    assert.equal(answer.slice(0, 2), '40');
    const reply = JSON.parse(answer.slice(2));
    assert.deepEqual(Object.keys(reply), ['sid']);
    assert.notEqual(reply.sid, peer.sid, 'the id that others see is not the secret one');
    assert.equal(await peer.next(), '42["auth",{}]');
  });
  onBoth('gives the payload to the application', async (peer) => {
    await peer.join('/', '{"token":"123"}');
  });
  onBoth('lets a client into a custom namespace', async (peer) => {
    await peer.join('/custom');
  });
  onBoth('lets a client into a custom namespace with a payload', async (peer) => {
    await peer.join('/custom', '{"token":"abc"}');
  });
  onBoth('takes a namespace at the end without its comma', async (peer) => {
    await peer.send('40/custom');
    assert.match(await peer.next(), /^40\/custom,\{"sid":"[\w-]{20}"\}$/);
    assert.equal(await peer.next(), '42/custom,["auth",{}]');
  });
  onBoth('takes the written-out main namespace', async (peer) => {
    await peer.send('40/,{"a":1}');
    assert.match(await peer.next(), /^40\{"sid":"[\w-]{20}"\}$/);
    assert.equal(await peer.next(), '42["auth",{"a":1}]');
  });
  onBoth('refuses an unknown namespace and keeps the connection', async (peer) => {
    await peer.send('40/random');
    assert.equal(await peer.next(), '44/random,{"message":"Invalid namespace"}');
    await peer.join();
  });
  onBoth('knows no query in a namespace', async (peer) => {
    await peer.send('40/custom?token=1,');
    assert.equal(await peer.next(), '44/custom?token=1,{"message":"Invalid namespace"}');
  });
  onBoth('creates namespaces whose name fits the pattern', async (peer) => {
    await peer.join('/dynamic-101');
    await peer.join('/dynamic-102');
    await peer.send('42/dynamic-101,["message",1]');
    assert.equal(await peer.next(), '42/dynamic-101,["message-back",1]');
    await peer.send('40/dynamic-x');
    assert.equal(await peer.next(), '44/dynamic-x,{"message":"Invalid namespace"}');
    await peer.send('40/dynamic-');
    assert.equal(await peer.next(), '44/dynamic-,{"message":"Invalid namespace"}');
  });
  onBoth('passes on what the middleware says to a client it refuses', async (peer) => {
    for (const auth of ['', '{"token":1}', '{"token":"let me out"}']) {
      await peer.send(`40/guarded,${auth}`);
      assert.equal(await peer.next(), '44/guarded,{"message":"not authorized","data":{"code":401}}');
    }
    await peer.join('/guarded', '{"token":"let me in"}');
  });
  onBoth('ends a connection that joins nothing in time', async (peer) => {
    await peer.ends();
  });
  onBoth('ends a connection that only was refused in time', async (peer) => {
    await peer.send('40/random');
    assert.equal(await peer.next(), '44/random,{"message":"Invalid namespace"}');
    await peer.ends();
  });
  for (const packet of ['4abc', '4', '47', '42["message"]', '43[]', '41', '40[]', '40"a"', '40{', '40null', '44{"message":""}']) {
    onBoth(`ends a connection that begins with ${packet}`, async (peer) => {
      await peer.send(packet);
      await peer.ends();
    });
  }
  for (const packet of ['40', '40{}', '40/,']) {
    onBoth(`ends a connection that joins again by ${packet}`, async (peer) => {
      await peer.join();
      await peer.send(packet);
      await peer.ends();
    });
  }
});

describe('leaving', () => {
  onBoth('takes a client out of the main namespace only', async (peer) => {
    await peer.join();
    await peer.join('/custom');
    await peer.send('41', '42/custom,["message","to custom"]');
    assert.equal(await peer.next(), '42/custom,["message-back","to custom"]');
  });
  for (const packet of ['41/custom', '41/custom,']) {
    onBoth(`takes a client out of a custom namespace by ${packet}`, async (peer) => {
      await peer.join();
      await peer.join('/custom');
      await peer.send(packet, '42["message","to main"]');
      assert.equal(await peer.next(), '42["message-back","to main"]');
    });
  }
  onBoth('leaves the connection open without any namespace, to join again', async (peer) => {
    const first = await peer.join();
    await peer.send('41');
    assert.notEqual(await peer.join(), first);
  });
  onBoth('ends a connection that speaks to a namespace it left', async (peer) => {
    await peer.join();
    await peer.join('/custom');
    await peer.send('41/custom,');
    await peer.send('42/custom,["message"]');
    await peer.ends();
  });
  onBoth('is announced when the server takes a client out', async (peer) => {
    await peer.join();
    await peer.join('/custom');
    await peer.send('42/custom,["leave"]');
    assert.equal(await peer.next(), '41/custom,');
    await peer.send('42["message","still here"]');
    assert.equal(await peer.next(), '42["message-back","still here"]');
  });
  onBoth('is announced in every namespace before the server ends a connection', async (peer) => {
    await peer.join();
    await peer.join('/custom');
    await peer.send('42/custom,["kick"]');
    assert.deepEqual([await peer.next(), await peer.next()].sort(), ['41', '41/custom,']);
    await peer.ends();
  });
});

describe('events', () => {
  onBoth('carry plain values', async (peer) => {
    await peer.join();
    await peer.send('42["message",1,"2",{"3":[true]}]');
    assert.equal(await peer.next(), '42["message-back",1,"2",{"3":[true]}]');
  });
  onBoth('carry values of every JSON type unchanged', async (peer) => {
    await peer.join();
    const values = [null, true, false, 0, -1, 1.5, 1e300, 2 ** 53, '', 'ä☃🎉', '\u0000\u001e\u2028"\\', [], {}, [[[]]], { '': { a: [null] } }];
    await peer.send(`42${JSON.stringify(['message', ...values])}`);
    const answer = await peer.next();
    assert.equal(answer.slice(0, 2), '42');
    assert.deepEqual(JSON.parse(answer.slice(2)), ['message-back', ...values]);
  });
  onBoth('may have a number for a name, and white space behind', async (peer) => {
    await peer.join();
    await peer.send('42[7,"x"]', '42["message"] \n');
    assert.equal(await peer.next(), '42["message-back"]');
  });
  onBoth('carry bytes', async (peer) => {
    await peer.join();
    await peer.send(`452-["message",${holes(2)}]`, abc, def);
    assert.equal(await peer.next(), `452-["message-back",${holes(2)}]`);
    assert.deepEqual([await peer.next(), await peer.next()], [abc, def]);
  });
  onBoth('carry bytes deep inside, in a custom namespace, and of no length', async (peer) => {
    await peer.join('/custom');
    const args = `{"a":[${holes(1)},{"b":{"_placeholder":true,"num":1}}],"c":"x"}`;
    await peer.send(`452-/custom,["message",${args}]`, Buffer.alloc(0), def);
    assert.equal(await peer.next(), `452-/custom,["message-back",${args}]`);
    assert.deepEqual([await peer.next(), await peer.next()], [Buffer.alloc(0), def]);
  });
  onBoth('carry plain data that only looks like a placeholder', async (peer) => {
    await peer.join();
    await peer.send(`42["message",{"_placeholder":true,"num":7}]`);
    assert.equal(await peer.next(), `42["message-back",{"_placeholder":true,"num":7}]`);
  });
  onBoth('keep their order when some carry bytes', async (peer) => {
    await peer.join();
    for (let i = 0; i < 20; i += 1) {
      await peer.send(`42["message",${i}]`, `451-["message",${i},${holes(1)}]`, Buffer.from([i]));
    }
    for (let i = 0; i < 20; i += 1) {
      assert.equal(await peer.next(), `42["message-back",${i}]`);
      assert.equal(await peer.next(), `451-["message-back",${i},${holes(1)}]`);
      assert.deepEqual(await peer.next(), Buffer.from([i]));
    }
  });
  onBoth('let a pong stand between a header and its bytes', async (peer) => {
    await peer.join();
    await peer.send(`452-["message",${holes(2)}]`, '3', abc, '3', def);
    assert.equal(await peer.next(), `452-["message-back",${holes(2)}]`);
    assert.deepEqual([await peer.next(), await peer.next()], [abc, def]);
  });
  for (const packet of ['4abc', '42{}', '42[]', '42"a"', '42[null]', '42[true]', '42[{}]', '42["message"', '42["connect"]', '42["disconnecting"]']) {
    onBoth(`end the connection when they read ${packet}`, async (peer) => {
      await peer.join();
      await peer.send(packet);
      await peer.ends();
    });
  }
});

describe('acknowledgements', () => {
  onBoth('repeat the id of the question', async (peer) => {
    await peer.join();
    await peer.send('42456["message-with-ack",1,"2",{"3":[false]}]', '420["message-with-ack"]');
    assert.equal(await peer.next(), '43456[1,"2",{"3":[false]}]');
    assert.equal(await peer.next(), '430[]');
  });
  onBoth('name the namespace', async (peer) => {
    await peer.join('/custom');
    await peer.send('42/custom,9007199254740991["message-with-ack",[]]');
    assert.equal(await peer.next(), '43/custom,9007199254740991[[]]');
  });
  onBoth('carry bytes', async (peer) => {
    await peer.join();
    await peer.send(`452-789["message-with-ack",${holes(2)}]`, abc, def);
    assert.equal(await peer.next(), `462-789[${holes(2)}]`);
    assert.deepEqual([await peer.next(), await peer.next()], [abc, def]);
  });
  onBoth('are given by the client when the server asks', async (peer) => {
    await peer.join();
    await peer.send('42["ask","why"]');
    const [, id] = /^42(\d+)\["question","why"\]$/.exec(await peer.next());
    await peer.send(`43${id}["because",{"of":[1]}]`);
    assert.equal(await peer.next(), '42["answered",["because",{"of":[1]}]]');
  });
  onBoth('carry bytes when the client gives them', async (peer) => {
    await peer.join();
    await peer.send(`451-["ask",${holes(1)}]`, abc);
    const [, id] = /^451-(\d+)\["question",\{"_placeholder":true,"num":0\}\]$/.exec(await peer.next());
    assert.deepEqual(await peer.next(), abc);
    await peer.send(`461-${id}[${holes(1)}]`, def);
    assert.equal(await peer.next(), `451-["answered",[${holes(1)}]]`);
    assert.deepEqual(await peer.next(), def);
  });
  onBoth('count only once', async (peer) => {
    await peer.join();
    await peer.send('42["ask"]');
    const [, id] = /^42(\d+)\["question"\]$/.exec(await peer.next());
    await peer.send(`43${id}[1]`, `43${id}[2]`, '42["message","after"]');
    assert.equal(await peer.next(), '42["answered",[1]]');
    assert.equal(await peer.next(), '42["message-back","after"]');
  });
  for (const packet of ['42abc["message-with-ack",1]', '42-1["message-with-ack"]', '421.5["message-with-ack"]', '43{}', '430{}', '43"a"', '430"a"']) {
    onBoth(`end the connection when they read ${packet}`, async (peer) => {
      await peer.join();
      await peer.send(packet);
      await peer.ends();
    });
  }
});

describe('bytes that do not fit their header', () => {
  const headers = [
    '450-["message"]', '450-', '45-["message"]', '451["message"]', '45["message"]', '45x-["message"]', '451.5-["message"]',
    '451e9-["message"]', '45-1-["message"]', `4511-["message",${holes(11)}]`, '4599999999999999999999-["message"]',
  ];
  for (const header of headers) {
    onBoth(`end the connection at ${header.slice(0, 30)}`, async (peer) => {
      await peer.join();
      await peer.send(header);
      await peer.ends();
    });
  }
  for (const number of ['1', '-1', '"0"', '"splice"', 'null', '0.5', '{}', '99999999999999999999']) {
    onBoth(`end the connection when one is asked for by ${number}`, async (peer) => {
      await peer.join();
      await peer.send(`451-["message",{"_placeholder":true,"num":${number}}]`, abc);
      await peer.ends();
    });
  }
  onBoth('end the connection when a text comes instead', async (peer) => {
    await peer.join();
    await peer.send(`451-["message",${holes(1)}]`, '42["message"]');
    await peer.ends();
  });
  onBoth('end the connection when more come than announced', async (peer) => {
    await peer.join();
    await peer.send(`451-["message",${holes(1)}]`, abc, def);
    const rest = [];
    for (let packet = await peer.next(); packet !== null; packet = await peer.next()) rest.push(packet);
    assert.ok(rest.length === 0 || rest.length === 2, 'the whole event came back, or nothing of it');
  });
  onBoth('end the connection when none were announced', async (peer) => {
    await peer.join();
    await peer.send(abc);
    await peer.ends();
  });
  onBoth('may be used twice, or not at all', async (peer) => {
    await peer.join();
    await peer.send(`451-["message",${holes(1)},${holes(1)}]`, abc);
    assert.equal(await peer.next(), `451-["message-back",${holes(1)},${holes(1)}]`);
    assert.deepEqual(await peer.next(), abc);
    await peer.send('452-["message","none"]', abc, def);
    assert.equal(await peer.next(), '42["message-back","none"]');
  });
  onBoth('may be ten at the most', async (peer) => {
    await peer.join();
    const ten = Array.from({ length: 10 }, (_, i) => Buffer.from([i]));
    await peer.send(`4510-["message",${holes(10)}]`, ...ten);
    assert.equal(await peer.next(), `4510-["message-back",${holes(10)}]`);
    for (const one of ten) assert.deepEqual(await peer.next(), one);
  });
});
