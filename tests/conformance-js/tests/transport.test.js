// Sub-protocols, frames, keep-alive, several clients on one connection, and what the server answers to bad input.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';

import { RawClient } from '../harness/raw.js';
import { startServer } from '../harness/server.js';
import { having, matrix, name, v5 } from '../sdk/index.js';

let server;
before(async () => { server = await startServer(); });
after(() => server.dispose());

const MODERN = 'lc.protobuf2.3';

/** Runs `body` with a raw client and ends it afterwards. */
async function raw(options, body) {
  const client = await RawClient.connect(server, options);
  try {
    return await body(client);
  } finally {
    client.close();
  }
}

for (const protocol of ['lc.protobuf.1', 'lc.protobuf.3', 'lc.protobuf2.1', 'lc.protobuf2.3', 'lc.protobase64.1', 'lc.protobase64.3', 'lc.proto2base64.1', 'lc.proto2base64.3']) {
  test(`W-18 W-19 W-28 W-29: ${protocol} is accepted, confirmed and spoken`, () => raw({ protocol }, async (client) => {
    assert.equal(client.socket.protocol, protocol);
    const opened = await client.login(name('tom'));
    assert.equal(opened.op, 'opened');
    assert.equal(opened.isBinary, !protocol.includes('base64'));
  }));
}

test('W-18 W-391: no sub-protocol is the JSON protocol', () => raw({}, async (client) => {
  const id = name('tom');
  const opened = await client.login(id);
  assert.equal(client.socket.protocol, '');
  assert.equal(opened.cmd, 'session');
  assert.equal(opened.op, 'opened');
  assert.equal(opened.peerId, id);
}));

test('W-13: the path that the route names is good for the upgrade, and so is none, with any query', async () => {
  const route = await (await fetch(`${server.url}/v1/route?appId=${server.apps.main.id}`)).json();
  for (const path of [new URL(route.server).pathname, new URL(route.secondary).pathname, '/', '/?x=1']) {
    await raw({ protocol: MODERN, path }, async (client) => {
      assert.equal((await client.login(name('tom'))).op, 'opened');
    });
  }
});

test('W-21: a sub-protocol in the query counts when there is no header, and is not confirmed', () => raw({ path: `/?subprotocol=${MODERN}`, speaks: MODERN }, async (client) => {
  assert.equal(client.socket.protocol, '');
  assert.equal((await client.login(name('tom'))).op, 'opened');
}));

test('W-22: of several sub-protocols the first known one is taken', () => raw({ protocol: ['chat', MODERN, 'lc.protobuf.1'] }, async (client) => {
  assert.equal(client.socket.protocol, MODERN);
}));

test('W-22: an upgrade with unknown sub-protocols only is refused with 400', async () => {
  const client = new RawClient(server, { protocol: ['chat'] });
  assert.match((await client.get('error')).reason, /400/);
});

matrix('W-29 W-19: text frames for runtimes without binary ones (noBinary)', { server: () => server, sdks: having('noBinary') }, async (stage) => {
  const tom = await stage.client('tom', { noBinary: true });
  const bob = await stage.client('bob');
  const conversation = await tom.create({ members: [bob.id] });
  await conversation.send('über Text 🚀');
  const received = await bob.get('message', { cid: conversation.id });
  assert.equal(received.text, 'über Text 🚀');
});

test('W-36 W-45: an echo with a serial id is answered before any login', () => raw({ protocol: MODERN }, async (client) => {
  const reply = await client.ask({ cmd: 'echo' });
  assert.equal(reply.cmd, 'echo');
}));

test('W-37 W-56: an echo without a serial id is answered without one', () => raw({ protocol: MODERN }, async (client) => {
  client.send({ cmd: 'echo' });
  const reply = await client.get('frame', { cmd: 'echo' });
  assert.ok(!('i' in reply));
}));

test('W-57: any 32-bit number is a serial id, 0 and negative ones too', () => raw({ protocol: MODERN }, async (client) => {
  for (const i of [0, -1, -65535, 65536, 2147483647, -2147483648]) {
    client.send({ cmd: 'echo', i });
    await client.get('frame', { cmd: 'echo', i });
  }
}));

test('W-38: a WebSocket ping is answered with a pong', () => raw({ protocol: MODERN }, async (client) => {
  client.socket.ping();
  await client.get('pong');
}));

test('W-39 W-398 B-408: {} is answered with {}', () => raw({}, async (client) => {
  await client.login(name('tom'));
  const before = client.mark();
  client.socket.send('{}');
  const answer = await client.get('frame', {}, { after: before });
  assert.deepEqual({ ...answer }, { kind: 'frame', isBinary: false });
}));

