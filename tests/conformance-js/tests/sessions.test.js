// Logging in and out, client ids, devices, tags, session tokens, who is online.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { RawClient } from '../harness/raw.js';
import { startServer } from '../harness/server.js';
import { having, matrix, name, scene, v2, v3, v4, v5 } from '../sdk/index.js';

let server;
before(async () => { server = await startServer(); });
after(() => server.dispose());
const on = { server: () => server };

const MODERN = 'lc.protobuf2.3';

async function raw(body, { line } = {}) {
  const clients = [];
  const connect = async (options = {}) => {
    const place = options.line ?? line;
    const target = place ? { apps: server.apps, socketUrl: `ws://127.0.0.1:${place.port}` } : server;
    const client = await RawClient.connect(target, { protocol: MODERN, ...options });
    clients.push(client);
    return client;
  };
  try {
    await body(connect);
  } finally {
    for (const client of clients) client.close();
  }
}

matrix('S-24 B-9 W-107 W-133: a client logs in with an id alone and is online', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  assert.deepEqual(await bob.ping([tom.id]), [tom.id]);
});

matrix('T-5 B-2 W-92: an id of 64 characters is good', on, async (stage) => {
  const id = name('x').padEnd(64, 'x');
  const tom = await stage.client('tom', { id });
  assert.deepEqual(await tom.ping([id]), [id]);
});

matrix('T-5 B-2 W-92: an id of 65 characters is refused with 4103', on, async (stage) => {
  await assert.rejects(stage.client('tom', { id: 'x'.repeat(65) }), { code: 4103 });
});

matrix('B-2: characters are counted, not bytes', on, async (stage) => {
  const id = name('唯一').padEnd(64, '字');
  const tom = await stage.client('tom', { id });
  assert.deepEqual(await tom.ping([id]), [id]);
});

matrix('B-3 B-4 W-93: an id of any characters comes back as it was', on, async (stage) => {
  const [odd, bob] = [await stage.client('odd', { id: `1 <b>&"'\\ü😀 ${name('')}` }), await stage.client('bob')];
  const conversation = await bob.create({ members: [odd.id] });
  const seen = await odd.get('invited', { cid: conversation.id });
  assert.equal(seen.by, bob.id);
  const here = await odd.conversation(conversation.id);
  assert.deepEqual([...here.members].sort(), [odd.id, bob.id].sort());
  await here.send('hello');
  assert.equal((await bob.get('message', { cid: conversation.id })).from, odd.id);
});

matrix('B-5 W-94: without an id the server makes one, a different one each time', { ...on, sdks: having('modern') }, async (stage) => {
  const [one, other] = [await stage.client('', { id: undefined }), await stage.client('', { id: undefined })];
  assert.ok(one.id.length > 0 && other.id.length > 0);
  assert.notEqual(one.id, other.id);
  const conversation = await one.create({ members: [other.id] });
  await conversation.send('hello');
  assert.equal((await other.get('message', { cid: conversation.id })).from, one.id);
});

matrix('W-395 W-94: an anonymous client of 2015 never learns its id and can chat all the same', { ...on, sdks: [v2] }, async (stage) => {
  const nobody = await stage.client('', { id: '' });
  const bob = await stage.client('bob');
  const conversation = await nobody.create({ members: [bob.id] });
  await conversation.send('who am I');
  const received = await bob.get('message', { cid: conversation.id });
  assert.equal(received.from, (await nobody.get('open')).peerId);
  const there = await bob.conversation(conversation.id);
  await there.send('you are');
  await nobody.get('message', { text: 'you are' });
  assert.deepEqual((await nobody.find()).map(({ id }) => id), [conversation.id]);
});

matrix('B-35 B-37 W-133: who is online, in the order asked; an id that never logged in is not', on, async (stage) => {
  const [tom, bob, eve] = await stage.clients('tom', 'bob', 'eve');
  assert.deepEqual(await tom.ping([eve.id, name('never'), bob.id, tom.id]), [eve.id, bob.id, tom.id]);
});

matrix('B-36 W-133: ids after the twentieth are ignored', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const nobody = Array.from({ length: 20 }, (_, index) => `nobody-${index}`);
  assert.deepEqual(await tom.ping([...nobody, bob.id]), []);
  assert.deepEqual(await tom.ping([...nobody.slice(1), bob.id]), [bob.id]);
});

matrix('W-133: an answer comes when nobody is online', on, async (stage) => {
  const tom = await stage.client('tom');
  assert.deepEqual(await tom.ping([name('nobody')]), []);
});

matrix('B-18 B-38 T-26 W-134: after a logout the client is offline at once, and another may take its place', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  await tom.close();
  let online = await bob.ping([tom.id]);
  // The oldest SDK has no logout: it closes its socket, and nobody tells the other side when that has arrived.
  while (stage.sdk === v2 && online.length > 0) online = await bob.ping([tom.id]);
  assert.deepEqual(online, []);
  const next = await stage.client('next');
  assert.deepEqual(await bob.ping([next.id, tom.id]), [next.id]);
});

