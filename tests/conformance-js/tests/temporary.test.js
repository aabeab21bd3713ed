// Temporary conversations: what they share with normal ones, what they lack, and their end.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { fence } from '../harness/fence.js';
import { startServer } from '../harness/server.js';
import { having, matrix, name, refusal, scene, v2, v3, v4, v5 } from '../sdk/index.js';

let server;
before(async () => { server = await startServer(); });
after(() => server.dispose());
const on = { server: () => server, sdks: having('temporary') };

const DAY = 86_400_000;
const sorted = (...ids) => ids.flat().sort();
const others = (count) => Array.from({ length: count }, (_, index) => name(`other${index}`));

/** Resolves once the server knows the conversation no more. */
async function end(client, id) {
  while (await client.conversation(id));
}

matrix('B-155 B-157 W-143 W-163 W-175 W-185: it is made for a time and found by its id alone', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.createTemporary({ members: [bob.id], ttl: 3_600 });
  assert.match(made.id, /^_tmp:/);
  assert.ok(Math.abs(made.sdk.expiredAt - (Date.now() + 3_600_000)) < 60_000);
  const found = await bob.conversation(made.id);
  assert.deepEqual([found.id, found.sdk.expired, sorted(found.members)], [made.id, false, sorted(tom.id, bob.id)]);
  assert.ok(Math.abs(found.sdk.expiredAt - made.sdk.expiredAt) < 60_000);
  assert.deepEqual([...await tom.find(), ...await bob.find()], []);
  assert.deepEqual(await bob.find({ build: (query) => query.equalTo('objectId', made.id) }), []);
});

matrix('B-156 W-163: without a lifetime it lives for a day', on, async (stage) => {
  const tom = await stage.client('tom');
  const made = await tom.createTemporary({ members: [name('bob')] });
  assert.ok(Math.abs(made.sdk.expiredAt - (Date.now() + DAY)) < 60_000);
});

matrix('B-156 W-163: a lifetime over thirty days is cut to thirty', on, async (stage) => {
  const tom = await stage.client('tom');
  const made = await tom.createTemporary({ members: [name('bob')], ttl: 90 * 86_400 });
  assert.ok(Math.abs(made.sdk.expiredAt - (Date.now() + 30 * DAY)) < 60_000);
});

matrix('B-155 W-164: ten members are good, one more is refused with 4304', on, async (stage) => {
  const tom = await stage.client('tom');
  const full = await tom.createTemporary({ members: others(9), ttl: 60 });
  assert.equal(await full.count(), 10);
  await assert.rejects(tom.createTemporary({ members: others(10), ttl: 60 }), refusal(4304, 'CONVERSATION_FULL'));
});

matrix('B-45 W-167 W-180 W-182: its making tells every member: invited, and members joined', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.createTemporary({ members: [bob.id], ttl: 60 });
  for (const client of [tom, bob]) {
    assert.equal((await client.get('invited', { cid: made.id })).by, tom.id);
    assert.deepEqual((await client.get('membersjoined', { cid: made.id })).members, sorted(tom.id, bob.id));
  }
});

matrix('B-159 W-167: messages and receipts go to and fro', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.createTemporary({ members: [bob.id], ttl: 60 });
  const sent = await made.send('hello', { receipt: true });
  assert.equal((await bob.get('message', { id: sent.id })).text, 'hello');
  await tom.get('delivered', { cid: made.id });
  const there = await bob.conversation(made.id);
  await there.send('hello yourself');
  await tom.get('message', { text: 'hello yourself' });
  await there.read();
  await tom.get('read', { cid: made.id });
  assert.ok((await made.receiptTimes()).readAt >= sent.at);
});

matrix('B-159: messages are edited and recalled', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.createTemporary({ members: [bob.id], ttl: 60 });
  const [first, second] = [await made.send('frist'), await made.send('oops')];
  await made.edit(first, 'first');
  assert.equal((await bob.get('edited', { id: first.id })).text, 'first');
  await made.recall(second);
  await bob.get('recalled', { id: second.id });
});

matrix('B-159 B-285: what an absent member missed is counted when it returns', on, async (stage) => {
  const tom = await stage.client('tom');
  const id = name('bob');
  const made = await tom.createTemporary({ members: [id], ttl: 60 });
  for (const text of ['one', 'two']) await made.send(text);
  const bob = await stage.client('bob', { id });
  const notice = await bob.get('unread', { cid: made.id });
  assert.deepEqual([notice.count, notice.last], [2, 'two']);
});