test('W-59: the same serial id may come again', () => raw({ protocol: MODERN }, async (client) => {
  client.send({ cmd: 'echo', i: 7 });
  client.send({ cmd: 'echo', i: 7 });
  await client.count('frame', { i: 7 }, 2);
}));

test('W-30: a command may come in several frames', () => raw({}, async (client) => {
  const id = name('tom');
  const text = JSON.stringify({ cmd: 'session', op: 'open', appId: client.appId, peerId: id, ua: 'x', i: 5 });
  client.socket.send(text.slice(0, 20), { fin: false });
  client.socket.send(text.slice(20), { fin: true });
  assert.equal((await client.get('frame', { i: 5 })).op, 'opened');
}));

matrix('W-64 B-12: many clients on one connection each receive their own messages only', { server: () => server, sdks: having('modern') }, async (stage) => {
  const first = await stage.client('first');
  const others = await Promise.all(Array.from({ length: 20 }, (_, index) => first.beside(name(`other${index}`))));
  const sender = await stage.client('sender');
  const conversations = await Promise.all(others.map((other) => sender.create({ members: [other.id] })));
  await Promise.all(conversations.map((conversation, index) => conversation.send(`for ${others[index].id}`)));
  for (const [index, other] of others.entries()) {
    await other.get('message', { text: `for ${other.id}` });
    assert.deepEqual(other.list('message').map(({ cid }) => cid), [conversations[index].id]);
  }
  assert.deepEqual(first.list('message'), []);
});

test("W-65 W-66 W-456: a command without a client id is the first opened client's", () => raw({ protocol: MODERN }, async (client) => {
  const [tom, bob] = [name('tom'), name('bob')];
  await client.login(tom);
  await client.login(bob);
  const started = await client.ask({ cmd: 'conv', op: 'start', convMessage: { m: [tom, bob] } });
  assert.equal(started.peerId, tom);
  const joined = await client.get('frame', { op: 'joined', peerId: bob });
  assert.equal(joined.convMessage.initBy, tom);
}));

test('W-67 B-8: a command before login is refused with 4105 and the connection lives', () => raw({ protocol: MODERN }, async (client) => {
  const reply = await client.ask({ cmd: 'conv', op: 'start', convMessage: { m: ['a'] } });
  assert.equal(reply.cmd, 'error');
  assert.equal(reply.errorMessage.code, 4105);
  assert.equal(reply.errorMessage.reason, 'SESSION_REQUIRED');
  assert.equal((await client.login(name('tom'))).op, 'opened');
}));

test('W-67 W-69: a command of a client that is not open here is refused with 4105 in its name', () => raw({ protocol: MODERN }, async (client) => {
  await client.login(name('tom'));
  const stranger = name('stranger');
  const reply = await client.ask({ cmd: 'conv', op: 'count', peerId: stranger, convMessage: { cid: 'x' } });
  assert.equal(reply.errorMessage.code, 4105);
  assert.equal(reply.peerId, stranger);
}));

test('W-63: a second app on one connection is refused with 4100', () => raw({ protocol: MODERN }, async (client) => {
  await client.login(name('tom'));
  const reply = await client.ask({ cmd: 'session', op: 'open', appId: 'another-app', peerId: name('bob'), sessionMessage: {} });
  assert.equal(reply.errorMessage.code, 4100);
}));

test('W-76 W-79 W-70: an error reply carries serial id, client, service, code and name', () => raw({ protocol: MODERN }, async (client) => {
  const tom = name('tom');
  await client.login(tom);
  const reply = await client.ask({ cmd: 'conv', op: 'count', peerId: tom, convMessage: { cid: '0123456789abcdef01234567' } });
  assert.equal(reply.cmd, 'error');
  assert.equal(reply.peerId, tom);
  assert.equal(reply.service, 2);
  assert.deepEqual([reply.errorMessage.code, reply.errorMessage.reason], [4303, 'CONVERSATION_NOT_FOUND']);
}));

test('W-35 W-378: an unknown command and an unsupported one are refused, and the connection lives', () => raw({ protocol: MODERN }, async (client) => {
  await client.login(name('tom'));
  const reply = await client.ask({ cmd: 'presence' });
  assert.equal(reply.cmd, 'error');
  assert.equal(reply.errorMessage.code, 4200);
  assert.equal((await client.ask({ cmd: 'echo' })).cmd, 'echo');
}));

