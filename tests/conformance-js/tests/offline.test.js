// What waits for a client that is away: messages pushed to sessions of 2015, counts for modern ones.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { fence } from '../harness/fence.js';
import { RawClient } from '../harness/raw.js';
import { startServer } from '../harness/server.js';
import { having, matrix, name, scene, v2, v5 } from '../sdk/index.js';

let server;
before(async () => {
  server = await startServer({
    apps: {
      main: {},
      pushed: { offline: { mode: 'push' } },
      counted: { offline: { mode: 'unread' } },
      few: { offline: { max_per_conversation: 5, max_conversations: 3 } },
    },
  });
});
after(() => server.dispose());
const on = { server: () => server };

const numbered = (n, from = 0) => Array.from({ length: n }, (_, index) => `message ${from + index}`);

async function sendAll(conversation, texts) {
  const sent = [];
  for (const text of texts) sent.push(await conversation.send(text));
  return sent;
}

/** Those who get missed messages themselves: the 2015 SDK, and later ones when asked to. */
const PUSHED = [v2, ...having('pushOfflineMessages')];
const pushMode = (sdk) => (sdk === v2 ? {} : { pushOfflineMessages: true });

matrix('S-71 S-33 B-272 W-290: of 30 missed messages in each of two conversations the latest 20 come at login, in order; the rest is in history', { ...on, sdks: PUSHED }, async (stage, sdk) => {
  const tom = await stage.client('tom');
  const id = name('bob');
  const conversations = [await tom.create({ members: [id] }), await tom.create({ members: [id] })];
  for (const conversation of conversations) await sendAll(conversation, numbered(30));
  const bob = await stage.client('bob', { id, ...pushMode(sdk) });
  for (const conversation of conversations) {
    const got = await bob.count('message', { cid: conversation.id }, 20);
    // The later SDKs ask for the conversation once for each message, and hand them over as the answers come.
    if (sdk !== v2) got.sort((one, other) => one.at - other.at);
    assert.deepEqual(got.map(({ text }) => text), numbered(20, 10));
  }
  await fence(tom, bob);
  assert.equal(bob.list('message', ({ cid }) => cid === conversations[0].id).length, 20);
  const there = await bob.conversation(conversations[0].id);
  assert.deepEqual((await there.history({ limit: 30 })).map(({ text }) => text), numbered(30));
});

matrix('S-33 B-252: twenty messages missed, a handler set before opening: none is lost, many times over', { ...on, sdks: [v2], timeout: 120_000 }, async (stage) => {
  const tom = await stage.client('tom');
  for (let turn = 0; turn < 50; turn += 1) {
    const id = name('bob');
    const made = await tom.create({ members: [id] });
    await Promise.all(numbered(20).map((text) => made.send(text)));
    const bob = await stage.client('bob', { id });
    assert.deepEqual((await bob.count('message', { cid: made.id }, 20)).map(({ text }) => text), numbered(20));
    await bob.close();
  }
});

matrix('B-280 W-291: what was acknowledged does not come again', { ...on, sdks: PUSHED }, async (stage, sdk) => {
  const tom = await stage.client('tom');
  const id = name('bob');
  const made = await tom.create({ members: [id] });
  const sent = await made.send('once', { receipt: true });
  const first = await stage.client('bob', { id, ...pushMode(sdk) });
  await first.get('message', { id: sent.id });
  await tom.get(tom.generation < 4 ? 'receipt' : 'delivered', { cid: made.id });
  await first.close();
  const second = await stage.client('bob', { id, ...pushMode(sdk) });
  await fence(tom, second);
  assert.deepEqual(second.list('message', { id: sent.id }), []);
});