matrix('B-38 B-20: a broken connection takes the client offline', on, async (stage) => {
  const line = await stage.line();
  const tom = await stage.client('tom', { line });
  const bob = await stage.client('bob');
  line.close();
  await tom.get('disconnect');
  let online;
  do { online = await bob.ping([tom.id]); } while (online.length > 0);
});

matrix('B-23 W-129 W-259: one id on two devices: both get every message and event', on, async (stage) => {
  const phone = await stage.client('tom');
  const pad = await stage.client('tom', { id: phone.id });
  const bob = await stage.client('bob');
  const conversation = await bob.create({ members: [phone.id] });
  await conversation.send('to both');
  for (const device of [phone, pad]) {
    assert.equal((await device.get('invited', { cid: conversation.id })).by, bob.id);
    assert.equal((await device.get('message', { cid: conversation.id })).text, 'to both');
  }
});

matrix("B-24 B-208 W-284: what one device sends reaches the sender's other device and not itself", on, async (stage) => {
  const phone = await stage.client('tom');
  const pad = await stage.client('tom', { id: phone.id });
  const bob = await stage.client('bob');
  const conversation = await phone.create({ members: [bob.id] });
  await conversation.send('from the phone');
  const copy = await pad.get('message', { cid: conversation.id });
  assert.equal(copy.from, phone.id);
  const there = await bob.conversation(conversation.id);
  await there.send('fence');
  await phone.get('message', { text: 'fence' });
  assert.deepEqual(phone.list('message').map(({ text }) => text), ['fence']);
});

matrix('T-37 B-28 B-29 W-122: the same tag on a second device ends the first with 4111', { ...on, sdks: having('tag') }, async (stage) => {
  const old = await stage.client('tom', { tag: 'mobile' });
  const young = await stage.client('tom', { id: old.id, tag: 'mobile' });
  const conflict = await old.get('conflict');
  assert.equal(conflict.reason, 'SESSION_CONFLICT');
  const bob = await stage.client('bob');
  const conversation = await bob.create({ members: [old.id] });
  await conversation.send('who is left');
  await young.get('message', { cid: conversation.id });
  assert.deepEqual(old.list('message'), []);
});

matrix('W-122 W-48: a conflict ends one session and leaves the other clients of that connection alone', { ...on, sdks: having('tag') }, async (stage) => {
  const old = await stage.client('tom', { tag: 'mobile' });
  const neighbour = await old.beside(name('neighbour'));
  await stage.client('tom', { id: old.id, tag: 'mobile' });
  await old.get('conflict');
  assert.deepEqual(await neighbour.ping([neighbour.id]), [neighbour.id]);
  assert.deepEqual(neighbour.list('disconnect'), []);
});

matrix('B-30 W-129: different tags live side by side', { ...on, sdks: having('tag') }, async (stage) => {
  const phone = await stage.client('tom', { tag: 'mobile' });
  const desk = await stage.client('tom', { id: phone.id, tag: 'web' });
  const bob = await stage.client('bob');
  const conversation = await bob.create({ members: [phone.id] });
  await conversation.send('both');
  await phone.get('message', { text: 'both' });
  await desk.get('message', { text: 'both' });
  assert.deepEqual([...phone.list('conflict'), ...desk.list('conflict')], []);
});

test('B-32 W-123 W-125: a reconnect whose tag another device has taken is refused with 4111, and that one stays', () => raw(async (connect) => {
  const tom = name('tom');
  const [first, second] = [await connect(), await connect()];
  await first.login(tom, { tag: 'mobile', deviceId: 'a' });
  const refusal = await second.login(tom, { tag: 'mobile', deviceId: 'b', r: true });
  assert.equal(refusal.cmd, 'error');
  assert.equal(refusal.errorMessage.code, 4111);
  assert.equal((await first.ask({ cmd: 'session', op: 'query', sessionMessage: { sessionPeerIds: [tom] } })).op, 'query_result');
}));

test('W-127 B-34: the same device with the same tag replaces its own session without a conflict', () => raw(async (connect) => {
  const tom = name('tom');
  const [first, second] = [await connect(), await connect()];
  await first.login(tom, { tag: 'mobile', deviceId: 'a' });
  assert.equal((await second.login(tom, { tag: 'mobile', deviceId: 'a', r: true })).op, 'opened');
  await first.ask({ cmd: 'echo' });
  assert.deepEqual(first.list('frame', { op: 'closed' }), []);
}));

test('W-99 B-31: the tag default is no tag', () => raw(async (connect) => {
  const tom = name('tom');
  const [first, second] = [await connect(), await connect()];
  await first.login(tom, { tag: 'default', deviceId: 'a' });
  await second.login(tom, { tag: 'default', deviceId: 'b' });
  assert.equal((await first.ask({ cmd: 'session', op: 'query', peerId: tom, sessionMessage: { sessionPeerIds: [tom] } })).op, 'query_result');
  assert.deepEqual(first.list('frame', { op: 'closed' }), []);
}));