test('W-169 W-45: a command without a required field is refused by its serial id', () => raw({ protocol: MODERN }, async (client) => {
  await client.login(name('tom'));
  for (const command of [
    { cmd: 'conv', op: 'add', convMessage: { m: ['x'] } },
    { cmd: 'conv', op: 'update' },
    { cmd: 'logs', logsMessage: {} },
    { cmd: 'patch', op: 'modify', patchMessage: { patches: [{ cid: 'x' }] } },
  ]) {
    const reply = await client.ask(command);
    assert.equal(reply.cmd, 'error', JSON.stringify(command));
    assert.ok(reply.errorMessage.code >= 4000);
  }
}));

for (const [what, options, frame] of [
  ['a binary frame that is no command', { protocol: MODERN }, Buffer.from('ffffffffff', 'hex')],
  ['text that is no base64', { protocol: 'lc.proto2base64.3' }, '*** no base64 ***'],
  ['base64 of no command', { protocol: 'lc.proto2base64.3' }, Buffer.from('ffffffffff', 'hex').toString('base64')],
]) {
  test(`W-33 W-47: ${what} leaves the connection as it is; only a series of them closes it, with 4114`, () => raw(options, async (client) => {
    client.socket.send(frame);
    assert.equal((await client.login(name('tom'))).op, 'opened');
    for (let turn = 0; turn < 20; turn += 1) client.socket.send(frame);
    assert.equal((await client.get('close')).code, 4114);
  }));
}

test('W-400: text that is no JSON object is ignored', () => raw({}, async (client) => {
  for (const frame of ['no json', '[1, 2]', '17', '"text"', '{"cmd":"nobody knows this"}', '{"cmd":17}']) client.socket.send(frame);
  assert.equal((await client.login(name('tom'))).op, 'opened');
}));

test('W-419: an unknown JSON command with a serial id is answered with its own name and an error', () => raw({}, async (client) => {
  await client.login(name('tom'));
  const reply = await client.ask({ cmd: 'conv', op: 'count', cid: '0123456789abcdef01234567' });
  assert.deepEqual([reply.cmd, reply.op, reply.code, reply.reason], ['conv', 'error', 4303, 'CONVERSATION_NOT_FOUND']);
}));

test('W-31 W-32 B-200: a frame over 64 KiB closes the connection with 4109', () => raw({ protocol: MODERN }, async (client) => {
  await client.login(name('tom'));
  client.socket.send(randomBytes(70_000));
  assert.equal((await client.get('close')).code, 4109);
}));

test('W-49: a close frame is answered at once', () => raw({}, async (client) => {
  await client.login(name('tom'));
  client.socket.close(1000);
  await client.get('close', {}, { within: 1_000 });
}));

test('W-137 W-44: closing a session that is not open is answered, and the connection stays', () => raw({ protocol: MODERN }, async (client) => {
  const tom = name('tom');
  await client.login(tom);
  for (let turn = 0; turn < 2; turn += 1) {
    const reply = await client.ask({ cmd: 'session', op: 'close', peerId: tom });
    assert.equal(reply.op, 'closed');
  }
  assert.equal((await client.ask({ cmd: 'echo' })).cmd, 'echo');
}));

test('W-372 W-376: a push login is answered by loggedin with service 0', () => raw({ protocol: MODERN }, async (client) => {
  client.send({ cmd: 'login', appId: client.appId, installationId: 'device' });
  const reply = await client.get('frame', { cmd: 'loggedin' });
  assert.equal(reply.service, 0);
  assert.ok(!('i' in reply) && !('loggedinMessage' in reply));
}));

test('W-83 W-46: a failing command without a serial id is dropped in silence', () => raw({ protocol: MODERN }, async (client) => {
  await client.login(name('tom'));
  const before = client.mark();
  client.send({ cmd: 'ack', ackMessage: { cid: 'nowhere', mid: 'nothing' } });
  client.send({ cmd: 'read', readMessage: { convs: [{ cid: 'nowhere', timestamp: 1 }] } });
  client.send({ cmd: 'conv', op: 'count', convMessage: { cid: 'nowhere' } });
  await client.ask({ cmd: 'echo' });
  assert.equal(client.mark() - before, 1);
}));

test('issue 2, bad input: random frames from many connections leave other clients undisturbed', async () => {
  const bystander = await v5.open(server, name('bystander'));
  await Promise.all(Array.from({ length: 20 }, async (_, index) => {
    const client = await RawClient.connect(server, { protocol: index % 2 ? MODERN : 'lc.proto2base64.3' });
    for (let turn = 0; turn < 20 && client.socket.readyState === 1; turn += 1) client.socket.send(randomBytes(1 + turn * 40));
    client.close();
  }));
  assert.deepEqual(await bystander.ping([bystander.id]), [bystander.id]);
  await bystander.close();
});
