// What a client that was away is told of itself when it comes back.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { fence } from '../harness/fence.js';
import { RawClient } from '../harness/raw.js';
import { startServer } from '../harness/server.js';
import { having, matrix, name, scene, v2, v3, v5 } from '../sdk/index.js';

let server;
before(async () => { server = await startServer({ apps: { main: {}, ruled: { members: { roles: true } } } }); });
after(() => server.dispose());
const on = { server: () => server, sdks: having('notifications') };

const OWN = ['invited', 'kicked', 'muted', 'unmuted', 'blocked', 'unblocked'];
const told = (client, cid, at = 0) => client.all.slice(at).filter((item) => item.cid === cid && OWN.includes(item.kind)).map(({ kind }) => kind);

/** Runs `meanwhile` while the client has no network; gives the place in its mailbox from which on it was back. */
async function away(client, meanwhile) {
  client.realtime.pause();
  await client.get('offline');
  await meanwhile();
  const at = client.mark();
  client.realtime.resume();
  await client.get('reconnect', {}, { after: at, within: 15_000 });
  return at;
}

matrix('B-100 W-380 W-382 R-36 R-37: who is invited while away is told on coming back', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  let made;
  const at = await away(bob, async () => { made = await tom.create({ members: [bob.id] }); });
  assert.equal((await bob.get('invited', { cid: made.id }, { after: at })).by, tom.id);
});

matrix('B-100 W-384 R-39: all six kinds, each with who did it, in their order', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: [] });
  await bob.conversation(made.id);
  const at = await away(bob, async () => {
    await made.add([bob.id]);
    await made.silence([bob.id]);
    await made.release([bob.id]);
    await made.remove([bob.id]);
    await made.block([bob.id]);
    await made.unblock([bob.id]);
  });
  await bob.get('unblocked', { cid: made.id }, { after: at });
  assert.deepEqual(told(bob, made.id, at), ['invited', 'muted', 'unmuted', 'kicked', 'blocked', 'unblocked']);
  assert.ok(bob.all.slice(at).filter(({ kind }) => OWN.includes(kind)).every(({ by }) => by === tom.id));
});

matrix('B-134 W-384: who is blocked while a member is told of that and of its removal', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: [bob.id] });
  await bob.get('invited', { cid: made.id });
  const at = await away(bob, () => made.block([bob.id]));
  for (const kind of ['blocked', 'kicked']) assert.equal((await bob.get(kind, { cid: made.id }, { after: at })).by, tom.id);
});

matrix('W-385: what was told once is not told at the next return', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const [online, first, second] = [await tom.create({ members: [bob.id] }), await tom.create({ members: [] }), await tom.create({ members: [] })];
  await bob.get('invited', { cid: online.id });
  await away(bob, () => first.add([bob.id]));
  await bob.get('invited', { cid: first.id });
  await away(bob, () => second.add([bob.id]));
  await bob.get('invited', { cid: second.id });
  for (const { id } of [online, first, second]) assert.deepEqual(told(bob, id), ['invited']);
});

matrix('W-385: more than a page of them arrive, each once', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = [];
  const at = await away(bob, async () => {
    for (let index = 0; index < 130; index += 1) made.push(await tom.create({ members: [bob.id], name: `${index}` }));
  });
  await bob.count('invited', {}, made.length, { after: at });
  await fence(tom, bob);
  const cids = bob.list('invited', ({ cid }) => made.some(({ id }) => id === cid), { after: at }).map(({ cid }) => cid);
  assert.deepEqual(cids.slice().sort(), made.map(({ id }) => id).sort());
});

matrix('W-384 R-38: what happened to others is not among them', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const [watched, last] = [await tom.create({ members: [bob.id], name: 'old' }), await tom.create({ members: [] })];
  await bob.get('membersjoined', { cid: watched.id });
  const at = await away(bob, async () => {
    await watched.add(['eve']);
    await watched.silence(['eve']);
    await watched.remove(['eve']);
    await watched.update({ name: 'new' });
    await last.add([bob.id]);
  });
  await bob.get('invited', { cid: last.id }, { after: at });
  await fence(tom, bob);
  const events = bob.all.slice(at).filter(({ kind, cid }) => cid === watched.id && kind !== 'unread');
  assert.deepEqual(events, []);
  assert.equal((await bob.conversation(watched.id)).name, 'new');
});

