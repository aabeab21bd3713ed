// What SDKs on other platforms send and read, frame by frame: forms of acks and reads, Java's reopen without a serial id,
// fields that must be there and fields that must not.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { RawClient } from '../harness/raw.js';
import { startServer } from '../harness/server.js';
import { name } from '../sdk/index.js';

let server;
before(async () => { server = await startServer(); });
after(() => server.dispose());

const ALL_BITS = 0xbb;

/** Raw clients that are logged in, by name, and a conversation of them all. */
async function world(names, body) {
  const open = [];
  const connect = async (id, options = {}) => {
    const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3', ...options });
    open.push(client);
    client.id = id;
    if (id) client.opened = await client.login(id, { configBitmap: ALL_BITS });
    return client;
  };
  try {
    const clients = [];
    for (const who of names) clients.push(await connect(name(who)));
    let cid;
    if (clients.length > 0) {
      const started = await clients[0].ask({ cmd: 'conv', op: 'start', convMessage: { m: clients.map(({ id }) => id) } });
      ({ cid } = started.convMessage);
      await Promise.all(clients.map((client) => client.get('frame', { op: 'members_joined' })));
    }
    await body({ clients, cid, connect });
  } finally {
    for (const client of open) client.close();
  }
}

const say = async (client, cid, fields = {}) => (await client.ask({ cmd: 'direct', directMessage: { cid, msg: 'hello', ...fields } })).ackMessage;

for (const [form, make] of [
  ['one message by its id (Java, Swift, C#, 2.4.0)', ({ mid, cid }) => ({ cid, mid })],
  ['a range of times, both ends included (JavaScript)', ({ t, cid }) => ({ cid, fromts: t, tots: t })],
  ['everything up to a time (Java, after reading history)', ({ t, cid }) => ({ cid, tots: t })],
]) {
  test(`W-293 W-294 W-295: an ack names ${form}`, () => world(['tom', 'bob'], async ({ clients: [tom, bob], cid }) => {
    const sent = await say(tom, cid, { r: true });
    await bob.get('frame', { cmd: 'direct' });
    bob.send({ cmd: 'ack', ackMessage: make({ cid, mid: sent.uid, t: sent.t }) });
    const receipt = await tom.get('frame', { cmd: 'rcp' });
    assert.equal(receipt.rcpMessage.id, sent.uid);
  }));
}

test('W-296 W-297 W-298 W-304 W-73: a delivery receipt: its fields, and one of them for all acks', () => world(['tom', 'bob'], async ({ clients: [tom, bob], cid }) => {
  const sent = await say(tom, cid, { r: true });
  await bob.get('frame', { cmd: 'direct' });
  for (let turn = 0; turn < 3; turn += 1) bob.send({ cmd: 'ack', ackMessage: { cid, mid: sent.uid } });
  const { rcpMessage, serverTs, service, peerId, ...rest } = await tom.get('frame', { cmd: 'rcp' });
  assert.deepEqual({ ...rcpMessage, t: 0 }, { id: sent.uid, cid, t: 0, from: bob.id });
  assert.ok(rcpMessage.t >= sent.t && serverTs >= sent.t);
  assert.deepEqual([service, peerId, 'i' in rest], [2, tom.id, false]);
  await say(bob, cid);
  await tom.get('frame', { cmd: 'direct' });
  assert.equal(tom.list('frame', { cmd: 'rcp' }).length, 1);
}));

test('W-299 W-302 W-304: a read receipt names the newest message read that wanted one', () => world(['tom', 'bob'], async ({ clients: [tom, bob], cid }) => {
  await say(tom, cid, { r: true });
  const last = await say(tom, cid, { r: true });
  const plain = await say(tom, cid);
  await bob.count('frame', { cmd: 'direct' }, 3);
  bob.send({ cmd: 'read', readMessage: { convs: [{ cid, mid: plain.uid, timestamp: plain.t }] } });
  const { rcpMessage } = await tom.get('frame', ({ rcpMessage: rcp }) => rcp?.read);
  assert.deepEqual([rcpMessage.id, rcpMessage.cid, rcpMessage.read, rcpMessage.from], [last.uid, cid, true, bob.id]);
  assert.ok(rcpMessage.t >= last.t);
}));