matrix('B-271 B-279 B-278: an offline message of a conversation never loaded arrives as any other and can be answered', { ...on, sdks: PUSHED }, async (stage, sdk) => {
  const tom = await stage.client('tom');
  const id = name('bob');
  const made = await tom.create({ members: [id] });
  await made.send('are you there');
  const bob = await stage.client('bob', { id, ...pushMode(sdk) });
  const { cid } = await bob.get('message', { text: 'are you there' });
  await (await bob.conversation(cid)).send('now I am');
  await tom.get('message', { text: 'now I am' });
});

matrix('B-284: who was removed meanwhile gets nothing of what waited', { ...on, sdks: PUSHED }, async (stage, sdk) => {
  const tom = await stage.client('tom');
  const id = name('bob');
  const made = await tom.create({ members: [id] });
  await made.send('for a member');
  await made.remove([id]);
  const bob = await stage.client('bob', { id, ...pushMode(sdk) });
  await fence(tom, bob);
  assert.deepEqual(bob.list('message', { cid: made.id }), []);
});

matrix('T-32 B-273 B-285 B-288 W-289 W-310: a modern session is told counts and last messages, and sent no message', { ...on, sdks: having('unread') }, async (stage) => {
  const tom = await stage.client('tom');
  const id = name('bob');
  const [one, other] = [await tom.create({ members: [id] }), await tom.create({ members: [id] })];
  await sendAll(one, numbered(3));
  await sendAll(other, numbered(25));
  for (let turn = 0; turn < 2; turn += 1) {
    const bob = await stage.client('bob', { id });
    const first = await bob.get('unread', { cid: one.id });
    assert.deepEqual([first.count, first.last], [3, 'message 2']);
    const second = await bob.get('unread', { cid: other.id });
    assert.deepEqual([second.count, second.last], [25, 'message 24']);
    assert.deepEqual(bob.list('message', ({ cid }) => [one.id, other.id].includes(cid)), []);
    await bob.close();
  }
});

matrix('B-289 B-25 W-316 W-317: reading sets the count to nothing, on every device and for later logins', { ...on, sdks: having('unread') }, async (stage) => {
  const tom = await stage.client('tom');
  const id = name('bob');
  const made = await tom.create({ members: [id] });
  await sendAll(made, numbered(3));
  const [phone, pad] = [await stage.client('bob', { id }), await stage.client('bob', { id })];
  await phone.get('unread', { cid: made.id, count: 3 });
  await pad.get('unread', { cid: made.id, count: 3 });
  await (await phone.conversation(made.id)).read();
  await pad.get('unread', { cid: made.id, count: 0 });
  const late = await stage.client('bob', { id });
  await fence(tom, late);
  assert.deepEqual(late.list('unread', { cid: made.id }), []);
});

matrix('W-89: a read right before the logout counts', { ...on, sdks: having('unread') }, async (stage) => {
  const tom = await stage.client('tom');
  const id = name('bob');
  const made = await tom.create({ members: [id] });
  await sendAll(made, numbered(2));
  const bob = await stage.client('bob', { id });
  await bob.get('unread', { cid: made.id, count: 2 });
  await (await bob.conversation(made.id)).read();
  await bob.close();
  const again = await stage.client('bob', { id });
  await fence(tom, again);
  assert.deepEqual(again.list('unread', { cid: made.id }), []);
});

matrix('B-286 B-287 W-312: a message received while online adds one', { ...on, sdks: having('unread') }, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await tom.create({ members: [bob.id] });
  await made.send('one');
  await bob.get('unread', { cid: made.id, count: 1 });
  await made.send('two');
  await bob.get('unread', { cid: made.id, count: 2 });
});

matrix('B-285 B-235 W-308: the notice says whether the client was mentioned', { ...on, sdks: having('mention') }, async (stage) => {
  const tom = await stage.client('tom');
  const id = name('bob');
  const [plain, mentioning] = [await tom.create({ members: [id] }), await tom.create({ members: [id] })];
  await plain.send('hello');
  await mentioning.send('you', { mention: { list: [id] } });
  await mentioning.send('later');
  const bob = await stage.client('bob', { id });
  assert.equal((await bob.get('unread', { cid: plain.id })).mentioned, false);
  assert.equal((await bob.get('unread', { cid: mentioning.id })).mentioned, true);
});