matrix('W-462: of conversations that have ended meanwhile nothing is told, and nothing breaks', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const lasting = await tom.create({ members: [] });
  let brief;
  const at = await away(bob, async () => {
    brief = await tom.createTemporary({ members: [bob.id], ttl: 1 });
    await lasting.add([bob.id]);
    while (await tom.conversation(brief.id));
  });
  await bob.get('invited', { cid: lasting.id }, { after: at });
  await fence(tom, bob);
  assert.deepEqual(told(bob, brief.id), []);
});

matrix('B-100 W-167: an invitation to a temporary conversation that still lives is told', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  let made;
  const at = await away(bob, async () => { made = await tom.createTemporary({ members: [bob.id], ttl: 600 }); });
  await bob.get('invited', { cid: made.id }, { after: at });
});

matrix('W-386: it is told after a restart of the server too', on, async (stage) => {
  const own = await startServer();
  try {
    stage.server = own;
    const [eve, bob] = await stage.clients('eve', 'bob');
    let made;
    const at = await away(bob, async () => {
      made = await eve.create({ members: [bob.id] });
      await own.restart();
    });
    assert.equal((await bob.get('invited', { cid: made.id }, { after: at })).by, eve.id);
  } finally {
    await stage.clear();
    await own.dispose();
  }
});

for (const old of [v2, v3]) {
  scene(`B-100: an SDK that does not ask is told nothing, and sees it by a query [${old.name}]`, { server: () => server }, async (stage) => {
    const line = await stage.line();
    const tom = await stage.client('tom', { sdk: v5 });
    const bob = await stage.client('bob', { sdk: old, line });
    const at = bob.mark();
    line.close();
    await bob.get('disconnect', {}, { after: at });
    const made = await tom.create({ members: [bob.id] });
    line.restore();
    await bob.get(old === v2 ? 'open' : 'reconnect', {}, { after: at, within: 15_000 });
    await fence(tom, bob);
    assert.deepEqual(told(bob, made.id), []);
    assert.ok((await bob.conversation(made.id)).members.includes(bob.id));
  });
}

/** Asks for notifications as an SDK does, with the token of an open session. */
async function notifications(token, id, query) {
  const { id: appId, key } = server.apps.main;
  const url = `${server.url}/1.1/rtm/notifications?${new URLSearchParams({ client_id: id, ...query })}`;
  const answer = await fetch(url, { headers: { 'X-LC-Id': appId, 'X-LC-Key': key, 'X-LC-IM-Session-Token': token } });
  return { status: answer.status, body: await answer.json() };
}

async function loggedIn() {
  const client = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  const id = name('raw');
  const { sessionMessage: { st }, serverTs } = await client.login(id, { configBitmap: 0xbb });
  return { client, id, token: st, since: serverTs };
}

test('W-379: a token that is made up, or another client\'s, is refused with 401 and 4112', async () => {
  const [one, other] = [await loggedIn(), await loggedIn()];
  for (const token of ['made-up', other.token]) {
    const { status, body } = await notifications(token, one.id, { start_ts: one.since });
    assert.deepEqual([status, body.code], [401, 4112]);
  }
  for (const { client } of [one, other]) client.close();
});

test('W-381 W-383 W-384 R-36 R-38: without a type both lists are given, the droppable one with names in dashes', async () => {
  const [tom, bob] = [await loggedIn(), await loggedIn()];
  const { convMessage: { cid } } = await tom.client.ask({ cmd: 'conv', op: 'start', convMessage: { m: [tom.id, bob.id] } });
  await tom.client.ask({ cmd: 'conv', op: 'add', convMessage: { cid, m: ['eve'] } });
  await tom.client.ask({ cmd: 'conv', op: 'update', convMessage: { cid, attr: { data: '{"name":"new"}' } } });
  const { body: { permanent, droppable } } = await notifications(bob.token, bob.id, { start_ts: bob.since });
  assert.deepEqual([permanent.hasMore, droppable.hasMore, droppable.invalidLocalConvCache ?? false], [false, false, false]);
  assert.deepEqual(permanent.notifications.map(({ cmd, op, initBy, notificationType }) => [cmd, op, initBy, notificationType]), [['conv', 'joined', tom.id, 1]]);
  assert.deepEqual(droppable.notifications.map(({ op }) => op), ['members-joined', 'members-joined', 'updated']);
  assert.ok(droppable.notifications.every((item) => item.cid === cid && Number.isInteger(item.serverTs) && item.notificationType !== 1));
  assert.deepEqual(droppable.notifications[2].attrModified, { name: 'new' });
  for (const { client } of [tom, bob]) client.close();
});
