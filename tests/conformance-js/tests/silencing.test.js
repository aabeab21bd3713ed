// Members who may listen and not speak.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { fence } from '../harness/fence.js';
import { startServer } from '../harness/server.js';
import { having, matrix, name, refusal, scene, v2, v3, v4, v5 } from '../sdk/index.js';

let server;
before(async () => {
  server = await startServer({ apps: { main: {}, few: { members: { max_silenced: 2 }, room: { max_silenced: 3 } } } });
});
after(() => server.dispose());
const on = { server: () => server, sdks: having('restrictions') };

const SILENCED = refusal(4563, 'SILIENCED');
const EVENTS = ['muted', 'unmuted', 'membersmuted', 'membersunmuted'];
const told = (client, cid, after = 0) => client.all.slice(after).filter((item) => item.cid === cid && EVENTS.includes(item.kind)).map(({ kind }) => kind);

/** A conversation of tom's with bob and eve in it. */
async function group(stage) {
  const [tom, bob, eve] = await stage.clients('tom', 'bob', 'eve');
  const made = await tom.create({ members: [bob.id, eve.id] });
  return { tom, bob, eve, made, there: await bob.conversation(made.id) };
}

matrix('B-126 B-127 B-128 W-245 W-247: who is silenced cannot speak; all the rest is as before; who is released can', on, async (stage) => {
  const { bob, eve, made, there } = await group(stage);
  const { successfulClientIds, failures } = await made.silence([bob.id]);
  assert.deepEqual([successfulClientIds, failures], [[bob.id], []]);
  await assert.rejects(there.send('let me speak'), SILENCED);
  await assert.rejects(there.send('in passing', { transient: true }), SILENCED);
  const sent = await made.send('we hear you');
  await bob.get('message', { id: sent.id });
  assert.deepEqual((await there.history()).map(({ id }) => id), [sent.id]);
  assert.deepEqual(eve.list('message', { from: bob.id }), []);
  assert.deepEqual((await made.release([bob.id])).successfulClientIds, [bob.id]);
  const free = await there.send('at last');
  await eve.get('message', { id: free.id });
});

matrix('B-129 W-246: the silenced one is told twice, the others and who did it once', on, async (stage) => {
  const { tom, bob, eve, made } = await group(stage);
  await made.silence([bob.id]);
  assert.equal((await bob.get('muted', { cid: made.id })).by, tom.id);
  for (const client of [tom, bob, eve]) {
    const { by, members } = await client.get('membersmuted', { cid: made.id });
    assert.deepEqual([by, members], [tom.id, [bob.id]]);
  }
  const marks = new Map([tom, bob, eve].map((client) => [client, client.mark()]));
  await made.release([bob.id]);
  assert.equal((await bob.get('unmuted', { cid: made.id })).by, tom.id);
  for (const client of [tom, bob, eve]) {
    const { by, members } = await client.get('membersunmuted', { cid: made.id });
    assert.deepEqual([by, members], [tom.id, [bob.id]]);
  }
  for (const client of [bob, eve]) {
    await fence(tom, client);
    assert.deepEqual(told(client, made.id, marks.get(client)).sort(), client === bob ? ['membersunmuted', 'unmuted'] : ['membersunmuted']);
  }
});

matrix('B-127: with roles off any member may silence any other, its maker too', on, async (stage) => {
  const { tom, bob, made, there } = await group(stage);
  await there.silence([tom.id]);
  await assert.rejects(made.send('but it is mine'), SILENCED);
  await bob.get('membersmuted', { cid: made.id });
});

matrix('W-253: a stranger may neither silence nor see who is', on, async (stage) => {
  const { bob, made } = await group(stage);
  const stranger = await (await stage.client('stranger')).conversation(made.id);
  const needed = refusal(4317, 'CONVERSATION_MEMBERSHIP_REQUIRED');
  await assert.rejects(stranger.silence([bob.id]), needed);
  await assert.rejects(stranger.release([bob.id]), needed);
  await assert.rejects(stranger.silenced(), needed);
});

matrix('B-130 W-249 W-250: the list comes in pages of ten, or of as many as asked for, up to a hundred', on, async (stage) => {
  const { tom, made } = await group(stage);
  const many = Array.from({ length: 112 }, (_, index) => `silent-${index}`);
  await made.silence(many);
  const first = await made.silenced();
  assert.deepEqual(first.results, many.slice(0, 10));
  const second = await made.silenced({ next: first.next });
  assert.deepEqual(second.results, many.slice(10, 20));
  const large = await made.silenced({ limit: 500 });
  assert.deepEqual(large.results, many.slice(0, 100));
  const last = await made.silenced({ limit: 500, next: large.next });
  assert.deepEqual(last.results, many.slice(100));
  assert.ok(!last.next, `${last.next}`);
  await made.release(many.slice(1));
  assert.deepEqual((await made.silenced()).results, many.slice(0, 1));
  assert.equal(tom.list('membersmuted').length, 1);
});

matrix('B-131 W-252: a full list takes nobody: 4561', on, async (stage) => {
  const [tom, bob] = await Promise.all(['tom', 'bob'].map((who) => stage.client(who, { app: 'few' })));
  const made = await tom.create({ members: [bob.id] });
  const full = refusal(4561, 'SILIENCED_MEMBER_LIST_FULL');
  await assert.rejects(made.silence(['one', 'two', 'three']), full);
  assert.deepEqual((await made.silenced()).results, []);
  await made.silence(['one', 'two']);
  await assert.rejects(made.silence([bob.id]), full);
  await (await bob.conversation(made.id)).send('I may');
});