test('W-317 W-318 W-305 W-306: after a read every session of the reader is told the new count, with the last message', () => world(['tom', 'bob'], async ({ clients: [tom, bob], cid, connect }) => {
  const pad = await connect(bob.id);
  await say(tom, cid);
  const sent = await say(tom, cid, { msg: 'last' });
  await bob.count('frame', { cmd: 'direct' }, 2);
  bob.send({ cmd: 'read', readMessage: { convs: [{ cid, mid: sent.uid, timestamp: sent.t }] } });
  for (const device of [bob, pad]) {
    const { unreadMessage } = await device.get('frame', { cmd: 'unread' });
    assert.ok(unreadMessage.notifTime >= sent.t);
    const [tuple] = unreadMessage.convs;
    assert.deepEqual({ ...tuple }, { cid, unread: 0, mid: sent.uid, timestamp: sent.t, from: tom.id, data: 'last', mentioned: false, convType: 1 });
  }
}));

for (const [form, make] of [
  ['without a message, up to now', ({ cid }) => ({ convs: [{ cid }] })],
  ['by the message alone', ({ cid, mid }) => ({ convs: [{ cid, mid }] })],
  ['by the time alone', ({ cid, t }) => ({ convs: [{ cid, timestamp: t }] })],
  ['by an early time and the id of a later message', ({ cid, mid, t }) => ({ convs: [{ cid, mid, timestamp: t - 1_000 }] })],
  ['in the old fields', ({ cid }) => ({ cid })],
]) {
  test(`W-314 W-316 W-320: a conversation is read ${form}`, () => world(['tom', 'bob'], async ({ clients: [tom, bob], cid }) => {
    const sent = await say(tom, cid);
    await bob.get('frame', { cmd: 'direct' });
    bob.send({ cmd: 'read', readMessage: make({ cid, mid: sent.uid, t: sent.t }) });
    const { unreadMessage } = await bob.get('frame', { cmd: 'unread' });
    assert.deepEqual(unreadMessage.convs.map(({ unread }) => unread), [0]);
  }));
}

test('W-316: the read position never goes back', () => world(['tom', 'bob'], async ({ clients: [tom, bob], cid, connect }) => {
  const first = await say(tom, cid);
  const last = await say(tom, cid);
  bob.send({ cmd: 'read', readMessage: { convs: [{ cid, timestamp: last.t }] } });
  await bob.get('frame', { cmd: 'unread' });
  bob.send({ cmd: 'read', readMessage: { convs: [{ cid, timestamp: first.t }] } });
  await bob.ask({ cmd: 'echo' });
  const again = await connect(bob.id);
  const later = await say(tom, cid);
  await again.get('frame', ({ directMessage }) => directMessage?.id === later.uid);
  assert.deepEqual(again.list('frame', { cmd: 'unread' }), []);
}));

test('W-315: a read with a serial id is not answered', () => world(['tom', 'bob'], async ({ clients: [tom, bob], cid }) => {
  await say(tom, cid);
  bob.send({ cmd: 'read', i: 77, readMessage: { convs: [{ cid }] } });
  await bob.get('frame', { cmd: 'unread' });
  await bob.ask({ cmd: 'echo' });
  assert.deepEqual(bob.list('frame', { i: 77 }), []);
}));

test('W-235 W-234: receipt times of each other member; what never was is absent', () => world(['tom', 'bob', 'eve'], async ({ clients: [tom, bob, eve], cid }) => {
  const sent = await say(tom, cid, { r: true });
  await bob.get('frame', { cmd: 'direct' });
  bob.send({ cmd: 'ack', ackMessage: { cid, mid: sent.uid } });
  bob.send({ cmd: 'read', readMessage: { convs: [{ cid, timestamp: sent.t }] } });
  await bob.get('frame', { cmd: 'unread' });
  const { op, convMessage } = await tom.ask({ cmd: 'conv', op: 'max_read', convMessage: { cid, queryAllMembers: true } });
  assert.deepEqual([op, convMessage.cid], ['max_read', cid]);
  const of = (id) => convMessage.maxReadTuples.find(({ pid }) => pid === id);
  assert.equal(of(bob.id).maxAckTimestamp, sent.t);
  assert.equal(of(bob.id).maxReadTimestamp, sent.t);
  assert.deepEqual(of(eve.id) ?? { pid: eve.id }, { pid: eve.id });
  assert.equal(of(tom.id), undefined);
}));