test('W-124: a dead session does not keep a reconnect from its tag', async () => {
  const line = await server.line();
  await raw(async (connect) => {
    const tom = name('tom');
    await (await connect({ line })).login(tom, { tag: 'mobile' });
    line.freeze();
    const again = await connect();
    again.send({ cmd: 'session', op: 'open', appId: again.appId, peerId: tom, i: 1, sessionMessage: { tag: 'mobile', r: true } });
    assert.equal((await again.get('frame', { i: 1 })).op, 'opened');
  });
});

test('W-100: a second login of the same id on the same connection replaces the first', () => raw(async (connect) => {
  const client = await connect();
  const tom = name('tom');
  await client.login(tom, { tag: 'mobile', deviceId: 'a' });
  assert.equal((await client.login(tom, { tag: 'mobile', deviceId: 'a' })).op, 'opened');
  assert.deepEqual(client.list('frame', { op: 'closed' }), []);
}));

test('W-107 W-109 W-110 W-112 W-116: the reply to a login has token, lifetime and server time, and no code', () => raw(async (connect) => {
  const opened = await (await connect()).login(name('tom'));
  assert.deepEqual(Object.keys(opened.sessionMessage).sort(), ['st', 'stTtl']);
  assert.match(opened.sessionMessage.st, /^[\w.~-]+$/);
  assert.ok(opened.sessionMessage.stTtl > 300 && opened.sessionMessage.stTtl < 2_147_483);
  assert.ok(Math.abs(opened.serverTs - Date.now()) < 60_000);
  assert.equal(opened.service, 2);
}));

test('B-17 W-96 W-117: a session token opens the session again and carries the tag', () => raw(async (connect) => {
  const tom = name('tom');
  const first = await connect();
  const { st } = (await first.login(tom, { tag: 'mobile', deviceId: 'a' })).sessionMessage;
  first.close();
  const second = await connect();
  assert.equal((await second.login(tom, { st, r: true })).op, 'opened');
  const other = await connect();
  await other.login(tom, { tag: 'mobile', deviceId: 'b' });
  assert.equal((await second.get('frame', { op: 'closed' })).sessionMessage.code, 4111);
}));

test("W-118 W-457: a token that is made up, or another client's, is refused with 4112", () => raw(async (connect) => {
  const client = await connect();
  const { st } = (await client.login(name('tom'))).sessionMessage;
  for (const token of ['made-up', st]) {
    const refusal = await client.login(name('bob'), { st: token, r: true });
    assert.deepEqual([refusal.cmd, refusal.errorMessage.code, refusal.errorMessage.reason], ['error', 4112, 'SESSION_TOKEN_EXPIRED']);
  }
}));

test('W-121 W-459: a token ends with its logout: 4112, and 4105 for a reconnect', () => raw(async (connect) => {
  const client = await connect();
  const tom = name('tom');
  const { st } = (await client.login(tom)).sessionMessage;
  await client.ask({ cmd: 'session', op: 'close', peerId: tom });
  assert.equal((await client.login(tom, { st })).errorMessage.code, 4112);
  assert.equal((await client.login(tom, { st, r: true })).errorMessage.code, 4105);
}));

test('W-128: a reconnect by token takes the place of a session the server still believes in', async () => {
  const line = await server.line();
  await raw(async (connect) => {
    const tom = name('tom');
    const dead = await connect({ line });
    const { st } = (await dead.login(tom, { tag: 'mobile', deviceId: 'a' })).sessionMessage;
    line.freeze();
    const again = await connect();
    again.send({ cmd: 'session', op: 'open', appId: again.appId, peerId: tom, i: 1, sessionMessage: { st, r: true } });
    assert.equal((await again.get('frame', { i: 1 }, { within: 2_000 })).op, 'opened');
  });
});

test('W-130 W-131 W-132 W-120: a refresh on an open session gives a new full token, with an expired one or none', () => raw(async (connect) => {
  const client = await connect();
  const tom = name('tom');
  await client.login(tom);
  const tokens = [];
  for (const sessionMessage of [{ st: 'expired' }, { ua: 'x' }]) {
    const reply = await client.ask({ cmd: 'session', op: 'refresh', peerId: tom, sessionMessage });
    assert.equal(reply.op, 'refreshed');
    assert.equal(reply.sessionMessage.stTtl, 604_800);
    tokens.push(reply.sessionMessage.st);
  }
  for (const st of tokens) assert.equal((await (await connect()).login(tom, { st, r: true })).op, 'opened');
}));

test('W-134 W-135: the reply to a logout has an empty session message', () => raw(async (connect) => {
  const client = await connect();
  const tom = name('tom');
  await client.login(tom);
  const reply = await client.ask({ cmd: 'session', op: 'close', peerId: tom });
  assert.deepEqual(reply.sessionMessage, {});
}));

scene('B-12 T-6: one process speaks for several ids of several generations at once', on, async (stage) => {
  const clients = await Promise.all([v2, v3, v4, v5].map((sdk) => stage.client('one', { sdk })));
  const ids = clients.map(({ id }) => id);
  for (const client of clients) assert.deepEqual(await client.ping(ids), ids);
});