matrix('B-131: a chat room has a limit of its own', on, async (stage) => {
  const tom = await stage.client('tom', { app: 'few' });
  const made = await tom.createRoom({ name: 'room' });
  await made.silence(['one', 'two', 'three']);
  await assert.rejects(made.silence(['four']), refusal(4561, 'SILIENCED_MEMBER_LIST_FULL'));
});

matrix('B-396 W-248 W-465: in a chat room anyone can be silenced, inside or not; who is inside is told', on, async (stage) => {
  const [tom, bob, eve] = await stage.clients('tom', 'bob', 'eve');
  const made = await tom.createRoom({ name: 'room' });
  const places = await Promise.all([bob, eve].map((client) => client.conversation(made.id)));
  await places[0].join();
  await made.silence([eve.id]);
  await eve.get('muted', { cid: made.id });
  for (const client of [tom, bob]) assert.deepEqual((await client.get('membersmuted', { cid: made.id })).members, [eve.id]);
  await assert.rejects(places[1].send('from outside'), SILENCED);
  await made.release([eve.id]);
  await eve.get('unmuted', { cid: made.id });
  const sent = await places[1].send('from outside');
  await bob.get('message', { id: sent.id });
  assert.deepEqual(told(eve, made.id), ['muted', 'unmuted']);
});

matrix('B-126: silence lasts over a new login', on, async (stage) => {
  const { bob, made } = await group(stage);
  await made.silence([bob.id]);
  await bob.close();
  const again = await stage.client('bob', { id: bob.id });
  await assert.rejects((await again.conversation(made.id)).send('hello again'), SILENCED);
});

for (const old of [v2, v3]) {
  scene(`B-126 B-543: an SDK that knows nothing of silencing is refused its message, and not disturbed otherwise [${old.name}]`, { server: () => server }, async (stage) => {
    const tom = await stage.client('tom', { sdk: v5 });
    const bob = await stage.client('bob', { sdk: old });
    const made = await tom.create({ members: [bob.id] });
    const there = await bob.conversation(made.id);
    await made.silence([bob.id]);
    await assert.rejects(there.send('let me speak'), SILENCED);
    const sent = await made.send('listen');
    await bob.get('message', { id: sent.id });
    await made.release([bob.id]);
    const free = await there.send('thank you');
    await tom.get('message', { id: free.id });
    assert.deepEqual(bob.list('disconnect'), []);
  });
}

scene('B-126: the two generations that can silence each other', { server: () => server }, async (stage) => {
  const [tom, bob] = [await stage.client('tom', { sdk: v4 }), await stage.client('bob', { sdk: v5 })];
  const made = await tom.create({ members: [bob.id, name('eve')] });
  const there = await bob.conversation(made.id);
  await made.silence([bob.id]);
  await bob.get('muted', { cid: made.id, by: tom.id });
  await there.silence([tom.id]);
  await tom.get('muted', { cid: made.id, by: bob.id });
  assert.deepEqual((await made.silenced()).results, [bob.id, tom.id]);
});

const byTheApp = (method, cid, path, body) => server.rest(method, `/1.2/rtm/conversations/${cid}/${path}`, body);
const FOR_A_TIME = refusal(4315, 'CONVERSATION_TEMPORARY_BLACKLISTED');

matrix('B-132 R-111: the app silences a client for a time; afterwards it speaks again with nothing else done', { server: () => server }, async (stage) => {
  const { bob, made, there } = await group(stage);
  await byTheApp('POST', made.id, 'temporary-silenceds', { client_id: bob.id, ttl: 1 });
  await assert.rejects(there.send('let me speak'), FOR_A_TIME);
  const attempt = () => there.send('at last').catch((error) => { FOR_A_TIME(error); });
  let sent;
  do { sent = await attempt(); } while (!sent);
});

matrix('B-132 R-111: the app ends such a silence before its time; nobody is told of either', { server: () => server }, async (stage) => {
  const { tom, bob, made, there } = await group(stage);
  await byTheApp('POST', made.id, 'temporary-silenceds', { client_id: bob.id, ttl: 3_600 });
  await assert.rejects(there.send('let me speak'), FOR_A_TIME);
  await byTheApp('DELETE', made.id, `temporary-silenceds?client_id=${bob.id}`);
  await there.send('thank you');
  await fence(tom, bob);
  assert.deepEqual([...told(tom, made.id), ...told(bob, made.id)], []);
});

matrix('B-133 R-112 W-260: the app silences for good: it is told as if the maker had done it', on, async (stage) => {
  const { tom, bob, eve, made, there } = await group(stage);
  await byTheApp('POST', made.id, 'permanent-silenceds', { client_ids: [bob.id] });
  assert.equal((await bob.get('muted', { cid: made.id })).by, tom.id);
  assert.deepEqual((await eve.get('membersmuted', { cid: made.id })).members, [bob.id]);
  await assert.rejects(there.send('let me speak'), SILENCED);
  assert.deepEqual((await byTheApp('GET', made.id, 'permanent-silenceds')).client_ids, [bob.id]);
  await byTheApp('DELETE', made.id, 'permanent-silenceds', { client_ids: [bob.id] });
  await bob.get('unmuted', { cid: made.id });
  await there.send('thank you');
});

matrix('B-132 B-396: for a time, in a chat room', { server: () => server }, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.createRoom({ name: 'room' });
  const there = await bob.conversation(made.id);
  await there.join();
  await server.rest('POST', `/1.2/rtm/chatrooms/${made.id}/temporary-silenceds`, { client_id: bob.id, ttl: 60 });
  await assert.rejects(there.send('let me speak'), FOR_A_TIME);
});