test('W-347 W-352 W-354 W-355 W-356 W-358: an edit: the reply, and the fields of the push', () => world(['tom', 'bob'], async ({ clients: [tom, bob], cid }) => {
  const sent = await say(tom, cid);
  const patches = [{ cid, mid: sent.uid, timestamp: sent.t, recall: false, data: 'new', mentionPids: [bob.id] }];
  const reply = await tom.ask({ cmd: 'patch', op: 'modify', patchMessage: { patches } });
  assert.equal(reply.op, 'modified');
  const { patchMessage } = await bob.get('frame', { cmd: 'patch', op: 'modify' });
  assert.equal(patchMessage.patches.length, 1);
  const { patchTimestamp, ...item } = patchMessage.patches[0];
  assert.deepEqual(item, { cid, mid: sent.uid, timestamp: sent.t, recall: false, data: 'new', from: tom.id, mentionPids: [bob.id] });
  assert.ok(patchTimestamp > sent.t);
  assert.equal(reply.patchMessage.lastPatchTime, patchTimestamp);
  const { logsMessage } = await bob.ask({ cmd: 'logs', logsMessage: { cid } });
  assert.equal(logsMessage.logs[0].patchTimestamp, patchTimestamp);
}));

test('W-344 W-353 W-428 W-429: a recall: content sent with it is ignored, and the recalled form is pushed and kept', () => world(['tom', 'bob'], async ({ clients: [tom, bob], cid }) => {
  const sent = await say(tom, cid, { msg: undefined, binaryMsg: Buffer.from([1, 2, 3]), mentionAll: true });
  const patches = [{ cid, mid: sent.uid, timestamp: sent.t, recall: true, data: 'ignored' }];
  assert.equal((await tom.ask({ cmd: 'patch', op: 'modify', patchMessage: { patches } })).op, 'modified');
  const { patchMessage: { patches: [item] } } = await bob.get('frame', { cmd: 'patch' });
  assert.deepEqual([item.recall, item.data, item.binaryMsg, item.mentionAll], [true, '{"_lctype":-127}', undefined, undefined]);
  const { logsMessage: { logs: [kept] } } = await bob.ask({ cmd: 'logs', logsMessage: { cid } });
  assert.deepEqual([kept.data, kept.bin ?? false, kept.mentionAll], ['{"_lctype":-127}', false, undefined]);
}));

test('W-345: the bytes of an edited binary message come in the text field (Java)', () => world(['tom', 'bob'], async ({ clients: [tom, bob], cid }) => {
  const sent = await say(tom, cid, { msg: undefined, binaryMsg: Buffer.from([1]) });
  const patches = [{ cid, mid: sent.uid, timestamp: sent.t, recall: false, data: 'AB' }];
  await tom.ask({ cmd: 'patch', op: 'modify', patchMessage: { patches } });
  const { patchMessage: { patches: [item] } } = await bob.get('frame', { cmd: 'patch' });
  assert.deepEqual(item.binaryMsg, Buffer.from('AB'));
}));

test('W-348: a confirmation of patches is not answered', () => world(['tom'], async ({ clients: [tom] }) => {
  const before = tom.mark();
  tom.send({ cmd: 'patch', op: 'modified', patchMessage: { lastPatchTime: Date.now() } });
  await tom.ask({ cmd: 'echo' });
  assert.equal(tom.mark() - before, 1);
}));

test('W-113 W-46: a reopen by token without a serial id (Java): opened without one', () => world(['tom'], async ({ clients: [tom], connect }) => {
  const again = await connect();
  again.send({ cmd: 'session', op: 'open', appId: again.appId, peerId: tom.id, sessionMessage: { r: true, st: tom.opened.sessionMessage.st } });
  const opened = await again.get('frame', { op: 'opened' });
  assert.deepEqual([opened.peerId, opened.service, 'i' in opened], [tom.id, 2, false]);
}));