matrix('B-290 B-276 W-288 W-308: the count stops at 100', { ...on, sdks: [v5] }, async (stage) => {
  const tom = await stage.client('tom');
  const id = name('bob');
  const made = await tom.create({ members: [id] });
  await Promise.all(numbered(105).map((text) => made.send(text)));
  const bob = await stage.client('bob', { id });
  assert.equal((await bob.get('unread', { cid: made.id })).count, 100);
});

matrix('B-291 W-309: own and transient messages do not count', { ...on, sdks: having('unread') }, async (stage) => {
  const [tom, bob] = await stage.clients('tom', 'bob');
  const made = await bob.create({ members: [tom.id] });
  await tom.get('invited', { cid: made.id });
  await made.send('my own');
  await tom.get('message', { text: 'my own' });
  await (await tom.conversation(made.id)).send('passing', { transient: true });
  await bob.get('message', { text: 'passing' });
  const again = await stage.client('bob', { id: bob.id });
  await fence(tom, again);
  assert.deepEqual(again.list('unread', { cid: made.id }), []);
});

matrix('B-276 B-277: how much waits is a setting of the app', { ...on, sdks: [v5] }, async (stage) => {
  const tom = await stage.client('tom', { app: 'few' });
  const id = name('bob');
  const made = [];
  for (let index = 0; index < 5; index += 1) made.push(await tom.create({ members: [id], name: `${index}` }));
  for (const conversation of made) await sendAll(conversation, numbered(8));
  const bob = await stage.client('bob', { app: 'few', id });
  const notices = await bob.count('unread', {}, 3);
  await fence(tom, bob);
  assert.deepEqual(notices.map(({ cid }) => cid).sort(), made.slice(2).map((conversation) => conversation.id).sort());
  assert.deepEqual(notices.map(({ count }) => count), [5, 5, 5]);
  assert.equal(bob.list('unread', ({ cid }) => made.some((conversation) => conversation.id === cid)).length, 3);
});

matrix('B-277 W-288: of more than 50 conversations the 50 with the newest messages are told', { ...on, sdks: [v5] }, async (stage) => {
  const tom = await stage.client('tom');
  const id = name('bob');
  const made = await Promise.all(Array.from({ length: 53 }, (_, index) => tom.create({ members: [id], name: `${index}` })));
  for (const conversation of made) await conversation.send('waiting');
  const bob = await stage.client('bob', { id });
  const notices = await bob.count('unread', {}, 50);
  await fence(tom, bob);
  assert.deepEqual(notices.map(({ cid }) => cid).sort(), made.slice(3).map((conversation) => conversation.id).sort());
});

scene('B-274: offline.mode = push sends modern sessions the messages themselves', on, async (stage) => {
  const tom = await stage.client('tom', { sdk: v5, app: 'pushed' });
  const id = name('bob');
  const made = await tom.create({ members: [id] });
  await made.send('pushed');
  const bob = await stage.client('bob', { sdk: v5, app: 'pushed', id });
  assert.equal((await bob.get('message', { cid: made.id })).text, 'pushed');
});

scene('B-274: offline.mode = unread sends 2015 sessions no missed message', on, async (stage) => {
  const tom = await stage.client('tom', { sdk: v2, app: 'counted' });
  const id = name('bob');
  const made = await tom.create({ members: [id] });
  await made.send('counted');
  const bob = await stage.client('bob', { sdk: v2, app: 'counted', id });
  await fence(tom, bob);
  assert.deepEqual(bob.list('message', { cid: made.id }), []);
});