matrix('B-159 B-216: a will is sent in it', on, async (stage) => {
  const line = await stage.line();
  const tom = await stage.client('tom', { line });
  const bob = await stage.client('bob');
  const made = await tom.createTemporary({ members: [bob.id], ttl: 60 });
  await made.send('my will', { will: true });
  line.close();
  await bob.get('message', { text: 'my will' });
});

matrix('B-160 W-168: its history can be read', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.createTemporary({ members: [bob.id], ttl: 60 });
  for (const text of ['one', 'two', 'three']) await made.send(text);
  const there = await bob.conversation(made.id);
  assert.deepEqual((await there.history({ limit: 2 })).map(({ text }) => text), ['two', 'three']);
});

matrix('W-268 B-157: a stranger reads its id and may not send to it', on, async (stage) => {
  const [tom, eve] = await stage.clients('tom', 'eve');
  const made = await tom.createTemporary({ members: [name('bob')], ttl: 60 });
  await assert.rejects((await eve.conversation(made.id)).send('let me in'), refusal(4401, 'INVALID_MESSAGING_TARGET'));
});

matrix('B-161 W-165: after its time it is gone, and everything asked of it fails', on, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.createTemporary({ members: [bob.id], ttl: 1 });
  await made.send('in time');
  await bob.get('message', { text: 'in time' });
  await end(tom, made.id);
  const over = refusal(4323, 'TEMPORARY_CONVERSATION_EXPIRED');
  // The SDK looks at its own clock first; the server is to say it.
  made.sdk.expiredAt = Date.now() + DAY;
  await assert.rejects(made.send('too late'), over);
  await assert.rejects(made.history(), over);
  await assert.rejects(made.count(), over);
  await assert.rejects(made.receiptTimes(), over);
  const again = await stage.client('bob', { id: bob.id });
  await fence(tom, again);
  assert.deepEqual(again.list('unread', { cid: made.id }), []);
});

matrix('B-162 W-179: with the same members the SDK gets the living one back, as it asks for a unique one unless told otherwise', { ...on, sdks: [v5] }, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.sdk.createTemporaryConversation({ members: [bob.id], ttl: 1 });
  assert.equal((await bob.sdk.createTemporaryConversation({ members: [tom.id] })).id, made.id);
  assert.notEqual((await bob.createTemporary({ members: [tom.id] })).id, made.id);
  await end(tom, made.id);
  assert.notEqual((await bob.sdk.createTemporaryConversation({ members: [tom.id], ttl: 60 })).id, made.id);
});

matrix('B-162: an SDK that asks for no unique one gets a new one each time', { ...on, sdks: [v4] }, async (stage) => {
  const tom = await stage.client('tom');
  const members = [name('bob')];
  const [one, other] = [await tom.createTemporary({ members }), await tom.createTemporary({ members })];
  assert.notEqual(one.id, other.id);
});

matrix('B-161 W-119: the time goes on over a restart of the server', { ...on, sdks: [v5] }, async (stage) => {
  const own = await startServer();
  try {
    stage.server = own;
    const tom = await stage.client('tom');
    const [brief, lasting] = [await tom.createTemporary({ members: ['bob'], ttl: 1 }), await tom.createTemporary({ members: ['bob'], ttl: 60 })];
    await own.restart();
    await tom.get('reconnect', {}, { within: 20_000 });
    await end(tom, brief.id);
    assert.equal((await tom.conversation(lasting.id)).id, lasting.id);
    await lasting.send('still there');
  } finally {
    await stage.clear();
    await own.dispose();
  }
});

for (const old of [v2, v3]) {
  scene(`W-102: an SDK that does not know temporary conversations is told nothing of one [${old.name}]`, { server: () => server }, async (stage) => {
    const tom = await stage.client('tom', { sdk: v5 });
    const bob = await stage.client('bob', { sdk: old });
    const made = await tom.createTemporary({ members: [bob.id], ttl: 60 });
    await made.send('nobody hears me');
    await fence(tom, bob);
    assert.deepEqual(bob.all.filter(({ cid, text }) => cid === made.id || text === 'nobody hears me'), []);
  });
}