test('W-113 W-118: with a bad token, an error without a serial id and 4112', () => world(['tom'], async ({ clients: [tom], connect }) => {
  const again = await connect();
  again.send({ cmd: 'session', op: 'open', appId: again.appId, peerId: tom.id, sessionMessage: { r: true, st: 'bad' } });
  const refused = await again.get('frame', { cmd: 'error' });
  assert.deepEqual([refused.errorMessage.code, refused.peerId, 'i' in refused], [4112, tom.id, false]);
}));

test('W-458 W-126 W-121: refused for another reason, the session is closed with its code', () => world([], async ({ connect }) => {
  const id = name('tom');
  const old = await connect();
  const { sessionMessage: { st } } = await old.login(id, { tag: 'mobile', deviceId: 'a' });
  const young = await connect();
  await young.login(id, { tag: 'mobile', deviceId: 'b' });
  await old.get('frame', { op: 'closed' });
  const back = await connect();
  back.send({ cmd: 'session', op: 'open', appId: back.appId, peerId: id, sessionMessage: { r: true, st } });
  const closed = await back.get('frame', { op: 'closed' });
  assert.deepEqual([closed.sessionMessage.code, 'i' in closed], [4111, false]);
}));

test('W-373 W-374: live query logs in and out and is answered', () => world(['tom'], async ({ connect }) => {
  const client = await connect();
  const loggedIn = await client.ask({ cmd: 'login', appId: client.appId, installationId: 'device', service: 1 });
  assert.deepEqual([loggedIn.cmd, loggedIn.installationId, loggedIn.service], ['loggedin', 'device', 1]);
  const loggedOut = await client.ask({ cmd: 'logout', appId: client.appId, installationId: 'device', service: 1 });
  assert.deepEqual([loggedOut.cmd, loggedOut.installationId, loggedOut.service], ['loggedout', 'device', 1]);
}));

test('W-377: a device token is taken (Swift)', () => world(['tom'], async ({ clients: [tom] }) => {
  const reply = await tom.ask({ cmd: 'report', op: 'upload', reportMessage: { initiative: true, type: 'token', data: 'token' } });
  assert.deepEqual([reply.cmd, reply.op], ['report', 'uploaded']);
}));

test('W-72: what C# adds to commands is ignored', () => world(['tom', 'bob'], async ({ clients: [tom, bob], cid }) => {
  const sent = (await tom.ask({ cmd: 'direct', directMessage: { cid, msg: 'x', fromPeerId: 'somebody else' } })).ackMessage;
  assert.equal((await bob.get('frame', { cmd: 'direct' })).directMessage.fromPeerId, tom.id);
  const history = await tom.ask({ cmd: 'logs', op: 'open', logsMessage: { cid } });
  assert.deepEqual(history.logsMessage.logs.map(({ msgId }) => msgId), [sent.uid]);
}));

test('W-104 W-206: a session that knows no partial failure gets an error, and nothing is changed', () => world(['tom'], async ({ clients: [tom], cid, connect }) => {
  const old = await connect();
  await old.login(name('old'), { configBitmap: 1 });
  const reply = await old.ask({ cmd: 'conv', op: 'add', convMessage: { cid, m: ['friend'] } });
  assert.deepEqual([reply.cmd, reply.errorMessage.code], ['error', 4317]);
  const { convMessage } = await tom.ask({ cmd: 'conv', op: 'count', convMessage: { cid } });
  assert.equal(convMessage.count, 1);
}));

test('W-101 W-102: without the bits, no edits and nothing of temporary conversations', () => world(['tom'], async ({ clients: [tom], connect }) => {
  const plain = await connect();
  const { peerId } = await plain.login(name('plain'), { configBitmap: 0 });
  const start = async (fields) => (await tom.ask({ cmd: 'conv', op: 'start', convMessage: { m: [peerId, tom.id], ...fields } })).convMessage.cid;
  const temporary = await start({ tempConv: true });
  await say(tom, temporary);
  const normal = await start({});
  const sent = await say(tom, normal);
  await plain.get('frame', { cmd: 'direct' });
  await tom.ask({ cmd: 'patch', op: 'modify', patchMessage: { patches: [{ cid: normal, mid: sent.uid, timestamp: sent.t, recall: false, data: 'new' }] } });
  const fence = await say(tom, normal, { msg: 'fence' });
  await plain.get('frame', ({ directMessage }) => directMessage?.id === fence.uid);
  const told = plain.list('frame', ({ cmd, convMessage, directMessage }) => cmd === 'patch' || [convMessage?.cid, directMessage?.cid].includes(temporary));
  assert.deepEqual(told, []);
}));