matrix('B-206 B-204 B-415 W-291: a message sent while the line was broken is counted and found after it', { ...on, sdks: having('unread') }, async (stage) => {
  const line = await stage.line();
  const tom = await stage.client('tom');
  const bob = await stage.client('bob', { line });
  const made = await tom.create({ members: [bob.id] });
  await bob.get('invited', { cid: made.id });
  line.close();
  await bob.get('disconnect');
  await sendAll(made, numbered(2));
  line.restore();
  const notice = await bob.get('unread', { cid: made.id });
  assert.deepEqual([notice.count, notice.last], [2, 'message 1']);
  assert.deepEqual((await (await bob.conversation(made.id)).history()).map(({ text }) => text), numbered(2));
});

matrix('B-206 B-204 W-291: a message lost on a half-open line is pushed again to a 2015 session', { ...on, sdks: [v2] }, async (stage) => {
  const line = await stage.line();
  const tom = await stage.client('tom');
  const bob = await stage.client('bob', { line });
  const made = await tom.create({ members: [bob.id] });
  await bob.get('invited', { cid: made.id });
  line.freeze();
  const sent = await made.send('into the void');
  line.cut();
  await bob.get('message', { id: sent.id }, { within: 15_000 });
});

scene('B-292 W-310 W-311 W-305 W-306: a login that names its last notice gets what changed since', on, async (stage) => {
  const tom = await stage.client('tom', { sdk: v5 });
  const id = name('bob');
  const [old, recent] = [await tom.create({ members: [id] }), await tom.create({ members: [id] })];
  await old.send('old');
  const first = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  await first.login(id);
  const { unreadMessage } = await first.get('frame', { cmd: 'unread' });
  assert.deepEqual(unreadMessage.convs.map(({ cid, unread }) => [cid, unread]), [[old.id, 1]]);
  const tuple = unreadMessage.convs[0];
  assert.deepEqual(Object.keys(tuple).sort(), ['cid', 'convType', 'data', 'from', 'mentioned', 'mid', 'timestamp', 'unread']);
  first.close();
  await recent.send('recent');
  const second = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  await second.login(id, { lastUnreadNotifTime: unreadMessage.notifTime });
  const later = await second.get('frame', { cmd: 'unread' });
  assert.deepEqual(later.unreadMessage.convs.map(({ cid }) => cid), [recent.id]);
  second.close();
});

test('W-313 W-114: no unread notice on a connection of mode 1, and missed messages are marked', async () => {
  const sender = await RawClient.connect(server, { protocol: 'lc.protobuf2.3' });
  const [tom, bob] = [name('tom'), name('bob')];
  await sender.login(tom);
  const { convMessage: { cid } } = await sender.ask({ cmd: 'conv', op: 'start', convMessage: { m: [tom, bob] } });
  for (const msg of ['a', 'b', 'c']) await sender.ask({ cmd: 'direct', directMessage: { cid, msg } });
  const receiver = await RawClient.connect(server, { protocol: 'lc.protobuf2.1' });
  await receiver.login(bob);
  const pushed = await receiver.count('frame', { cmd: 'direct' }, 3);
  assert.deepEqual(pushed.map(({ directMessage: { msg, offline, hasMore = false } }) => [msg, offline, hasMore]), [['a', true, true], ['b', true, true], ['c', true, false]]);
  await receiver.ask({ cmd: 'echo' });
  assert.deepEqual(receiver.list('frame', { cmd: 'unread' }), []);
  sender.close();
  receiver.close();
});

scene('B-281: missed messages wait for an id, not for a device', on, async (stage) => {
  const tom = await stage.client('tom', { sdk: v2 });
  const id = name('bob');
  const made = await tom.create({ members: [id] });
  const sent = await made.send('first come', { receipt: true });
  const phone = await stage.client('bob', { sdk: v2, id });
  await phone.get('message', { id: sent.id });
  await tom.get('receipt', { id: sent.id });
  const pad = await stage.client('bob', { sdk: v2, id });
  await fence(tom, pad);
  assert.deepEqual(pad.list('message', { id: sent.id }), []);
  assert.deepEqual((await (await pad.conversation(made.id)).history()).map((item) => item.id), [sent.id]);
});