test('W-166 B-158: a temporary conversation takes no changes: 4314', () => world(['tom', 'bob'], async ({ clients: [tom, bob] }) => {
  const { convMessage: { cid } } = await tom.ask({ cmd: 'conv', op: 'start', convMessage: { m: [tom.id, bob.id], tempConv: true } });
  for (const [op, fields] of [['add', { m: ['x'] }], ['remove', { m: [bob.id] }], ['update', { attr: { data: '{"name":"x"}' } }], ['mute', {}]]) {
    const reply = await tom.ask({ cmd: 'conv', op, convMessage: { cid, ...fields } });
    assert.equal(reply.errorMessage?.code, 4314, op);
  }
}));

test('W-179 W-181 B-162: a unique temporary conversation is found again; its events say that it is one', () => world(['tom', 'bob'], async ({ clients: [tom, bob] }) => {
  const start = (fields) => tom.ask({ cmd: 'conv', op: 'start', convMessage: { m: [tom.id, bob.id], tempConv: true, tempConvTTL: 60, ...fields } });
  const { convMessage: first } = await start({ unique: true });
  assert.equal(first.tempConvTTL, 60);
  assert.equal((await start({ unique: true })).convMessage.cid, first.cid);
  assert.notEqual((await start({})).convMessage.cid, first.cid);
  const { convMessage } = await bob.get('frame', ({ op, convMessage: conv }) => op === 'joined' && conv.cid === first.cid);
  assert.deepEqual([convMessage.tempConv, convMessage.tempConvTTL > 0], [true, true]);
}));

test('W-193 W-201: temporary conversations by id; unknown ones are left out, and the time left counts down', () => world(['tom'], async ({ clients: [tom] }) => {
  const { convMessage: { cid } } = await tom.ask({ cmd: 'conv', op: 'start', convMessage: { m: [tom.id], tempConv: true, tempConvTTL: 60 } });
  const reply = await tom.ask({ cmd: 'conv', op: 'query', convMessage: { tempConvIds: ['_tmp:unknown', cid] } });
  const [row, ...others] = JSON.parse(reply.convMessage.results.data);
  assert.deepEqual([row.objectId, row.temp, others.length], [cid, true, 0]);
  assert.ok(row.ttl > 50 && row.ttl <= 60);
}));

test('W-409 W-410 W-413: replies and events in the JSON of 2015 are flat', () => world([], async ({ connect }) => {
  const tom = await connect(undefined, { protocol: undefined });
  const id = name('tom');
  const opened = await tom.login(id);
  assert.deepEqual([opened.peerId, typeof opened.st, opened.stTtl > 0, opened.serverTs > 0], [id, 'string', true, true]);
  const started = await tom.ask({ cmd: 'conv', op: 'start', m: [] });
  assert.match(started.cid, /^[0-9a-f]{24}$/);
  const joined = await tom.get('frame', { op: 'joined' });
  assert.deepEqual([joined.cid, joined.peerId, joined.initBy, 'i' in joined], [started.cid, id, id, false]);
  assert.deepEqual((await tom.get('frame', { op: 'members-joined' })).m, [id]);
}));

test('W-420 W-415: in JSON a refused message is an ack with code, id and time; a transient one is not answered', () => world(['tom'], async ({ cid, connect }) => {
  const old = await connect(undefined, { protocol: undefined });
  await old.login(name('old'));
  const refused = await old.ask({ cmd: 'direct', cid, msg: 'x' });
  assert.deepEqual([refused.cmd, refused.code, refused.reason, refused.cid], ['ack', 4401, 'INVALID_MESSAGING_TARGET', cid]);
  assert.ok(refused.uid && refused.t > 0);
  const { cid: own } = await old.ask({ cmd: 'conv', op: 'start', m: [] });
  old.send({ cmd: 'direct', cid: own, msg: 'x', transient: true, i: 4_711 });
  await old.ask({ cmd: 'conv', op: 'count', cid: own });
  assert.deepEqual(old.list('frame', { i: 4_711 }), []);
}));
